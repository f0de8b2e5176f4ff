"""Both readings of what the service leaves open: under each a device ends where it must.

Every switch of the twin is either here, with the end that each of its readings leads to, or in
`unseen_switches`, with the reason why no device can tell.
"""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from host_tools.twin import Settings, TwinThread
from host_tools.twin.clock import ManualClock
from host_tools.twin.readings import of_settings
from tests.e2e.device import GROUP, Device, registered
from tests.e2e.token_server import TokenServer
from tests.faults.play import CONFIG, Listener
from tests.faults.reading_scene import SLOW_MS, Scene, leave
from tests.faults.reading_scripts import (
    ASKED_FOR,
    BARRED,
    IN_SERVICE,
    MUTE,
    SCRIPTS,
    TOKEN_LIFE_S,
    Script,
)
from tests.faults.unseen_switches import UNSEEN

# They wait more than they work.
AT_ONCE = 8

PLAYS = {
    f"{setting}={value}": (setting, value) for setting, script in SCRIPTS.items() for value in script.ends
}


def play(setting: str, value: Any, folder: Path) -> None:
    """Raises AssertionError or DeviceError where the device ends elsewhere."""
    folder.mkdir()
    script = SCRIPTS[setting]
    # Else time must pass by itself, for what is sent again or in batches, and for the next tokens.
    clock = ManualClock(time.time()) if script.mode == "Token" else time.time
    # The clock moves by hours, a request's own date does not.
    settings = Settings(check_replay=False, **script.also, **{setting: value})
    with (
        TwinThread(groups=(GROUP,), settings=settings, clock=clock) as twin,
        _token_server(twin, script.mode) as tokens,
    ):
        config = CONFIG | {"refused_retry_ms": SLOW_MS} | script.config
        name = folder.name[:20].replace("_", "-")
        device = Device(twin, name, folder, mode=script.mode, config=config, tokens=tokens)
        device.files["/app.py"] = script.app
        own = registered(twin, f"{GROUP}@@@listener").for_device()
        with Listener(own, twin.mqtt_port, device.client_id) as listener:
            _act(Scene(twin, device, listener, clock), script, value)


def _token_server(twin: TwinThread, mode: str) -> "contextlib.AbstractContextManager[TokenServer | None]":
    if mode != ASKED_FOR:
        return contextlib.nullcontext()
    return TokenServer(twin, time.time, life_s=TOKEN_LIFE_S, renew_s=1)


def _act(scene: Scene, script: Script, value: Any) -> None:
    try:
        script.prepare(scene)
        with scene.device.powered() as (board, console):
            scene.console = console
            script.act(scene)
            end = script.ends[value]
            if end == MUTE:
                scene.is_mute()
            elif end in (IN_SERVICE, BARRED):
                if end == BARRED:
                    scene.expect("barred")
                scene.serves()
            else:
                scene.is_quiet_as(end)
            assert not [event for event in board.events if event.kind == "reset"]
    finally:
        for guest in scene.guests:
            leave(guest)


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[None]"]]:
    folder = tmp_path_factory.mktemp("readings")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            name: pool.submit(play, *each, folder / f"r{number}")
            for number, (name, each) in enumerate(PLAYS.items())
        }


@pytest.mark.parametrize("name", PLAYS)
def test_ends_where_it_must(plays: dict[str, "Future[None]"], name: str) -> None:
    plays[name].result()


def test_every_switch_is_played_under_each_reading_or_cannot_be_seen() -> None:
    for behaviour in of_settings(Settings):
        assert (behaviour.setting in SCRIPTS) != (behaviour.setting in UNSEEN), behaviour.setting
        if behaviour.setting in SCRIPTS and behaviour.readings:
            assert set(SCRIPTS[behaviour.setting].ends) == set(behaviour.readings), behaviour.setting
    assert set(SCRIPTS) | set(UNSEEN) == {behaviour.setting for behaviour in of_settings(Settings)}
