"""What each packet of a client does. A rule that is broken closes the connection with no acknowledgement."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from devcred.topics import PAYLOAD_MAX_BYTES
from host_tools.twin.broker.packets import (
    SUBACK_FAILURE,
    Connect,
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from host_tools.twin.broker.rights import Denial
from host_tools.twin.broker.rules import filter_fault
from host_tools.twin.broker.session import Session
from host_tools.twin.broker.tokenlife import TOPICS, UPLOAD
from host_tools.twin.trace import Action, Info, MessageAction

if TYPE_CHECKING:
    from host_tools.twin.broker.broker import Broker
    from host_tools.twin.broker.connection import Connection

_PUB = MessageAction.PUB_MQTT


def _connect(broker: "Broker", connection: "Connection", packet: Connect) -> None:
    if connection.session is not None:
        connection.close(Info.INVALID, "a second CONNECT")  # MQTT-3.1.0-2
    else:
        broker.login(connection, packet)


def _publish(broker: "Broker", connection: "Connection", packet: Publish) -> None:
    session = _session(connection)
    if connection.rights is not None:
        if connection.life is not None and packet.topic == UPLOAD:
            connection.life.upload(packet)
            return
        if _is_denied(connection, connection.rights.publish(packet.topic)):
            return
    fault = broker.topics.look(packet.topic)[0]
    if fault:
        connection.close(Info.RESOURCE, fault)
        return
    if packet.retain and broker.settings.retain == "refuse":
        connection.close(Info.INVALID, "RETAIN is set")
        return
    if len(packet.payload) > PAYLOAD_MAX_BYTES and broker.settings.payload_oversize == "close":
        connection.close(Info.INVALID, f"a payload above {PAYLOAD_MAX_BYTES} bytes")
        return
    again = packet.qos == 2 and session.received is not None and packet.packet_id in session.received
    if not again and len(packet.payload) <= PAYLOAD_MAX_BYTES:
        number = broker.trace.published(packet.topic, connection.client_id, _PUB)
        broker.router.route(packet, number, keep_p2p=not session.clean)
    connection.acknowledge(packet)


def _is_denied(connection: "Connection", denial: Denial | None) -> bool:
    """Whether there is a denial; if so it is said, and the connection closed."""
    if denial is None:
        return False
    if connection.life is not None:
        connection.life.end(denial, Info.RESOURCE)
    else:
        connection.close(Info.RESOURCE, denial.reason)
    return True


def _pubrel(broker: "Broker", connection: "Connection", packet: Pubrel) -> None:
    received = _session(connection).received
    if received is not None:
        received.discard(packet.packet_id)
    connection.send(Pubcomp(packet.packet_id))


def _puback(broker: "Broker", connection: "Connection", packet: Puback) -> None:
    _session(connection).acknowledged(packet.packet_id, 1)


def _pubcomp(broker: "Broker", connection: "Connection", packet: Pubcomp) -> None:
    _session(connection).acknowledged(packet.packet_id, 2)


def _pubrec(broker: "Broker", connection: "Connection", packet: Pubrec) -> None:
    _session(connection).received_by_peer(packet.packet_id)


def _subscribe(broker: "Broker", connection: "Connection", packet: Subscribe) -> None:
    for text, _ in packet.filters:
        if _is_idle(broker, connection, text):
            continue
        if connection.rights is not None and _is_denied(connection, connection.rights.subscribe(text)):
            return
        fault = filter_fault(text, broker.state, broker.settings)
        if fault:
            connection.close(Info.RESOURCE, fault)
            return
    session = _session(connection)
    codes = [
        qos if _is_idle(broker, connection, text) else _granted(broker, session, text, qos)
        for text, qos in packet.filters
    ]
    connection.send(Suback(packet.packet_id, codes))
    for (text, _), code in zip(packet.filters, codes, strict=True):
        if text in session.subscriptions and code != SUBACK_FAILURE:
            broker.router.send_retained(session, text, code)


def _is_idle(broker: "Broker", connection: "Connection", text: str) -> bool:
    """Whether it is a subscription that Token mode accepts and that does nothing: notices need none."""
    accepts = connection.life is not None and broker.settings.sys_subscriptions == "accept"
    return accepts and text in TOPICS


def _granted(broker: "Broker", session: Session, text: str, qos: int) -> int:
    settings = broker.settings
    if qos == 2 and not session.clean and settings.qos2_persistent == "refuse":
        return SUBACK_FAILURE
    full = len(session.subscriptions) >= settings.max_subscriptions and text not in session.subscriptions
    if full and settings.topic_rules:
        return qos if settings.too_many_subscriptions == "silent" else SUBACK_FAILURE
    broker.router.subscribe(session, text, qos)
    return qos


def _unsubscribe(broker: "Broker", connection: "Connection", packet: Unsubscribe) -> None:
    for text in packet.filters:
        broker.router.unsubscribe(_session(connection), text)
    connection.send(Unsuback(packet.packet_id))


def _pingreq(broker: "Broker", connection: "Connection", packet: Pingreq) -> None:
    connection.send(Pingresp())


def _disconnect(broker: "Broker", connection: "Connection", packet: Disconnect) -> None:
    broker.trace.add(connection.client_id, connection.channel_id, Action.DISCONNECT, Info.DISCONNECTED)
    connection.will = None  # MQTT-3.14.4-3
    connection.close(Info.BY_CLIENT)


def _session(connection: "Connection") -> Session:
    """The decoder lets nothing but CONNECT through before there is one."""
    assert connection.session is not None
    return connection.session


HANDLERS: dict[type, Callable[["Broker", "Connection", Any], None]] = {
    Connect: _connect,
    Publish: _publish,
    Puback: _puback,
    Pubrec: _pubrec,
    Pubrel: _pubrel,
    Pubcomp: _pubcomp,
    Subscribe: _subscribe,
    Unsubscribe: _unsubscribe,
    Pingreq: _pingreq,
    Disconnect: _disconnect,
}
