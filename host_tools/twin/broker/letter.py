"""A message on its way to one client at QoS 1 or 2, and what the broker must remember of it."""

from dataclasses import dataclass

from host_tools.twin.broker.packets import Publish


@dataclass(slots=True, eq=False)
class Letter(Publish):
    """`number` is the trace's. `keep`: it may wait for the client's return, until `until_s` of the clock."""

    number: int = 0
    keep: bool = False
    until_s: float = 0.0
    row: int = 0
    """Where the journal has it; 0 for nowhere."""
    sweeps: int = 0
    """How often the look for unacknowledged messages has met it since it was sent."""
    offline: bool = False
    """Whether it waits, or waited, for an absent client."""
