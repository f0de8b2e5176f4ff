"""Devices that ask a token server: challenge, proof, tokens; many at once, from one event loop."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from host_tools.errors import MachineError
from host_tools.tokens import challenge


@dataclass(frozen=True)
class Device:
    """A client ID and its device key."""

    client_id: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Target:
    """A server on loopback. With a `context` each delivery has a TLS connection of its own."""

    port: int
    context: ssl.SSLContext | None = None


@dataclass
class Seen:
    """Deliveries a second, and how much of a core the server used meanwhile."""

    per_s: float
    server_cpu: float


def rate(
    target: Target,
    devices: Iterator[Device],
    *,
    at_once: int,
    warm_up_s: float,
    seconds: float,
    cpu_s: Callable[[], float],
) -> Seen:
    """Asks for `warm_up_s`, then counts for `seconds`; `cpu_s` gives the server's CPU seconds so far."""

    async def run() -> Seen:
        load = _Load(target, devices)
        tasks = [asyncio.create_task(load.work()) for _ in range(at_once)]
        await _sleep(warm_up_s, tasks)
        began_s, cpu_before_s, before = time.perf_counter(), cpu_s(), load.delivered
        await _sleep(seconds, tasks)
        took_s = time.perf_counter() - began_s
        seen = Seen((load.delivered - before) / took_s, (cpu_s() - cpu_before_s) / took_s)
        load.ended = True
        await asyncio.gather(*tasks)
        return seen

    return asyncio.run(run())


def each_once(target: Target, devices: Iterator[Device], *, at_once: int) -> None:
    """Serves every one of these devices once."""

    async def run() -> None:
        load = _Load(target, devices)
        await asyncio.gather(*(load.work() for _ in range(at_once)))

    asyncio.run(run())


async def _sleep(seconds: float, tasks: "list[asyncio.Task[None]]") -> None:
    """A worker that ended has failed, or has nobody left to ask for."""
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
        raise MachineError("all devices were served too soon", where="bench", do="give fewer --seconds")


class _Load:
    def __init__(self, target: Target, devices: Iterator[Device]) -> None:
        self._target = target
        self._devices = devices
        self.delivered = 0
        self.ended = False

    async def work(self) -> None:
        """One connection after the other, or one for all."""
        connection = None
        for device in self._devices:
            if self.ended:
                break
            if connection is None:
                connection = await _Connection.opened(self._target)
            await connection.deliver(device)
            self.delivered += 1
            if self._target.context:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def opened(cls, target: Target) -> "_Connection":
        name = "localhost" if target.context else None
        opened = asyncio.open_connection("127.0.0.1", target.port, ssl=target.context, server_hostname=name)
        return cls(*await opened)

    def close(self) -> None:
        self._writer.transport.abort()

    async def deliver(self, device: Device) -> None:
        who = {"client_id": device.client_id}
        nonce = (await self._post("/v1/challenge", who))["nonce"]
        proof = challenge.proof(device.key, "tokens", device.client_id, nonce)
        await self._post("/v1/tokens", who | {"nonce": nonce, "proof": proof})

    async def _post(self, path: str, body: dict[str, str]) -> Any:
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self._writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(data) + data)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        answer = await self._reader.readexactly(length)
        if not lines[0].startswith("http/1.1 200"):
            raise MachineError(f"{path}: {lines[0]}: {answer.decode()}", where="bench", do="look at its log")
        return json.loads(answer)
