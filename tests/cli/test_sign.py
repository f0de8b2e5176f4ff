"""`devcred sign`: the values of the vectors, by the real command; secrets stay out of sight."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CANARY, Run, one_line

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "vectors.json").read_text())
EXAMPLES = [each for each in VECTORS["connect_examples"] if each["mode"] in ("DeviceCredential", "Token")]
DEVICE = (
    "sign",
    "--mode",
    "device",
    "--client-id",
    "GID_Test@@@0001",
    "--key-id",
    "YYYYY",
    "--instance",
    "mqtt-xxxxx",
)
TOKEN = (
    "sign",
    "--mode",
    "token",
    "--client-id",
    "GID_Test@@@0001",
    "--access-key-id",
    "A",
    "--instance",
    "mqtt-xxxxx",
)


def signed(run: Run, tmp_path: Path, example: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    common = ("--client-id", example["client_id"], "--instance", example["instance_id"], "--json")
    if example["mode"] == "DeviceCredential":
        own = ("--key-id", example["device_access_key_id"], "--secret-stdin")
        return run(
            "sign", "--mode", "device", *common, *own, stdin=example["device_access_key_secret"] + "\n"
        )
    (tmp_path / "tokens.json").write_text(json.dumps(dict(example["tokens"])))
    key = ("--access-key-id", example["access_key_id"], "--tokens-file", "tokens.json")
    return run("sign", "--mode", "token", *common, *key)


@pytest.mark.parametrize("example", EXAMPLES, ids=[each["name"] for each in EXAMPLES])
def test_vectors(run: Run, tmp_path: Path, example: dict[str, Any]) -> None:
    result = signed(run, tmp_path, example)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    wanted = {name: example[name] for name in ("client_id", "username", "password")}
    assert json.loads(result.stdout) == wanted


def test_without_json_it_prints_lines(run: Run) -> None:
    result = run(*DEVICE, "--secret-stdin", stdin="XXXXX")
    assert result.stdout.splitlines() == [
        "client_id: GID_Test@@@0001",
        "username: DeviceCredential|YYYYY|mqtt-xxxxx",
        "password: vI009IZJZVGRwBwZvnbwjfuXxVM=",
    ]


@pytest.mark.parametrize("content", [b"XXXXX", b"XXXXX\n", b"XXXXX\r\n"])
def test_one_newline_at_the_end_of_a_secret_is_left_out(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    result = run(*DEVICE, "--secret-file", "secret", "--json")
    assert json.loads(result.stdout)["password"] == "vI009IZJZVGRwBwZvnbwjfuXxVM="


def test_further_newlines_belong_to_the_secret(run: Run) -> None:
    result = run(*DEVICE, "--secret-stdin", "--json", stdin="XXXXX\n\n")
    assert json.loads(result.stdout)["password"] != "vI009IZJZVGRwBwZvnbwjfuXxVM="


def test_instance_from_the_environment(run: Run) -> None:
    result = run(
        *DEVICE[:-2], "--secret-stdin", "--json", stdin="XXXXX", env={"DEVCRED_INSTANCE": "mqtt-xxxxx"}
    )
    assert json.loads(result.stdout)["username"] == "DeviceCredential|YYYYY|mqtt-xxxxx"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (DEVICE, "--secret-file"),
        ((*DEVICE, "--secret-stdin", "--secret-file", "secret"), "--secret-stdin"),
        ((*DEVICE, "--secret-file", "not-there"), "not-there"),
        ((*DEVICE, "--secret-file", "."), "--secret-file"),
        ((*DEVICE, "--secret-file", "empty"), "empty"),
        ((*DEVICE, "--secret-stdin", "--tokens-file", "tokens"), "--mode device"),
        ((*DEVICE, "--secret-stdin", "--client-id", "GID_Test@@@" + "x" * 54), "65 characters"),
        ((*DEVICE, "--secret-stdin", "--client-id", "nothing"), "GroupID"),
        ((*DEVICE, "--secret-stdin", "--key-id", "a|b"), "key_id"),
        ((*DEVICE, "--secret-stdin", "--instance", "a b"), "instance_id"),
        (TOKEN, "--tokens-file"),
        ((*TOKEN, "--tokens-file", "not-json"), "not valid JSON"),
        ((*TOKEN, "--tokens-file", "bad-type"), "R, W or RW"),
        ((*TOKEN, "--tokens-file", "no-text"), "tokens"),
        ((*TOKEN, "--tokens-file", "none"), "at least one"),
        ((*TOKEN, "--tokens-file", "bar"), "'|'"),
        ((*TOKEN, "--tokens-file", "good", "--secret-stdin"), "--mode token"),
        (("sign", "--mode", "nothing"), "--mode"),
        (("sign", "--secret", CANARY), "--secret"),
    ],
)
def test_bad_input(run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    files = {
        "secret": CANARY,
        "empty": "\n",
        "not-json": CANARY,
        "bad-type": json.dumps({"X": CANARY}),
        "no-text": json.dumps({"R": [CANARY]}),
        "none": "{}",
        "bar": json.dumps({"R": CANARY + "|"}),
        "good": json.dumps({"R": CANARY}),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert said in one_line(run(*arguments, stdin=CANARY), 2)
