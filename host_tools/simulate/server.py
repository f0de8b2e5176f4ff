"""A twin in a process of its own, so that it does not share the fleet's time; told what to do by lines.

Each line on stdin is a JSON list, a command's name and its argument; each is answered by one line of JSON.
The process ends with its stdin, however its owner ended.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from host_tools.errors import ToolError
from host_tools.simulate.limiter import BUSY_CODE, Limiter
from host_tools.twin import TwinThread
from host_tools.twin.broker.connection import Connection
from host_tools.twin.broker.hooks import Moment, Verdict
from host_tools.twin.broker.packets import Connack, Connect, Packet

GROUP = "GID_fleet"


class Server:
    """One instance over all restarts: the state folder outlives the twins, and so does the MQTT port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()
        self._port = 0

    def up(self, limit_per_s: int) -> dict[str, Any]:
        """Start a twin; connects beyond `limit_per_s` get CONNACK 3."""
        # Early in its start the socket listens: who comes from then on is answered.
        at_s = time.monotonic()
        hook = _limiting(Limiter(limit_per_s))
        twin = TwinThread(state_dir=self._folder, groups=[GROUP], port=self._port, hook=hook)
        self._running.enter_context(twin)
        self._twin, self._port = twin, twin.mqtt_port
        return {"port": self._port, "instance_id": twin.instance_id, "at_s": at_s}

    def cut(self, _: None) -> None:
        """End the twin with all its connections."""
        self._running.close()

    def credentials(self, count: int) -> list[tuple[str, str, str]]:
        """(client ID, key ID, secret) of so many new devices; in place of as many calls of the SDK."""
        made = [f"{GROUP}@@@{number:05}" for number in range(1, count + 1)]
        held = self._twin.call(lambda: [self._twin.twin.state.new_credential(each) for each in made])
        return [(each.client_id, each.key_id, each.secret) for each in held]


def _limiting(limiter: Limiter) -> Callable[[Moment, Connection, Packet | None], Verdict]:
    """A hook that answers as an overfull service does."""

    def hook(moment: Moment, connection: Connection, packet: Packet | None) -> Verdict:
        if moment is not Moment.IN or not isinstance(packet, Connect):
            return Verdict.PASS
        if limiter.admits(time.monotonic() * 1000):
            return Verdict.PASS
        connection.send(Connack(False, BUSY_CODE))
        return Verdict.CLOSE

    return hook


def main() -> None:
    """Answers until stdin ends."""
    server = Server(Path(sys.argv[1]))
    commands: dict[str, Callable[[Any], Any]] = {
        "up": server.up,
        "cut": server.cut,
        "credentials": server.credentials,
    }
    for line in sys.stdin:
        name, argument = json.loads(line)
        try:
            answer: dict[str, Any] = {"done": commands[name](argument)}
        except ToolError as error:
            answer = {"failed": [error.what, error.where, error.do]}
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer to the owner
    server.cut(None)


if __name__ == "__main__":
    main()
