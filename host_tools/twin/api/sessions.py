"""Operations on connected clients."""

from collections.abc import Mapping
from typing import Any

from devcred.topics import PAYLOAD_MAX_BYTES
from host_tools.twin.api.errors import bad
from host_tools.twin.api.world import World
from host_tools.twin.broker.filters import is_topic_name
from host_tools.twin.broker.packets import Publish
from host_tools.twin.broker.rules import topic_fault


def query(world: World, params: Mapping[str, str]) -> dict[str, Any]:
    """Whether a client is connected."""
    return {"OnlineStatus": world.sessions.is_online(params["ClientId"])}


def send_message(world: World, params: Mapping[str, str]) -> dict[str, Any]:
    """Publish from the server's side; the payload goes out as it came, Base64 or not."""
    topic, payload = params["MqttTopic"], params["Payload"].encode()
    fault = None if is_topic_name(topic) else "it must hold no wildcard"
    fault = fault or topic_fault(topic, world.state, world.settings)
    if fault:
        raise bad("MqttTopic", fault)
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise bad("Payload", f"at most {PAYLOAD_MAX_BYTES} bytes")
    world.sessions.route(Publish(topic, payload, world.settings.send_message_qos), keep_p2p=True)
    return {"MsgId": world.new_id().replace("-", "")}


def close_connection(world: World, params: Mapping[str, str]) -> dict[str, Any]:
    """Drop a client's connection; it may come back at once."""
    closed = world.sessions.disconnect(params["ClientId"])
    if closed or world.settings.close_absent == "success":
        return {"Code": 200, "Message": "operation success.", "Success": True}
    return {"Code": 400, "Message": "the client is not online", "Success": False}
