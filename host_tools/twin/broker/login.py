"""May this CONNECT in, and with what rights? Pure: packet, state and settings decide, nothing is changed."""

import hmac
from dataclasses import dataclass

from devcred import signing, topics
from host_tools.twin.broker.packets import PROTOCOL_LEVEL, ConnackCode, Connect
from host_tools.twin.broker.rights import AccountRights, Rights, RuleRights, TokenRights, denial
from host_tools.twin.settings import Settings
from host_tools.twin.state import State
from host_tools.twin.tokens import Token, TokenFault
from host_tools.twin.trace import Info

_FORM = "the user name is not DeviceCredential|<key ID>|<instance ID>, nor one of another mode"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` for CONNACK, None to close without one; `reason` and `info` for the trace, no secret."""

    code: int | None
    reason: str
    info: Info = Info.NOT_AUTHORIZED


@dataclass(frozen=True, slots=True)
class Admission:
    """The client may come in; without `rights` it may use every topic."""

    rights: Rights | None = None


_ALL = Admission()
_NAMELESS = Refusal(ConnackCode.BAD_CLIENT_ID, "an empty client ID cannot keep a session")
"""MQTT-3.1.3-8; with the rules for client IDs on, none may be empty anyway."""


def judge(connect: Connect, state: State, settings: Settings) -> Admission | Refusal:
    """Let the client in or turn it away."""
    if connect.level != PROTOCOL_LEVEL:
        return Refusal(ConnackCode.BAD_PROTOCOL, f"protocol level {connect.level}")
    if not settings.login:
        return _ALL if connect.client_id or connect.clean_session else _NAMELESS
    reason = _client_id_fault(connect.client_id, state)
    if reason:
        return Refusal(settings.bad_client_id_code, reason)
    answer = _by_mode(connect, state, settings)
    if settings.black_list == "refuse" and connect.client_id in state.black_list:
        answer = "the client ID is on the black list"
    return answer if isinstance(answer, Admission) else Refusal(settings.bad_credential_code, answer)


def _client_id_fault(client_id: str, state: State) -> str | None:
    try:
        topics.check_client_id(client_id)
    except ValueError as error:
        return str(error)
    group_id = client_id.split(topics.SEPARATOR)[0]
    return None if group_id in state.groups else "the group does not exist"


def _by_mode(connect: Connect, state: State, settings: Settings) -> Admission | str:
    parts = (connect.username or "").split("|")
    if len(parts) != 3:
        return _FORM
    mode, key_id, instance_id = parts
    if instance_id != state.instance_id:
        return "another instance ID"
    if mode == "DeviceCredential":
        return _by_credential(connect, key_id, state, settings)
    if mode == "Token":
        return _by_tokens(connect, key_id, state, settings)
    if mode == "Signature" and settings.signature_mode:
        return _by_signature(connect, key_id, state)
    return _FORM


def _by_credential(connect: Connect, key_id: str, state: State, settings: Settings) -> Admission | str:
    # Looked up by client ID, so that a key of another client is no better than an unknown one.
    credential = state.credentials.get(connect.client_id)
    if credential is None or not hmac.compare_digest(key_id.encode(), credential.key_id.encode()):
        return "no such credential for this client ID"
    if not _is_signed(connect, credential.secret):
        return "wrong signature"
    return Admission(RuleRights(settings, connect.client_id)) if settings.device_topics else _ALL


def _by_signature(connect: Connect, key_id: str, state: State) -> Admission | str:
    account = state.accounts.get(key_id)
    if account is None or not _is_signed(connect, account.access_key_secret):
        return "wrong signature"
    return _ALL if account.policy is None else Admission(AccountRights(state, key_id))


def _is_signed(connect: Connect, secret: str) -> bool:
    expected = signing.password(connect.client_id, secret).encode()
    return hmac.compare_digest(expected, connect.password or b"")


def _by_tokens(connect: Connect, key_id: str, state: State, settings: Settings) -> Admission | str:
    pairs = _pairs(connect.password or b"")
    if pairs is None:
        return "the password is not one to three of <R, W or RW>|<token>, each type once"
    found: list[Token] = []
    for kind, text in pairs.items():
        token = state.tokens.judge(text, kind, key_id)
        if isinstance(token, TokenFault):
            return denial(token, kind).reason
        found.append(token)
    return Admission(TokenRights(state, key_id, found, settings))


def _pairs(password: bytes) -> dict[str, str] | None:
    try:
        parts = password.decode("ascii").split("|")
    except UnicodeDecodeError:
        return None
    kinds, texts = parts[::2], parts[1::2]
    fits = len(kinds) == len(texts) == len(set(kinds)) and set(kinds) <= set(signing.TOKEN_TYPES)
    return dict(zip(kinds, texts, strict=True)) if fits else None
