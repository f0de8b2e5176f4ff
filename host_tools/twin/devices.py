"""Devices that may log in to a twin, for tests and examples that need no control plane for it."""

from dataclasses import dataclass, field

from devcred import signing, topics
from host_tools.twin.thread import TwinThread
from host_tools.twin.twin import Twin


@dataclass(frozen=True, slots=True)
class Login:
    """What a device sends in CONNECT."""

    client_id: str
    username: str
    password: str = field(repr=False)


def new_device(twin: Twin | TwinThread, client_id: str) -> Login:
    """Register a credential for `client_id`, and its group where that does not exist; the login it gives.

    An older credential of that client ID is void. On a Twin to be called in its event loop.
    ValueError for a client ID that breaks the rules.
    """
    if isinstance(twin, TwinThread):
        login = twin.call(_register, twin.twin, client_id)
        assert isinstance(login, Login)
        return login
    return _register(twin, client_id)


def _register(twin: Twin, client_id: str) -> Login:
    group_id = topics.check_client_id(client_id).split(topics.SEPARATOR)[0]
    twin.state.add_group(group_id)
    made = twin.state.new_credential(client_id)
    return Login(
        client_id,
        signing.device_username(made.key_id, twin.instance_id),
        signing.password(client_id, made.secret),
    )
