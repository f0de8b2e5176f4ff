"""What a run works with: its brokers, its times, and lots of accounts that are made when first asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import accounts
from benchmarks.peers.brokers import Broker

CREDENTIALS = 3000
"""In the rates: as many as a small fleet has."""


@dataclass(frozen=True)
class Lot:
    """Accounts in a folder: as a twin's state in `folder`/twin, for the load generator in `file`."""

    folder: Path
    accounts: Sequence[accounts.Account]
    file: Path


@dataclass
class Plan:
    """`folder` is the run's own, 0700."""

    folder: Path
    brokers: Sequence[Broker]
    runs: int
    seconds: float
    warm_up_s: float
    say: Callable[[str], None]
    _lots: dict[int, Lot] = field(default_factory=dict)

    def lot(self, count: int) -> Lot:
        """`count` accounts; the same ones each time."""
        if count not in self._lots:
            folder = self.folder / str(count)
            folder.mkdir(mode=0o700)
            made = accounts.make(folder / "twin", count)
            accounts.write(folder / "accounts", made)
            self._lots[count] = Lot(folder, made, folder / "accounts")
        return self._lots[count]
