"""`devcred twin --set` and `--list-behaviours`."""

import json
import signal

import pytest

from host_tools.twin.behaviours import FIXED, of_settings
from host_tools.twin.broker.packets import Connect
from host_tools.twin.settings import Settings
from tests.cli.conftest import FREE, Run, Start, one_line
from tests.twin.wire import Wire


@pytest.mark.parametrize(("chosen", "code"), [((), 5), (("--set", "bad_credential_code=4"), 4)])
def test_another_reading_is_what_a_client_sees(start: Start, chosen: tuple[str, ...], code: int) -> None:
    with start(*FREE, "--group", "GID_shop", *chosen, "--json") as process:
        facts = json.loads(process.stdout.readline())
        with Wire(facts["mqtt_port"]) as wire:
            assert wire.login(Connect("GID_shop@@@till-1", True, 60, "nobody", b"")).code == code
        process.send_signal(signal.SIGTERM)
        _, talk = process.communicate(timeout=10)
    assert talk.startswith("twin close GID_shop@@@till-1: not authorized (the user name is not")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("refresh", "'refresh' does not read NAME=VALUE"),
        ("refresh_conection=keep", "did you mean refresh_connection?"),
        ("nothing_like_it=1", "--list-behaviours shows them"),
        ("refresh=both", "use one of 'new-pair', 'secret-only'"),
        ("bad_credential_code=five", "use one of 5, 4"),
        ("login=maybe", "use one of True, False"),
        ("max_subscriptions=-1", "use a number from 0, such as 30"),
        ("max_subscriptions=1.5", "use a number from 0, such as 30"),
        ("device_topics=X devcred/#", "device_topics: "),
        ("connect_timeout_s=nan", "use a number from 0, such as 10.0"),
    ],
)
def test_a_setting_that_is_none(run: Run, chosen: str, said: str) -> None:
    assert said in one_line(run("twin", *FREE, "--set", chosen, "--json"), 2)


def test_every_behaviour_is_listed_for_programs(run: Run) -> None:
    done = run("twin", "--list-behaviours", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(listed) == len(of_settings(Settings)) + len(FIXED)
    by_setting = {each["setting"]: each for each in listed}
    assert by_setting["refresh"]["default"] == "new-pair"
    assert by_setting["refresh"]["others"] == ["secret-only"]
    assert by_setting["bad_credential_code"]["tag"] == "observed"
    assert all(set(each) == {"setting", "default", "others", "text", "tag", "source"} for each in listed)


def test_every_behaviour_is_listed_for_people(run: Run) -> None:
    lines = run("twin", "--list-behaviours").stdout.splitlines()
    assert len(lines) == len(of_settings(Settings)) + len(FIXED)
    assert any(line.startswith("observed    bad_credential_code=5 [or 4]: CONNACK") for line in lines)


def test_quiet(start: Start) -> None:
    with start(*FREE, "--group", "GID_shop", "--quiet", "--json") as process:
        with Wire(json.loads(process.stdout.readline())["mqtt_port"]) as wire:
            assert wire.login(Connect("GID_shop@@@till-1", True, 60, "nobody", b"")).code == 5
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=10)[1] == ""


def test_a_reader_of_the_trace_that_leaves_drops_no_client(start: Start) -> None:
    with start(*FREE, "--group", "GID_shop", "--json") as process:
        port = json.loads(process.stdout.readline())["mqtt_port"]
        process.stderr.close()
        for _ in range(3):
            with Wire(port) as wire:
                assert wire.login(Connect("GID_shop@@@till-1", True, 60, "nobody", b"")).code == 5
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
