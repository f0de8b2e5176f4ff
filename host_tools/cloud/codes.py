"""The control plane's error codes: what each means to the caller, and who can act.

Sources: the error pages of ApsaraMQ for MQTT and of Alibaba Cloud's API gateway. HTTP
statuses are no guide: pages of the same product give the same code different numbers.
"""

from dataclasses import dataclass

from host_tools.errors import (
    CloudError,
    CloudFaultError,
    CloudRefusedError,
    CloudThrottledError,
)

_KEY_ID = "check ALIBABA_CLOUD_ACCESS_KEY_ID and that the endpoint is the one the key is for"
_RIGHTS = "grant the RAM user mq:MqttInstanceAccess and the operation's own action"
_INSTANCE = "check --instance and the region or endpoint"
_PARAMETER = "check the client ID, the Group ID and the instance"
_LATER = "wait a little and run it again"
_SUPPORT = "run it again later; if it stays, ask the service's support"
_CLOCK = "set this computer's clock"


@dataclass(frozen=True)
class Meaning:
    """`what` happened and what to `do`, for the line a person reads."""

    kind: type[CloudError]
    what: str
    do: str


def _refused(what: str, do: str) -> Meaning:
    return Meaning(CloudRefusedError, what, do)


def _throttled(what: str) -> Meaning:
    return Meaning(CloudThrottledError, what, _LATER)


def _fault(what: str) -> Meaning:
    return Meaning(CloudFaultError, what, _SUPPORT)


CODES: dict[str, Meaning] = {
    # The gateway: who is calling, and how the call is signed.
    "InvalidAccessKeyId.NotFound": _refused("the AccessKey ID is unknown", _KEY_ID),
    "InvalidAccessKeyId.Inactive": _refused("the AccessKey is disabled", "enable it in the RAM console"),
    "InvalidAccessKeyId": _refused("the AccessKey ID is not valid", _KEY_ID),
    "SignatureDoesNotMatch": _refused(
        "the signature is wrong: the AccessKey secret does not fit its ID",
        "check ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    ),
    "IncompleteSignature": _refused("the signature is incomplete", "check the AccessKey pair"),
    "InvalidSecurityToken.Expired": _refused("the security token has expired", "fetch new STS credentials"),
    "InvalidSecurityToken.Malformed": _refused(
        "the security token is malformed", "check ALIBABA_CLOUD_SECURITY_TOKEN, or unset it"
    ),
    "InvalidSecurityToken.MismatchWithAccessKey": _refused(
        "the security token is not this AccessKey's", "use the three values of one STS answer"
    ),
    "MissingSecurityToken": _refused(
        "the AccessKey is a temporary one and came without its security token",
        "set ALIBABA_CLOUD_SECURITY_TOKEN",
    ),
    "InvalidTimeStamp.Expired": _refused("the request's time is more than 15 minutes off", _CLOCK),
    "InvalidTimeStamp.Format": _refused("the request's time cannot be read", _CLOCK),
    "SignatureNonceUsed": _refused(
        "the request arrived twice", "run it again; look for a proxy that repeats"
    ),
    "InvalidApi.NotFound": _refused("the endpoint does not know this operation", "check the endpoint"),
    "InvalidAction.NotFound": _refused("the endpoint does not know this operation", "check the endpoint"),
    "ApiNotSupport": _refused("this instance does not support the operation", "check its edition and region"),
    # The account and its rights.
    "Forbidden.RAM": _refused("the account may not do this", _RIGHTS),
    "NoPermission": _refused("the account may not do this", _RIGHTS),
    "PermissionCheckFailed": _refused("the account may not do this", _RIGHTS),
    "InstancePermissionCheckFailed": _refused("the account may not use this instance", _RIGHTS),
    "MqttOwnerCheckError": _refused("the instance belongs to another account", _INSTANCE),
    "CheckAccountInfoFailed": _refused(
        "the account could not be checked", "check that the service is activated"
    ),
    # What the request names.
    "InstanceNotFound": _refused("the instance does not exist", _INSTANCE),
    "MqttInstanceNotFound": _refused("the instance does not exist", _INSTANCE),
    "ParameterCheckFailed": _refused("a parameter was refused, or what it names does not exist", _PARAMETER),
    "ParameterFieldCheckFailed": _refused("a parameter was refused", _PARAMETER),
    "GroupIdAlreadyExsited": _refused("the Group ID exists already", "use it, or choose another"),
    "GroupIdAlreadyUsedByOtherUsers": _refused("the Group ID is another account's", "choose another"),
    # The service has too much to do.
    "ApplyTokenOverFlow": _throttled("too many tokens were applied for"),
    "SystemOverFlow": _throttled("the service is overloaded"),
    # The service failed.
    "InternalError": _fault("the service failed"),
    "ServiceUnavailable": _fault("the service is not available"),
    "CreateGroupIdError": _fault("the service could not create the group"),
    "DeleteGroupIdError": _fault("the service could not delete the group"),
    "SendMessageFailed": _fault("the service could not send the message"),
}

# Families, by what a code begins with; the first that fits counts.
FAMILIES: tuple[tuple[str, Meaning], ...] = (
    ("Throttling", _throttled("too many calls")),
    ("InvalidParameter", _refused("a parameter is not valid", _PARAMETER)),
    ("Missing", _refused("a parameter is missing", _PARAMETER)),
    ("InvalidSecurityToken", _refused("the security token was refused", "fetch new STS credentials")),
    ("InvalidAccessKey", _refused("the AccessKey was refused", _KEY_ID)),
    ("Forbidden", _refused("the account may not do this", _RIGHTS)),
)


def is_known(code: str) -> bool:
    """Whether the code is one of those documented for every call, whatever it names."""
    return code in CODES or any(code.startswith(prefix) for prefix, _ in FAMILIES)


def meaning(code: str, status: int) -> Meaning:
    """What a code means; one that is not known goes by its HTTP status, 0 when there is none."""
    if code in CODES:
        return CODES[code]
    for prefix, found in FAMILIES:
        if code.startswith(prefix):
            return found
    if status == 429:
        return _throttled("too many calls")
    if status >= 500:
        return _fault("the service failed")
    return _refused(
        "the service refused the request", "look the code up in the error center of Alibaba Cloud"
    )
