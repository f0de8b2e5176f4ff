"""What the parts of one server share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from host_tools.tokens.logs import Log
from host_tools.tokens.metrics import Metrics
from host_tools.tokens.policy import Sharing
from host_tools.tokens.sealing import Seal
from host_tools.tokens.store import Store


@dataclass(frozen=True)
class World:
    """`replica` names this process among those of one database; `key_id` is the AccessKeyId that applies.

    `clock` gives seconds since 1970, `monotonic` seconds that never go back, `random` 0 to 1.
    """

    store: Store
    seal: Seal = field(repr=False)
    instance_id: str
    key_id: str
    replica: str
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    random: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    log: Log
    metrics: Metrics
    sharing: Sharing

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self.clock() * 1000)
