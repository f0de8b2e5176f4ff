"""What can go wrong on the host, by who can act; each is one line and an exit code.

ToolError                    exit 1: the request could not be met
  UsageError                 exit 2: the caller: an argument, a file, the configuration
  CloudError                 the control plane answered with an error, or not at all
    CloudRefusedError        the account: key, signature, rights, parameter
    CloudThrottledError      nobody: wait and try again
    CloudUnreachableError    the network, or the endpoint's name
    CloudFaultError          the service: its own failure
  BoardError                 the operator: port, cable, board
  DeviceError                the device answered that it could not
  MachineError               this computer: a port in use, a tool that is missing
"""


class ToolError(Exception):
    """Root. `what` and `where` tell what happened, `do` what to do next; none holds a secret."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", do: str = "", code: str = "") -> None:
        super().__init__(what, where, do)
        self.what = what
        self.where = where
        self.do = do
        self.code = code

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        return f"{line}; {self.do}" if self.do else line


class UsageError(ToolError):
    exit_code = 2


class CloudError(ToolError):
    """`code` is the service's own error code, or empty when there was no answer."""


class CloudRefusedError(CloudError):
    pass


class CloudThrottledError(CloudError):
    pass


class CloudUnreachableError(CloudError):
    pass


class CloudFaultError(CloudError):
    pass


class BoardError(ToolError):
    pass


class DeviceError(ToolError):
    pass


class MachineError(ToolError):
    pass
