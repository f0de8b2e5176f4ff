"""May this CONNECT in? Pure: the packet, the state and the settings decide, nothing is changed."""

import hmac
from dataclasses import dataclass

from devcred import signing, topics
from host_tools.twin.broker.packets import PROTOCOL_LEVEL, ConnackCode, Connect
from host_tools.twin.settings import Settings
from host_tools.twin.state import State
from host_tools.twin.trace import Info


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` for CONNACK, None to close without one; `reason` and `info` for the trace, no secret."""

    code: int | None
    reason: str
    info: Info = Info.NOT_AUTHORIZED


def judge(connect: Connect, state: State, settings: Settings) -> Refusal | None:
    """None when the client may come in."""
    if connect.level != PROTOCOL_LEVEL:
        return Refusal(ConnackCode.BAD_PROTOCOL, f"protocol level {connect.level}")
    if not settings.login:
        return None
    reason = _client_id_fault(connect.client_id, state)
    if reason:
        return Refusal(settings.bad_client_id_code, reason)
    reason = _credential_fault(connect, state)
    return Refusal(settings.bad_credential_code, reason) if reason else None


def _client_id_fault(client_id: str, state: State) -> str | None:
    try:
        topics.check_client_id(client_id)
    except ValueError as error:
        return str(error)
    group_id = client_id.split(topics.SEPARATOR)[0]
    return None if group_id in state.groups else "the group does not exist"


def _credential_fault(connect: Connect, state: State) -> str | None:
    parts = (connect.username or "").split("|")
    if len(parts) != 3 or parts[0] != "DeviceCredential":
        return "the user name is not DeviceCredential|<key ID>|<instance ID>"
    _, key_id, instance_id = parts
    if instance_id != state.instance_id:
        return "another instance ID"
    # Looked up by client ID, so that a key of another client is no better than an unknown one.
    credential = state.credentials.get(connect.client_id)
    if credential is None or not _same(key_id, credential.key_id):
        return "no such credential for this client ID"
    expected = signing.password(connect.client_id, credential.secret).encode()
    if not hmac.compare_digest(expected, connect.password or b""):
        return "wrong signature"
    return None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
