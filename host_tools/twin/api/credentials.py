"""Operations on device credentials."""

from typing import Any

from devcred import topics
from host_tools.twin.api.errors import ApiError, bad
from host_tools.twin.api.params import MAX_PAGE, Params, number, page
from host_tools.twin.api.world import World
from host_tools.twin.state import DeviceCredential

_MAX_PAGES = 1 << 31


def register(world: World, params: Params) -> dict[str, Any]:
    """A new pair; one that was there is void, or, by setting, comes back."""
    client_id = topics.check_client_id(params["ClientId"], "ClientId")
    if world.settings.register_needs_group and _group_of(client_id) not in world.state.groups:
        raise bad("ClientId", "the group does not exist")
    known = world.state.credentials.get(client_id)
    if known is not None and world.settings.register_again == "same-pair":
        return _answer(world, known)
    return _answer(world, world.state.new_credential(client_id))


def get(world: World, params: Params) -> dict[str, Any]:
    """The credential as it is, its secret included."""
    return _answer(world, _known(world, params["ClientId"]))


def refresh(world: World, params: Params) -> dict[str, Any]:
    """A new pair, or by setting a new secret."""
    client_id = _known(world, params["ClientId"]).client_id
    secret_only = world.settings.refresh == "secret-only"
    credential = world.state.renew_credential(client_id, secret_only=secret_only)
    if world.settings.refresh_connection == "close":
        world.sessions.disconnect(client_id)
    return _answer(world, credential)


def unregister(world: World, params: Params) -> dict[str, Any]:
    """Void the credential; a connection that lives goes on."""
    world.state.delete_credential(_known(world, params["ClientId"]).client_id)
    return {}


def list_client_ids(world: World, params: Params) -> dict[str, Any]:
    """A page of a group's client IDs, after NextToken or by PageNo. Numbers go out as text."""
    group_id = topics.check_group_id(params["GroupId"], "GroupId")
    size = _in_range(params["PageSize"], "PageSize", MAX_PAGE)
    page_no = _in_range(params.get("PageNo") or "1", "PageNo", _MAX_PAGES)
    ids = sorted(client_id for client_id in world.state.credentials if _group_of(client_id) == group_id)
    token = params.get("NextToken", "")
    found, next_token = page(ids if token else ids[(page_no - 1) * size :], size, token)
    listed = {
        "ClientIdList": found,
        "NextToken": next_token,
        "PageNo": str(page_no),
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


def _in_range(text: str, name: str, most: int) -> int:
    """PageSize and PageNo are text to the gateway, so that a bad one reaches the product."""
    try:
        return number({name: text}, name, 1, most)
    except ApiError:
        raise bad(name, f"must be a number from 1 to {most}") from None
