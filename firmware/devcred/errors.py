"""What can go wrong on the device, by who can act.

AgentError
  ConfigError       the provisioner: the configuration on flash is wrong
  CredentialError   the provisioner: no usable credential on flash
  LinkError         the agent itself: it waits and tries again (carries a cause)
"""


class AgentError(Exception):
    """Root of every error the agent raises on purpose."""


class ConfigError(AgentError):
    """The configuration file cannot be used; the text names the key."""


class CredentialError(AgentError):
    """No record on flash holds a usable credential; the text says why, never what it holds."""


class LinkError(AgentError):
    """The way to the server is closed. `cause` is one of `causes`, `detail` a number or short text."""

    def __init__(self, cause, detail=None):
        super().__init__(cause, detail)
        self.cause = cause
        self.detail = detail
