"""`python -m tests.faults.soak --minutes 5`: random faults by seed for a time, then what came of it.

Each play is one virtual board with numbered QoS 1 messages and four faults at once, chosen by
its seed. Lost: a number that never arrived. Doubled: one that came again, which QoS 1 allows.
Out of order: a first arrival before an earlier number's.
"""

import argparse
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.play import Outcome
from tests.faults.seeded import MESSAGES, play_seed

BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")


@dataclass
class Sum:
    """All plays so far."""

    plays: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    resets: int = 0
    stranded: list[int] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)
    recoveries_s: list[float] = field(default_factory=list)

    def add(self, seed: int, outcome: Outcome) -> None:
        """One more."""
        first = list(dict.fromkeys(outcome.numbers))
        self.plays += 1
        self.lost += MESSAGES - len(first)
        self.doubled += len(outcome.numbers) - len(first)
        self.out_of_order += sum(later < earlier for earlier, later in itertools.pairwise(first))
        self.resets += len(outcome.resets)
        self.causes.update(outcome.causes)
        self.recoveries_s += outcome.recoveries_s
        if not outcome.online or len(first) < MESSAGES:
            self.stranded.append(seed)

    def lines(self) -> list[str]:
        """For a person."""
        times = sorted(self.recoveries_s) or [0.0]
        at = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
        return [
            f"plays {self.plays}, messages {self.plays * MESSAGES}",
            f"lost {self.lost}, doubled {self.doubled}, "
            f"out of order {self.out_of_order}, resets {self.resets}",
            "losses of the link by cause: "
            + (", ".join(f"{cause} {count}" for cause, count in self.causes.most_common()) or "none"),
            f"recoveries {len(self.recoveries_s)}: median {at[49]:.2f} s, 90 % {at[89]:.2f} s, "
            f"99 % {at[98]:.2f} s, longest {times[-1]:.2f} s",
            f"seeds that did not end in service: {self.stranded or 'none'}",
        ]


def soak(first: int, minutes: float, at_once: int) -> Sum:
    """Play seeds from `first` on until the time is up; what has begun is played to its end."""
    total, end_s = Sum(), time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="devcred-soak-") as folder, ThreadPoolExecutor(at_once) as pool:
        seed = first
        while time.monotonic() < end_s:
            seeds = range(seed, seed + 2 * at_once)
            plays = [
                (each, pool.submit(play_seed, each, BOARDS[each % 2], Path(folder) / str(each)))
                for each in seeds
            ]
            for each, played in plays:
                total.add(each, played.result())
            seed = seeds.stop
            print(f"{total.plays} plays, {total.lost} lost", file=sys.stderr)
    return total


def main() -> int:
    """Exit code 0 if nothing was lost and every device ended in service."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--at-once", type=int, default=8)
    given = parser.parse_args()
    print(f"seed {given.seed}")
    total = soak(given.seed, given.minutes, given.at_once)
    print("\n".join(total.lines()))
    return 1 if total.lost or total.out_of_order or total.resets or total.stranded else 0


if __name__ == "__main__":
    sys.exit(main())
