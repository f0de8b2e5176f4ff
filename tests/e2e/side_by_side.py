"""The same with several boards at once, since boards mostly wait."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from host_tools.vboard import Network

T = TypeVar("T")


class OnNetwork(Protocol):
    @property
    def network(self) -> Network: ...


B = TypeVar("B", bound=OnNetwork)


def on_each(those: Iterable[T], play: Callable[[T], None]) -> None:
    """Every play to its end; then the first failure, if there is one."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(play, those))


def on_benches(benches: Sequence[B], script: Callable[[B], None]) -> None:
    """The script on each bench; whatever came of it, the network is whole for the next."""
    try:
        on_each(benches, script)
    finally:
        for bench in benches:
            bench.network.restore()
