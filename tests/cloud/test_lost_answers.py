"""Register, Refresh and UnRegister whose answer is lost: never repeated blindly, never a wrong end."""

from collections.abc import Callable

import pytest

from host_tools.cloud import credentials
from host_tools.cloud.client import CloudClient
from host_tools.errors import CloudFaultError, CloudRefusedError
from tests.cloud.conftest import Answer, Script, credential, fault

Make = Callable[..., CloudClient]
ID = "GID_test@@@d1"
ABSENT = fault("ParameterCheckFailed")
LOST = fault("InternalError", 500)
GET, REGISTER = "GetDeviceCredential", "RegisterDeviceCredential"
REFRESH, UNREGISTER = "RefreshDeviceCredential", "UnRegisterDeviceCredential"
OLD, NEW = Answer(200, credential(secret="DC.old")), Answer(200, credential(secret="DC.new"))


def test_register_asks_first_and_changes_nothing(script: Script, client: Make) -> None:
    script.say(OLD)
    with pytest.raises(CloudRefusedError, match="nothing was changed") as caught:
        credentials.register(client(script.address), ID)
    assert script.actions == [GET]
    assert "DC.old" not in str(caught.value)


@pytest.mark.parametrize(
    "absent",
    [fault("ParameterCheckFailed", 404), fault("DeviceCredentialNotExist", 404)],
    ids=["404", "unlisted"],
)
def test_register_where_absence_has_another_name(script: Script, client: Make, absent: Answer) -> None:
    script.say(absent, NEW)
    assert credentials.register(client(script.address), ID).secret == "DC.new"
    assert script.actions == [GET, REGISTER]


def test_register_takes_no_other_refusal_for_absence(script: Script, client: Make) -> None:
    script.say(fault("InstancePermissionCheckFailed"), NEW)
    with pytest.raises(CloudRefusedError):
        credentials.register(client(script.address), ID)
    assert script.actions == [GET]


def test_register_whose_answer_is_lost_is_looked_up(script: Script, client: Make) -> None:
    script.say(ABSENT, LOST, NEW)
    assert credentials.register(client(script.address), ID).secret == "DC.new"
    assert script.actions == [GET, REGISTER, GET]


def test_register_that_was_not_carried_out(script: Script, client: Make) -> None:
    script.say(ABSENT, LOST, ABSENT)
    with pytest.raises(CloudFaultError):
        credentials.register(client(script.address), ID)
    assert script.actions == [GET, REGISTER, GET]


def test_register_that_is_throttled_is_tried_again(script: Script, client: Make) -> None:
    script.say(ABSENT, fault("Throttling.User"), NEW)
    assert credentials.register(client(script.address), ID).secret == "DC.new"
    assert script.actions == [GET, REGISTER, REGISTER]


def test_refresh_whose_answer_is_lost_is_looked_up(script: Script, client: Make) -> None:
    script.say(OLD, LOST, NEW)
    assert credentials.refresh(client(script.address), ID).secret == "DC.new"
    assert script.actions == [GET, REFRESH, GET]


def test_refresh_that_was_not_carried_out(script: Script, client: Make) -> None:
    script.say(OLD, LOST, OLD)
    with pytest.raises(CloudFaultError):
        credentials.refresh(client(script.address), ID)


def test_unregister_whose_answer_is_lost(script: Script, client: Make) -> None:
    script.say(OLD, LOST, ABSENT)
    credentials.unregister(client(script.address), ID)
    assert script.actions == [GET, UNREGISTER, UNREGISTER]


def test_unregister_of_what_is_not_there(script: Script, client: Make) -> None:
    script.say(ABSENT)
    with pytest.raises(CloudRefusedError, match="has no credential"):
        credentials.unregister(client(script.address), ID)
    assert script.actions == [GET]


def test_a_list_of_several_pages(script: Script, client: Make) -> None:
    def page(ids: list[str], token: str) -> Answer:
        listed = {"ClientIdList": ids, "NextToken": token, "PageNo": "1", "PageSize": "100", "Total": "3"}
        return Answer(200, {"RequestId": "R", "DeviceCredentialClientIdList": listed})

    script.say(page(["GID_test@@@1", "GID_test@@@2"], "next"), page(["GID_test@@@3"], ""))
    assert len(credentials.client_ids(client(script.address), "GID_test")) == 3
    assert len(script.actions) == 2


def test_a_secret_is_not_in_what_gets_printed(script: Script, client: Make) -> None:
    script.say(NEW)
    found = credentials.get(client(script.address), ID)
    assert "DC.new" not in repr(found)
    assert "DC.new" not in repr(found.for_device())
