"""Operations on groups."""

from typing import Any

from devcred import topics
from host_tools.twin.api.errors import ApiError, bad
from host_tools.twin.api.params import Params
from host_tools.twin.api.world import World


def create(world: World, params: Params) -> dict[str, Any]:
    """Make a group exist."""
    if not world.state.add_group(topics.check_group_id(params["GroupId"], "GroupId")):
        raise ApiError("GroupIdAlreadyExsited", "The group ID exists already.")
    return {}


def delete(world: World, params: Params) -> dict[str, Any]:
    """Take a group away; connections of its clients go on, their next CONNECT fails."""
    if not world.state.delete_group(params["GroupId"]):
        raise bad("GroupId", "the group does not exist")
    return {}


def list_all(world: World, params: Params) -> dict[str, Any]:
    """Every group of the instance."""
    data = [
        {
            "CreateTime": group.create_time_ms,
            "GroupId": group.group_id,
            "IndependentNaming": True,
            "InstanceId": world.state.instance_id,
            "Tags": [],
            "UpdateTime": group.update_time_ms,
        }
        for group in world.state.groups.values()
    ]
    return {"Data": data}
