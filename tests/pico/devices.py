"""The agent on the emulated Pico W against a twin: what tests/e2e/device.py is for the virtual board."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from host_tools.demo.console import Console
from host_tools.twin import TwinThread
from tests.e2e import token_server
from tests.e2e.device import Device
from tests.e2e.token_server import TokenServer
from tests.pico.board import PicoBoard

WIFI = [("RP2040PY-GUEST", "any-password")]
# By the guest's clock, which runs at a thirtieth of the computer's: each wait is half a minute a second.
CONFIG: dict[str, object] = {
    "led_pin": "LED",
    "connect_timeout_ms": 8000,
    "keepalive_s": 3600,
    "join_timeout_s": 5,
    "retry_spread_ms": 0,
}


def pico_device(
    twin: TwinThread, name: str, folder: Path, *, tokens: TokenServer | None = None, **config: Any
) -> Device:
    """A registered device with working defaults, `config` merged over them; with `tokens`, in Token mode."""
    mode = "DeviceCredential" if tokens is None else "asked for"
    return Device(twin, name, folder, "RPI_PICO_W", mode, CONFIG | config, tokens=tokens, wifi=WIFI)


@contextlib.contextmanager
def powered(
    device: Device, uf2: Path, more: Mapping[str, bytes] | None = None
) -> Iterator[tuple[PicoBoard, Console]]:
    """The board, on, with `more` files, and the console's events one by one."""
    twin = device.twin
    routes = {
        f"{twin.host_name}:{port}": local for port, local in ((8883, twin.tls_port), (1883, twin.mqtt_port))
    }
    if device.tokens is not None:
        routes[f"{token_server.NAME}:443"] = device.tokens.port
    files = device.files | dict(more or {})
    with PicoBoard(uf2, device.board, device.folder, files, routes) as board:
        yield board, Console(board.lines)
