"""`devcred twin` as a process: what it says, what it leaves, and a port that is taken."""

import json
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import FREE, PORTS, Run, Start, one_line


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_what_it_says_and_leaves(start: Start, home: Path, number: signal.Signals, code: int) -> None:
    with start(*FREE, "--group", "GID_shop", "--topic", "shop", "--json") as process:
        facts = json.loads(process.stdout.readline())
        ports = [facts[name] for name in ("mqtt_port", "tls_port", "ws_port", "wss_port", "api_port")]
        assert all(map(listens, ports))
        assert facts["endpoint"] == f"http://127.0.0.1:{facts['api_port']}"
        assert facts["host_name"] == f"{facts['instance_id']}.mqtt.aliyuncs.com"
        assert (facts["groups"], facts["topics"]) == (["GID_shop"], ["devcred", "shop"])
        assert Path(facts["ca_file"]).read_bytes()[:1] == b"\x30", "DER begins with a SEQUENCE"
        secret_file = Path(facts["access_key_secret_file"])
        assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(secret_file.parent.stat().st_mode) == 0o700
        secret = secret_file.read_text()
        process.send_signal(number)
        rest, talk = process.communicate(timeout=10)
        assert process.returncode == code
    assert secret not in json.dumps(facts) + rest + talk
    assert "Traceback" not in talk
    assert not any(map(listens, ports))
    assert list(home.iterdir()) == []


def test_for_people_it_prints_lines_to_paste_and_no_secret(start: Start) -> None:
    with start(*FREE) as process:
        lines = [process.stdout.readline() for _ in range(14)]
        exports = dict(line[7:].strip().split("=", 1) for line in lines if line.startswith("export "))
        shown = subprocess.run(
            ["bash", "-c", f"printf %s {exports['ALIBABA_CLOUD_ACCESS_KEY_SECRET']}"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert len(shown.stdout) > 20
        assert shown.stdout not in "".join(lines)
        assert exports["DEVCRED_ENDPOINT"].startswith("http://127.0.0.1:")
        assert Path(exports["DEVCRED_CA"]).is_file()
        assert exports["DEVCRED_INSTANCE"].startswith("mqtt-cn-")


def test_state_outlives_it(start: Start, tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with start(*FREE, "--state", "kept", "--json") as process:
            facts = json.loads(process.stdout.readline())
            seen.append([facts[name] for name in ("instance_id", "access_key_id", "host_name")])
            seen[-1].append(Path(facts["ca_file"]).read_bytes())
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)
    assert seen[0] == seen[1]
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


@pytest.mark.parametrize("option", PORTS)
def test_a_port_in_use(run: Run, tmp_path: Path, home: Path, option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        line = one_line(run("twin", *FREE, option, port, "--state", "kept", "--json"), 1)
    assert f"port {port} is in use" in line
    assert list(tmp_path.iterdir()) == []
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--group", "shop"), "GID_"),
        (("--topic", "shop/a"), "first level"),
        (("--topic", "x" * 65), "65 characters"),
        (("--port", "65536"), "--port"),
        (("--state", "file"), "file"),
    ],
)
def test_bad_input(run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "file").write_text("")
    assert said in one_line(run("twin", *FREE, *arguments, "--json"), 2)
