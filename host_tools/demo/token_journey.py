"""What the steps of one board's journey in Token mode share."""

from dataclasses import dataclass
from typing import Any

from host_tools.boards.bundle import carried_features, device_files
from host_tools.demo.counter import NAME, TokenCounter
from host_tools.demo.journey import PARENT, WIFI, Journey
from host_tools.demo.passing import Passing
from host_tools.twin.clock import ManualClock

READING = f"{PARENT}/reading"
READ, WRITE = [f"{PARENT}/settings"], [f"{PARENT}/#"]
SOON_S = 20.0
_CA_PATH = "/token-ca.der"


def numbered(topic: str, listens_to: str, every_ms: int) -> bytes:
    """An app.py that publishes a numbered message so often, as long as there is room."""
    return f"""
import time

number = 0
last_ms = time.ticks_ms()

def setup(agent):
    agent.subscribe("{listens_to}", lambda topic, payload: None)

def loop(agent):
    global number, last_ms
    if time.ticks_diff(time.ticks_ms(), last_ms) >= {every_ms}:
        last_ms = time.ticks_ms()
        if agent.publish("{topic}", {{"number": number}}):
            number += 1
""".encode()


@dataclass
class TokenJourney(Journey):
    """Before a step the board's console has been read up to `mark`."""

    clock: ManualClock | None = None
    mark: int = 0

    def config(self) -> dict[str, Any]:
        asks = {"token_host": NAME, "token_port": 8443, "token_ca_path": _CA_PATH}
        return super().config() | asks | {"heartbeat_s": 600, "retry_spread_ms": 0}

    def device_files(self) -> dict[str, bytes]:
        given = self.counter
        files = device_files(
            self.config(),
            self.twin.ca_der,
            None,
            WIFI,
            self.board,
            carried_features(self.board),
            device_key=given.key.encode(),
            token_ca_der=given.ca_der,
        )
        return files | {"/app.py": numbered(READING, READ[0], 1000)}

    def routes(self) -> dict[str, tuple[str, int]]:
        return super().routes() | {f"{NAME}:8443": ("127.0.0.1", self.counter.port)}

    @property
    def counter(self) -> TokenCounter:
        return self.made["counter"]  # type: ignore[no-any-return]

    @property
    def passing(self) -> Passing:
        return self.made["passing"]  # type: ignore[no-any-return]

    @property
    def numbers(self) -> list[int]:
        """Of the messages that arrived, in the order in which they first came."""
        seen: dict[int, None] = self.made.setdefault("numbers", {})
        seen.update(dict.fromkeys(message["number"] for message in self.observer.arrived(READING)))
        return list(seen)

    def next(self, name: str, text: str = "", within_s: float = SOON_S) -> str:
        """The text of the console's next event of that kind; what comes before it is passed over."""
        said, self.mark = self.passing.expect(name, text, after=self.mark, within_s=within_s)
        return said.text

    def next_value(self, name: str, text: str, key: str) -> str:
        """As `next`, the value of a key in it."""
        said, self.mark = self.passing.expect(name, text, after=self.mark, within_s=SOON_S)
        return said.value(key)
