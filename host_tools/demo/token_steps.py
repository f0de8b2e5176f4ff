"""The steps of the journey in Token mode. Time is skipped for twin, token server and board alike."""

import time
from dataclasses import dataclass
from typing import Any

from host_tools.boards.bundle import device_files
from host_tools.demo.counter import NAME, TokenCounter, counter
from host_tools.demo.journey import PARENT, WIFI, Journey
from host_tools.demo.passing import Passing
from host_tools.demo.steps import observe, power_on, provision
from host_tools.errors import DeviceError
from host_tools.twin.clock import ManualClock

LIFE_S = 70
RENEWALS = 5
READING = f"{PARENT}/reading"
_READ, _WRITE = [f"{PARENT}/settings"], [f"{PARENT}/#"]
_CA_PATH = "/token-ca.der"
_SOON_S = 20.0
_BEFORE_S = 3.0
_QUIET_S = 1800.0

# A numbered message every second, as long as there is room.
_APP = f"""
import time

number = 0
last_ms = time.ticks_ms()

def setup(agent):
    agent.subscribe("{_READ[0]}", lambda topic, payload: None)

def loop(agent):
    global number, last_ms
    if time.ticks_diff(time.ticks_ms(), last_ms) >= 1000:
        last_ms = time.ticks_ms()
        if agent.publish("{READING}", {{"number": number}}):
            number += 1
"""


@dataclass
class TokenJourney(Journey):
    """Before a step the board's console has been read up to `mark`."""

    clock: ManualClock | None = None
    mark: int = 0

    def config(self) -> dict[str, Any]:
        asks = {"token_host": NAME, "token_port": 8443, "token_ca_path": _CA_PATH}
        return super().config() | asks | {"heartbeat_s": 600, "retry_spread_ms": 0}

    def device_files(self) -> dict[str, bytes]:
        given = self.counter
        files = device_files(
            self.config(),
            self.twin.ca_der,
            None,
            WIFI,
            self.board,
            device_key=given.key.encode(),
            token_ca_der=given.ca_der,
        )
        return files | {"/app.py": _APP.encode()}

    def routes(self) -> dict[str, tuple[str, int]]:
        return super().routes() | {f"{NAME}:8443": ("127.0.0.1", self.counter.port)}

    @property
    def counter(self) -> TokenCounter:
        return self.made["counter"]  # type: ignore[no-any-return]

    @property
    def passing(self) -> Passing:
        return self.made["passing"]  # type: ignore[no-any-return]

    @property
    def numbers(self) -> list[int]:
        """Of the messages that arrived, in the order in which they first came."""
        seen: dict[int, None] = self.made.setdefault("numbers", {})
        seen.update(dict.fromkeys(message["number"] for message in self.observer.arrived(READING)))
        return list(seen)

    def next(self, name: str, text: str = "", within_s: float = _SOON_S) -> str:
        """The text of the console's next event of that kind; what comes before it is passed over."""
        said, self.mark = self.passing.expect(name, text, after=self.mark, within_s=within_s)
        return said.text

    def next_value(self, name: str, text: str, key: str) -> str:
        """As `next`, the value of a key in it."""
        said, self.mark = self.passing.expect(name, text, after=self.mark, within_s=_SOON_S)
        return said.value(key)


def serve(journey: TokenJourney) -> None:
    """The token server, and the device's account."""
    assert journey.clock is not None
    folder = journey.folder / f"tokens-{journey.board.id}"
    folder.mkdir(mode=0o700)
    made = counter(journey.client, journey.client_id, folder, journey.clock)
    journey.made["counter"] = journey.stack.enter_context(made)
    journey.counter.enter(_READ, _WRITE, LIFE_S)
    journey.tell(
        "serve",
        f"the token server, over TLS: {journey.client_id} may read {_READ[0]} and write {_WRITE[0]}, "
        f"with tokens of {LIFE_S} s",
        client_id=journey.client_id,
        ports=[journey.counter.port],
    )


def fetch(journey: TokenJourney) -> None:
    """Reset, and follow the agent to the first message under its first tokens."""
    assert journey.clock is not None
    journey.made["passing"] = Passing(journey.clock, journey.vboard, journey.link.console)
    with journey.interrupts.allowed():
        journey.link.reset()
        journey.next("boot")
        left_s = int(journey.next_value("token", "fetched", "left_s"))
        journey.made["left_s"] = left_s
        journey.tell("fetch", f"the device proved itself and has tokens for {left_s} s", left_s=left_s)
        journey.next("connack")
        journey.made["online"] = journey.mark
        journey.next("published", f"topic={READING}")
        _until_more(journey, 1)
    journey.tell("connack", f"the broker took them; the host sees {READING}")


def renew(journey: TokenJourney) -> None:
    """Fetched before they end, uploaded inside the session, again and again."""
    with journey.interrupts.allowed():
        for turn in range(1, RENEWALS + 1):
            skipped_s = max(0.0, journey.counter.due_in_s(journey.made["left_s"]) - _BEFORE_S)
            journey.passing.skip(skipped_s)
            journey.made["left_s"] = int(journey.next_value("token", "fetched", "left_s"))
            types = sorted(journey.next_value("token", "uploaded", "type") for _ in ("R", "W"))
            _check_stayed(journey)
            journey.tell(
                "renew",
                f"{turn} of {RENEWALS}: fetched in time, {' and '.join(types)} uploaded inside the session "
                f"({skipped_s:.0f} s skipped)",
                turn=turn,
                types=types,
                skipped_s=round(skipped_s),
            )


def stay(journey: TokenJourney) -> None:
    """Connected all the time, and every message came."""
    with journey.interrupts.allowed():
        numbers = _until_more(journey, 2)
    _check_stayed(journey)
    seconds = round(journey.passing.skipped_s)
    journey.tell(
        "stay",
        f"{RENEWALS} renewals, no disconnect; {len(numbers)} messages came in order, none is missing; "
        f"{seconds} s were skipped for board, server and twin alike",
        messages=len(numbers),
        lost=0,
        disconnects=0,
        skipped_s=seconds,
    )


def revoke(journey: TokenJourney) -> None:
    """The tokens are revoked; the device replaces them at once."""
    with journey.interrupts.allowed():
        _revoke(journey, "revoke")
        began_s = time.monotonic()
        journey.next("token", "fetched")
        journey.next("connack")
        taken_ms = round((time.monotonic() - began_s) * 1000)
        numbers = _until_more(journey, 2)
    journey.tell(
        "replace",
        f"other tokens fetched and taken {taken_ms} ms later; {len(numbers)} messages came, none is missing",
        ms=taken_ms,
        messages=len(numbers),
    )


def cut_off(journey: TokenJourney) -> None:
    """The account is switched off; the device names it."""
    journey.counter.switch_off()
    with journey.interrupts.allowed():
        _revoke(journey, "cut off")
        said = journey.next("refused")
        wait_ms = int(journey.next_value("waiting", "", "ms"))
    journey.tell("refused", f"the device says: {said}", said=said, wait_ms=wait_ms)


def quiet(journey: TokenJourney) -> None:
    """From then on it leaves everybody alone."""
    passing, before = journey.passing, journey.mark
    with journey.interrupts.allowed():
        passing.skip(_QUIET_S, slice_s=60.0)
    tries = passing.count("token", "tls", "connack", "lost", "refused", after=before)
    if tries:
        raise DeviceError(f"tried {tries} times within {_QUIET_S:.0f} s", where="device")
    journey.tell("quiet", f"no try in the next {_QUIET_S:.0f} s (skipped)", tries=tries)


def _revoke(journey: TokenJourney, step: str) -> None:
    queued = journey.counter.revoke()
    off = "account switched off, " if step == "cut off" else ""
    journey.tell(step, f"{off}{queued} tokens queued for RevokeToken", queued=queued)
    lost = journey.next("lost", "cause=token")
    journey.tell("lost", f"the device says: {lost}", said=lost)


def _check_stayed(journey: TokenJourney) -> None:
    if journey.passing.count("lost", "refused", after=journey.made["online"]):
        raise DeviceError("the connection was lost at a renewal", where="device")


def _until_more(journey: TokenJourney, more: int) -> list[int]:
    """The numbers that came, once there are so many new ones; DeviceError if one is missing among them."""
    end_s, wanted = time.monotonic() + _SOON_S, len(journey.numbers) + more
    while len(journey.numbers) < wanted:
        if time.monotonic() > end_s:
            raise DeviceError(f"nothing on {READING} for {_SOON_S:g} s", where="device")
        journey.passing.look()
    numbers = journey.numbers
    if numbers != list(range(len(numbers))):
        raise DeviceError(f"a message is missing or out of order: {numbers}", where="device")
    return numbers


STEPS = (serve, observe, power_on, provision, fetch, renew, stay, revoke, cut_off, quiet)
