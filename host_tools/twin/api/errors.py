"""Errors of the control plane, each with the service's code and HTTP number."""

import re

GATEWAY = frozenset(
    {
        "IncompleteSignature",
        "InvalidAccessKeyId.Inactive",
        "InvalidAccessKeyId.NotFound",
        "InvalidApi.NotFound",
        "InvalidParameter.Format",
        "InvalidSecurityToken.Expired",
        "InvalidSecurityToken.Malformed",
        "InvalidSecurityToken.MismatchWithAccessKey",
        "InvalidSignatureMethod",
        "InvalidSignatureVersion",
        "InvalidTimeStamp.Expired",
        "InvalidTimeStamp.Format",
        "SignatureDoesNotMatch",
        "SignatureNonceUsed",
        "Throttling.User",
        "UnsupportedHTTPMethod",
    }
)
"""Codes that come from in front of the product; its answers to them carry a link (`Recommend`)."""

_HTTP = {
    "ApiNotSupport": 404,
    "CreateGroupIdError": 417,
    "DeleteGroupIdError": 417,
    "Forbidden.RAM": 403,
    "InternalError": 417,
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidApi.NotFound": 404,
    "SendMessageFailed": 417,
    "SystemOverFlow": 403,
}
"""Those that are not 400. Pages of the service give some codes other numbers: a client looks at the code."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")


class ApiError(Exception):
    """Answered as HTTP `status` with `code` and `message`; neither holds a secret.

    `retry_after_ms` asks the caller to wait so long; `denied` is the action that AccessDeniedDetail names.
    """

    def __init__(
        self, code: str, message: str, *, status: int | None = None, retry_after_ms: int = 0, denied: str = ""
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status or _HTTP.get(code, 400)
        self.retry_after_ms = retry_after_ms
        self.denied = denied

    @property
    def from_gateway(self) -> bool:
        """Whether the product itself never saw the request."""
        return self.code in GATEWAY or self.code.startswith("Missing")


def missing(name: str) -> ApiError:
    """A parameter that must be there is not."""
    return ApiError(f"Missing{name}", f"{name} is mandatory for this action.")


def invalid(name: str, why: str) -> ApiError:
    """A parameter is not of its type; the code names it."""
    shown = f".{name}" if _NAME.fullmatch(name) else ""
    return ApiError(f"InvalidParameter{shown}", f"A parameter is not valid: {why}")


def bad(name: str, why: str) -> ApiError:
    """A parameter breaks a rule of the product."""
    return ApiError("ParameterCheckFailed", f"Parameter check failed: {name}: {why}")
