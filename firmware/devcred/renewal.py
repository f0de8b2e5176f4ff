"""What this device logs in with, kept good: tokens are fetched, tried, uploaded and stored in
time, and a credential that was replaced without us is asked for. When, is `tokens`' affair.

A new set is a candidate until the server has taken it: at a login, or at an upload that it
acknowledged and did not protest against. Only then does it take the stored one's place. One
whose acknowledgement was lost is tried at the next login; refused, it is dropped, and the
stored one serves on.
"""

import random
import time

from micropython import const

from devcred import causes, provisioned, records, store, tokens
from devcred.errors import LinkError
from devcred.log import event

# An upload is sent again after so long without acknowledgement, so often, before the link is given up.
_AGAIN_S = const(5)
_TRIES = const(12)
# The server may acknowledge a token first and protest then.
_SETTLE_S = const(3)


class Keeper:
    """Holds the credential in use and its candidate; asked at login, in session, and at a loss."""

    def __init__(self, own, ask, save, random_below, now_s, ticks_ms):
        """`own`: the stored credential or None. `ask(purpose)` asks the application server; or LinkError.

        What it answers is (Credential, seconds left, seconds until renewal). `save(payload)` stores
        a credential. `now_s()`: seconds since 1970, 0 if not known.
        """
        self._own = own
        self._ask_server = ask
        self._save = save
        self._now_s = now_s
        self._ticks_ms = ticks_ms
        self._tokens = own is None or bool(own.tokens)  # or else a device credential, which has no end
        self._bad = own is None  # the server refused it
        self._plan = tokens.Plan(random_below, own.expire_s if own else 0, own.margin_s if own else 0)
        self._new = self._next = None  # the candidate and its plan
        self._fresh = False  # whether the candidate was fetched for this very login
        self._uploads = []  # (type, token) that the session has not taken yet
        self._pid = self._tries = self._posted_s = self._looked_s = 0
        self._code = None
        self._uptime = tokens.Uptime(ticks_ms())

    def ready(self):
        """What to log in with; asked for first when nothing good is there. LinkError if it cannot be had."""
        self._fresh = False
        asks = self._must() or self._due() or (self._bad and not self._plan.wait_s(self._up_s()))
        if self._new is None and asks:
            try:
                self._ask()
                self._fresh = True
            except LinkError:
                if self._must():
                    raise
        return self._new or self._own

    def accepted(self):
        """The server let us in."""
        self._bad = False
        if self._new is not None:
            self._keep()

    def step(self, client):
        """What is due in a session. True while nothing else may be published or subscribed."""
        if self._uploads:
            self._upload(client)
            return True
        up_s = self._up_s()
        if up_s != self._looked_s:
            self._looked_s = up_s
            if self._new is None:
                if self._due():
                    self._renew()
            elif up_s - self._posted_s > _SETTLE_S:
                self._keep()
        return bool(self._uploads)

    def notice(self, topic, payload):
        """A message came in; what the service says of tokens is noted."""
        found = tokens.notice(topic, payload) if topic.startswith(tokens.NOTICES) else None
        if found is None:
            return
        expire_s, self._code = found
        if expire_s is not None:
            self._plan.warned(expire_s, self._now_s(), self._up_s())

    def lost(self, cause, detail):
        """The link ended, or the login failed: (cause, detail) as it is to be named, and whether
        it is certain that a refused topic was at fault.
        """
        code, self._code = self._code, None
        self._uploads = []
        self._pid = 0
        if code is None:
            if cause == causes.REFUSED:
                cause = self._refused()
        elif code in tokens.TOPIC:
            if cause == causes.CLOSED:
                detail = tokens.WORDS[code]
        else:
            if code == tokens.EXPIRED and self._new is not None:
                self._bad = True
            else:
                self._discard()
            cause = causes.ACCOUNT if code == tokens.ACCOUNT else causes.TOKEN
            detail = tokens.WORDS.get(code, code)
        return cause, detail, code in tokens.TOPIC

    def wait_ms(self):
        """For how long a login is of no use, as there is nothing to log in with."""
        return self._plan.wait_s(self._up_s()) * 1000 if self._must() else 0

    def _refused(self):
        self._discard()
        # With fresh ones refused and no others left it is for a person to see to.
        return causes.REFUSED if not self._tokens or (self._fresh and self._must()) else causes.TOKEN

    def _discard(self):
        if self._new is None:
            self._bad = True
        else:
            self._new = self._next = None
            self._plan.failed(self._up_s())

    def _must(self):
        # A device credential is worth trying even so: it may have been put back.
        return self._tokens and (self._bad or self._plan.over(self._now_s(), self._up_s()))

    def _due(self):
        return self._tokens and self._plan.due(self._now_s(), self._up_s())

    def _ask(self):
        try:
            new, left_s, renew_s = self._ask_server("tokens" if self._tokens else "credential")
        except LinkError as error:
            self._plan.failed(self._up_s(), getattr(error, "retry_s", 0))
            wait_s = self._plan.wait_s(self._up_s())
            event("token", "none cause=%s code=%s again_s=%d" % (error.cause, error.detail, wait_s))
            raise
        self._new, self._next = new, self._plan
        if new.tokens:
            self._next = self._plan.following(new.expire_s, left_s, renew_s, self._now_s(), self._up_s())
            new.margin_s = self._next.margin_s
        event("token", "fetched key_id=%s left_s=%d" % (new.key_id, left_s))

    def _renew(self):
        try:
            self._ask()
        except LinkError:
            return
        except MemoryError:
            # No room for a second TLS session: without the first there is.
            raise LinkError(causes.TOKEN, "memory")
        old, new = self._own.tokens, self._new.tokens
        if self._new.username != self._own.username or set(old) - set(new):
            # A session can neither change its account nor give a type up.
            raise LinkError(causes.TOKEN, "scope")
        for kind in new:
            if new[kind] != old.get(kind):
                self._uploads.append((kind, new[kind]))
        self._tries = 0
        if not self._uploads:
            self._keep()

    def _upload(self, client):
        up_s = self._up_s()
        kind, token = self._uploads[0]
        if self._pid and client.acknowledged == self._pid:
            event("token", "uploaded type=%s" % kind)
            self._uploads.pop(0)
            self._pid = self._tries = 0
            self._posted_s = up_s
        elif not self._pid or up_s - self._posted_s >= _AGAIN_S:
            if self._tries == _TRIES:
                raise LinkError(causes.LINK_LOST, tokens.UPLOAD)
            self._tries += 1
            self._posted_s = up_s
            self._pid = client.post(tokens.UPLOAD, tokens.upload(kind, token), self._pid)

    def _keep(self):
        self._own, self._plan = self._new, self._next
        self._new = self._next = None
        try:
            self._save(self._own.payload())
        except (OSError, ValueError) as error:
            event("token", "not kept on flash: %s" % error)

    def _up_s(self):
        return self._uptime.seconds(self._ticks_ms())


def keeper(board, settings, own, key, tls, now_s):
    """A Keeper for this device. `tls`: the MQTT link's context or None, used where the CA is the same."""
    path = settings["token_ca_path"]
    if tls is None or path:
        tls = provisioned.tls_context(path or settings["ca_path"])

    def ask(purpose):
        from devcred import appserver

        return appserver.ask(settings, tls, board, key, purpose)

    def save(payload):
        store.save(records.CREDENTIAL, payload)

    return Keeper(own, ask, save, random.randrange, now_s, time.ticks_ms)
