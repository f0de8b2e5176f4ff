"""The server's process, as its owner sees it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from devcred import signing
from host_tools.errors import MachineError

_END_S = 10.0


@dataclass(frozen=True)
class Login:
    """What one device says in its CONNECT."""

    client_id: str
    username: str
    password: str = field(repr=False)


class Service:
    """A context manager: a twin in a process of its own, on loopback, and its state in a private folder.

    Each method blocks until the process has answered, a second at most on a computer that is not
    overloaded. Raises MachineError if it cannot be started.
    """

    port: int
    instance_id: str

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="devcred-simulate-")
        call = [sys.executable, "-m", "host_tools.simulate.server", str(Path(self._folder.name) / "state")]
        # The very modules that run here, wherever they were found.
        env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        # A session of its own: a Ctrl-C goes to every process of the terminal, and this one is ended by us.
        self._process = subprocess.Popen(
            call,
            env=env,
            text=True,
            bufsize=1,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            self.up(0)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its folder. Twice does no harm."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        self._folder.cleanup()

    def up(self, limit_per_s: int) -> float:
        """Start the twin, on the port it had before. Gives the moment, by the monotonic clock."""
        facts = self._ask("up", limit_per_s)
        self.port, self.instance_id = facts["port"], facts["instance_id"]
        return float(facts["at_s"])

    def cut(self) -> None:
        """End the twin and every connection."""
        self._ask("cut", None)

    def logins(self, count: int) -> Sequence[Login]:
        """Register so many devices."""
        return [
            Login(
                client_id,
                signing.device_username(key_id, self.instance_id),
                signing.password(client_id, secret),
            )
            for client_id, key_id, secret in self._ask("credentials", count)
        ]

    def _ask(self, name: str, argument: Any) -> Any:
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps([name, argument]) + "\n")
        line = process.stdout.readline()
        if not line:
            raise MachineError("the twin's process has ended", where="simulate", do="run it again")
        answer = json.loads(line)
        if "failed" in answer:
            what, where, do = answer["failed"]
            raise MachineError(what, where=where, do=do)
        return answer["done"]
