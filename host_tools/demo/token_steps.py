"""The steps of the journey in Token mode. Time is skipped for twin, token server and board alike."""

import time

from host_tools.demo.counter import counter
from host_tools.demo.passing import Passing
from host_tools.demo.steps import observe, power_on, provision
from host_tools.demo.token_journey import READ, READING, SOON_S, WRITE, TokenJourney
from host_tools.errors import DeviceError

LIFE_S = 70
RENEWALS = 5
_BEFORE_S = 3.0
_QUIET_S = 1800.0


def serve(journey: TokenJourney) -> None:
    """The token server, and the device's account."""
    assert journey.clock is not None
    folder = journey.folder / f"tokens-{journey.board.id}"
    folder.mkdir(mode=0o700)
    made = counter(journey.client, journey.client_id, folder, journey.clock)
    journey.made["counter"] = journey.stack.enter_context(made)
    journey.counter.enter(READ, WRITE, LIFE_S)
    journey.tell(
        "serve",
        f"the token server, over TLS: {journey.client_id} may read {READ[0]} and write {WRITE[0]}, "
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
    end_s, wanted = time.monotonic() + SOON_S, len(journey.numbers) + more
    while len(journey.numbers) < wanted:
        if time.monotonic() > end_s:
            raise DeviceError(f"nothing on {READING} for {SOON_S:g} s", where="device")
        journey.passing.look()
    numbers = journey.numbers
    if numbers != list(range(len(numbers))):
        raise DeviceError(f"a message is missing or out of order: {numbers}", where="device")
    return numbers


STEPS = (serve, observe, power_on, provision, fetch, renew, stay, revoke, cut_off, quiet)
