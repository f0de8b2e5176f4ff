"""This device as others see it: the facts it tells, and the acts a command may ask of it."""

import devcred
from devcred import store
from devcred.log import since_boot_ms

_LAST_LOSS = "/last-loss"


class Device:
    """Facts and acts; an act that would cut off its own reply is only noted here."""

    def __init__(self, board, config, counts):
        """`counts()`: what telemetry tells of the outbox."""
        self.heartbeat_ms = config["heartbeat_s"] * 1000
        self.rebooting = False
        self.resending = False
        self._losses: dict[str, int] = {}
        # Over a reboot the counters are gone; the last cause is not.
        self._last_loss = store.note(_LAST_LOSS)
        self.facts = {
            "version": lambda: devcred.__version__,
            "uptime_ms": since_boot_ms,
            "reset": board.reset_cause,
            "free_bytes": board.free_bytes,
            "largest_bytes": board.largest_bytes,
            "rssi_dbm": board.rssi,
            "losses": lambda: self._losses,
            "last_loss": lambda: self._last_loss,
            "outbox": counts,
        }

    def lost(self, cause):
        """Count a loss, and keep its cause on flash if it is another than the last one's."""
        self._losses[cause] = self._losses.get(cause, 0) + 1
        if cause != self._last_loss:
            self._last_loss = cause
            store.take_note(_LAST_LOSS, cause)

    def reboot(self):
        """Start over once everything is sent."""
        self.rebooting = True

    def resend(self):
        """Tell telemetry again at once."""
        self.resending = True

    def set_interval(self, seconds):
        """Change the heartbeat until the next boot."""
        self.heartbeat_ms = seconds * 1000
