"""What the emulated Pico W's tests measure, in the guest's own time; the run's last lines tell it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from host_tools.demo.console import parse
from tests.pico.board import Told

Record = Callable[[str, object], None]
PROPERTY = "pico"

# What ends each phase: the agent's own event, or one of the emulator's.
_PHASES = (
    ("power-on to the agent's first line: boot, file system, import", "boot"),
    ("configuration, credential, signature", "signed"),
    ("Wi-Fi and DHCP", "network"),
    ("clock, by NTP", "clock"),
    ("rest of the import, DNS", "connect"),
    ("TCP, TLS handshake, CONNECT to CONNACK", "connack"),
    ("first telemetry acknowledged", "published"),
)


_HEAP = (
    ("start", "main.py begins"),
    ("imported", "the agent is imported"),
    ("handshake", "least between two steps of the TLS handshake"),
    ("connect", "CONNECT is sent, its CONNACK awaited"),
    ("steady", "in service, a PUBACK awaited"),
)


def record(into: Record, uf2: Path, what: str, figure: str) -> None:
    into(PROPERTY, [uf2.stem, what, figure])


def record_phases(into: Record, uf2: Path, told: Sequence[Told]) -> None:
    """Milliseconds of each phase of the boot, by the guest's clock."""
    before_us = 0
    for what, end in _PHASES:
        at_us = next(each.us for each in told if name_of(each) == end)
        record(into, uf2, what, f"{(at_us - before_us) / 1000:.0f} ms")
        before_us = at_us
    signed = next(each.line for each in told if name_of(each) == "signed")
    record(into, uf2, "signature alone", f"{signed.rpartition('=')[2]} us")
    record(into, uf2, "power-on to first telemetry acknowledged", f"{before_us / 1000:.0f} ms")


def record_heap(into: Record, uf2: Path, told: Sequence[Told]) -> dict[str, int]:
    """Free heap in bytes, as measuring.py told: `start`, `imported`, `handshake`, `connect`, `steady`."""
    at = {name: _first(told, name) for name in ("connect", "connack", "published")}
    waits = _frees(told, "waits")
    up = [free for n, free in waits if at["connect"] < n < at["connack"]]
    found = {
        "start": _frees(told, "start")[0][1],
        "imported": _frees(told, "imported")[0][1],
        "handshake": min(up),
        "connect": up[-1],
        "steady": [free for n, free in waits if at["connack"] < n < at["published"]][-1],
    }
    for when, what in _HEAP:
        record(into, uf2, f"heap free, {what}", f"{found[when]} bytes")
    return found


def _frees(told: Sequence[Told], when: str) -> list[tuple[int, int]]:
    found = ((n, re.fullmatch(rf"heap {when} (\d+)", each.line)) for n, each in enumerate(told))
    return [(n, int(free[1])) for n, free in found if free]


def _first(told: Sequence[Told], name: str) -> int:
    return next(n for n, each in enumerate(told) if name_of(each) == name)


def name_of(told: Told) -> str:
    """The agent's event in it, or the emulator's."""
    said = parse(told.line, 0.0)
    return said.name if said else told.event
