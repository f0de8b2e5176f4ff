"""`devcred token ...` as an operator uses it, and `devcred token serve` as a process."""

import io
import json
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from host_tools.cli import run as command
from host_tools.tokens.state import State
from host_tools.twin import TwinThread
from tests.tokens.conftest import GROUP, Client
from tests.tokens.replicas import COMMAND, environment, replica
from tests.tokens.test_delivery import connack

DEVICE = f"{GROUP}@@@till-1"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(twin: TwinThread, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process, as a new one for each call takes long."""

    def call(*arguments: str, stdin: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
        out, err = io.StringIO(), io.StringIO()
        with monkeypatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name in os.environ:
                patch.delenv(name)
            for name, value in (environment(twin, state) | env).items():
                patch.setenv(name, value)
            patch.chdir(tmp_path)
            patch.setattr("sys.stdin", io.StringIO(stdin))
            code = command.run(["token", *arguments])
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def process(twin: TwinThread, state: State, tmp_path: Path) -> Run:
    """The command as a process, for calls of the service: the SDK reads the environment at its import."""

    def call(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, "token", *arguments],
            input=stdin,
            env=environment(twin, state),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


def done(result: "subprocess.CompletedProcess[str]") -> list[dict[str, object]]:
    """The JSON lines of a call that did what it should."""
    assert result.returncode == 0, (result.stdout, result.stderr)
    return [json.loads(line) for line in result.stdout.splitlines()]


def told(result: "subprocess.CompletedProcess[str]", code: int) -> str:
    """The one line of a call that could not."""
    assert result.returncode == code, (result.stdout, result.stderr)
    assert result.stdout == "" and result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_tokens_from_apply_to_revoke(twin: TwinThread, process: Run, run: Run, tmp_path: Path) -> None:
    words = ("apply", "--read", "shop/down/#", "--write", "shop/up/#", "--life-s", "60")
    facts = done(process(*words, "--out", "tokens.json", "--json"))[0]
    assert facts["types"] == ["R", "W"]
    file = tmp_path / "tokens.json"
    assert file.stat().st_mode & 0o777 == 0o600
    texts = json.loads(file.read_text())
    assert all(text not in json.dumps(facts) for text in texts.values())
    signed = subprocess.run(
        [
            *(
                COMMAND,
                "sign",
                "--mode",
                "token",
                "--client-id",
                DEVICE,
                "--tokens-file",
                str(file),
                "--json",
            ),
            *("--access-key-id", twin.access_key_id, "--instance", twin.instance_id),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert connack(twin, json.loads(signed.stdout)) == "Success"
    assert done(process("query", "--tokens-file", "tokens.json", "--json")) == [{"R": True, "W": True}]
    assert done(process("revoke", "--tokens-file", "tokens.json", "--yes", "--json")) == [
        {"revoked": ["R", "W"]}
    ]
    assert done(process("query", "--token-stdin", "--json", stdin=texts["R"])) == [{"token": False}]
    told(run(*words, "--out", "tokens.json"), 2)
    told(run(*words), 2)
    told(run("apply", "--out", "more.json"), 2)
    told(run("apply", "--read", "#", "--out", "more.json"), 2)
    told(run("query"), 2)


def test_an_account_s_life(run: Run, tmp_path: Path) -> None:
    group = done(run("account", "add", GROUP, "--read", "shop/down/#", "--life-s", "600", "--json"))[0]
    assert (group["kind"], group["read"]) == ("group", ["shop/down/#"])
    told(run("account", "add", DEVICE), 2)
    facts = done(run("account", "add", DEVICE, "--out", "key.json", "--json"))[0]
    file = tmp_path / "key.json"
    assert file.stat().st_mode & 0o777 == 0o600
    held = json.loads(file.read_text())
    assert held["name"] == DEVICE and held["key"] not in json.dumps(facts)
    told(run("account", "add", DEVICE, "--show-secret"), 1)
    assert not (tmp_path / "other.json").exists()
    assert "exists" in told(run("account", "add", DEVICE, "--out", "other.json"), 1)
    assert not (tmp_path / "other.json").exists()
    changed = done(run("account", "set", DEVICE, "--disable", "--write", "shop/up/{client_id}", "--json"))[0]
    assert (changed["enabled"], changed["write"]) == (False, ["shop/up/{client_id}"])
    changed = done(run("account", "set", DEVICE, "--enable", "--no-write", "--json"))[0]
    assert (changed["enabled"], changed["write"]) == (True, [])
    assert [each["name"] for each in done(run("account", "list", "--json"))] == [GROUP, DEVICE]
    assert done(run("account", "list", "--kind", "device", "--json"))[0]["name"] == DEVICE
    fresh = done(run("account", "rekey", DEVICE, "--show-secret", "--json"))[0]
    assert fresh["key"] != held["key"]
    assert "not confirmed" in told(run("account", "remove", DEVICE, stdin="n\n"), 1).split("?")[-1]
    assert done(run("account", "remove", DEVICE, "--yes", "--json")) == [{"name": DEVICE, "removed": True}]
    assert "no account" in told(run("account", "show", DEVICE), 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--host", "0.0.0.0"),
        ("serve", "--tls-cert", "chain.pem"),
        ("serve", "--tls-cert", "none.pem", "--tls-key", "none.pem"),
        ("account", "list", "--database", "mysql://x/y"),
        ("account", "list", "--database", "postgresql://user:canary@127.0.0.1:1/y"),
        ("account", "list", "--state", "/dev/null/x"),
    ],
)
def test_what_cannot_be_is_one_line_and_names_no_secret(run: Run, arguments: tuple[str, ...]) -> None:
    assert "canary" not in told(run(*arguments), 2)


def test_a_database_that_is_away(run: Run) -> None:
    line = told(run("account", "list", DEVCRED_TOKENS_DATABASE="postgresql://u:canary@127.0.0.1:1/y"), 1)
    assert "database" in line and "canary" not in line


def test_serve_and_look(twin: TwinThread, state: State, run: Run, tmp_path: Path) -> None:
    done(run("account", "add", DEVICE, "--read", "shop/down/#", "--out", "key.json", "--json"))
    key = json.loads((tmp_path / "key.json").read_text())["key"]
    with replica(twin, state, tmp_path / "log") as serving:
        answer = Client(serving.port).tokens(DEVICE, key)
        assert connack(twin, answer) == "Success"
        held = done(run("held", "--json"))
        entries = done(run("audit", "--account", DEVICE, "--json"))
        assert [entry["event"] for entry in entries] == ["delivered", "account-added"]
        assert entries[0]["fingerprint"] == held[0]["fingerprint"]
        assert done(run("account", "revoke", DEVICE, "--yes", "--json"))[0]["queued"] == 1
        assert done(run("queue", "--json"))[0]["fingerprint"] == held[0]["fingerprint"]
        serving.process.send_signal(signal.SIGHUP)  # without TLS there is nothing to read
        assert Client(serving.port).call("GET", "/healthz")[0] == 200
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait(30) == 0
    log = (tmp_path / "log").read_text()
    events = [json.loads(line) for line in log.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "stopped"]
    for secret in (
        key,
        answer["password"],
        *answer["tokens"].values(),
        state.admin_key,
        twin.access_key_secret,
    ):
        assert secret not in log + json.dumps(held + entries)


def test_a_port_that_is_taken(twin: TwinThread, state: State, run: Run, tmp_path: Path) -> None:
    with replica(twin, state, tmp_path / "log") as serving:
        assert "cannot listen" in told(run("serve", "--port", str(serving.port)), 1)
