"""A network's script: a JSON list of steps, each `{"at_ms": 2000, "do": "lose", ...arguments}`.

`do` names a method of Network. at_ms counts from the board's start and defaults to 0; an address is
`"127.0.0.1:80"`; `set_access_points` takes `points`, a list of `{"ssid", "password", "hidden"}`; `lose` takes
`ssids`, a list, or nothing; `time_answer` takes `how`: right, silent, kiss-of-death, not-set, forged, garbage
or short.
"""

import inspect
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from host_tools.errors import UsageError
from host_tools.vboard.air import AccessPoint, checked_routes
from host_tools.vboard.link import Address
from host_tools.vboard.network import Network
from host_tools.vboard.sntp import check_time

Step = tuple[int, Callable[[], None]]

_ACTS = [
    "set_access_points",
    "lose",
    "restore",
    "flap",
    "wrong_password",
    "no_address",
    "captive_portal",
    "dns_dead",
    "dns_silent",
    "dns_move",
    "server_away",
    "time_skew",
    "time_answer",
    "radio_dead_with_address",
    "never_reconnects",
    "power_save_loss",
]


def load(path: Path, network: Network) -> list[Step]:
    """The steps, checked; UsageError names the one that is wrong."""
    try:
        steps = json.loads(path.read_text())
    except OSError as exc:
        raise UsageError(f"cannot read: {exc.strerror}", where=str(path)) from None
    except ValueError as exc:
        raise UsageError(f"is not JSON: {exc}", where=str(path)) from None
    if not isinstance(steps, list):
        raise UsageError("is not a list of steps", where=str(path))
    return [_step(step, network, f"{path} step {number}") for number, step in enumerate(steps, 1)]


def play(steps: Iterable[Step], network: Network) -> None:
    """Has them happen, each at its time from now on; the board must run."""
    for at_ms, act in steps:
        network.later(at_ms, act)


def _step(step: object, network: Network, where: str) -> Step:
    given = dict(step) if isinstance(step, dict) else {}
    at_ms, name = given.pop("at_ms", 0), given.pop("do", None)
    if name not in _ACTS or not isinstance(at_ms, int) or at_ms < 0:
        raise UsageError(
            f"do={name!r} at_ms={at_ms!r} is no step", where=where, do=f"do is one of {', '.join(_ACTS)}"
        )
    method = getattr(network, name)
    try:
        if name == "set_access_points":
            listed = [AccessPoint(**point) for point in given.pop("points")]
        else:
            listed = given.pop("ssids", [])
        if "address" in given:
            given["address"] = _address(given["address"])
            checked_routes({given.get("name", "portal:0"): given["address"]})
        elif "name" in given:
            network.check_route(given["name"])
        elif name.startswith("time_"):
            check_time(**given)
        inspect.signature(method).bind(*listed, **given)
    except (TypeError, ValueError, KeyError, AttributeError):
        raise UsageError(
            f"{name} does not take {sorted(given)}", where=where, do=f"its arguments: {_arguments(method)}"
        ) from None
    return at_ms, lambda: method(*listed, **given)


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _arguments(method: Callable[..., None]) -> str:
    return ", ".join(inspect.signature(method).parameters) or "none"
