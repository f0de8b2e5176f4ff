"""What is in the air around a virtual board and behind it: a value, changed by making the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from host_tools.errors import UsageError
from host_tools.vboard.link import Address


@dataclass(frozen=True)
class AccessPoint:
    """password: empty for an open one. hidden: it is not in a scan; who knows its name can join."""

    ssid: str
    password: str = field(default="", repr=False)
    hidden: bool = False


@dataclass(frozen=True)
class Air:
    """points: None is one access point that takes every name and key."""

    points: tuple[AccessPoint, ...] | None = None
    gone: frozenset[str] = frozenset()
    all_gone: bool = False
    deny: bool = False
    dhcp: bool = True
    dns: bool = True
    dns_silence_ms: int = 0
    portal: Address | None = None
    away: frozenset[Address] = frozenset()
    time_answer: str = "right"
    time_skew_s: int = 0
    quirk: bool = False

    def healed(self) -> "Air":
        """As it was at first, with the same access points and the same chip."""
        return Air(points=self.points, quirk=self.quirk)

    def keeps(self, ssid: str) -> bool:
        """Whether who is in this network stays in it."""
        known = self.points is None or any(point.ssid == ssid for point in self.points)
        return known and not (self.all_gone or ssid in self.gone or self.deny) and self.dhcp

    def for_board(self) -> dict[str, object]:
        """What device/network.py goes by. points: [SSID, key, hidden], null for every name and key."""
        points = () if self.all_gone else self.points
        return {
            "points": None if points is None else [[p.ssid, p.password, p.hidden] for p in points],
            "gone": sorted(self.gone),
            "deny": self.deny,
            "dhcp": self.dhcp,
            "quirk": self.quirk,
            "dns_silence_ms": self.dns_silence_ms,
        }

    def but(self, **changes: object) -> "Air":
        """The next one."""
        return replace(self, **changes)  # type: ignore[arg-type]


def checked_routes(resolve: Mapping[str, Address]) -> dict[str, Address]:
    """A copy; UsageError if a name has no port, or leads off this computer."""
    for name, address in resolve.items():
        check_loopback(name, address)
        if not name.rpartition(":")[2].isdecimal():
            raise UsageError(f"{name!r} has no port", where="vboard resolve", do="write it as name:port")
    return dict(resolve)


def check_loopback(name: str, address: Address) -> None:
    """UsageError unless the address is on loopback."""
    if not address[0].startswith("127."):
        raise UsageError(
            f"{name} leads to {address[0]}", where="vboard resolve", do="route it to an address 127.x.x.x"
        )
