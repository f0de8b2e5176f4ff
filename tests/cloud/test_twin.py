"""The real SDK against the twin: each operation, and who is refused."""

import contextlib
import json
from collections.abc import Callable, Iterator

import pytest

from host_tools.cloud import credentials, endpoint, messages
from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.cloud.retry import Policy
from host_tools.demo.observer import Observer
from host_tools.errors import CloudRefusedError
from host_tools.twin import TwinThread

GROUP = "GID_cloud"
Make = Callable[..., CloudClient]


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinThread]:
    with TwinThread(groups=[GROUP]) as running:
        yield running


@pytest.fixture
def service(twin: TwinThread) -> Make:
    def make(key_id: str = "", secret: str = "", instance_id: str = "") -> CloudClient:
        key = AccessKey(key_id or twin.access_key_id, secret or twin.access_key_secret)
        return CloudClient(
            endpoint.parse(twin.endpoint), instance_id or twin.instance_id, key, policy=Policy(1)
        )

    return make


def test_a_credentials_life(twin: TwinThread, service: Make) -> None:
    made = credentials.register(service(), f"{GROUP}@@@life")
    kept = twin.call(lambda: twin.twin.state.credentials[f"{GROUP}@@@life"])
    assert (made.key_id, made.secret, made.created_ms) == (kept.key_id, kept.secret, kept.create_time_ms)
    assert made.instance_id == twin.instance_id
    assert credentials.get(service(), made.client_id) == made
    fresh = credentials.refresh(service(), made.client_id)
    assert fresh.secret != made.secret
    credentials.unregister(service(), made.client_id)
    assert credentials.find(service(), made.client_id) is None


def test_a_list_longer_than_a_page(twin: TwinThread, service: Make) -> None:
    twin.call(twin.twin.state.add_group, "GID_many")
    wanted = [f"GID_many@@@{number:03}" for number in range(205)]
    for client_id in wanted:
        twin.call(twin.twin.state.new_credential, client_id)
    assert sorted(credentials.client_ids(service(), "GID_many")) == wanted


@contextlib.contextmanager
def connected(twin: TwinThread, service: CloudClient, name: str) -> Iterator[Observer]:
    held = credentials.register(service, f"{GROUP}@@@{name}")
    with Observer(held, ("127.0.0.1", twin.tls_port), twin.ca_der, "devcred/#") as observer:
        observer.start(5.0)
        yield observer


def test_messages_and_connections(twin: TwinThread, service: Make) -> None:
    client_id = f"{GROUP}@@@online"
    assert messages.is_online(service(), client_id) is False
    with connected(twin, service(), "online") as observer:
        assert messages.is_online(service(), client_id) is True
        text = json.dumps({"text": "ä & ö = 100 % + 1"})
        assert messages.send_message(service(), "devcred/news", text)
        assert observer.wait_for("devcred/news", bool, 5.0) == json.loads(text)
        credentials.unregister(service(), client_id)
        messages.close_connection(service(), client_id)
        # Its credential is gone, so however fast it comes back, it stays out.
        assert messages.is_online(service(), client_id) is False


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"secret": "canary-wrong-secret"}, "SignatureDoesNotMatch"),
        ({"key_id": "canary-unknown"}, "InvalidAccessKeyId.NotFound"),
        ({"instance_id": "mqtt-cn-other"}, "InstanceNotFound"),
    ],
)
def test_who_is_refused(twin: TwinThread, service: Make, given: dict[str, str], code: str) -> None:
    client_id = f"{GROUP}@@@refused"
    with pytest.raises(CloudRefusedError) as caught:
        credentials.register(service(**given), client_id)
    assert caught.value.code == code
    assert "canary" not in f"{caught.value} {caught.value!r}"
    assert twin.call(lambda: client_id not in twin.twin.state.credentials)


def test_a_group_that_does_not_exist(service: Make) -> None:
    with pytest.raises(CloudRefusedError) as caught:
        credentials.register(service(), "GID_nowhere@@@1")
    assert "Group ID" in caught.value.do
