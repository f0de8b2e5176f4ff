"""The broker's own transport does to its protocol what asyncio's do, seen from a real peer."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest

from host_tools.twin.tcp import TcpTransport

DEADLINE_S = 5.0
_BUFFER_BYTES = 1 << 16
BULK = bytes(4 << 20)
"""More than the system takes at once, with buffers of that size."""


class Notes(asyncio.Protocol):
    """Notes what the transport calls."""

    def __init__(self) -> None:
        self.data = b""
        self.calls: list[str] = []
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.resumed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.calls.append("made")

    def data_received(self, data: bytes) -> None:
        self.data += data

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")
        self.resumed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.calls.append("lost")
        self.lost.set_result(exc)


def on_a_pair(scene: Callable[[TcpTransport, Notes, socket.socket], Any]) -> None:
    """Runs `scene` with a transport, its protocol, and the peer's socket, which does not block."""

    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            peer = socket.socket()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            peer.connect(server.getsockname())
            mine, _ = server.accept()
            mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        with peer:
            peer.setblocking(False)
            notes = Notes()
            transport = TcpTransport(asyncio.get_running_loop(), mine, notes)
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await scene(transport, notes, peer)
            finally:
                transport.abort()
                await asyncio.wait_for(asyncio.shield(notes.lost), DEADLINE_S)

    asyncio.run(run())


async def read_all(peer: socket.socket) -> bytes:
    loop, got = asyncio.get_running_loop(), []
    while data := await loop.sock_recv(peer, 1 << 20):
        got.append(data)
    return b"".join(got)


def test_bytes_both_ways_and_the_peers_end() -> None:
    async def scene(transport: TcpTransport, notes: Notes, peer: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        transport.write(b"hello")
        transport.write(b"")
        assert await loop.sock_recv(peer, 100) == b"hello"
        await loop.sock_sendall(peer, b"good day")
        peer.shutdown(socket.SHUT_WR)
        assert await notes.lost is None
        assert (notes.data, notes.calls) == (b"good day", ["made", "lost"])
        assert transport.is_closing()
        transport.write(b"too late")  # without effect, as with asyncio's
        assert transport.get_extra_info("socket") is None

    on_a_pair(scene)


def test_what_was_written_goes_out_before_the_end() -> None:
    async def scene(transport: TcpTransport, notes: Notes, peer: socket.socket) -> None:
        transport.write(BULK)
        transport.write(b"the end")
        transport.close()
        transport.close()
        assert notes.calls == ["made", "pause"]
        assert await read_all(peer) == BULK + b"the end"
        assert await notes.lost is None

    on_a_pair(scene)


def test_abort_drops_what_was_not_sent() -> None:
    async def scene(transport: TcpTransport, notes: Notes, peer: socket.socket) -> None:
        transport.write(BULK)
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        assert notes.calls[-1] != "lost"  # it hears of it later, not within the call
        await notes.lost
        assert len(await read_all(peer)) < len(BULK)

    on_a_pair(scene)


def test_a_slow_reader_is_told_of_and_told_again() -> None:
    async def scene(transport: TcpTransport, notes: Notes, peer: socket.socket) -> None:
        transport.set_write_buffer_limits(high=1000, low=10)
        assert transport.get_write_buffer_limits() == (10, 1000)
        transport.write(BULK)
        transport.write(BULK)
        assert notes.calls == ["made", "pause"]
        assert transport.get_write_buffer_size() > len(BULK)
        reading = asyncio.create_task(read_all(peer))
        await notes.resumed.wait()
        assert transport.get_write_buffer_size() <= 10
        transport.close()
        assert len(await reading) == 2 * len(BULK)

    on_a_pair(scene)


def test_a_peer_that_is_not_read_is_not_heard_until_it_is() -> None:
    async def scene(transport: TcpTransport, notes: Notes, peer: socket.socket) -> None:
        transport.pause_reading()
        transport.pause_reading()
        await asyncio.get_running_loop().sock_sendall(peer, b"wait")
        await asyncio.sleep(0.05)
        assert notes.data == b"" and not transport.is_reading()
        transport.resume_reading()
        while not notes.data:
            await asyncio.sleep(0)
        assert notes.data == b"wait" and transport.is_reading()

    on_a_pair(scene)


@pytest.mark.parametrize("writing", [False, True])
def test_a_reset_is_an_error(writing: bool) -> None:
    async def scene(transport: TcpTransport, notes: Notes, peer: socket.socket) -> None:
        if writing:
            transport.pause_reading()
            transport.write(BULK)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        assert isinstance(await notes.lost, ConnectionError)

    on_a_pair(scene)


def test_what_asyncio_tells_of_a_socket() -> None:
    async def scene(transport: TcpTransport, notes: Notes, peer: socket.socket) -> None:
        assert transport.get_extra_info("peername") == peer.getsockname()
        assert transport.get_extra_info("sockname") == peer.getpeername()
        assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert transport.get_extra_info("cipher", "none") == "none"
        assert transport.get_protocol() is notes

    on_a_pair(scene)


@pytest.mark.parametrize("fault", [KeyError("a defect"), OSError("a full disk")])
def test_a_protocol_that_fails_loses_this_connection(fault: Exception) -> None:
    async def scene(transport: TcpTransport, notes: Notes, peer: socket.socket) -> None:
        def fail(data: bytes) -> None:
            raise fault

        told: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: told.append(context))
        notes.data_received = fail  # type: ignore[method-assign]
        await loop.sock_sendall(peer, b"x")
        assert await notes.lost is fault
        assert [context["exception"] for context in told] == ([] if isinstance(fault, OSError) else [fault])
        assert await read_all(peer) == b""

    on_a_pair(scene)
