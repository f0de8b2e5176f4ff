"""What all sessions of a broker share, and the messages that wait for absent clients."""

from collections.abc import Callable

from host_tools.twin.broker.journal import Journal
from host_tools.twin.broker.letter import Letter
from host_tools.twin.settings import Settings
from host_tools.twin.timers import Timers
from host_tools.twin.trace import Trace


class Common:
    """Settings, clock, timers, trace and journal (None: nothing outlives the process)."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float],
        timers: Timers,
        trace: Trace,
        journal: Journal | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.timers = timers
        self.trace = trace
        self.journal = journal
        # In the order of their end, as all are kept equally long.
        self._waiting: dict[int, Letter] = {}

    @property
    def waiting(self) -> int:
        """Offline messages of all clients, those included whose time is past and not noticed yet."""
        return len(self._waiting)

    def keep(self, client_id: str, letter: Letter) -> None:
        """A message waits for its client; the oldest of the instance go when there are too many."""
        now_s = self.clock()
        letter.until_s = letter.until_s or now_s + self.settings.offline_keep_s
        self._waiting[id(letter)] = letter
        if self.journal is not None:
            self.journal.keep(client_id, letter)
        oldest = next(iter(self._waiting.values()))
        if oldest.until_s <= now_s or len(self._waiting) > self.settings.offline_instance:
            self.drop(oldest)

    def adopt(self, letter: Letter) -> None:
        """Count a message that the journal had."""
        if letter.offline:
            self._waiting[id(letter)] = letter

    def is_due(self, letter: Letter) -> bool:
        """Take a message out of those that wait; False when its time is past or it was given up."""
        known = self._waiting.pop(id(letter), None)
        if known is not None and letter.until_s > self.clock():
            return True
        self.drop(letter)
        return False

    def drop(self, letter: Letter) -> None:
        """A message is done with."""
        if letter.offline and self._waiting.pop(id(letter), None) is not None:
            letter.payload = b""  # its session may hold it a while longer
        if self.journal is not None:
            self.journal.drop(letter)
