"""When connects came and what became of them; ms 0 is the moment of the cut."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

WINDOW_MS = 1000


@dataclass
class Timeline:
    """Connects by the ms in which they were made, and the ms in which devices were back in service."""

    devices: int
    accepted: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    back: Counter[int] = field(default_factory=Counter)
    """Devices by the ms of their first CONNACK after the cut."""
    what: str = "connects"
    """For the plots: what came, where it is something else."""

    @property
    def back_devices(self) -> int:
        return self.back.total()

    @property
    def end_ms(self) -> int:
        """The last moment at which anything happened."""
        return max((*self.accepted, *self.refused, *self.back, 0))

    def connects(self) -> Counter[int]:
        """All of them, by the ms."""
        return self.accepted + self.refused

    def time_back_ms(self, percent: int) -> int | None:
        """When so many percent of the devices were back; None if it did not come to that."""
        wanted, so_far = -(-self.devices * percent // 100), 0
        for at_ms in sorted(self.back):
            so_far += self.back[at_ms]
            if so_far >= wanted:
                return at_ms
        return None

    def bins(self, width_ms: int) -> list[tuple[int, int]]:
        """(accepted, refused) in each `width_ms` from 0 on."""
        found = [(0, 0)] * (self.end_ms // width_ms + 1)
        for at_ms, count in self.accepted.items():
            taken, refused = found[at_ms // width_ms]
            found[at_ms // width_ms] = (taken + count, refused)
        for at_ms, count in self.refused.items():
            taken, refused = found[at_ms // width_ms]
            found[at_ms // width_ms] = (taken, refused + count)
        return found


def peak(counts: Mapping[int, int], *, from_ms: int = 0, window_ms: int = WINDOW_MS) -> int:
    """The most in any one window, a second, that begins at `from_ms` or later, wherever that is."""
    times = sorted(at_ms for at_ms in counts if at_ms >= from_ms)
    first = inside = most = 0
    for at_ms in times:
        inside += counts[at_ms]
        while times[first] <= at_ms - window_ms:
            inside -= counts[times[first]]
            first += 1
        most = max(most, inside)
    return most
