"""Status on the board itself: what its LED shows of each state, and what a hold of its button does."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devcred import causes
from host_tools.boards.image import read_image
from host_tools.demo.console import Console
from host_tools.twin import TwinThread
from host_tools.vboard import VirtualBoard
from tests.e2e.device import GROUP, WIFI, Device
from tests.e2e.lamp import DARK, LIT, Lamp
from tests.e2e.side_by_side import on_each

# A plain LED at a pin, NeoPixels at two, and one behind a radio chip.
BOARDS = ("ESP32_GENERIC", "ESP32_GENERIC_S3", "ESP32_GENERIC_C3", "RPI_PICO_W")
BUTTONS = ("ESP32_GENERIC", "ESP32_GENERIC_C6", "RPI_PICO_W")
ONLINE_S = 20.0
HOLD_MS = 1500
SECRETS = ("/credential.a", "/credential.b", "/wifi.a", "/wifi.b")


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinThread]:
    with TwinThread(groups=(GROUP,)) as running:
        yield running


def has_colors(device: Device) -> bool:
    return device.board.led.kind == "rgb"


def test_on_the_way_up_and_in_service(twin: TwinThread, tmp_path: Path) -> None:
    def play(board_id: str) -> None:
        device = Device(twin, f"led-{board_id}", tmp_path, board_id)
        with device.powered() as (vboard, console):
            console.expect("published", ONLINE_S)
            lamp = Lamp.of(device, vboard)
            shown = list(dict.fromkeys(color for _, color in lamp.seen() if color != DARK))
            assert shown == (["starting", "joining", "connecting", "online"] if has_colors(device) else [LIT])
            before = len(vboard.events)
            time.sleep(1.0)
            assert lamp.now() == (shown[-1])
            assert lamp.seen(before) == [], "steady light costs nothing"

    on_each(BOARDS, play)


def test_joining_and_what_failed_about_it(twin: TwinThread, tmp_path: Path) -> None:
    def play(board_id: str) -> None:
        device = Device(twin, f"join-{board_id}", tmp_path, board_id, config={"join_timeout_s": 10})
        with device.powered(lambda vboard: vboard.network.no_address()) as (vboard, console):
            period_s, colors = Lamp.of(device, vboard).even()
            assert 1.1 < period_s < 2.6
            assert colors - {"starting"} == ({"joining"} if has_colors(device) else {LIT})
            assert console.expect("lost", ONLINE_S).value("cause") == "no-wifi"

    on_each(BOARDS, play)


def test_connecting(twin: TwinThread, tmp_path: Path) -> None:
    def play(board_id: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            routes = {f"{twin.host_name}:8883": silent.getsockname()}
            device = Device(
                twin,
                f"connect-{board_id}",
                tmp_path,
                board_id,
                config={"connect_timeout_ms": 8000},
                routes=routes,
            )
            with device.powered() as (vboard, console):
                console.expect("clock", ONLINE_S)
                period_s, colors = Lamp.of(device, vboard).even()
                assert 0.5 < period_s < 1.1
                assert colors == ({"connecting"} if has_colors(device) else {LIT})

    on_each(BOARDS[:2], play)


def test_a_cause_is_counted_in_the_color_of_its_class(twin: TwinThread, tmp_path: Path) -> None:
    def play(board_id: str) -> None:
        device = Device(twin, f"cause-{board_id}", tmp_path, board_id)
        del device.files["/credential.a"]
        with device.powered() as (vboard, _):
            count, colors = Lamp.of(device, vboard).blinks()
            assert count == causes.blinks("no-credential")
            assert colors == ({"attention"} if has_colors(device) else {LIT})

    on_each(BOARDS, play)


def test_a_cause_that_heals_by_itself(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(
        twin,
        "heals",
        tmp_path,
        "ESP32_GENERIC_S3",
        config={"host": "nowhere.invalid", "retry_base_ms": 60000},
    )
    with device.powered() as (vboard, console):
        console.expect("waiting", ONLINE_S)
        lamp = Lamp.of(device, vboard)
        assert lamp.rises(2, 15.0)[1][1] == "retrying"


def test_the_pico_lights_its_led_over_a_radio_that_is_on_already(twin: TwinThread, tmp_path: Path) -> None:
    """The first touch of that LED boots the radio chip, so the agent waits until it has done that itself."""
    device = Device(twin, "radio-first", tmp_path, "RPI_PICO_W")
    with device.powered() as (vboard, console):
        console.expect("published", ONLINE_S)
        assert [event.text for event in vboard.events if event.text.startswith("power")] == ["power wlan"]
        kinds = [event.kind for event in vboard.events]
        assert kinds.index("radio") < kinds.index("led")
    # Without a credential no radio is needed: the LED is what it is switched on for.
    del device.files["/credential.a"]
    with device.powered() as (vboard, _):
        vboard.wait_for("led", "LED 1", deadline_s=ONLINE_S)
        assert [event.text for event in vboard.events if event.text.startswith("power")] == ["power led"]


def test_another_pin_and_an_led_that_is_lit_at_the_low_level(twin: TwinThread, tmp_path: Path) -> None:
    variant: dict[str, object] = {"led_pin": 38}
    device = Device(twin, "v1-1", tmp_path, "ESP32_GENERIC_S3", config=variant)
    with device.powered() as (vboard, console):
        console.expect("published", ONLINE_S)
        assert Lamp.of(device, vboard).now() == "online"
    low: dict[str, object] = {"led_active_low": True, "led_pin": 5}
    device = Device(twin, "low", tmp_path, config=low)
    with device.powered() as (vboard, console):
        console.expect("published", ONLINE_S)
        vboard.wait_for("led", "5 0")
        assert Lamp.of(device, vboard).now() == LIT


def test_a_wrong_pin_keeps_nobody_offline(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "wrong-pin", tmp_path, config={"led_kind": "rgb", "led_colors": "00" * 21})
    device.files["/devcred.json"] = device.files["/devcred.json"].replace(b"00" * 21, b"00" * 20 + b"zz")
    with device.powered() as (_, console):
        assert console.expect("panel", ONLINE_S).text.startswith("no LED or button: ")
        console.expect("published", ONLINE_S)


@contextmanager
def in_service(
    twin: TwinThread, folder: Path, board_id: str
) -> Iterator[tuple[Device, VirtualBoard, Console]]:
    name = f"{folder.name[:40]}-{board_id[-4:]}"
    device = Device(twin, name, folder, board_id, config={"button_hold_ms": HOLD_MS})
    with device.powered() as (vboard, console):
        console.expect("published", ONLINE_S)
        yield device, vboard, console


def hold(vboard: VirtualBoard, for_ms: int) -> None:
    vboard.press()
    time.sleep(for_ms / 1000)
    vboard.release()


def test_a_long_hold_wipes_the_device(twin: TwinThread, tmp_path: Path) -> None:
    def play(board_id: str) -> None:
        with in_service(twin, tmp_path, board_id) as (device, vboard, console):
            secrets = [device.held.secret.encode(), WIFI[0][1].encode()]
            image = vboard.image.read_bytes()
            assert all(secret in image for secret in secrets), "or the test would prove nothing"
            seen = len(vboard.events)
            lamp = Lamp.of(device, vboard)
            vboard.press()
            assert "erasing" in console.expect("wipe", ONLINE_S).text
            if has_colors(device):
                assert "wiping" in [color for _, color in lamp.seen(seen)]
            counted = [at_s for at_s, color in lamp.seen(seen) if color != DARK]
            assert len(counted) >= 3, "it shows that the hold is counted"
            assert console.expect("wipe", 120.0).text == "done"
            console.expect("boot", ONLINE_S)
            assert lamp.blinks()[0] == causes.blinks("no-credential"), "even with the button still down"
            vboard.release()
            assert [event.text for event in vboard.events[seen:] if event.kind == "reset"] == ["hard"]
        image = vboard.image.read_bytes()
        left = read_image(device.board, image)
        assert not set(SECRETS) & set(left)
        assert set(left) == set(device.files) - set(SECRETS)
        for secret in secrets:
            assert secret not in image, "neither in a file nor anywhere else in flash"

    on_each(BUTTONS, play)


def test_a_short_press_does_nothing(twin: TwinThread, tmp_path: Path) -> None:
    def play(board_id: str) -> None:
        with in_service(twin, tmp_path, board_id) as (device, vboard, _):
            seen = len(vboard.events)
            for _ in range(3):
                hold(vboard, 300)
                time.sleep(HOLD_MS / 3000)
            assert Lamp.of(device, vboard).seen(seen) == []
            hold(vboard, HOLD_MS - 700)
            time.sleep(HOLD_MS / 1000)
            assert not [event for event in vboard.events[seen:] if event.kind in ("reset", "flash")]
            assert Lamp.of(device, vboard).now() in (LIT, "online")
        assert (
            read_image(device.board, vboard.image.read_bytes())["/credential.a"]
            == device.files["/credential.a"]
        )

    on_each(BUTTONS, play)


def test_a_button_that_is_stuck_wipes_nothing(twin: TwinThread, tmp_path: Path) -> None:
    with in_service(twin, tmp_path, "ESP32_GENERIC") as (_, vboard, console):
        vboard.press()
        vboard.power_cycle()
        console.expect("published", ONLINE_S)
        time.sleep(1.5 * HOLD_MS / 1000)
        assert not [event for event in vboard.events if event.kind == "reset"]
        vboard.release()
        time.sleep(0.5)
        vboard.press()
        console.expect("wipe", ONLINE_S)
