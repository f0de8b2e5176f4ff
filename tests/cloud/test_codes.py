"""Each error code of the service: who can act, and what to do."""

import pytest

from host_tools.cloud.codes import CODES, FAMILIES, meaning
from host_tools.errors import CloudFaultError, CloudRefusedError, CloudThrottledError

# From the service's pages of errors, by hand: code, kind, a word that the advice must hold.
ROWS = [
    ("InvalidAccessKeyId.NotFound", CloudRefusedError, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
    ("InvalidAccessKeyId.Inactive", CloudRefusedError, "enable"),
    ("InvalidAccessKeyId", CloudRefusedError, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
    ("SignatureDoesNotMatch", CloudRefusedError, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    ("IncompleteSignature", CloudRefusedError, "AccessKey"),
    ("InvalidSecurityToken.Expired", CloudRefusedError, "STS"),
    ("InvalidSecurityToken.Malformed", CloudRefusedError, "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("InvalidSecurityToken.MismatchWithAccessKey", CloudRefusedError, "STS"),
    ("MissingSecurityToken", CloudRefusedError, "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("InvalidTimeStamp.Expired", CloudRefusedError, "clock"),
    ("InvalidTimeStamp.Format", CloudRefusedError, "clock"),
    ("SignatureNonceUsed", CloudRefusedError, "proxy"),
    ("InvalidApi.NotFound", CloudRefusedError, "endpoint"),
    ("InvalidAction.NotFound", CloudRefusedError, "endpoint"),
    ("ApiNotSupport", CloudRefusedError, "edition"),
    ("Forbidden.RAM", CloudRefusedError, "RAM"),
    ("NoPermission", CloudRefusedError, "RAM"),
    ("PermissionCheckFailed", CloudRefusedError, "mq:MqttInstanceAccess"),
    ("InstancePermissionCheckFailed", CloudRefusedError, "RAM"),
    ("MqttOwnerCheckError", CloudRefusedError, "--instance"),
    ("CheckAccountInfoFailed", CloudRefusedError, "activated"),
    ("InstanceNotFound", CloudRefusedError, "--instance"),
    ("MqttInstanceNotFound", CloudRefusedError, "--instance"),
    ("ParameterCheckFailed", CloudRefusedError, "client ID"),
    ("ParameterFieldCheckFailed", CloudRefusedError, "client ID"),
    ("GroupIdAlreadyExsited", CloudRefusedError, "another"),
    ("GroupIdAlreadyUsedByOtherUsers", CloudRefusedError, "another"),
    ("ApplyTokenOverFlow", CloudThrottledError, "wait"),
    ("SystemOverFlow", CloudThrottledError, "wait"),
    ("InternalError", CloudFaultError, "later"),
    ("ServiceUnavailable", CloudFaultError, "later"),
    ("CreateGroupIdError", CloudFaultError, "later"),
    ("DeleteGroupIdError", CloudFaultError, "later"),
    ("SendMessageFailed", CloudFaultError, "later"),
]
FAMILY_ROWS = [
    ("Throttling", CloudThrottledError),
    ("Throttling.User", CloudThrottledError),
    ("Throttling.Api", CloudThrottledError),
    ("InvalidParameter.ClientId", CloudRefusedError),
    ("MissingInstanceId", CloudRefusedError),
    ("InvalidSecurityToken.Other", CloudRefusedError),
    ("InvalidAccessKeySecret", CloudRefusedError),
    ("Forbidden.AccessKeyNotAllowed", CloudRefusedError),
]


@pytest.mark.parametrize(("code", "kind", "advice"), ROWS)
def test_a_known_code_says_who_can_act(code: str, kind: type, advice: str) -> None:
    # Status 599 and 200: the number alone must not decide.
    for status in (200, 400, 599):
        found = meaning(code, status)
        assert found.kind is kind
        assert advice in found.do
        assert found.what


def test_no_row_of_the_table_goes_untested() -> None:
    assert {code for code, *_ in ROWS} == set(CODES)
    assert all(any(code.startswith(prefix) for code, _ in FAMILY_ROWS) for prefix, _ in FAMILIES)


@pytest.mark.parametrize(("code", "kind"), FAMILY_ROWS)
def test_a_code_of_a_known_family(code: str, kind: type) -> None:
    assert meaning(code, 400).kind is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, CloudRefusedError), (403, CloudRefusedError), (429, CloudThrottledError), (500, CloudFaultError)],
)
def test_an_unknown_code_goes_by_its_status(status: int, kind: type) -> None:
    assert meaning("Never.Heard", status).kind is kind
