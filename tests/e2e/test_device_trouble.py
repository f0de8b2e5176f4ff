"""A device in trouble names its cause on the console and by the LED, and does not reboot in a loop."""

import copy
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcred import causes
from host_tools.cloud import credentials, messages
from host_tools.demo.console import Console, Said
from host_tools.errors import DeviceError
from host_tools.twin import TwinThread
from host_tools.vboard import VirtualBoard
from tests.e2e.device import GROUP, Device, another_ca

BOOT_S = 10.0
ONLINE_S = 15.0
CREDENTIAL = "/credential.a"
CONFIG = "/devcred.json"


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinThread]:
    with TwinThread(groups=(GROUP,)) as running:
        yield running


def spoil_config(device: Device, **changes: object) -> None:
    device.files[CONFIG] = json.dumps(json.loads(device.files[CONFIG]) | changes).encode()


STRANDED: list[tuple[str, Callable[[Device], object], str, str]] = [
    ("no-record", lambda d: d.files.pop(CREDENTIAL), "no-credential", "no record"),
    (
        "truncated",
        lambda d: d.files.update({CREDENTIAL: d.files[CREDENTIAL][:-3]}),
        "no-credential",
        "truncated or garbled",
    ),
    (
        "garbled",
        lambda d: d.files.update({CREDENTIAL: d.files[CREDENTIAL].replace(b"GID_e2e", b"GID_e2f")}),
        "no-credential",
        "truncated or garbled",
    ),
    (
        "other-client",
        lambda d: spoil_config(d, client_id=f"{GROUP}@@@somebody-else"),
        "no-credential",
        "another client ID",
    ),
    ("no-config", lambda d: d.files.pop(CONFIG), "bad-config", "/devcred.json is missing"),
    (
        "unknown-key",
        lambda d: spoil_config(d, hots="x"),
        "bad-config",
        "hots: unknown key; did you mean host?",
    ),
    ("long-id", lambda d: spoil_config(d, client_id="GID_e2e@@@" + "x" * 55), "bad-config", "65 characters"),
    (
        "long-topic",
        lambda d: spoil_config(d, telemetry_topic="devcred/" + "x" * 57),
        "bad-config",
        "telemetry_topic: 65 characters",
    ),
    ("no-ca", lambda d: d.files.pop("/ca.der"), "bad-config", "/ca.der is missing"),
    (
        "ca-not-der",
        lambda d: d.files.update({"/ca.der": b"-----BEGIN CERTIFICATE-----\n"}),
        "bad-config",
        "not a certificate in DER",
    ),
    ("no-wifi-record", lambda d: d.files.pop("/wifi.a"), "bad-config", "Wi-Fi"),
]


@pytest.mark.parametrize(("name", "spoil", "event", "reason"), STRANDED, ids=[row[0] for row in STRANDED])
def test_stranded_device_says_why_and_waits(
    twin: TwinThread,
    tmp_path: Path,
    name: str,
    spoil: Callable[[Device], object],
    event: str,
    reason: str,
) -> None:
    device = Device(twin, f"stranded-{name}", tmp_path)
    spoil(device)
    with device.powered() as (vboard, console):
        said = _said(console, event)
        assert reason in said
        assert causes.text(event) in said
        assert device.held.secret not in said
        assert not [found for found in vboard.events if found.kind in ("reset", "wdt")]


def test_stranded_device_blinks_its_cause(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "blinking", tmp_path)
    device.files.pop(CREDENTIAL)
    with device.powered() as (vboard, _):
        assert _blinks(vboard) == causes.blinks("no-credential")


def _said(console: Console, event: str) -> str:
    # The console's reader takes these two events for the end, and says so.
    with pytest.raises(DeviceError) as caught:
        console.expect("connack", BOOT_S)
    assert f"says {event} " in str(caught.value)
    return str(caught.value)


def _blinks(vboard: VirtualBoard) -> int:
    """How often the LED goes on between two pauses, by the board's own events."""
    seen, at_s, pauses, between = 0, 0.0, 0, 0
    while pauses < 2:
        found = vboard.wait_for("led", "2 1", deadline_s=6.0, after=seen)
        seen = vboard.events.index(found) + 1
        if at_s and found.at_s - at_s > 1.0:
            pauses += 1
        between += pauses == 1
        at_s = found.at_s
    return between


def test_revoked_while_connected(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "revoked", tmp_path)
    with device.powered() as (_, console):
        console.expect("published", ONLINE_S)
        credentials.unregister(device.cloud, device.client_id)
        messages.close_connection(device.cloud, device.client_id)
        assert console.expect("lost", ONLINE_S).value("cause") == "closed"
        refused = console.expect("refused", ONLINE_S)
        assert (refused.value("cause"), refused.value("code")) == ("refused", "5")
        waiting = console.expect("waiting", ONLINE_S)
        assert int(waiting.value("ms")) >= 30000  # a refused credential must not hammer


def test_refreshed_elsewhere_is_refused(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "refreshed", tmp_path)
    credentials.refresh(device.cloud, device.client_id)
    with device.powered() as (_, console):
        console.expect("tls", ONLINE_S)
        assert console.expect("refused", ONLINE_S).value("cause") == "refused"


def test_link_closed_comes_back(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "comes-back", tmp_path, board_id="RPI_PICO_W")
    with device.powered() as (_, console):
        console.expect("published", ONLINE_S)
        messages.close_connection(device.cloud, device.client_id)
        console.expect("lost", ONLINE_S)
        console.expect("connack", ONLINE_S)
        console.expect("published", ONLINE_S)


def test_two_devices_with_one_client_id_end_in_slow_retries(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "one-of-two", tmp_path)
    double = copy.copy(device)
    double.name = "two-of-two"
    with device.powered() as (_, one), double.powered() as (_, other):
        said, waiting = _kicked((one, other))
        assert causes.text("kicked") in said.text
        assert int(waiting.value("ms")) >= 30000
        before = len(twin.trace)
        # The other one holds the link, and is not disturbed.
        time.sleep(2)
        assert len(twin.trace) == before


def _kicked(consoles: tuple[Console, ...]) -> tuple[Said, Said]:
    """The first line on any console that says so, and the `waiting` line behind it."""
    end_s = time.monotonic() + 2 * ONLINE_S
    for console in itertools.cycle(consoles):
        assert time.monotonic() < end_s, "neither was told kicked"
        try:
            said = console.expect("lost", 0.2)
        except DeviceError:
            continue  # all is quiet on this one
        waiting = console.expect("waiting", ONLINE_S)
        if said.value("cause") == "kicked":
            return said, waiting
    raise AssertionError


def lost_cause(device: Device) -> str:
    with device.powered() as (_, console):
        return console.expect("lost", ONLINE_S).value("cause")


def test_certificate_of_another_ca(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "other-ca", tmp_path)
    device.files["/ca.der"] = another_ca()
    assert lost_cause(device) == "tls-ca"


def test_certificate_for_another_name(twin: TwinThread, tmp_path: Path) -> None:
    name = "mqtt-cn-somebody-else.mqtt.aliyuncs.com"
    device = Device(
        twin,
        "other-name",
        tmp_path,
        config={"host": name},
        routes={f"{name}:8883": ("127.0.0.1", twin.tls_port)},
    )
    assert lost_cause(device) == "tls-name"


def test_plain_server_on_the_tls_port(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(
        twin, "no-tls", tmp_path, routes={f"{twin.host_name}:8883": ("127.0.0.1", twin.mqtt_port)}
    )
    assert lost_cause(device) in ("tls", "closed")


def test_name_that_does_not_resolve(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "no-name", tmp_path, config={"host": "nowhere.invalid"})
    assert lost_cause(device) == "dns"


def test_server_that_is_not_there(twin: TwinThread, tmp_path: Path) -> None:
    # Port 9 (discard) of this computer: nothing listens there.
    device = Device(twin, "no-server", tmp_path, routes={f"{twin.host_name}:8883": ("127.0.0.1", 9)})
    assert lost_cause(device) == "no-server"


def test_parent_topic_that_does_not_exist(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "no-topic", tmp_path, config={"parent_topic": "nobody"})
    with device.powered() as (_, console):
        # The first time the server may just have gone; the second time it is the topic.
        assert console.expect("lost", ONLINE_S).value("cause") == "closed"
        lost = console.expect("lost", ONLINE_S)
        assert (lost.value("cause"), lost.value("code")) == ("topic-refused", "nobody/telemetry")


def test_token_mode_logs_in_and_a_revoked_token_is_refused(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "token", tmp_path, mode="Token")
    with device.powered() as (_, console):
        assert console.expect("credential", BOOT_S).value("key_id") == twin.access_key_id
        console.expect("published", ONLINE_S)
        assert twin.call(lambda: twin.twin.state.tokens.revoke(device.token))
        messages.close_connection(device.cloud, device.client_id)
        assert console.expect("refused", ONLINE_S).value("cause") == "refused"
