"""Accounts of the control plane: temporary ones, disabled ones, and those that may do only some things."""

import calendar
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_credentials.utils import auth_util

from host_tools.cloud import client as cloud
from host_tools.cloud import credentials
from host_tools.errors import CloudRefusedError, UsageError
from host_tools.twin import Settings, TwinThread
from host_tools.twin.accounts import Account
from host_tools.twin.clock import ManualClock
from host_tools.twin.policy import Policy
from tests.twin.api_calls import ALGORITHMS, ahead_ms, call, client_of, rpc
from tests.twin.calls import refused
from tests.twin.conftest import GROUP, new_client_id

Start = Callable[..., TwinThread]


def list_groups(twin: TwinThread, account: Account, algorithm: str | None) -> Any:
    client = client_of(twin, account, signature_algorithm=algorithm)
    return call(client, "ListGroupId", instance_id=twin.instance_id).data


# Temporary accounts.


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_temporary_account_and_every_way_to_use_it_wrongly(twin: TwinThread, algorithm: str | None) -> None:
    account, other = (twin.new_account(sts=True) for _ in range(2))
    assert account.access_key_id.startswith("STS.")
    assert [group.group_id for group in list_groups(twin, account, algorithm)] == [GROUP]
    owner = twin.call(lambda: twin.twin.state.accounts[twin.access_key_id])
    for wrong, code in (
        (replace(account, security_token=""), "MissingSecurityToken"),
        (replace(account, security_token="not a token"), "InvalidSecurityToken.Malformed"),
        (replace(account, security_token="CAIS"), "InvalidSecurityToken.Malformed"),
        (replace(account, security_token="é" + account.security_token), "InvalidSecurityToken.Malformed"),
        (replace(account, security_token=other.security_token), "InvalidSecurityToken.MismatchWithAccessKey"),
        (replace(owner, security_token=other.security_token), "InvalidSecurityToken.MismatchWithAccessKey"),
        (replace(account, access_key_secret=other.access_key_secret), "SignatureDoesNotMatch"),
    ):
        if algorithm is None and not wrong.security_token.isascii():
            continue  # a header cannot carry it
        assert refused(list_groups, twin, wrong, algorithm) == (400, code)


def test_a_temporary_account_ends(start_twin: Start) -> None:
    clock = ManualClock(time.time())
    twin = start_twin(clock=clock)
    account = twin.new_account(sts=True, life_s=60)
    clock.advance(59)
    for algorithm in ALGORITHMS:
        list_groups(twin, account, algorithm)
    clock.advance(2)
    for algorithm in ALGORITHMS:
        assert refused(list_groups, twin, account, algorithm) == (400, "InvalidSecurityToken.Expired")


def test_a_disabled_account(twin: TwinThread) -> None:
    account = twin.new_account()
    twin.call(twin.twin.state.add_account, replace(account, active=False))
    for algorithm in ALGORITHMS:
        assert refused(list_groups, twin, account, algorithm) == (400, "InvalidAccessKeyId.Inactive")


def test_accounts_outlive_the_twin(start_twin: Start, tmp_path: Path) -> None:
    first = start_twin(state_dir=tmp_path)
    main = first.access_key_id
    made = [
        first.new_account(),
        first.new_account(sts=True, policy=Policy.allowing("mq:MqttInstanceAccess", "mq:ListMqttGroupId")),
    ]
    first.stop()
    second = start_twin(state_dir=tmp_path)
    assert second.access_key_id == main  # whatever else is in the folder
    for account in made:
        assert second.call(lambda key=account.access_key_id: second.twin.state.accounts[key]) == account
        assert list_groups(second, account, None)


def test_no_secret_shows(twin: TwinThread) -> None:
    account = twin.new_account(sts=True)
    assert account.access_key_secret not in repr(account)
    assert account.security_token not in repr(account)


def test_our_own_client_with_keys_that_expire(start_twin: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK reads the environment when it is imported: what it found there is what is set here."""
    clock = ManualClock(time.time())
    twin = start_twin(clock=clock)
    account = twin.new_account(sts=True, life_s=60)
    monkeypatch.setattr(auth_util, "environment_access_key_id", account.access_key_id)
    monkeypatch.setattr(auth_util, "environment_access_key_secret", account.access_key_secret)
    monkeypatch.setattr(auth_util, "environment_security_token", None)

    def find() -> None:
        client = cloud.connect(f"http://{twin.endpoint}", None, twin.instance_id)
        assert credentials.find(client, new_client_id()) is None

    with pytest.raises(CloudRefusedError, match="set ALIBABA_CLOUD_SECURITY_TOKEN"):
        find()
    monkeypatch.setattr(auth_util, "environment_security_token", account.security_token)
    find()
    clock.advance(61)
    with pytest.raises(CloudRefusedError, match="fetch new STS credentials"):
        find()


# Rights.


def register(twin: TwinThread, account: Account, client_id: str) -> Any:
    client = client_of(twin, account)
    return call(client, "RegisterDeviceCredential", client_id=client_id, instance_id=twin.instance_id)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


def allow(action: str | list[str], resource: str | list[str] = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def deny(action: str, resource: str = "*") -> dict[str, Any]:
    return {**allow(action, resource), "Effect": "Deny"}


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ([allow("mq:*")], None),
        ([allow("*")], None),
        ([allow(["mq:MqttInstanceAccess", "mq:Register*"])], None),
        ([allow("mq:*", "acs:mq:*:*:instance/{id}")], None),
        ([allow("mq:*", ["acs:mq:*:*:nothing", "acs:mq:cn-hangzhou:*:{id}"])], None),
        ([allow("mq:MqttInstanceAccess"), allow("mq:RegisterDeviceCredential", "acs:mq:*:*:*{id}")], None),
        ([], "PermissionCheckFailed"),
        ([allow("mq:MqttInstanceAccess")], "PermissionCheckFailed"),
        ([allow("mq:RegisterDeviceCredential")], "PermissionCheckFailed"),
        ([allow(["mq:MqttInstanceAccess", "mq:Register"])], "PermissionCheckFailed"),
        ([allow(["mq:MqttInstanceAccess", "mq:RegisterDeviceCredentia?l"])], "PermissionCheckFailed"),
        ([allow("oss:*")], "PermissionCheckFailed"),
        ([allow("mq:*", "acs:mq:*:*:instance/mqtt-cn-other")], "InstancePermissionCheckFailed"),
        ([allow("mq:*", "acs:mq:*:*:instance/")], "InstancePermissionCheckFailed"),
        ([allow("mq:*"), deny("mq:MqttInstanceAccess", "*{id}")], "PermissionCheckFailed"),
        ([deny("mq:Register*"), allow("mq:*")], "PermissionCheckFailed"),
    ],
)
def test_what_a_policy_lets_through(twin: TwinThread, statements: list[Any], code: str | None) -> None:
    text = json.dumps(document(*statements)).replace("{id}", twin.instance_id)
    for policy in (text, json.loads(text)):
        account = twin.new_account(policy=policy)
        if code is None:
            assert register(twin, account, new_client_id()).device_credential.device_access_key_id
        else:
            assert refused(register, twin, account, new_client_id()) == (400, code)


@pytest.mark.parametrize(
    "wrong",
    [
        "not JSON",
        "[]",
        "7",
        {},
        {"Statement": 5},
        {"Statement": ["x"]},
        document({"Effect": "Allow", "Action": "mq:*"}),
        document({"Effect": "Maybe", "Action": "mq:*", "Resource": "*"}),
        document(allow([])),
        document(allow("")),
        document({**allow("mq:*"), "Condition": {}}),
        document({"Effect": "Allow", "NotAction": "mq:*", "Resource": "*"}),
    ],
)
def test_what_is_no_policy(twin: TwinThread, wrong: Any) -> None:
    with pytest.raises(UsageError, match="this is no policy"):
        twin.new_account(policy=wrong)


def test_brackets_in_a_policy_are_plain_text() -> None:
    assert not Policy.allowing("mq:[A-Z]*").allows("mq:ApplyToken", ("acs:mq:a:b:instance/x",))
    assert Policy.allowing("mq:?pply*", instances=("x",)).allows("mq:ApplyToken", ("acs:mq:a:b:instance/x",))


def test_the_newer_and_the_older_name_of_a_right(twin: TwinThread) -> None:
    for name in ("mq:ListMqttGroupId", "mq:ListGroupId"):
        account = twin.new_account(policy=Policy.allowing("mq:MqttInstanceAccess", name))
        assert list_groups(twin, account, None)


def apply(twin: TwinThread, account: Account, actions: str, resources: str) -> Any:
    return call(
        client_of(twin, account),
        "ApplyToken",
        instance_id=twin.instance_id,
        actions=actions,
        resources=resources,
        expire_time=ahead_ms(90),
    )


def test_rights_on_topics(start_twin: Start) -> None:
    twin = start_twin(settings=Settings(token_rights="topics"))
    rights = document(
        allow(["mq:MqttInstanceAccess", "mq:ApplyToken"]),
        allow("mq:SUB", "acs:mq:*:*:topic/*/devcred/*"),
        allow("mq:PUB", "acs:mq:*:*:topic/*/devcred/up"),
    )
    account = twin.new_account(policy=rights)
    assert apply(twin, account, "R", "devcred/#,devcred/a").token
    assert apply(twin, account, "R,W", "devcred/up").token
    assert apply(twin, twin.new_account(), "R,W", "other/a").token
    for actions, resources in (("R", "devcred/a,other/a"), ("W", "devcred/#"), ("R,W", "devcred/a")):
        assert refused(apply, twin, account, actions, resources) == (400, "InstancePermissionCheckFailed")
    silent = twin.new_account(policy=document(allow(["mq:MqttInstanceAccess", "mq:ApplyToken"])))
    assert refused(apply, twin, silent, "R", "devcred/a") == (400, "PermissionCheckFailed")


# AssumeRole.


def assume_role(twin: TwinThread, account: Account | None = None, **changed: Any) -> Any:
    query = {"RoleArn": "acs:ram::1000000000000001:role/devices", "RoleSessionName": "test", **changed}
    return rpc(client_of(twin, account), "AssumeRole", "2015-04-01", query)["body"]


def test_assume_role_gives_what_the_sdk_takes(twin: TwinThread) -> None:
    rights = json.dumps(document(allow(["mq:MqttInstanceAccess", "mq:ListMqttGroupId"])))
    answer = assume_role(twin, DurationSeconds="900", Policy=rights)
    assert answer["AssumedRoleUser"]["Arn"] == "acs:ram::1000000000000001:assumed-role/devices/test"
    keys = answer["Credentials"]
    account = Account(keys["AccessKeyId"], keys["AccessKeySecret"], keys["SecurityToken"])
    ends_s = calendar.timegm(time.strptime(keys["Expiration"], "%Y-%m-%dT%H:%M:%SZ"))
    assert abs(ends_s - time.time() - 900) < 60
    for algorithm in ALGORITHMS:
        assert list_groups(twin, account, algorithm)
    assert refused(register, twin, account, new_client_id()) == (400, "PermissionCheckFailed")
    whole = assume_role(twin)["Credentials"]
    account = Account(whole["AccessKeyId"], whole["AccessKeySecret"], whole["SecurityToken"])
    assert register(twin, account, new_client_id()).request_id


def test_assume_role_refuses(twin: TwinThread) -> None:
    def ask(changed: dict[str, Any]) -> Any:
        return assume_role(twin, **changed)

    for wrong, code in (
        ({"RoleArn": "devices"}, "InvalidParameter.RoleArn"),
        ({"RoleSessionName": "a b"}, "InvalidParameter.RoleSessionName"),
        ({"DurationSeconds": "899"}, "InvalidParameter.DurationSeconds"),
        ({"DurationSeconds": "soon"}, "InvalidParameter.DurationSeconds"),
        ({"Policy": "{}"}, "InvalidParameter.PolicyGrammar"),
        ({"Policy": "[" * 2000}, "InvalidParameter.PolicyGrammar"),
        ({"Policy": " " * 2049}, "InvalidParameter.Policy"),
        ({"RoleArn": ""}, "MissingRoleArn"),
    ):
        assert refused(ask, wrong) == (400, code)
    limited = twin.new_account(policy=Policy.allowing("*"))
    assert refused(assume_role, twin, limited) == (403, "NoPermission")
