"""Messages to devices and their connections, from the side of the control plane."""

from devcred import topics
from host_tools.cloud.client import CloudClient
from host_tools.cloud.errors import Asked, refused, unexpected
from host_tools.errors import UsageError


def send_message(client: CloudClient, topic: str, payload: str) -> str:
    """Publishes `payload`, text, to a topic; gives the message's ID.

    Not repeated when the answer is lost: the message might then come twice.
    """
    try:
        topics.check_topic(topic)
    except ValueError as broken:
        raise UsageError(str(broken)) from None
    if len(payload.encode()) > topics.PAYLOAD_MAX_BYTES:
        raise UsageError(f"payload: more than {topics.PAYLOAD_MAX_BYTES} bytes")
    body = client.call("SendMessage", repeatable=False, mqtt_topic=topic, payload=payload)
    return _text(body.msg_id, client, "SendMessage")


def close_connection(client: CloudClient, client_id: str) -> None:
    """Ends a client's connection. The service may let it come back at once."""
    body = client.call("CloseConnection", repeatable=True, client_id=client_id)
    # The SDK does not raise for a failure that arrives with HTTP status 200.
    if body.success is False or (body.code is not None and str(body.code) != "200"):
        raise refused(str(body.code), 0, Asked("CloseConnection", client.endpoint.address))


def is_online(client: CloudClient, client_id: str) -> bool:
    """Whether a client is connected at this moment."""
    body = client.call("QuerySessionByClientId", repeatable=True, client_id=client_id)
    if not isinstance(body.online_status, bool):
        raise unexpected(Asked("QuerySessionByClientId", client.endpoint.address))
    return body.online_status


def _text(value: object, client: CloudClient, operation: str) -> str:
    if not isinstance(value, str) or not value:
        raise unexpected(Asked(operation, client.endpoint.address))
    return value
