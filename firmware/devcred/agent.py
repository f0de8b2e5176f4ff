"""The agent: from power-on to a served connection, and back to one after every loss.

The only module that knows all the others.
"""

import gc
import random
import sys
import time

from micropython import const

import devcred
from devcred import causes, features, provisioned, retry
from devcred.board import Board
from devcred.errors import ConfigError, CredentialError, LinkError
from devcred.log import event, since_boot_ms
from devcred.reach import Reach

if features.OUTBOX:
    from devcred.messenger import Messenger
if features.RENEWAL:
    from devcred import renewal

_RECEIVE_MAX_BYTES = const(8192)
_IDLE_MS = const(20)
_REPEAT_MS = const(60000)
_CRASH_WAIT_MS = const(30000)
# A told time is good for so long; the next login after it asks again.
_CLOCK_S = const(86400)

# What the board needs before there is a configuration: no watchdog, no LED, no button.
_BARE = {"watchdog_ms": 0, "led_kind": "none", "button_pin": None} if features.STATUS else {"watchdog_ms": 0}


def main():
    """Run until interrupted from the console; what `main.py` calls."""
    settings, trouble = _settings()
    board = Board(settings or _BARE)
    event(
        "boot", "version=%s reset=%s board=%s" % (devcred.__version__, board.reset_cause(), board.describe())
    )
    try:
        if settings is None:
            _stranded(board, causes.BAD_CONFIG, trouble)
        _run(board, settings)
    except KeyboardInterrupt:
        board.hold_watchdog()
        event("stopped", "interrupted from the console")
    except Exception as error:  # a defect of ours: say so, wait, start over
        event("crash", type(error).__name__)
        sys.print_exception(error)
        _idle(board, _CRASH_WAIT_MS, causes.PROTOCOL)
        board.reset()


def _settings():
    """(configuration, None), or (None, reason)."""
    try:
        return provisioned.settings(), None
    except ConfigError as error:
        return None, str(error)


def _run(board, settings):
    try:
        agent = Agent(board, settings)
    except CredentialError as error:
        _stranded(board, causes.NO_CREDENTIAL, str(error))
    except ConfigError as error:
        _stranded(board, causes.BAD_CONFIG, str(error))
    board.start_watchdog()
    while True:
        agent.live_once()


class Agent:
    """A device with everything it needs, or an AgentError; `live_once` is one connection's whole life."""

    def __init__(self, board, settings):
        self._board = board
        self._settings = settings
        if features.RENEWAL:
            self._own = None
            key, own = provisioned.key_and_own(settings)
        else:
            own = provisioned.own_credential(settings)
        self._reach = Reach(board, settings, provisioned.wifi())
        self._tls = provisioned.tls_context(settings["ca_path"]) if settings["tls"] else None
        if not features.RENEWAL or own is not None:
            self._sign(own)
        random.seed(board.seed())
        self._backoff = retry.Backoff(
            settings["retry_base_ms"],
            settings["retry_cap_ms"],
            settings["refused_retry_ms"],
            retry.STABLE_MS,
            settings["retry_spread_ms"],
            random.randrange,
        )
        self._clock = "unset"
        self._told_s = 0
        if features.RENEWAL:
            self._keeper = renewal.keeper(board, settings, own, key, self._tls, self._now_s) if key else None
        self._seen = None
        self._connected_ms = None
        if features.OUTBOX:
            keeper = self._keeper if features.RENEWAL else None
            self._messenger = Messenger(board, settings, self._now_s, keeper)

    def live_once(self):
        """Connect, serve until the link is lost, name the cause, and wait as it demands."""
        client = None
        if features.APP:
            # At power-on its `setup`: what it subscribes to is there at the first login.
            self._messenger.app.step()
        try:
            self._prepare()
            client = self._client()
            self._serve(client)
        except LinkError as error:
            cause, detail = self._reach.judge(error.cause, error.detail)
        except OSError as error:
            # A driver's own error, outside the stream: named, not hidden.
            cause = causes.LINK_LOST if self._board.online() else causes.NO_WIFI
            detail = error.errno
        finally:
            if client is not None:
                client.shut()
            gc.collect()
        self._lost(cause, detail)

    def _sign(self, own):
        started_us = time.ticks_us()
        self._own, self._password = own, own.password()
        event("signed", "us=%d" % time.ticks_diff(time.ticks_us(), started_us))

    def _prepare(self):
        self._reach.join()
        self._board.show("connecting")
        # By the wall clock, since ticks wrap within days; set back by somebody, it is asked for too.
        secure = (features.RENEWAL and self._keeper is not None) or self._tls is not None
        if secure and not 0 <= self._board.now_s() - self._told_s < _CLOCK_S:
            from devcred import clock

            how = clock.ensure(self._board, self._settings["ntp_host"], self._board.feed)
            self._told_s = self._board.now_s() if how == "sntp" else 0
            if how != "kept" or self._clock == "unset":
                self._clock = how  # a floor that is kept is no better for it
            event("clock", "set by=%s" % how)
        if features.RENEWAL and self._keeper is not None:
            own = self._keeper.ready()
            if own is not self._own:
                self._sign(own)

    def _now_s(self):
        # 0 while nobody has told the time: by a guess, what is published now would soon be ancient.
        return self._board.now_s() if self._clock in ("sntp", "kept") else 0

    def _client(self):
        from devcred.mqtt import Client, Seen
        from devcred.stream import Stream

        settings = self._settings
        if features.OUTBOX:
            self._seen = self._seen or Seen()
        name = settings["server_name"] or settings["host"]
        stream = Stream(settings["connect_timeout_ms"], self._board.feed, self._board.guard, self._tls, name)
        return Client(
            stream,
            settings["host"],
            settings["port"],
            settings["client_id"],
            self._own.username,
            self._password,
            settings["keepalive_s"],
            _RECEIVE_MAX_BYTES,
            self._seen,
        )

    def _serve(self, client):
        try:
            present = client.open(self._settings["clean_session"])
        finally:
            # Also when the login is refused: the server was proved before it saw the password.
            if client.secured:
                event("tls", "verified host=%s" % (self._settings["server_name"] or self._settings["host"]))
        self._connected_ms = time.ticks_ms()
        self._reach.served()
        if features.RENEWAL and self._keeper is not None:
            self._keeper.accepted()
        event("connack", "accepted session_present=%d ms_since_boot=%d" % (present, since_boot_ms()))
        if features.OUTBOX:
            self._messenger.begin(client, present)
        self._board.show("online")
        while True:
            self._board.feed()
            self._reach.check()
            if features.OUTBOX:
                busy = self._messenger.step(client)
            else:
                busy = client.check_msg()
                client.keep_alive()
            if not busy:
                time.sleep_ms(_IDLE_MS)

    def _lost(self, cause, detail):
        held_ms = None
        if self._connected_ms is not None:
            held_ms = time.ticks_diff(time.ticks_ms(), self._connected_ms)
            self._connected_ms = None
        if features.OUTBOX:
            cause, detail = self._messenger.judge(cause, detail)
        cause = self._backoff.lost(cause, held_ms)
        if features.OUTBOX:
            self._messenger.lost(cause)
        if cause == causes.TLS_TIME:
            self._clock, self._told_s = "floor", 0  # it may have been told wrong: no better than a guess
        name = "refused" if cause in causes.REFUSALS else "lost"
        event(name, "cause=%s code=%s %s" % (cause, detail, causes.text(cause, detail)))
        if features.RECOVERY:
            self._reach.mend(cause, self._messenger.keep if features.OUTBOX else None)
        delay_ms = self._backoff.delay_ms(cause)
        if features.RENEWAL and self._keeper is not None:
            delay_ms = max(delay_ms, self._keeper.wait_ms())
        event("waiting", "ms=%d cause=%s" % (delay_ms, cause))
        _idle(self._board, delay_ms, cause, self._messenger.offline if features.OUTBOX else None)


def _stranded(board, cause, reason):
    """Say what is missing, on the console and by the LED, until somebody provisions."""
    while True:
        event(cause, "%s: %s" % (reason, causes.text(cause)))
        _idle(board, _REPEAT_MS, cause)


def _idle(board, duration_ms, cause, meanwhile=None):
    started_ms = time.ticks_ms()
    board.show(cause)
    while True:
        passed_ms = time.ticks_diff(time.ticks_ms(), started_ms)
        if passed_ms >= duration_ms:
            return
        board.feed()
        if meanwhile is not None:
            meanwhile()
        time.sleep_ms(min(_IDLE_MS, duration_ms - passed_ms))
