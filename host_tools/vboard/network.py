"""What can happen to a virtual board's network, said by a test or a script."""

from collections.abc import Callable

from host_tools.errors import MachineError, UsageError
from host_tools.vboard.air import AccessPoint, check_loopback, checked_routes
from host_tools.vboard.link import Address
from host_tools.vboard.sntp import check_time
from host_tools.vboard.wire import Wire


class Network(Wire):
    """At first one access point that takes every name and key, with a way to every route of `resolve`.

    The methods act at once, from any thread, before the board is started or while it runs, and hold over its
    resets. They add up; restore() ends them. TCP links of a board that is cut off fall silent, without an end
    or a reset, and go on where they were once it is back. Left out: a network stack's memory of names, and
    links that it gives up itself.
    """

    _healings = 0  # a flapping ends with the next one

    def set_access_points(self, *points: AccessPoint) -> None:
        """These and no others; none: one that takes every name and key."""
        self._become(self._air.but(points=points or None))

    def lose(self, *ssids: str) -> None:
        """These access points go; without names: all."""
        self._become(self._air.but(gone=self._air.gone | set(ssids), all_gone=not ssids))

    def restore(self) -> None:
        """All is well, but for what never_reconnects and radio_dead... did to the chip."""
        self._healings += 1
        self._become(self._air.healed())

    def flap(self, down_ms: int, up_ms: int, times: int) -> None:
        """All access points go and come back, so often. Returns at once; MachineError if no board runs."""
        if self._relay is None:
            raise MachineError("is not running", where="virtual board's network", do="start the board first")
        self._flap(down_ms, up_ms, times, self._healings)

    def _flap(self, down_ms: int, up_ms: int, times: int, healings: int) -> None:
        if times <= 0 or self._healings != healings:
            return
        self._become(self._air.but(all_gone=True))
        self.later(down_ms, lambda: self._become(self._air.but(all_gone=False)))
        self.later(down_ms + up_ms, lambda: self._flap(down_ms, up_ms, times - 1, healings))

    def wrong_password(self) -> None:
        """Every access point refuses every key."""
        self._become(self._air.but(deny=True))

    def no_address(self) -> None:
        """A board can join, but no DHCP server answers."""
        self._become(self._air.but(dhcp=False))

    def captive_portal(self, address: Address) -> None:
        """Every name and port leads to this address on loopback; a time server does not answer."""
        check_loopback("the portal", address)
        self._become(self._air.but(portal=address))

    def dns_dead(self) -> None:
        """No name resolves; links that stand go on."""
        self._become(self._air.but(dns=False))

    def dns_silent(self, for_ms: int) -> None:
        """No name server answers: a name fails only after so long, in which the board's call blocks."""
        self._become(self._air.but(dns=False, dns_silence_ms=for_ms))

    def dns_move(self, name: str, address: Address) -> None:
        """`name:port` leads to this address on loopback from now on, after restore() too."""
        with self._lock:
            self._routes = checked_routes({**self._routes, name: address})

    def server_away(self, name: str) -> None:
        """What is behind `name:port` falls silent, and nothing else does."""
        self.check_route(name)
        self._become(self._air.but(away=self._air.away | {self._routes[name]}))

    def check_route(self, name: str) -> None:
        """UsageError if `name:port` leads nowhere."""
        if name not in self._routes:
            raise UsageError(
                f"nothing is behind {name}", where="vboard network", do="name a route of resolve"
            )

    def time_skew(self, skew_s: int) -> None:
        """The time server tells a time so far ahead of this computer's; below 0: behind."""
        check_time(skew_s=skew_s)
        self._become(self._air.but(time_skew_s=skew_s))

    def time_answer(self, how: str) -> None:
        """How the time server answers: a word of sntp.ANSWERS."""
        check_time(how=how)
        self._become(self._air.but(time_answer=how))

    def radio_dead_with_address(self) -> None:
        """The radio says that it is connected, and nothing passes until it is switched off and on."""
        with self._lock:
            self._dead = True
            self._freeze()

    def never_reconnects(self) -> None:
        """From now on: a radio that has lost its network joins none until it is switched off and on."""
        self._become(self._air.but(quirk=True))

    def power_save_loss(self, after_ms: int) -> None:
        """From now on: so long after it joined, a radio with power saving is dead with its address."""
        with self._lock:
            self._saving_dies_s = after_ms / 1000
            self._begin_to_die()

    def later(self, delay_ms: int, act: Callable[[], None]) -> None:
        """Has act() called, unless the board is stopped before or has not been started."""
        with self._lock:
            if self._relay is not None:
                self._relay.later(delay_ms / 1000, act)
