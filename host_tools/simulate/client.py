"""One device on the wire: MQTT's CONNECT and keep-alive, and the agent's policy around them.

Left out of an agent: TLS, telemetry, commands, the outbox. A loss is named as `devcred.stream` names it.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from devcred import causes, retry
from devcred.errors import LinkError
from host_tools.simulate.plan import CONNECT_TIMEOUT_S, KEEPALIVE_S
from host_tools.simulate.service import Login
from host_tools.twin.broker.decode import FROM_SERVER, Decoder
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Connack, Connect, Packet, Pingreq

_PACKET_MAX_BYTES = 1 << 16


class Watcher(Protocol):
    """Who hears of a device's life; times are seconds of the monotonic clock."""

    def accepted(self, device: "Device", tried_s: float, at_s: float) -> None: ...
    def refused(self, device: "Device", tried_s: float, at_s: float) -> None: ...
    def lost(self, device: "Device", at_s: float, cause: str, wait_ms: int) -> None: ...


@dataclass
class Device:
    """Connects, serves, loses, waits, for ever; what `live` does until it is cancelled.

    `stood_ms` is added to the time that the first link held, so that a cut after seconds counts as the
    cut of a link that had stood.
    """

    login: Login
    port: int
    backoff: retry.Backoff
    watcher: Watcher
    stood_ms: int = 0
    keepalive_s: int = KEEPALIVE_S

    async def live(self, first_s: float = 0.0) -> None:
        """Begins after `first_s` seconds."""
        await asyncio.sleep(first_s)
        while True:
            cause, connected_ms = await self._once()
            cause = self.backoff.lost(cause, connected_ms)
            wait_ms = self.backoff.delay_ms(cause)
            self.watcher.lost(self, time.monotonic(), cause, wait_ms)
            await asyncio.sleep(wait_ms / 1000)

    async def _once(self) -> tuple[str, int | None]:
        """One connection's whole life: the cause of its end, and the ms that it served."""
        tried_s = time.monotonic()
        link = _Link()
        try:
            await self._enter(link)
        except LinkError as error:
            self.watcher.refused(self, tried_s, time.monotonic())
            link.close()
            return error.cause, None
        except BaseException:
            link.close()
            raise
        since_s = time.monotonic()
        self.watcher.accepted(self, tried_s, since_s)
        try:
            cause = await link.serve(self.keepalive_s / 2)
        finally:
            link.close()
        stood_ms, self.stood_ms = self.stood_ms, 0
        return cause, int((time.monotonic() - since_s) * 1000) + stood_ms

    async def _enter(self, link: "_Link") -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await link.open(self.port)
                link.send(self._connect())
                answer = await link.receive()
        except OSError:  # TimeoutError is one of them
            raise LinkError(causes.NO_SERVER) from None
        if answer is None:
            raise LinkError(causes.CLOSED)
        if not isinstance(answer, Connack):
            raise LinkError(causes.PROTOCOL)
        if answer.code:
            raise LinkError(causes.from_connack(answer.code), answer.code)

    def _connect(self) -> Connect:
        login = self.login
        return Connect(login.client_id, True, self.keepalive_s, login.username, login.password.encode())


class _Link:
    """A TCP connection with MQTT's packets on it."""

    def __init__(self) -> None:
        self._writer: asyncio.StreamWriter | None = None
        self._decoder = Decoder(FROM_SERVER, _PACKET_MAX_BYTES)

    async def open(self, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)

    def send(self, packet: Packet) -> None:
        assert self._writer is not None
        self._writer.write(encode(packet))

    async def receive(self) -> Packet | None:
        """The next packet; None when the server closed."""
        while (packet := self._decoder.next()) is None:
            try:
                data = await self._reader.read(4096)
            except ConnectionError:
                return None
            if not data:
                return None
            self._decoder.feed(data)
        return packet

    async def serve(self, ping_s: float) -> str:
        """Pings after each `ping_s` of silence, until the link ends; the cause."""
        while True:
            if not await self._quiet(ping_s):
                return causes.CLOSED
            self.send(Pingreq())
            try:
                async with asyncio.timeout(ping_s):
                    if await self.receive() is None:
                        return causes.CLOSED
            except TimeoutError:
                return causes.LINK_LOST

    async def _quiet(self, for_s: float) -> bool:
        """Whether so many seconds passed with the link still there."""
        try:
            async with asyncio.timeout(for_s):
                while await self.receive() is not None:
                    pass  # nothing is expected, and nothing asks for an answer
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
