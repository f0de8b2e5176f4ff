"""The emulated Pico W's radio, with a network that ends on this computer.

rp2040py's own bridge opens a connection to wherever the guest asks and hands its DNS queries to a public
resolver. This one leads each name and port to a port on loopback, or nowhere; it answers DNS and NTP itself;
everything else is dropped. What it does and what it refuses, it tells.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rp2040py.external.cyw43 import net
from rp2040py.external.cyw43.chip import Cyw43439
from rp2040py.external.cyw43.nat import GATEWAY_IP, GATEWAY_MAC, ArpResponder, DhcpServer, TcpReflector

from host_tools.vboard import sntp

if TYPE_CHECKING:
    from rp2040py.rp2040 import RP2040

Tell = Callable[[str, str], None]
_DNS, _NTP = 53, 123
_TIME_SERVER = bytes([10, 0, 1, 1])
_SILENCE_S = 900.0
TIME_NAME = "pool.ntp.org"
# RFC 1035, 4.1: a header's flags; in an answer, the name at byte 12, then type A, class IN, 60 s, 4 bytes.
_DNS_HEADER_BYTES = 12
_ANSWERED, _REFUSED = b"\x81\x80", b"\x81\x83"
_POINTER_TO_NAME = b"\xc0\x0c"
_ADDRESS_RECORD = b"\0\1\0\1\0\0\0\x3c\0\4"


class ConfinedRadio(Cyw43439):
    """The radio chip as rp2040py emulates it, on our wire."""

    def __init__(self, routes: Mapping[str, int], tell: Tell) -> None:
        super().__init__()
        self._routes, self._tell = routes, tell

    def attach(self, rp2040: "RP2040") -> None:
        super().attach(rp2040)
        self.bus.nat_bridge = Wire(rp2040, self.bus.queue_rx_ethernet_frame, self._routes, self._tell)

    def drop(self) -> None:
        """The access point throws the guest out, as it does when it restarts; what was open is gone."""
        self.bus.nat_bridge.reset()
        self.bus._queue_disassoc_events()


class _Writer(asyncio.StreamWriter):
    """The peer may have gone when the guest says that it is done; the reader tells the guest of it."""

    def write_eof(self) -> None:
        with contextlib.suppress(OSError):
            super().write_eof()


class Wire:
    """What the bus calls a bridge: frames from the guest go in here, and answers to `send`."""

    def __init__(
        self, rp2040: "RP2040", send: Callable[[bytes], None], routes: Mapping[str, int], tell: Tell
    ) -> None:
        self._tell = tell
        self._ports = dict(routes)
        self._names = _names(routes)
        self._addresses = {_dotted(address): name for name, address in self._names.items()}
        self._send = send
        self._arp, self._dhcp = ArpResponder(), DhcpServer()
        # A peer that is silent is silent for as long as the guest can wait, which is long here.
        self._tcp = TcpReflector(rp2040, send, connect_timeout=_SILENCE_S, connect_fn=self._connect)

    def reset(self) -> None:
        """The guest has left the network: its connections are over."""
        self._tcp.reset()

    def handle_outbound_ethernet_frame(self, frame: bytes) -> None:
        """One frame from the guest; never waits."""
        ethernet = net.parse_ethernet(frame)
        if ethernet is None:
            return
        answer = self._arp.maybe_handle(ethernet) or self._dhcp.maybe_handle(ethernet)
        packet = net.parse_ipv4(ethernet.payload) if ethernet.ethertype == net.ETHERTYPE_IPV4 else None
        if answer is not None:
            self._send(answer)
        elif packet is not None and packet.proto == net.IP_PROTO_TCP:
            self._tcp.maybe_handle(ethernet, packet)
        elif packet is not None and packet.proto == net.IP_PROTO_UDP:
            self._datagram(ethernet, packet)

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = self._addresses.get(host, host)
        local_port = self._ports.get(f"{name}:{port}")
        if local_port is None:
            self._tell("refused", f"tcp {name}:{port}")
            raise ConnectionRefusedError
        self._tell("connect", f"{name}:{port}")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        made, protocol = await loop.create_connection(
            lambda: asyncio.StreamReaderProtocol(reader), "127.0.0.1", local_port
        )
        return reader, _Writer(made, protocol, reader, loop)

    def _datagram(self, ethernet: net.EthernetFrame, packet: net.Ipv4Packet) -> None:
        udp = net.parse_udp(packet.payload)
        if udp is None:
            return
        to = (packet.dst_ip, udp.dst_port)
        if to == (GATEWAY_IP, _DNS):
            answer = self._resolve(udp.payload)
        elif to == (_TIME_SERVER, _NTP):
            answer = sntp.reply(udp.payload, time.time())
        else:
            self._tell("refused", f"udp {_dotted(packet.dst_ip)}:{udp.dst_port}")
            return
        reply = net.pack_udp(packet.dst_ip, packet.src_ip, udp.dst_port, udp.src_port, answer)
        wrapped = net.pack_ipv4(packet.dst_ip, packet.src_ip, net.IP_PROTO_UDP, reply)
        self._send(net.pack_ethernet(ethernet.src_mac, GATEWAY_MAC, net.ETHERTYPE_IPV4, wrapped))

    def _resolve(self, query: bytes) -> bytes:
        """The answer to a DNS query (RFC 1035) for one name's address; an unknown name is told so."""
        name, end = _question(query)
        address = self._names.get(name)
        self._tell("resolve", name)
        if address is None:
            return query[:2] + _REFUSED + query[4:6] + bytes(6) + query[12:end]
        answer = _POINTER_TO_NAME + _ADDRESS_RECORD + address
        return query[:2] + _ANSWERED + query[4:6] + b"\0\1" + bytes(4) + query[12:end] + answer


def _question(query: bytes) -> tuple[str, int]:
    """The name asked for, and where the question ends."""
    labels, at = [], _DNS_HEADER_BYTES
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    return ".".join(labels), at + 5


def _names(routes: Mapping[str, int]) -> dict[str, bytes]:
    names = sorted({route.rpartition(":")[0] for route in routes})
    return {name: bytes([10, 0, 2, n]) for n, name in enumerate(names, 1)} | {TIME_NAME: _TIME_SERVER}


def _dotted(address: bytes) -> str:
    return ".".join(map(str, address))
