"""More of a device in Token mode, for `make soak`: what tests/faults/test_token_seeds.py plays in simulated
time comes here with everything that lies below it.
"""

import time
from pathlib import Path

import pytest

from host_tools.twin import Settings, TwinThread
from tests.e2e.device import GROUP, Device
from tests.e2e.test_device_heap import APP, free_at_each_fifth
from tests.e2e.test_device_tokens import (
    bars_a_refused_topic,
    has_five_renewals,
    online,
    replaces_a_revoked_token,
)
from tests.e2e.token_play import playing
from tests.e2e.token_server import TokenServer

# The most that is free counts: less is while a set that has just been uploaded stands beside the one in use.
LOOK = b"            gc.collect()\n            most = max(most, gc.mem_free())\n"


def test_five_renewals_on_a_pico(tmp_path: Path) -> None:
    has_five_renewals(tmp_path, "RPI_PICO_W")


@pytest.mark.parametrize("revoke_token", ["next-use", "at-once"])
@pytest.mark.parametrize("notices", [True, False])
def test_a_revoked_token_is_replaced(revoke_token: str, notices: bool, tmp_path: Path) -> None:
    replaces_a_revoked_token(tmp_path, revoke_token, notices=notices)


def test_a_refused_topic_without_a_notice_does_not_stop_the_rest(tmp_path: Path) -> None:
    bars_a_refused_topic(tmp_path, notices=False)


def test_with_no_time_server_and_no_clock(tmp_path: Path) -> None:
    with playing(tmp_path, life_s=300) as play:
        play.until(lambda: online(play))
        play.vboard.network.time_answer("silent")
        play.vboard.power_cycle()
        # It cannot know how old its tokens are, and renews in time all the same.
        play.until(lambda: play.count("token", "uploaded") >= 3)
        assert play.losses() == []
        # Here it cannot know that they have ended meanwhile.
        play.clock.advance(3600)
        play.vboard.power_cycle()
        play.until(lambda: play.count("connack") == 3)
        assert play.losses() == ["token"]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (Settings(upload_delay_s=25), None),
        (Settings(), {"where": "in", "what": "drop", "topic": "$SYS/uploadToken", "times": 2}),
        (Settings(), {"where": "out", "what": "drop", "packet": "PUBACK", "nth": 2}),
        (Settings(), {"where": "out", "what": "double", "packet": "PUBACK", "times": 0}),
        (Settings(), {"where": "out", "what": "delay", "packet": "PUBACK", "nth": 2, "delay_ms": 2500}),
        (Settings(token_notices=False), None),
        (Settings(short_token_notice="none", token_notice_qos=1), None),
    ],
    ids=["late", "upload-lost", "puback-lost", "puback-doubled", "puback-held", "no-notice", "late-notice"],
)
def test_what_happens_to_an_upload_costs_no_disconnect(
    settings: Settings, fault: dict[str, object] | None, tmp_path: Path
) -> None:
    # No application: the first PUBACK is for telemetry, the second for the upload.
    with playing(tmp_path, settings=settings, app=b"", life_s=120) as play:
        if fault is not None:
            play.twin.faults.add(**fault, client_id=play.device.client_id)
        play.until(lambda: play.count("token", "uploaded") == 3)
        assert (play.losses(), play.count("connack")) == ([], 1)


@pytest.mark.parametrize("bad_upload", ["close", "puback-first"])
@pytest.mark.parametrize("notices", [True, False])
def test_a_bad_token_leaves_the_stored_one_in_use(bad_upload: str, notices: bool, tmp_path: Path) -> None:
    settings = Settings(bad_upload=bad_upload, token_notices=notices)
    with playing(tmp_path, settings=settings, life_s=300) as play:
        play.until(lambda: online(play))
        play.server.spoil = True
        play.until(play.losses)
        play.until(lambda: online(play), step_s=1)
        play.server.spoil = False
        play.until(lambda: play.count("token", "uploaded") >= 2)
        play.settle()
        assert online(play)


def test_an_application_server_that_is_away_for_an_hour_is_not_noticed(tmp_path: Path) -> None:
    with playing(tmp_path, life_s=4 * 3600, config={"keepalive_s": 600}) as play:
        play.until(lambda: online(play))
        play.server.says = 503, {"error": "unavailable", "detail": "", "retry_in_s": 60}
        play.until(lambda: play.server.asked >= 2, step_s=30)
        asked = play.server.asked
        for _ in range(120):
            play.pass_time(30)
            play.look()
        # By its own back-off, and as seldom as the server says.
        assert 5 <= play.server.asked - asked <= 3600 // 60
        play.server.says = None
        play.until(lambda: play.count("token", "uploaded"), step_s=10)
        play.settle()
        assert play.losses() == []


def test_several_types(tmp_path: Path) -> None:
    def prepare(_twin: TwinThread, server: TokenServer) -> None:
        server.types = {"W": ["devcred/#"], "R": ["devcred/settings"]}

    with playing(tmp_path, prepare=prepare, life_s=120) as play:
        play.until(lambda: play.count("token", "uploaded type=R") >= 2)
        assert play.count("token", "uploaded type=W") >= 2
        # A type more is uploaded, a type less takes a login.
        play.server.types["RW"] = ["devcred/reply"]
        play.until(lambda: play.count("token", "uploaded type=RW"))
        assert play.losses() == []
        del play.server.types["R"], play.server.types["W"]
        play.server.types["RW"] = ["devcred/#"]
        play.until(play.losses)
        play.until(lambda: online(play), step_s=1)
        play.settle()
        assert play.losses() == ["token"]


def test_heap_stays_where_it_is_while_tokens_are_renewed(tmp_path: Path) -> None:
    # A message in three turns of four, so that what has gathered during an upload is sent soon after it.
    wait = b"    global turn\n    turn += 1\n    if turn % 4 == 0:\n        return time.sleep_ms(2)\n"
    app = b"import time\nturn = most = 0\n" + APP
    for old, new in (
        (b"    global sent\n", b"    global sent, most\n" + wait),
        (b"            gc.collect()\n", LOOK),
        (b"        sent += 1\n", b"        sent += 1\n        if sent % 100 == 0:\n" + LOOK),
        (b"(gc.mem_free(), sent))\n", b"(most, sent))\n            most = 0\n"),
    ):
        assert old in app
        app = app.replace(old, new)
    # A server that wants to be asked again after a second is, as soon as the device may.
    with TwinThread(groups=(GROUP,)) as twin, TokenServer(twin, time.time, life_s=3600, renew_s=1) as server:
        device = Device(twin, "heap-tokens", tmp_path, mode="asked for", tokens=server)
        free = free_at_each_fifth(device, app)
        assert server.asked > 1
    assert free[1:] == [free[1]] * 4, free
