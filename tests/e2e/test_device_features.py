"""What a board carries is a choice: the least of it connects and stays; as modules it is the same agent."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcred import topics
from host_tools.boards import agent_sources
from host_tools.boards.shrink import linemap, texts
from host_tools.cloud import credentials, messages
from host_tools.errors import DeviceError
from host_tools.twin import TwinThread
from tests.e2e.device import GROUP, Device, Lines

WITHIN_S = 20.0
KEEPALIVE_S = 10


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinThread]:
    with TwinThread(groups=(GROUP,)) as running:
        yield running


def test_the_least_agent_connects_and_stays_connected(twin: TwinThread, tmp_path: Path) -> None:
    config: dict[str, object] = {"keepalive_s": KEEPALIVE_S}
    device = Device(twin, "least", tmp_path, features=("connect",), config=config)
    with device.powered() as (_, console):
        assert console.expect("tls", WITHIN_S).value("host") == twin.host_name
        console.expect("connack", WITHIN_S)
        # A message that nobody there waits for does no harm.
        messages.send_message(device.cloud, topics.p2p("devcred", device.client_id), "hello")
        # The broker lets silence pass for one and a half times the keep-alive, and no longer.
        with pytest.raises(DeviceError, match="no `lost` within"):
            console.expect("lost", 1.8 * KEEPALIVE_S)
        credentials.unregister(device.cloud, device.client_id)
        messages.close_connection(device.cloud, device.client_id)
        assert console.expect("lost", WITHIN_S).value("cause") == "closed"
        assert console.expect("refused", WITHIN_S).value("cause") == "refused"


@pytest.mark.parametrize("name", ["outbox", "token", "app"])
def test_each_larger_build_publishes(twin: TwinThread, tmp_path: Path, name: str) -> None:
    device = Device(twin, f"with-{name}", tmp_path, features=("outbox", name))
    with device.powered() as (_, console):
        assert console.expect("published", WITHIN_S).value("topic") == "devcred/telemetry"


def test_as_modules_it_is_the_same_agent(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "readable", tmp_path, board_id="RPI_PICO_W", readable=True)
    assert "/lib/devcred/stream.mpy" in device.files
    with device.powered() as (_, console):
        console.expect("published", WITHIN_S)
        topic = topics.p2p("devcred", device.client_id)
        messages.send_message(device.cloud, topic, '{"id": "7", "cmd": "ping"}')
        assert console.expect("replied", WITHIN_S).value("topic") == "devcred/reply"


def test_without_texts_the_console_says_a_number_that_the_host_reads(
    twin: TwinThread, tmp_path: Path
) -> None:
    device = Device(twin, "silent", tmp_path, features=("connect",))
    del device.files["/credential.a"]
    with device.powered() as (_, console):
        said = console.expect("no-credential", WITHIN_S).text
    known = texts.tokens(agent_sources.sources().values())
    assert "no record" not in said
    assert "no record, or the record is truncated or garbled" in texts.read(said, known)


@pytest.mark.parametrize("features", [("whole", "lines"), ("whole",)])
def test_a_crash_is_told_as_places_in_the_sources(
    twin: TwinThread, tmp_path: Path, features: tuple[str, ...]
) -> None:
    device = Device(twin, "crash", tmp_path, features=features)
    # What no check can foresee: a module of the firmware that is not what it should be.
    device.files["/random.py"] = b"def getrandbits(n): return 1\n"
    with device.running() as (_, lines):
        told = list(linemap.decode(_traceback(lines), []))
    assert any('File "devcred/agent.py", line' in line and "in main" in line for line in told), told
    assert any("agent.py" in line and "Agent.__init__" in line for line in told), told


def _traceback(lines: Lines) -> list[str]:
    """The console up to the line that names the error."""
    told: list[str] = []
    end_s = time.monotonic() + WITHIN_S
    while not any(line.startswith("AttributeError") for line in told):
        assert time.monotonic() < end_s, told
        told += [line + "\n" for line in lines(0.1)]
    return told
