"""Eclipse Paho's interoperability tests of MQTT 3.1.1, run on the twin.

They are a repository of their own, eclipse/paho.mqtt.testing, of which nothing is in this one:

    git clone https://github.com/eclipse/paho.mqtt.testing
    python -m tests.conformance.paho_interop paho.mqtt.testing

It starts a twin without the service's login and rules for topics, wills and RETAIN, runs their script as a
process, prints what each test came to and `10/10`; exit code 0 if all passed, 1 if not, 2 for another folder.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.connection import Connection
from host_tools.twin.broker.hooks import Moment, Verdict
from host_tools.twin.broker.packets import SUBACK_FAILURE, Packet, Suback, Subscribe
from tests.conformance.brokers import PLAIN

SCRIPT = Path("interoperability/client_test.py")
DENIED = "test/nosubscribe"
"""What their test of a denied subscription asks for; their README wants the server set up to deny it."""
DEADLINE_S = 180.0

# Their script names its server by options that unittest then trips over; so unittest is given none of them.
_DRIVER = """
import json, runpy, sys, unittest
script, port, told = sys.argv[1:]
sys.path.insert(0, script.rpartition("/")[0])
sys.argv = [script, "--hostname", "127.0.0.1", "--port", port]
run, ended = unittest.main, []
unittest.main = lambda: ended.append(run(module="__main__", argv=[script], exit=False).result)
runpy.run_path(script, run_name="__main__")
result, = ended
bad = {test.id().rpartition(".")[2]: text for test, text in (*result.failures, *result.errors)}
with open(told, "w") as file:
    json.dump({"ran": result.testsRun, "bad": bad}, file)
"""


@dataclass(frozen=True)
class Outcome:
    """How many tests ran, and the text of each that failed."""

    ran: int
    bad: dict[str, str]
    output: str

    @property
    def score(self) -> str:
        return f"{self.ran - len(self.bad)}/{self.ran}"


def run(checkout: Path, port: int, folder: Path) -> Outcome:
    """Run their script against a broker on loopback; `folder` takes what it writes."""
    told = folder / "outcome.json"
    command = [sys.executable, "-c", _DRIVER, str(checkout.resolve() / SCRIPT), str(port), str(told)]
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    output = ended.stdout + ended.stderr
    if not told.exists():
        return Outcome(0, {}, output)
    outcome = json.loads(told.read_text())
    return Outcome(outcome["ran"], outcome["bad"], output)


def deny(moment: Moment, connection: Connection, packet: Packet | None) -> Verdict | bytes:
    """A hook that answers their forbidden filter with SUBACK 0x80."""
    if isinstance(packet, Subscribe) and packet.filters[0][0] == DENIED:
        connection.send(Suback(packet.packet_id, [SUBACK_FAILURE] * len(packet.filters)))
        return Verdict.DROP
    return Verdict.PASS


def on_a_twin(checkout: Path, folder: Path) -> Outcome:
    """Run them on a twin of their own."""
    with TwinThread(settings=Settings(**PLAIN)) as twin:
        twin.twin.broker.hook = deny
        return run(checkout, twin.mqtt_port, folder)


def main(arguments: list[str]) -> int:
    """The command."""
    import tempfile

    if len(arguments) != 1 or not (Path(arguments[0]) / SCRIPT).is_file():
        print(__doc__, file=sys.stderr)  # noqa: T201 - a command's talk
        return 2
    with tempfile.TemporaryDirectory() as folder:
        outcome = on_a_twin(Path(arguments[0]), Path(folder))
    for name, text in outcome.bad.items():
        print(f"{name}: {text}")  # noqa: T201 - a command's result
    print(outcome.score)  # noqa: T201 - a command's result
    return 0 if outcome.ran and not outcome.bad else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
