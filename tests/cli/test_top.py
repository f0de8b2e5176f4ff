"""The top of the command line: help, version, mistakes, pipes, signals."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Run, clean_environment, one_line

CALLS = [
    (),
    ("boards",),
    ("credential",),
    ("credential", "register"),
    ("credential", "get"),
    ("credential", "refresh"),
    ("credential", "unregister"),
    ("credential", "list"),
    ("demo",),
    ("image",),
    ("image", "build"),
    ("sign",),
    ("simulate",),
    ("simulate", "storm"),
    ("simulate", "kick-war"),
    ("twin",),
    ("proxy",),
    ("twin", "faults"),
    ("twin", "faults", "add"),
    ("twin", "reset"),
    ("vboard",),
]
GROUPS = ((), ("credential",), ("image",), ("simulate",), ("twin", "faults"))
LEAVES = [call for call in CALLS if call not in GROUPS]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_help(run: Run, call: tuple[str, ...]) -> None:
    result = run(*call, "--help")
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout.startswith("Usage: devcred")
    if call in LEAVES:
        assert "Example" in result.stdout
        assert "--json" in result.stdout


def test_version(run: Run) -> None:
    from devcred import __version__

    assert run("--version").stdout == f"devcred, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sing",), "did you mean sign?"),
        (("nothing-like-it",), "no such command"),
        (("boards", "--nope"), "--nope"),
        (("boards", "more"), "more"),
        (("twin", "rest"), "did you mean reset?"),
        (("twin", "--port", "0", "reset", "--state", "kept"), "--port does not go with reset"),
        (("credential", "get"), "--client-id"),
    ],
)
def test_mistakes_on_the_command_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    assert said in one_line(run(*arguments), 2)


def test_a_defect_of_ours_is_one_line_and_its_traceback_is_for_debug(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "littlefs.py").write_text("raise RuntimeError('broken on purpose')\n")
    env = {"PYTHONPATH": str(tmp_path / "broken")}
    call = ("image", "build", "--board", "ESP32_GENERIC", "--out", "x.img", "--empty")
    line = one_line(run(*call, env=env), 1)
    assert "--debug" in line
    assert "broken on purpose" not in line
    told = run("--debug", *call, env=env)
    assert told.returncode == 1
    assert "broken on purpose" in told.stderr
    assert "Traceback" in told.stderr


def test_a_reader_that_leaves(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [COMMAND, "boards"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            env=clean_environment(home),
            timeout=20,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.skipif(
    not Path("/proc/self/wchan").exists(), reason="needs /proc to see what a process waits for"
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_at_a_prompt(home: Path, number: signal.Signals) -> None:
    call = ("sign", "--mode", "device", "--client-id", "GID_Test@@@1", "--key-id", "k", "--instance", "i")
    process = subprocess.Popen(
        [COMMAND, *call, "--secret-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(home),
        text=True,
    )
    wait_until_reading(process.pid)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == "devcred: interrupted"


def wait_until_reading(pid: int) -> None:
    """Until the process waits for its stdin; a deadline of 10 s."""
    end_s = time.monotonic() + 10
    while time.monotonic() < end_s:
        if "pipe_read" in Path(f"/proc/{pid}/wchan").read_text():
            return
        time.sleep(0.01)
    raise AssertionError("the command did not come to its question")
