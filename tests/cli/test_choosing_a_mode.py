"""The commands of docs/choosing-a-mode.md: each way to make a device, up to what lies in its image."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devcred import credential, records, signing
from host_tools.boards.definition import load_board
from host_tools.boards.image import read_image
from tests.cli.conftest import CANARY, COMMAND, GROUP, Run, clean_environment, one_line

CLIENT_ID = f"{GROUP}@@@till-1"
INSTANCE = "mqtt-cn-x"
COMMON = ("--config", "config.json", "--ca", "ca.der", "--wifi", "wifi.json")
BUILD = ("image", "build", "--board", "RPI_PICO_W", "--out", "till-1.img", *COMMON)
DOC = Path(__file__).parents[2] / "docs" / "choosing-a-mode.md"


@pytest.fixture
def inputs(tmp_path: Path, twin: Any) -> Path:
    config = {"client_id": CLIENT_ID, "host": f"{INSTANCE}.mqtt.aliyuncs.com", "token_host": "tokens.example"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "wifi.json").write_text(json.dumps([["shop", CANARY]]))
    (tmp_path / "ca.der").write_bytes(twin.ca_der)
    return tmp_path


def record(path: Path, kind: int, name: str) -> bytes:
    found = read_image(load_board("RPI_PICO_W"), path.read_bytes())
    payload = records.unpack(found[name], kind)[1]
    assert isinstance(payload, bytes)
    return payload


def test_token(run: Run, inputs: Path) -> None:
    state = {"DEVCRED_TOKENS": str(inputs / "tokens")}
    group = run("token", "account", "add", GROUP, "--read", "shop/cmd", "--write", "shop/up", env=state)
    assert group.returncode == 0, group.stderr
    made = run("token", "account", "add", CLIENT_ID, "--out", "till-1.key", env=state)
    assert made.returncode == 0, made.stderr
    key = json.loads((inputs / "till-1.key").read_text())["key"]
    assert key not in made.stdout + made.stderr
    built = run(*BUILD, "--device-key", "till-1.key", "--json")
    assert built.returncode == 0, built.stderr
    assert "/credential.a" not in json.loads(built.stdout)["files"]
    assert record(inputs / "till-1.img", records.DEVICE_KEY, "/device-key.a") == key.encode()


@pytest.mark.parametrize("content", ['{"name": "x"}', '{"key": 7}', "{" + CANARY])
def test_a_key_file_without_a_key(run: Run, inputs: Path, content: str) -> None:
    (inputs / "till-1.key").write_text(content)
    said = one_line(run(*BUILD, "--device-key", "till-1.key"), 2)
    assert "till-1.key" in said
    assert not (inputs / "till-1.img").exists()


@pytest.mark.skipif(shutil.which("jq") is None, reason="the document uses jq")
def test_presigned(run: Run, inputs: Path, home: Path) -> None:
    held = {"client_id": CLIENT_ID, "instance_id": INSTANCE, "key_id": "DC.k", "secret": CANARY}
    (inputs / "till-1.json").write_text(json.dumps(held))
    config = json.loads((inputs / "config.json").read_text())
    del config["token_host"]
    (inputs / "config.json").write_text(json.dumps(config))
    lines = DOC.read_text().split("**Presigned**")[1].split("\n\n")[1].split("devcred image build")[0]
    environment = clean_environment(home)
    path = f"{Path(COMMAND).parent}:{environment['PATH']}"
    environment |= {"DEVCRED_INSTANCE": INSTANCE, "PATH": path}
    subprocess.run(["bash", "-euc", lines], cwd=inputs, env=environment, check=True, timeout=30)
    built = run(*BUILD, "--credential", "till-1-presigned.json")
    assert built.returncode == 0, built.stderr
    own = credential.from_payload(record(inputs / "till-1.img", records.CREDENTIAL, "/credential.a"))
    assert own.presigned
    assert own.password() == signing.password(CLIENT_ID, CANARY)
