"""Runs the real command as a user does, and a twin for it to talk to."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from host_tools.twin import TwinThread

COMMAND = str(Path(sys.executable).parent / "devcred")
CANARY = "canary-5c1e"
GROUP = "GID_shop"
PORTS = ("--port", "--tls-port", "--ws-port", "--wss-port", "--api-port")
FREE = tuple(word for option in PORTS for word in (option, "0"))

Start = Callable[..., Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def clean_environment(home: Path) -> dict[str, str]:
    """Nothing of the developer's own account, and no looking for one."""
    kept = {name: os.environ[name] for name in ("PATH", "MICROPYTHON", "DEVCRED_CACHE") if name in os.environ}
    return kept | {"HOME": str(home), "TMPDIR": str(home), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command's home and place for temporary files."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """`run(*arguments, stdin=..., env=...)`: the finished process, started in `tmp_path`."""

    def call(
        *arguments: str, stdin: str = "", env: dict[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, *arguments],
            input=stdin,
            env=clean_environment(home) | (env or {}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return call


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Start:
    """`with start(*arguments) as process`: `devcred twin` in `tmp_path`, killed at the end."""

    @contextmanager
    def begin(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
        process = subprocess.Popen(
            [COMMAND, "twin", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(home),
            cwd=tmp_path,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    return begin


@pytest.fixture(scope="session")
def twin() -> Iterator[TwinThread]:
    with TwinThread(groups=[GROUP]) as running:
        yield running


@pytest.fixture
def account(twin: TwinThread) -> dict[str, str]:
    """The environment of somebody who uses the twin."""
    return {
        "DEVCRED_ENDPOINT": f"http://{twin.endpoint}",
        "DEVCRED_INSTANCE": twin.instance_id,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": twin.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": twin.access_key_secret,
    }


def one_line(result: "subprocess.CompletedProcess[str]", code: int) -> str:
    """The line on stderr of a call that failed as it should; nothing else was said, no secret shown."""
    assert result.returncode == code, (result.stdout, result.stderr)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("devcred: ")
    for hidden in ("Traceback", CANARY, "canary"):
        assert hidden not in result.stderr
    return result.stderr
