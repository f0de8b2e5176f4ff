"""Between a virtual board and its supervisor: which packets pass, and where a name leads."""

import json
import threading
from collections.abc import Callable, Mapping

from host_tools.vboard.air import Air, checked_routes
from host_tools.vboard.link import Address
from host_tools.vboard.relay import Relay

_NTP_PORT = "123"


class Wire:
    """The supervisor's side of a network; its own thread-safe methods are for the supervisor."""

    def __init__(self, port: str, resolve: Mapping[str, Address]) -> None:
        self._rejoins = port == "esp32"  # its firmware joins again by itself; an RP2 waits for connect()
        self._routes = checked_routes(resolve)
        self._air = Air()
        self._lock = threading.RLock()
        self._tell: Callable[[str], None] | None = None
        self._relay: Relay | None = None
        self._sntp_port = 0
        self._joined: str | None = None  # the network it is in, or will be in again by itself
        self._down = False  # no packet passes, since it is in no network
        self._dead = False  # no packet passes, though it is in one
        self._saving = False
        self._saving_dies_s = 0.0

    def open(self, sntp_port: int, tell: Callable[[str], None]) -> None:
        """The board is being started. tell: takes a line for its stand-ins."""
        with self._lock:
            self._relay, self._sntp_port, self._tell = Relay(), sntp_port, tell
            self._apply()

    def close(self) -> None:
        """The board has ended, and its links end with it."""
        with self._lock:
            relay, self._relay, self._tell = self._relay, None, None
        if relay is not None:
            relay.close()

    def air(self) -> dict[str, object]:
        """What the stand-ins are to go by from the start."""
        with self._lock:
            return self._air.for_board()

    def board_starts(self) -> None:
        """A reset of any kind: the radio starts afresh."""
        self.heard("radio", "off")

    def heard(self, kind: str, text: str) -> None:
        """An event `net` or `radio` of the board's."""
        word, _, rest = text.partition(" ")
        with self._lock:
            if kind == "net":
                self._joined, self._down = (rest, False) if word == "up" else (None, True)
                self._begin_to_die()
            elif word == "off":
                self._joined, self._dead = None, False
            elif word == "saving":
                self._saving = rest == "1"
            self._freeze()

    def time_told(self) -> tuple[str, int]:
        """How the board's time server answers, and the seconds it is off; silence if nothing passes."""
        cut_off = self._down or self._dead or self._air.portal is not None
        return "silent" if cut_off else self._air.time_answer, self._air.time_skew_s

    def resolve(self, question: str) -> str:
        """The answer to `number udp name:port`: `route number address port`, or `route number` if unknown."""
        number, udp, name = question.split(" ", 2)
        with self._lock:
            found = self._route(name, udp == "1")
        return f"route {number} {found[0]} {found[1]}" if found else f"route {number}"

    def _route(self, name: str, udp: bool) -> Address | None:
        if self._relay is None or self._down or self._dead or not self._air.dns:
            return None
        target = self._routes.get(name)
        if udp:
            is_time = name.rpartition(":")[2] == _NTP_PORT
            return target or (("127.0.0.1", self._sntp_port) if is_time else None)
        target = self._air.portal or target
        if target is None:
            return None
        return "127.0.0.1", self._relay.hole_port if target in self._air.away else self._relay.open(target)

    def _become(self, air: Air) -> None:
        with self._lock:
            self._air = air
            self._apply()

    def _apply(self) -> None:
        """Tells the board, and cuts its links or lets them go on, as what is in the air now demands."""
        if self._joined is not None:
            self._down = not self._air.keeps(self._joined)
            if self._down and (self._air.quirk or not self._rejoins):
                self._joined = None
        if self._tell is not None:
            self._tell(f"air {json.dumps(self._air.for_board())}")
        self._freeze()

    def _freeze(self) -> None:
        if self._relay is not None:
            self._relay.freeze(self._down or self._dead, self._air.away)

    def _begin_to_die(self) -> None:
        if self._joined is not None and self._saving_dies_s and self._relay is not None:
            self._relay.later(self._saving_dies_s, self._die_if_saving)

    def _die_if_saving(self) -> None:
        with self._lock:
            self._dead = self._dead or (self._saving and self._joined is not None)
            self._freeze()
