"""The step from reset to the first acknowledged message, as the console and the observer show it."""

import time

from host_tools.demo.console import Console, Said
from host_tools.demo.journey import PARENT, Journey
from host_tools.errors import DeviceError
from host_tools.vboard import VirtualBoard

_BOOT_S = 10.0
_SEEN_S = 10.0
_ONLINE_S = 15.0


def boot(journey: Journey) -> None:
    """Reset, and follow the agent to its first acknowledged message."""
    console = Console(journey.link.console)
    journey.made["console"] = console
    with journey.interrupts.allowed():
        reset_s = time.monotonic()
        journey.link.reset()
        console.expect("boot", _BOOT_S)
        started_s = _restarted_s(journey.vboard, reset_s)
        journey.tell("reset", "the board restarts; from here on it is alone")
        _follow(journey, console, started_s)


def _follow(journey: Journey, console: Console, started_s: float) -> None:
    held = console.expect("credential", _BOOT_S)
    journey.tell("credential", f"read from flash: {held.value('key_id')}; client ID signed on the device")
    network = console.expect("network", _ONLINE_S)
    clock = console.expect("clock", _ONLINE_S)
    journey.tell("network", f"up ({network.value('ssid')}), clock set by {clock.value('by')}")
    tls = console.expect("tls", _ONLINE_S)
    journey.tell("tls", f"CA and host name verified: {tls.value('host')}", host=tls.value("host"))
    _tell_connack(journey, console.expect("connack", _ONLINE_S), started_s)
    console.expect("published", _ONLINE_S)
    telemetry = f"{PARENT}/telemetry"
    seen = journey.observer.wait_for(
        telemetry, lambda message: message.get("client_id") == journey.client_id, _SEEN_S
    )
    journey.tell(
        "telemetry",
        f"first QoS 1 message acknowledged; the host saw it on {telemetry}",
        topic=telemetry,
        message=seen,
    )


def _tell_connack(journey: Journey, said: Said, started_s: float) -> None:
    host_ms = round((said.at_s - started_s) * 1000)
    device_ms = int(said.value("ms_since_boot") or said.device_ms)
    journey.tell(
        "connack",
        f"signature accepted {host_ms} ms after power-on (the device counts {device_ms} ms since boot)",
        host_ms=host_ms,
        device_ms=device_ms,
    )


def _restarted_s(board: VirtualBoard, after_s: float) -> float:
    """The moment of the last start after `after_s`, by the board's own supervisor."""
    starts = [
        event.at_s for event in board.events if event.kind in ("power-on", "reset") and event.at_s > after_s
    ]
    if not starts:
        raise DeviceError("its console speaks, yet it did not restart", where="virtual board")
    return starts[-1]
