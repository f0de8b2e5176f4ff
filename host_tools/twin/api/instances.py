"""Operations on instances: the twin has one."""

import json
from typing import Any

from host_tools.twin.api.errors import invalid
from host_tools.twin.api.params import Params
from host_tools.twin.api.world import REGION_ID, World

_SERVING = 5
_PROFESSIONAL = 4
_KERNEL = "V3.3.0"
_LIFE_MS = 30 * 86_400_000


def list_all(world: World, params: Params) -> dict[str, Any]:
    """The instance. Code and Success are text here; an instance without tags matches no tag asked for."""
    wanted = _tags(params.get("Tags", ""))
    return {
        "Code": "200",
        "Instances": [] if wanted else [_instance(world)],
        "Message": "operation success.",
        "Success": "true",
    }


def _instance(world: World) -> dict[str, Any]:
    instance_id = world.state.instance_id
    return {
        "CreateTime": world.state.create_time_ms,
        # It never ends: always as far ahead as a fresh subscription.
        "ExpireTime": world.now_ms() + _LIFE_MS,
        "InstanceId": instance_id,
        "InstanceName": instance_id,
        "InstanceStatus": _SERVING,
        "InstanceType": _PROFESSIONAL,
        "KernelVersion": _KERNEL,
        "MqttTags": [],
        "OrderId": "0",
        "RegionId": REGION_ID,
        "Specific": "mqtt.p2.1xlarge",
    }


def _tags(text: str) -> list[Any]:
    try:
        found = json.loads(text) if text else []
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise invalid("Tags", "a JSON list of objects with key and value")
    return found
