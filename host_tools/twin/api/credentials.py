"""Operations on device credentials."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from devcred import topics
from host_tools.twin.api.errors import ApiError, bad
from host_tools.twin.api.world import World
from host_tools.twin.state import DeviceCredential

MAX_PAGE = 100


def register(world: World, params: Mapping[str, str]) -> dict[str, Any]:
    """A new pair; one that was there is void, or, by setting, comes back."""
    client_id = topics.check_client_id(params["ClientId"], "ClientId")
    if world.settings.register_needs_group and _group_of(client_id) not in world.state.groups:
        raise bad("ClientId", "the group does not exist")
    known = world.state.credentials.get(client_id)
    if known is not None and world.settings.register_again == "same-pair":
        return _answer(world, known)
    return _answer(world, world.state.new_credential(client_id))


def get(world: World, params: Mapping[str, str]) -> dict[str, Any]:
    """The credential as it is, its secret included."""
    return _answer(world, _known(world, params["ClientId"]))


def refresh(world: World, params: Mapping[str, str]) -> dict[str, Any]:
    """A new pair, or by setting a new secret."""
    client_id = _known(world, params["ClientId"]).client_id
    secret_only = world.settings.refresh == "secret-only"
    credential = world.state.renew_credential(client_id, secret_only=secret_only)
    if world.settings.refresh_connection == "close":
        world.sessions.disconnect(client_id)
    return _answer(world, credential)


def unregister(world: World, params: Mapping[str, str]) -> dict[str, Any]:
    """Void the credential; a connection that lives goes on."""
    world.state.delete_credential(_known(world, params["ClientId"]).client_id)
    return {}


def list_client_ids(world: World, params: Mapping[str, str]) -> dict[str, Any]:
    """A page of a group's client IDs, after NextToken or by PageNo. Numbers go out as text."""
    group_id = topics.check_group_id(params["GroupId"], "GroupId")
    size = _number(params, "PageSize", MAX_PAGE)
    number = _number({"PageNo": params.get("PageNo") or "1"}, "PageNo", 1 << 31)
    ids = sorted(client_id for client_id in world.state.credentials if _group_of(client_id) == group_id)
    token = params.get("NextToken")
    rest = (
        [client_id for client_id in ids if client_id > _after(token)] if token else ids[(number - 1) * size :]
    )
    page = rest[:size]
    listed = {
        "ClientIdList": page,
        "NextToken": _token(page[-1]) if len(rest) > size else "",
        "PageNo": str(number),
        "PageSize": str(size),
        "Total": str(len(ids)),
    }
    return {"DeviceCredentialClientIdList": listed}


def _answer(world: World, credential: DeviceCredential) -> dict[str, Any]:
    fields = {
        "ClientId": credential.client_id,
        "CreateTime": credential.create_time_ms,
        "DeviceAccessKeyId": credential.key_id,
        "DeviceAccessKeySecret": credential.secret,
        "InstanceId": world.state.instance_id,
        "UpdateTime": credential.update_time_ms,
    }
    return {"DeviceCredential": fields}


def _known(world: World, client_id: str) -> DeviceCredential:
    credential = world.state.credentials.get(client_id)
    if credential is None:
        error = bad("ClientId", "it has no credential")
        raise ApiError(error.code, error.message, status=world.settings.missing_credential_http)
    return credential


def _group_of(client_id: str) -> str:
    return client_id.split(topics.SEPARATOR)[0]


def _number(params: Mapping[str, str], name: str, most: int) -> int:
    text = params[name]
    # isdecimal() alone takes digits of every script; the wire has ASCII.
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and 1 <= int(text) <= most):
        raise bad(name, f"must be a number from 1 to {most}")
    return int(text)


def _token(client_id: str) -> str:
    return base64.urlsafe_b64encode(client_id.encode()).decode()


def _after(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise bad("NextToken", "it is none that was given out") from None
