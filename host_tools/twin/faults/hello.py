"""The ClientHello of a TLS connection: looked at without taking it, and the name it asks for."""

import asyncio
import socket

_RECORD_HEAD = 5
_MAX_BYTES = 1 << 14
_HANDSHAKE = 22
_CLIENT_HELLO = 1
_SERVER_NAME = 0


async def peek(sock: socket.socket) -> bytes:
    """The first record, still in the socket; what there is of it when the peer sends no more."""
    loop = asyncio.get_running_loop()
    need = 1
    while True:
        await _readable(loop, sock)
        data = sock.recv(_MAX_BYTES, socket.MSG_PEEK)
        whole = _record_bytes(data)
        if len(data) < need or len(data) >= whole:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            return data
        # Otherwise the part that is there would wake us again and again.
        need = whole
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, need)


def _record_bytes(data: bytes) -> int:
    """The length of the record that begins so, as far as it is known; 1 for what is no handshake."""
    if data[:1] != bytes((_HANDSHAKE,)):
        return 1
    if len(data) < _RECORD_HEAD:
        return _RECORD_HEAD
    return min(_RECORD_HEAD + int.from_bytes(data[3:5], "big"), _MAX_BYTES)


def server_name(record: bytes) -> str:
    """The host name of the server_name extension (RFC 6066); empty where there is none."""
    if len(record) < 44 or record[0] != _HANDSHAKE or record[5] != _CLIENT_HELLO:
        return ""
    at = 43  # record head, handshake head, version, random
    for width in (1, 2, 1):  # session ID, cipher suites, compression
        at += width + int.from_bytes(record[at : at + width], "big")
    at += 2
    while at + 4 <= len(record):
        kind, size = (
            int.from_bytes(record[at : at + 2], "big"),
            int.from_bytes(record[at + 2 : at + 4], "big"),
        )
        if kind == _SERVER_NAME:
            # List length, type, name length.
            name = record[at + 9 : at + 4 + size]
            return name.decode("ascii", "replace") if len(name) == size - 5 else ""
        at += 4 + size
    return ""


async def _readable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)
