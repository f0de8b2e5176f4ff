"""What the day brings: who is there, which scopes they share, what goes wrong when."""

from dataclasses import dataclass, field

from host_tools.tokens import scopes
from host_tools.tokens.pacing import APPLY
from host_tools.tokens.policy import Sharing
from host_tools.tokens.scopes import CLIENT_ID, Rights, Scope

DAY_S = 86_400
START_S = 1_800_000_000
"""The moment of the first slot, in seconds since 1970: the same in the model and with the real server."""
SLOT_MS = APPLY.window_ms
"""The step of the run: the window in which the server counts its calls."""
PER_S = 1000 // SLOT_MS
PARENT = "fleet"
NO_SPREAD = Sharing(early=0.65, late=0.65, come_from=0.625, come_by=0.625)
"""The policy with all of its intervals drawn together to their middles, to see what they are worth."""


@dataclass(frozen=True)
class Absence:
    """Somebody is away for `for_s` from `start_s` of the day on."""

    start_s: float
    for_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.for_s

    def covers(self, at_s: float) -> bool:
        """Whether they are away then."""
        return self.start_s <= at_s < self.end_s


@dataclass(frozen=True, kw_only=True)
class Day:
    """Times are seconds of the day. Every device reads and writes, so that it needs two tokens.

    `scopes`: so many groups of devices share tokens; 0: each device has topics of its own. The devices are
    switched on for the first time within `boot_s`. Each is once restarted at some moment, and all are at
    `power_cut_s`. `clockless`: so many of a hundred are never told the time.
    """

    devices: int
    seed: int
    scopes: int = 1000
    life_s: int = 28_800
    boot_s: int = 3600
    clockless: int = 0
    power_cut_s: int = 6 * 3600
    service_out: Absence = Absence(8 * 3600, 3600)
    server_out: Absence = Absence(14 * 3600, 3600)
    call_ms: int = 50
    """What the model takes for the time that ApplyToken needs."""
    length_s: int = DAY_S
    sharing: Sharing = field(default_factory=Sharing)

    @property
    def groups(self) -> int:
        """How many groups there are; with topics of their own all devices are in one."""
        return min(self.scopes, self.devices) or 1

    def group_id(self, group: int) -> str:
        """The group's Group ID."""
        return f"GID_fleet{group}"

    def client_id(self, device: int) -> str:
        """The device's client ID; its group is its share of the fleet."""
        return f"{self.group_id(device * self.groups // self.devices)}@@@{device}"

    def rights(self, group: int) -> Rights:
        """What the group's account grants."""
        below = CLIENT_ID if self.scopes == 0 else str(group)
        return scopes.rights([f"{PARENT}/down/{below}"], [f"{PARENT}/up/{below}"])

    def tokens_of(self, device: int) -> tuple[Scope, ...]:
        """The scopes of the device's tokens."""
        group = device * self.groups // self.devices
        return scopes.scopes(self.rights(group).of(self.client_id(device)), self.life_s)

    def sharer(self, device: int) -> int:
        """Devices of one number have the same tokens."""
        return device if self.scopes == 0 else device * self.groups // self.devices

    @property
    def sharers(self) -> int:
        """How many such numbers there are."""
        return self.devices if self.scopes == 0 else self.groups
