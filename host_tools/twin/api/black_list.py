"""Operations on the black list of custom authentication: client IDs that may not connect."""

from typing import Any

from devcred import topics
from host_tools.twin.api.errors import ApiError
from host_tools.twin.api.params import MAX_PAGE, Params, number, page
from host_tools.twin.api.world import World

DONE = {"Code": 200, "Message": "operation success.", "Success": True}
"""How operations with a code of their own say that all went well."""


def add(world: World, params: Params) -> dict[str, Any]:
    """Put a client ID on the list."""
    client_id = topics.check_client_id(params["ClientId"], "ClientId")
    if client_id in world.state.black_list:
        return _again(world, "the client ID is on the list")
    if len(world.state.black_list) >= world.settings.black_list_max:
        raise ApiError("Customauth.over.capacity", "The black list is full.")
    world.state.add_black(client_id)
    if world.settings.black_list_connection == "close":
        world.sessions.disconnect(client_id)
    return DONE


def delete(world: World, params: Params) -> dict[str, Any]:
    """Take a client ID off the list."""
    client_id = topics.check_client_id(params["ClientId"], "ClientId")
    return DONE if world.state.remove_black(client_id) else _again(world, "the client ID is not on the list")


def query(world: World, params: Params) -> dict[str, Any]:
    """A page of the list, or one client ID if it is there."""
    size = number(params, "Size", 1, MAX_PAGE)
    wanted = params.get("ClientId")
    found = sorted(each for each in world.state.black_list if not wanted or each == wanted)
    ids, token = page(found, size, params.get("NextToken", ""))
    results = [{"ClientId": each, "Effect": "DENY", "PermitAction": "CONNECT"} for each in ids]
    return {**DONE, "Data": {"NextToken": token, "Results": results}}


def _again(world: World, message: str) -> dict[str, Any]:
    if world.settings.black_list_again == "success":
        return DONE
    return {"Code": 400, "Message": message, "Success": False}
