"""The boards' definitions: right as they stand, and each planted error refused by name."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from devcred import config, status
from devcred.config import LED_KINDS
from host_tools import paths
from host_tools.boards.definition import board_ids, load_board
from host_tools.boards.status import COLORS, board_settings, check_settings
from host_tools.errors import UsageError

WANTED = [
    "ESP32_GENERIC",
    "ESP32_GENERIC_C3",
    "ESP32_GENERIC_C6",
    "ESP32_GENERIC_S3",
    "RPI_PICO2_W",
    "RPI_PICO_W",
]


def test_the_six_boards_are_there_and_each_board_has_its_manifest() -> None:
    assert set(WANTED) <= set(board_ids())
    for board_id in board_ids(paths.BOARDS):
        assert (paths.BOARDS / board_id / "manifest.py").is_file()


@pytest.mark.parametrize("board_id", board_ids(paths.BOARDS))
def test_a_definition_agrees_with_itself(board_id: str) -> None:
    board = load_board(board_id)
    fs = board.filesystem
    assert board.id == board_id
    assert fs.offset % fs.block_bytes == 0 and fs.block_bytes % fs.prog_bytes == 0
    assert fs.offset + fs.size_bytes == board.flash_bytes, (
        "stock firmware gives the file system the end of flash"
    )
    assert board.is_machine(board.machine_name)
    assert board.epoch == {"esp32": 2000, "rp2": 1970}[board.port]
    assert board.download_page.endswith(f"/{board_id}/")


@pytest.mark.parametrize(
    ("board_id", "offset", "blocks", "prog_bytes"),
    [
        ("ESP32_GENERIC", 0x200000, 512, 32),
        ("RPI_PICO_W", 0x12C000, 212, 256),
        ("RPI_PICO2_W", 0x180000, 640, 256),
    ],
)
def test_geometry_is_what_the_firmware_has(board_id: str, offset: int, blocks: int, prog_bytes: int) -> None:
    fs = load_board(board_id).filesystem
    assert (fs.offset, fs.blocks, fs.prog_bytes) == (offset, blocks, prog_bytes)


def test_the_mqtt_client_is_frozen_on_esp32_only() -> None:
    frozen = {board_id: "umqtt.simple" in load_board(board_id).frozen for board_id in WANTED}
    assert frozen == {board_id: board_id.startswith("ESP32") for board_id in WANTED}


def test_chips_are_told_apart() -> None:
    board = load_board("ESP32_GENERIC")
    assert board.is_machine("Generic ESP32 module with SPIRAM with ESP32")
    assert not board.is_machine("Generic ESP32S3 module with ESP32-S3")
    assert load_board("ESP32_GENERIC_C3").is_machine("ESP32C3 module with ESP32C3"), (
        "as older firmware says it"
    )
    assert load_board("RPI_PICO2_W").is_machine("Raspberry Pi Pico 2 W with RP2350-RISCV")


def test_the_schema_is_one_and_describes_every_field() -> None:
    schema = json.loads((paths.BOARDS / "board.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    objects = [schema, *(part for part in schema["properties"].values() if part.get("type") == "object")]
    assert len(objects) == 5
    for part in objects:
        assert part["additionalProperties"] is False
        assert [key for key, rule in part["properties"].items() if not rule.get("description")] == []
    led = schema["properties"]["led"]["properties"]
    assert tuple(led["kind"]["enum"]) == LED_KINDS
    assert tuple(led["colors"]["properties"]) == tuple(COLORS) == status.COLORS


def test_the_readme_describes_every_field() -> None:
    readme = (paths.BOARDS / "README.md").read_text()
    properties = json.loads((paths.BOARDS / "board.schema.json").read_bytes())["properties"]
    names = [name for name in properties if name != "$schema"]
    for parent in ("filesystem", "led", "button", "firmware"):
        names += [f"{parent}.{name}" for name in properties[parent]["properties"]]
        names.remove(parent)
    assert [name for name in names if f"`{name}`" not in readme] == []


@pytest.mark.parametrize(
    ("asked", "near"),
    [("ESP32_GENERIK", "ESP32_GENERIC"), ("rpi_pico_w", "RPI_PICO_W"), ("RPI-PICO2-W", "RPI_PICO2_W")],
)
def test_an_unknown_board_is_answered_with_the_nearest(asked: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_board(asked)
    assert f"did you mean {near}?" in str(caught.value)
    assert all(board_id in str(caught.value) for board_id in WANTED)


def test_a_board_id_cannot_lead_out_of_the_folder() -> None:
    with pytest.raises(UsageError, match="no such board"):
        load_board("../boards/RPI_PICO_W")


Change = Callable[[Any], None]


def _set(*path: str | int, to: object) -> Change:
    def change(board: Any) -> None:
        for key in path[:-1]:
            board = board[key]
        board[path[-1]] = to

    return change


def _drop(*path: str) -> Change:
    def change(board: Any) -> None:
        for key in path[:-1]:
            board = board[key]
        del board[path[-1]]

    return change


PLANTED = [
    (_set("flash_byte", to=1), "flash_byte: unknown key, did you mean flash_bytes?"),
    (_set("filesystem", "block", to=1), "filesystem.block: unknown key, did you mean blocks?"),
    (_set("zzzzzzzzzz", to=1), "zzzzzzzzzz: unknown key;"),
    (_drop("heap_wk"), "heap_wk: is missing"),
    (_drop("firmware", "format"), "firmware.format: is missing"),
    (_set("port", to="esp8266"), "port: must be one of esp32, rp2"),
    (_set("heap_wk", to="many"), "heap_wk: must be a whole number"),
    (_set("heap_wk", to=True), "heap_wk: must be a whole number"),
    (_set("heap_wk", to=96.0), "heap_wk: must be a whole number"),
    (_set("heap_wk", to=1), "heap_wk: must be at least 32"),
    (_set("heap_source", to="a guess"), "heap_source: must match"),
    (_set("flash_bytes", to=4194305), "flash_bytes: must be a multiple of 4096"),
    (_set("filesystem", "offset", to=2097153), "filesystem.offset: must be a multiple of block_bytes"),
    (_set("filesystem", "blocks", to=513), "filesystem.blocks: reaches 4096 bytes past the end of flash"),
    (_set("filesystem", to=[]), "filesystem: must be an object"),
    (_set("firmware", "offset", to=0x200000), "firmware.offset: must lie below the file system"),
    (
        _set("machine_name", to="Generic ESP32S3 module with ESP32-S3"),
        "machine_name: its last part must name",
    ),
    (_set("id", to="ESP32_OTHER"), "id: must equal the folder's name"),
    (_set("id", to="esp32"), "id: must match"),
    (_set("led", to={"kind": "plain"}), "led.pin: is missing"),
    (_set("led", to={"kind": "none"}), "led.reason: is missing"),
    (_set("led", to={"kind": "rgb"}), "led.pin: is missing"),
    (_set("led", "order", to="GRB"), "led.order: means nothing for kind plain"),
    (
        _set("led", to={"kind": "rgb", "pin": 8, "active_low": True}),
        "led.active_low: means nothing for kind rgb",
    ),
    (_set("led", to={"kind": "none", "reason": "x", "pin": 8}), "led.pin: means nothing for kind none"),
    (_set("led", to={"kind": "rgb", "pin": 8, "brightness": 256}), "led.brightness: must be at most 255"),
    (
        _set("led", to={"kind": "rgb", "pin": 8, "colors": {"online": "green"}}),
        "led.colors.online: must match",
    ),
    (
        _set("led", to={"kind": "rgb", "pin": 8, "colors": {"onlin": "#00ff00"}}),
        "led.colors.onlin: unknown key",
    ),
    (_set("button", "hold_ms", to=10), "button.hold_ms: must be at least 1000"),
    (_set("button", to={}), "button.pin: is missing"),
    (_set("mcu", to="esp8266"), "mcu: must match"),
    (_set("frozen", to=["ssl", "ssl"]), "frozen: holds an item twice"),
    (_set("frozen", 3, to="not a name"), "frozen.3: must match"),
    (_set("frozen", to=[]), "frozen: must be at least 1 items long"),
    (_set("name", to=""), "name: must be at least 1 characters long"),
]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of boards with one good definition in it."""
    folder = tmp_path / "ESP32_GENERIC"
    folder.mkdir()
    shutil.copy(paths.BOARDS / "ESP32_GENERIC" / "board.json", folder)
    return tmp_path


def test_boards_may_lie_in_another_folder(elsewhere: Path) -> None:
    assert board_ids(elsewhere) == ["ESP32_GENERIC"]
    assert load_board("ESP32_GENERIC", elsewhere) == load_board("ESP32_GENERIC")
    with pytest.raises(UsageError, match="known boards: ESP32_GENERIC$"):
        load_board("RPI_PICO_W", elsewhere)


def test_a_folder_of_ones_own_comes_before_the_projects(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = elsewhere / "ESP32_GENERIC" / "board.json"
    file.write_text(file.read_text().replace("ESP32 / WROOM module", "mine"))
    monkeypatch.setenv("DEVCRED_BOARDS", str(elsewhere))
    assert load_board("ESP32_GENERIC").name == "mine"
    assert board_ids() == sorted(board_ids(paths.BOARDS))
    assert load_board("RPI_PICO_W").name == "Raspberry Pi Pico W"
    monkeypatch.setenv("DEVCRED_BOARDS", str(elsewhere / "nowhere"))
    with pytest.raises(UsageError, match="^DEVCRED_BOARDS: .*nowhere is no folder"):
        board_ids()


@pytest.mark.parametrize("board_id", board_ids(paths.BOARDS))
def test_led_and_button_are_a_configuration_that_the_device_takes(board_id: str) -> None:
    settings = config.check({"client_id": "GID_test@@@d", "host": "h"} | board_settings(load_board(board_id)))
    check_settings(settings)
    assert settings["led_kind"] == load_board(board_id).led.kind
    assert settings["button_hold_ms"] == 5000


def _with_led(elsewhere: Path, **led: object) -> dict[str, Any]:
    file = elsewhere / "ESP32_GENERIC" / "board.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"led": led}))
    return board_settings(load_board("ESP32_GENERIC", elsewhere))


@pytest.mark.parametrize(
    ("order", "wire"), [("GRB", "208040"), ("RGB", "802040"), ("BGR", "402080"), ("RBG", "804020")]
)
def test_colors_lie_in_the_configuration_as_they_go_over_the_wire(
    elsewhere: Path, order: str, wire: str
) -> None:
    colors = {"online": "#ff4080"}
    settings = _with_led(elsewhere, kind="rgb", pin=8, order=order, brightness=128, colors=colors)
    online = 6 * status.COLORS.index("online")
    assert settings["led_colors"][online : online + 6] == wire
    assert settings["led_colors"][:6] == "808080"


def test_an_led_that_is_lit_at_the_low_level_says_so(elsewhere: Path) -> None:
    settings = _with_led(elsewhere, kind="plain", pin=8, active_low=True)
    assert (settings["led_kind"], settings["led_pin"], settings["led_active_low"]) == ("plain", 8, True)
    assert "led_kind" not in _with_led(elsewhere, kind="none", reason="nobody would see it")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"led_kind": "plain"}, "led_pin: is missing"),
        ({"led_kind": "rgb", "led_pin": 8}, "led_colors: must be 42 hexadecimal digits"),
        ({"led_kind": "rgb", "led_pin": 8, "led_colors": "0x" * 21}, "led_colors: must be 42"),
        ({"led_colors": "00"}, "led_colors: must be 42"),
    ],
)
def test_an_led_that_would_stay_dark_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_settings(config.check({"client_id": "GID_test@@@d", "host": "h"} | given))


@pytest.mark.parametrize(("change", "says"), PLANTED, ids=[says for _, says in PLANTED])
def test_a_planted_error_is_refused_by_name(elsewhere: Path, change: Change, says: str) -> None:
    file = elsewhere / "ESP32_GENERIC" / "board.json"
    board = json.loads(file.read_bytes())
    change(board)
    file.write_text(json.dumps(board))
    with pytest.raises(UsageError) as caught:
        load_board("ESP32_GENERIC", elsewhere)
    line = str(caught.value)
    assert line.startswith(f"ESP32_GENERIC/board.json: {says}")
    assert "\n" not in line and caught.value.exit_code == 2


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null"])
def test_a_file_that_is_no_object_is_refused(elsewhere: Path, content: bytes) -> None:
    (elsewhere / "ESP32_GENERIC" / "board.json").write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read as JSON|the file: must be an object"):
        load_board("ESP32_GENERIC", elsewhere)
