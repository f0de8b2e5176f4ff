"""Errors of the control plane, each with the service's code and HTTP number."""

GATEWAY = frozenset(
    {
        "IncompleteSignature",
        "InvalidAccessKeyId.NotFound",
        "InvalidApi.NotFound",
        "InvalidTimeStamp.Expired",
        "InvalidTimeStamp.Format",
        "SignatureDoesNotMatch",
        "SignatureNonceUsed",
    }
)
"""Codes that come from in front of the product; its answers to them carry a link (`Recommend`)."""

_HTTP = {
    "ApiNotSupport": 404,
    "GroupIdAlreadyExsited": 400,
    "IncompleteSignature": 400,
    "InstanceNotFound": 400,
    "InternalError": 417,
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidApi.NotFound": 404,
    "InvalidTimeStamp.Expired": 400,
    "InvalidTimeStamp.Format": 400,
    "ParameterCheckFailed": 400,
    "SignatureDoesNotMatch": 400,
    "SignatureNonceUsed": 400,
}
# Spelt as the service spells it: "Exsited" is no slip of ours.


class ApiError(Exception):
    """Answered as HTTP `status` with `code` and `message`; neither holds a secret."""

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status or _HTTP.get(code, 400)


def missing(name: str) -> ApiError:
    """A parameter that must be there is not."""
    return ApiError(f"Missing{name}", f"{name} is mandatory for this action.")


def bad(name: str, why: str) -> ApiError:
    """A parameter breaks a rule of the product."""
    return ApiError("ParameterCheckFailed", f"Parameter check failed: {name}: {why}")
