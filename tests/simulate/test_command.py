"""`devcred simulate` as a user calls it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALL = (sys.executable, "-m", "host_tools", "simulate")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(folder: Path) -> dict[str, str]:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "firmware")))
    return {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "PYTHONPATH": paths}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*CALL, *arguments],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return call


def test_model_as_text(run: Run, tmp_path: Path) -> None:
    done = run("storm", "--model", "--devices", "2000", "--limit", "100", "--seed", "5", "--svg", "x.svg")
    assert (done.returncode, done.stderr) == (0, "drawn into x.svg\n")
    for said in ("run: model", "seed: 5", "peak_connects_per_s: ", "back_99_s: ", "refused: ", "s |###"):
        assert said in done.stdout
    assert (tmp_path / "x.svg").read_text().startswith("<svg")


def test_model_as_json_tells_the_seed_it_drew(run: Run) -> None:
    told = json.loads(run("storm", "--model", "--json").stdout)
    again = json.loads(run("storm", "--model", "--json", "--seed", str(told["seed"])).stdout)
    assert told == again
    assert told["back"] == told["devices"] == 1000


def test_kick_war_model(run: Run) -> None:
    done = run("kick-war", "--model", "--seed", "1", "--json")
    told = json.loads(done.stdout)
    assert told["second_losses"]["kicked"] > 0 or told["first_losses"]["kicked"] > 0


def test_real_run_on_a_small_fleet(run: Run, tmp_path: Path) -> None:
    done = run("storm", "--devices", "50", "--base-ms", "100", "--spread-ms", "1000", "--json", "--seed", "1")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["run"], told["back"]) == ("real", 50)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("storm", "--model", "--compare"), "give one of them"),
        (("storm", "--model", "--svg", "none/x.svg"), "no such folder"),
        (("storm", "--devices", "0"), "--devices"),
        (("strom",), "strom"),
    ],
)
def test_mistakes(run: Run, arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to see what is left")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*CALL, "storm", "--devices", "300", "--outage-s", "60"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end_s = time.monotonic() + 10
    while not list(tmp_path.glob("*/state/*")) and time.monotonic() < end_s:
        time.sleep(0.02)
    assert users_of(tmp_path), "the twin was not there"
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.strip()) == (130, "", "devcred: interrupted")
    assert users_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def users_of(folder: Path) -> list[str]:
    """The processes whose command line names `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode()
        except OSError:
            continue  # it has ended meanwhile
        if str(folder) in line:
            found.append(line)
    return found
