"""docs/token-server.md as an operator reads it: every command in its order, every metric and event."""

import ast
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from host_tools.tokens import challenge
from host_tools.tokens.metrics import Metrics
from host_tools.tokens.state import State
from host_tools.twin import TwinThread, certs
from tests import reading
from tests.tokens.conftest import GROUP
from tests.tokens.replicas import environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "token-server.md").read_text("utf-8")
DEVICE = f"{GROUP}@@@till-1"


class Operator:
    """Somebody who does what the page says, in a folder of their own, before the twin."""

    def __init__(self, folder: Path, twin: TwinThread, state: State) -> None:
        self.folder = folder
        (folder / ".venv").symlink_to(sys.prefix)
        authority = certs.new_authority(time.time())
        pem = certs.server_pem(authority, ["localhost"], time.time())
        for name, text in (("ca", authority.certificate_pem), ("chain", pem), ("key", pem)):
            (folder / f"{name}.pem").write_text(text)
        self.env = environment(twin, state) | {"DEVCRED_TOKENS": str(folder / "tokens")}
        del self.env["DEVCRED_TOKENS_DATABASE"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def blocks(self) -> Iterator[str]:
        for text in reading.blocks(PAGE, "sh"):
            yield text.replace("8443", str(self.port))

    def sh(self, script: str) -> str:
        done = reading.sh(script, self.folder, self.env)
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        return done.stdout

    @contextmanager
    def serving(self, script: str) -> Iterator["subprocess.Popen[str]"]:
        with open(self.folder / "log", "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {script}"],
                cwd=self.folder,
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            assert process.stdout is not None and "token server: https://" in process.stdout.readline()
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.communicate()

    def deliver(self) -> None:
        """What a device does with the key from the page."""
        key = json.loads((self.folder / "till-1.key.json").read_text())["key"]
        nonce = self._post("challenge", {"client_id": DEVICE})["nonce"]
        proof = challenge.proof(key, "tokens", DEVICE, nonce)
        assert self._post("tokens", {"client_id": DEVICE, "nonce": nonce, "proof": proof})["password"]

    def _post(self, what: str, body: dict[str, str]) -> dict[str, str]:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        connection = HTTPSConnection("localhost", self.port, context=context, timeout=20)
        try:
            connection.request("POST", f"/v1/{what}", json.dumps(body), {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def test_the_page_does_what_it_says(tmp_path: Path, twin: TwinThread, state: State) -> None:
    operator = Operator(tmp_path, twin, state)
    first, add, serve, revoke, recover, audit, backup, api = operator.blocks()
    assert operator.sh(first).split() == ["admin.key", "server.key", "tokens.db"]
    assert operator.sh(add).endswith(f"device  {DEVICE}\ndevice  {GROUP}@@@till-2\n")
    with operator.serving(serve):
        operator.deliver()
        revoked = operator.sh(revoke)
        assert len(re.findall(r"^[0-9a-f]{32}  ", revoked, re.M)) == 4, "two in the queue, two held"
        assert "presigned" in operator.sh(recover)
        assert audit and operator.sh(audit).count("delivered") == 4
        operator.sh(backup)
        assert (tmp_path / "tokens-backup.db").stat().st_size > 0
        told = operator.sh(api)
        assert DEVICE in told and 'devcred_token_deliveries_total{how="applied"} 1.0' in told
        assert (tmp_path / "admin.header").stat().st_mode & 0o777 == 0o600


def test_the_page_has_every_metric() -> None:
    told = re.findall(r"^\| `(devcred_token_\w+)` \|", PAGE, re.M)
    there = {family.name for family in Metrics().registry.collect()}
    assert {name.removesuffix("_total") for name in told} == there


def test_the_page_has_every_event_of_the_log() -> None:
    section = PAGE.split("## Logs")[1].split("\n## ")[0]
    told = set(re.findall(r"`([a-z-]+)`", " ".join(re.findall(r"^\| (`.*?) \|", section, re.M))))
    assert told == set(events())


def events() -> Iterator[str]:
    for path in (ROOT / "host_tools" / "tokens").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "event"
            ):
                assert isinstance(node.args[0], ast.Constant)
                yield str(node.args[0].value)


def test_the_page_has_every_refusal() -> None:
    table = PAGE.split("### When the answer is no")[1]
    told = set(re.findall(r"^\| [\d, ]+ \| `([a-z-]+)` \|", table, re.M))
    source = (ROOT / "host_tools" / "tokens" / "refusals.py").read_text("utf-8")
    there = set(re.findall(r'"([a-z-]+)",\s', source))
    # What only an administrator, or nobody, is told.
    assert there - told == {"unauthorised", "internal"}
    assert told <= there


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(#([a-z-]+)\)", PAGE))))
def test_the_page_s_own_links(link: str) -> None:
    heads = {
        re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", PAGE, re.M)
    }
    assert link in heads
