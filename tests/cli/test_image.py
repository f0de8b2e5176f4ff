"""`devcred image build` and `devcred boards`: what lies in the image, and bad input that changes nothing."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from devcred import credential, records
from host_tools.boards.definition import board_ids, load_board
from host_tools.boards.image import read_image
from tests.cli.conftest import CANARY, GROUP, Run, one_line

CLIENT_ID = f"{GROUP}@@@till-1"
BUILD = ("image", "build", "--board", "ESP32_GENERIC", "--out", "out.img")
DEVICE = (
    "--config",
    "config.json",
    "--ca",
    "ca.der",
    "--credential",
    "credential.json",
    "--wifi",
    "wifi.json",
)


@pytest.fixture
def inputs(tmp_path: Path, twin: Any) -> Path:
    """A folder with the four files of a device, all good."""
    held = {"client_id": CLIENT_ID, "instance_id": "mqtt-cn-x", "key_id": "DC.k", "secret": CANARY}
    (tmp_path / "config.json").write_text(
        json.dumps({"client_id": CLIENT_ID, "host": "mqtt-cn-x.mqtt.aliyuncs.com"})
    )
    (tmp_path / "credential.json").write_text(json.dumps(held))
    (tmp_path / "wifi.json").write_text(json.dumps([["shop", CANARY]]))
    (tmp_path / "ca.der").write_bytes(twin.ca_der)
    return tmp_path


def files_in(path: Path) -> dict[str, bytes]:
    return read_image(load_board("ESP32_GENERIC"), path.read_bytes())


def test_boards(run: Run) -> None:
    listed = [json.loads(line) for line in run("boards", "--json").stdout.splitlines()]
    assert [each["id"] for each in listed] == board_ids()
    assert {"ESP32_GENERIC", "RPI_PICO_W", "RPI_PICO2_W"} <= {each["id"] for each in listed}
    assert "RPI_PICO_W" in run("boards").stdout


def test_an_empty_image(run: Run, tmp_path: Path) -> None:
    result = run(*BUILD, "--empty", "--json")
    assert result.returncode == 0, result.stderr
    facts = json.loads(result.stdout)
    assert facts == {"image": "out.img", "board": "ESP32_GENERIC", "bytes": 2097152, "files": []}
    assert files_in(tmp_path / "out.img") == {}


def test_the_agent_alone(run: Run, tmp_path: Path) -> None:
    assert run(*BUILD).returncode == 0
    found = files_in(tmp_path / "out.img")
    assert {"/boot.py", "/main.py", "/lib/devcred/agent.mpy"} <= set(found)
    assert "/credential.a" not in found


def test_a_whole_device(run: Run, inputs: Path) -> None:
    result = run(*BUILD, *DEVICE, "--json")
    assert result.returncode == 0, result.stderr
    assert CANARY not in result.stdout + result.stderr
    assert stat.S_IMODE((inputs / "out.img").stat().st_mode) == 0o600
    found = files_in(inputs / "out.img")
    assert sorted(found) == json.loads(result.stdout)["files"]
    sequence, payload = records.unpack(found["/credential.a"], records.CREDENTIAL)
    assert sequence == 1
    assert credential.from_payload(payload).client_id == CLIENT_ID
    assert found["/ca.der"] == (inputs / "ca.der").read_bytes()
    assert json.loads(found["/devcred.json"])["led_pin"] == 2, "the board's own"


WITH_KEY = (*DEVICE, "--device-key", "till-1.key")
ASKING = {"client_id": CLIENT_ID, "host": "h", "token_host": "tokens.example"}


@pytest.mark.parametrize("credential_too", [True, False])
def test_a_device_that_asks_for_its_tokens(run: Run, inputs: Path, credential_too: bool) -> None:
    key = CANARY.ljust(43, "k")
    (inputs / "till-1.key").write_text(key + "\n")
    (inputs / "config.json").write_text(json.dumps(ASKING | {"token_ca_path": "/token-ca.der"}))
    given = WITH_KEY if credential_too else WITH_KEY[:4] + WITH_KEY[6:]
    result = run(*BUILD, *given, "--token-ca", "ca.der")
    assert result.returncode == 0, result.stderr
    assert CANARY not in result.stdout + result.stderr
    found = files_in(inputs / "out.img")
    assert records.unpack(found["/device-key.a"], records.DEVICE_KEY) == (1, key.encode())
    assert ("/credential.a" in found) == credential_too
    assert found["/token-ca.der"] == (inputs / "ca.der").read_bytes()


@pytest.mark.parametrize(
    ("config", "key", "given", "said"),
    [
        (ASKING, None, DEVICE, "token_host and a device key go together"),
        (
            {"client_id": CLIENT_ID, "host": "h"},
            "k" * 43,
            WITH_KEY,
            "token_host and a device key go together",
        ),
        (ASKING, CANARY, WITH_KEY, "device key: must be 32 to 128"),
        (ASKING, CANARY + " " * 9 + "k" * 30, WITH_KEY, "device key: must be 32 to 128"),
        (ASKING | {"token_ca_path": "/t.der"}, "k" * 43, WITH_KEY, "token_ca_path"),
        (ASKING, "k" * 43, (*WITH_KEY, "--token-ca", "ca.der"), "token_ca_path"),
    ],
)
def test_what_a_device_that_asks_needs(
    run: Run, inputs: Path, config: dict[str, str], key: str | None, given: tuple[str, ...], said: str
) -> None:
    (inputs / "config.json").write_text(json.dumps(config))
    if key is not None:
        (inputs / "till-1.key").write_text(key)
    result = run(*BUILD, *given)
    assert said in one_line(result, 2)
    assert not (inputs / "out.img").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.json", json.dumps({"client_id": CLIENT_ID, "hots": CANARY}), "did you mean host?"),
        ("config.json", json.dumps({"client_id": "GID_shop@@@" + "x" * 54, "host": "h"}), "65 characters"),
        (
            "config.json",
            json.dumps({"client_id": CLIENT_ID, "host": "h", "telemetry_topic": "shop/" + "x" * 60}),
            "65 characters",
        ),
        ("config.json", json.dumps({"client_id": f"{GROUP}@@@other", "host": "h"}), "other"),
        ("config.json", "{" + CANARY, "not valid JSON"),
        ("config.json", "[]", "JSON object"),
        ("ca.der", "-----BEGIN CERTIFICATE-----", "openssl"),
        ("ca.der", CANARY, "DER"),
        ("ca.der", "", "DER"),
        ("credential.json", CANARY, "JSON"),
        ("credential.json", json.dumps({"client_id": CLIENT_ID, "secret": CANARY}), "instance_id is missing"),
        ("credential.json", json.dumps({CANARY: CANARY}), "no place there"),
        ("credential.json", "", "JSON"),
        ("wifi.json", json.dumps([]), "networks"),
        ("wifi.json", json.dumps([["shop", "short"]]), "8 to 64"),
        ("wifi.json", json.dumps([[CANARY]]), "pair"),
        ("wifi.json", CANARY, "not valid JSON"),
    ],
)
def test_bad_input_changes_nothing(run: Run, inputs: Path, name: str, content: str, said: str) -> None:
    (inputs / name).write_text(content, encoding="utf-8")
    (inputs / "out.img").write_text("precious")
    assert said in one_line(run(*BUILD, *DEVICE, "--force"), 2)
    assert (inputs / "out.img").read_text() == "precious"
    assert {path.name for path in inputs.iterdir()} == {
        "config.json",
        "ca.der",
        "credential.json",
        "wifi.json",
        "out.img",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*BUILD, "--config", "config.json"), "--ca, --credential, --wifi"),
        ((*BUILD, "--empty", *DEVICE), "--empty"),
        ((*BUILD, *DEVICE[:-1], "not-there"), "not-there"),
        (("image", "build", "--board", "ESP32-GENERIC", "--out", "out.img"), "did you mean ESP32_GENERIC?"),
        ((*BUILD[:-1], "config.json"), "exists already"),
        ((*BUILD[:-1], "no/such/out.img", "--empty"), "cannot be written"),
    ],
)
def test_bad_calls(run: Run, inputs: Path, arguments: tuple[str, ...], said: str) -> None:
    before = {path.name: path.read_bytes() for path in inputs.iterdir()}
    assert said in one_line(run(*arguments), 2)
    assert {path.name: path.read_bytes() for path in inputs.iterdir()} == before


def test_features_choose_what_of_the_agent_is_in_it(run: Run, inputs: Path) -> None:
    result = run(*BUILD, *DEVICE, "--features", "outbox,token", "--json")
    assert result.returncode == 0, result.stderr
    small = files_in(inputs / "out.img")
    run(*BUILD, *DEVICE, "--force")
    whole = files_in(inputs / "out.img")
    agent = "/lib/devcred/agent.mpy"
    assert len(small[agent]) < len(whole[agent]) * 0.7
    # Nobody on the device adds what is missing there.
    assert "ntp_host" in json.loads(small["/devcred.json"])
    assert "ntp_host" not in json.loads(whole["/devcred.json"])


def test_readable_is_a_file_a_module(run: Run, tmp_path: Path) -> None:
    assert run(*BUILD, "--readable").returncode == 0
    assert "/lib/devcred/stream.mpy" in files_in(tmp_path / "out.img")
    assert run(*BUILD, "--force", "--readable", "--features", "app").returncode == 2


def test_an_unknown_feature_is_refused_and_nothing_written(run: Run, tmp_path: Path) -> None:
    result = run(*BUILD, "--features", "outbx")
    assert "no feature 'outbx', did you mean outbox?" in one_line(result, 2)
    assert not (tmp_path / "out.img").exists()


def test_a_traceback_is_told_as_places_in_the_sources(run: Run, tmp_path: Path) -> None:
    from host_tools.boards import agent_sources
    from host_tools.boards.features import chosen

    made = agent_sources.small(chosen(["whole", "lines"], "test"))[1]
    kept = made.map.keep(tmp_path)
    number = next(n for n, places in made.map.lines.items() if places[-1][2] == "Stream.connect")
    console = tmp_path / "console.log"
    frame = f'  File "{made.shown_as}", line {number}, in x\n'
    console.write_text("devcred 1 boot\nTraceback (most recent call last):\n" + frame + "OSError: 5\n")
    result = run("traceback", "--map", str(kept), str(console))
    assert result.returncode == 0, result.stderr
    assert 'File "devcred/stream.py", line' in result.stdout and "in Stream.connect" in result.stdout
    assert result.stdout.startswith("devcred 1 boot\n") and result.stdout.endswith("OSError: 5\n")
    assert run("traceback", "--map", str(console)).returncode == 2
