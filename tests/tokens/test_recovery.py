"""A device that missed a rotation gets its DeviceCredential: once, by the operator's leave, and noted."""

from devcred import signing
from host_tools.twin import TwinThread
from tests.tokens.conftest import GROUP, Serve, Server, enter
from tests.tokens.test_delivery import connack

DEVICE = f"{GROUP}@@@till-1"


def registered(twin: TwinThread) -> tuple[str, str]:
    """A credential in the twin: its key ID and its secret."""
    made = twin.call(twin.twin.state.new_credential, DEVICE)
    return made.key_id, made.secret


def test_once_and_presigned(twin: TwinThread, server: Server) -> None:
    key_id, secret = registered(twin)
    key = enter(server.state, DEVICE, (), (), recovery="presigned")
    status, answer = server.ask(DEVICE, key, "credential")
    assert status == 200
    assert answer == {
        "client_id": DEVICE,
        "instance_id": twin.instance_id,
        "key_id": key_id,
        "password": signing.password(DEVICE, secret),
    }
    username = signing.device_username(key_id, twin.instance_id)
    assert connack(twin, answer | {"username": username}) == "Success"
    assert server.ask(DEVICE, key, "credential")[1]["error"] == "not-allowed"
    assert server.admin("GET", f"/accounts/{DEVICE}")[1]["recovery"] == "off"
    _, found = server.admin("GET", "/audit")
    entry = found["entries"][0]
    assert (entry["event"], entry["account"], entry["fingerprint"]) == ("credential", DEVICE, key_id)
    assert secret not in str(found) + server.log.getvalue()


def test_the_secret_where_the_operator_says_so(twin: TwinThread, server: Server) -> None:
    _, secret = registered(twin)
    key = enter(server.state, DEVICE, (), (), recovery="secret")
    assert server.ask(DEVICE, key, "credential")[1]["secret"] == secret


def test_not_without_leave(twin: TwinThread, server: Server) -> None:
    registered(twin)
    key = enter(server.state, DEVICE)
    status, answer = server.ask(DEVICE, key, "credential")
    assert (status, answer["error"]) == (403, "not-allowed")


def test_a_failure_does_not_use_the_leave_up(twin: TwinThread, server: Server) -> None:
    key = enter(server.state, DEVICE, (), (), recovery="presigned")
    assert server.ask(DEVICE, key, "credential")[1]["error"] == "no-credential"
    registered(twin)
    twin.faults.add(where="api", operation="GetDeviceCredential", what="error", times=1)
    assert server.ask(DEVICE, key, "credential")[1]["error"] == "unavailable"
    assert server.ask(DEVICE, key, "credential")[0] == 200


def test_once_over_two_replicas(twin: TwinThread, serve: Serve) -> None:
    one, two = serve(), serve()
    registered(twin)
    key = enter(one.state, DEVICE, (), (), recovery="presigned")
    assert sorted((one.ask(DEVICE, key, "credential")[0], two.ask(DEVICE, key, "credential")[0])) == [
        200,
        403,
    ]
