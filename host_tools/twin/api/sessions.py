"""Operations on connected clients."""

from typing import Any

from devcred.topics import PAYLOAD_MAX_BYTES
from host_tools.twin.api.black_list import DONE
from host_tools.twin.api.errors import bad
from host_tools.twin.api.params import Params, listed
from host_tools.twin.api.world import World
from host_tools.twin.broker.filters import is_topic_name
from host_tools.twin.broker.packets import Publish
from host_tools.twin.broker.rules import topic_fault

MAX_BATCH = 10


def query(world: World, params: Params) -> dict[str, Any]:
    """Whether a client is connected."""
    return {"OnlineStatus": world.sessions.is_online(params["ClientId"])}


def query_batch(world: World, params: Params) -> dict[str, Any]:
    """Whether each of up to ten clients is connected, or was a moment ago."""
    client_ids = listed(params, "ClientIdList")
    if not 1 <= len(client_ids) <= MAX_BATCH or not all(client_ids):
        raise bad("ClientIdList", f"1 to {MAX_BATCH} client IDs")
    now_s, age_s = world.clock(), world.settings.batch_query_age_s
    statuses = [
        {
            "ClientId": client_id,
            "OnlineStatus": world.statuses.get(client_id, now_s, age_s, world.sessions.is_online),
        }
        for client_id in client_ids
    ]
    return {"OnlineStatusList": statuses}


def send_message(world: World, params: Params) -> dict[str, Any]:
    """Publish from the server's side; the payload goes out as it came, Base64 or not."""
    topic, payload = params["MqttTopic"], params["Payload"].encode()
    fault = None if is_topic_name(topic) else "it must hold no wildcard"
    fault = fault or topic_fault(topic, world.state, world.settings)
    if fault:
        raise bad("MqttTopic", fault)
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise bad("Payload", f"at most {PAYLOAD_MAX_BYTES} bytes")
    msg_id = world.sessions.route(Publish(topic, payload, world.settings.send_message_qos), keep_p2p=True)
    return {"MsgId": msg_id}


def close_connection(world: World, params: Params) -> dict[str, Any]:
    """Drop a client's connection; it may come back at once."""
    closed = world.sessions.disconnect(params["ClientId"])
    if closed or world.settings.close_absent == "success":
        return DONE
    return {"Code": 400, "Message": "the client is not online", "Success": False}
