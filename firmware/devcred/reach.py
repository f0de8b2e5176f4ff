"""The network below the link: to be in one, to notice that it went, to mend the radio."""

import time

from devcred import causes, clock, features, retry
from devcred.errors import LinkError
from devcred.log import event


class Reach:
    """One of the known networks, and what is done by oneself when nothing is to be reached."""

    def __init__(self, board, settings, wifi):
        """`wifi`: (SSID, password) pairs, tried in this order."""
        self._board = board
        self._settings = settings
        self._wifi = wifi
        self._lost_ms = self._heard_ms = time.ticks_ms()
        if features.RECOVERY:
            self._escalation = retry.Escalation(settings["radio_reset_s"] * 1000, settings["reboot_s"] * 1000)

    def join(self):
        """Be in a network; LinkError NO_WIFI."""
        if not self._board.online():
            event("network", "up ssid=%s" % self._board.join(self._wifi))

    def served(self):
        """The server has let us in."""
        self._heard_ms = time.ticks_ms()
        if features.RECOVERY:
            self._escalation.answered()

    def check(self):
        """LinkError NO_WIFI if the network went and did not come back: sooner than the link would show it."""
        now_ms = time.ticks_ms()
        if self._board.online():
            self._heard_ms = now_ms
        elif time.ticks_diff(now_ms, self._heard_ms) > self._settings["connect_timeout_ms"]:
            raise LinkError(causes.NO_WIFI, self._board.why_offline())

    def judge(self, cause, detail):
        """(cause, detail) of a failure: what looks like a dead server may be a network that went."""
        if cause in retry.DEAD_AIR and not self._board.online():
            return causes.NO_WIFI, self._board.why_offline()
        return cause, detail

    def mend(self, cause, keep):
        """Do what a failure calls for, after so many; `keep()` comes before a reboot."""
        now_ms = time.ticks_ms()
        step = self._escalation.step(cause, time.ticks_diff(now_ms, self._lost_ms))
        self._lost_ms = now_ms
        online = self._board.online()
        if step == "radio" and online and clock.answers(self._board, self._settings["ntp_host"]):
            event("network", "well, only the server is away")
            return
        if step:
            event("network", "down for long: %s" % step)
        if step == "radio":
            if online:
                # It may be the network that is dead and not the radio: another one's turn.
                self._wifi.append(self._wifi.pop(0))
            self._board.radio_off()
        elif step == "reboot":
            if keep is not None:
                keep()
            self._board.reset()
