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
from host_tools.twin.broker.rules import filter_fault, topic_fault
from host_tools.twin.broker.session import Session
from host_tools.twin.trace import Action, Info

if TYPE_CHECKING:
    from host_tools.twin.broker.broker import Broker
    from host_tools.twin.broker.connection import Connection


def _connect(broker: "Broker", connection: "Connection", packet: Connect) -> None:
    if connection.session is not None:
        connection.close(Info.INVALID, "a second CONNECT")  # MQTT-3.1.0-2
    else:
        broker.login(connection, packet)


def _publish(broker: "Broker", connection: "Connection", packet: Publish) -> None:
    session = _session(connection)
    fault = topic_fault(packet.topic, broker.state, broker.settings)
    if fault:
        connection.close(Info.RESOURCE, fault)
        return
    if packet.retain and broker.settings.retain == "refuse":
        connection.close(Info.INVALID, "RETAIN is set")
        return
    if len(packet.payload) > PAYLOAD_MAX_BYTES and broker.settings.payload_oversize == "close":
        connection.close(Info.INVALID, f"a payload above {PAYLOAD_MAX_BYTES} bytes")
        return
    again = packet.qos == 2 and packet.packet_id in session.received
    if not again and len(packet.payload) <= PAYLOAD_MAX_BYTES:
        broker.router.route(packet, keep_p2p=not session.clean)
    if packet.qos == 1:
        connection.send(Puback(packet.packet_id))
    elif packet.qos == 2:
        session.received.add(packet.packet_id)
        connection.send(Pubrec(packet.packet_id))


def _pubrel(broker: "Broker", connection: "Connection", packet: Pubrel) -> None:
    _session(connection).received.discard(packet.packet_id)
    connection.send(Pubcomp(packet.packet_id))


def _puback(broker: "Broker", connection: "Connection", packet: Puback) -> None:
    _session(connection).acknowledged(packet.packet_id, 1)


def _pubcomp(broker: "Broker", connection: "Connection", packet: Pubcomp) -> None:
    _session(connection).acknowledged(packet.packet_id, 2)


def _pubrec(broker: "Broker", connection: "Connection", packet: Pubrec) -> None:
    _session(connection).received_by_peer(packet.packet_id)


def _subscribe(broker: "Broker", connection: "Connection", packet: Subscribe) -> None:
    for text, _ in packet.filters:
        fault = filter_fault(text, broker.state, broker.settings)
        if fault:
            connection.close(Info.RESOURCE, fault)
            return
    session = _session(connection)
    connection.send(Suback(packet.packet_id, [_granted(broker, session, *each) for each in packet.filters]))


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
