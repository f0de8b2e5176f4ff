"""Token mode's policy: when to ask for new tokens, what a notice asks for, what is said and proved.

Pure: times are handed in. `now_s` counts from 1970 and is 0 while nobody has told the time;
`up_s` counts from anywhere and never jumps (see `Uptime`). The wire to the application
server is docs/token-server.md, that to the service its help on tokens.
"""

import binascii
import json

from devcred import signing
from devcred.credential import Credential

UPLOAD = "$SYS/uploadToken"
NOTICES = b"$SYS/"
_EXPIRES = b"$SYS/tokenExpireNotice"
_INVALID = b"$SYS/tokenInvalidNotice"

# Codes of tokenInvalidNotice by what they ask for. These: to leave one topic alone and keep the tokens.
TOPIC = (4, 5)
# It is the tokens before those just uploaded that ended.
EXPIRED = 2
# A person, as no token of this account will do. Any other, documented or not: other tokens, at once.
ACCOUNT = -1

# What the console says of a code.
WORDS = {
    1: "forged",
    EXPIRED: "expired",
    3: "revoked",
    4: "resource",
    5: "permission",
    8: "signature",
    ACCOUNT: "account",
}

# Ticks of every board wrap at 2 ** 30 ms, which is 12.4 days.
_TICKS_MASK = 0x3FFFFFFF
# So much may a clock differ from the application server's and still be believed.
_AGREE_S = 120
# The service's notice comes 5 minutes before the end. Who thinks to have more is wrong.
_NOTICE_S = 330
_HASTE_S = 30
# With no idea of the time that is left: within that after the login.
_UNKNOWN_S = 600
# Between two tries; the server may ask for more, up to a day.
_BASE_S = 4
_CAP_S = 300
_AWAY_MAX_S = 86400


class Uptime:
    """Seconds since it was made, by a counter of ms that wraps; to be asked every 12 days at least."""

    def __init__(self, ticks_ms):
        self._last_ms = ticks_ms
        self._seconds = 0

    def seconds(self, ticks_ms):
        """`ticks_ms`: the counter now."""
        passed_s = ((ticks_ms - self._last_ms) & _TICKS_MASK) // 1000
        self._last_ms = (self._last_ms + passed_s * 1000) & _TICKS_MASK
        self._seconds += passed_s
        return self._seconds


class Plan:
    """One set of tokens in time: what is left of it, when to ask for the next, when to ask again."""

    def __init__(self, random_below, expire_s=0, margin_s=0):
        """`random_below(n)`: from 0 to n - 1. `margin_s`: ask once no more than that is left.

        `expire_s` is since 1970, 0 if not known.
        """
        self._random_below = random_below
        self.expire_s = expire_s
        self.margin_s = margin_s
        self._end_up_s = None
        self._past_s = 0
        self._clock_agrees = True
        self._ask_up_s = None
        self._wait_up_s = 0
        self._failures = 0

    def following(self, expire_s, left_s, renew_s, now_s, up_s):
        """The plan of the tokens that were had just now.

        `renew_s`: when the server would have us back, 0 if it does not say; then it is after
        a half to two thirds of the time, drawn anew each time so that a fleet spreads.
        """
        margin_s = left_s - renew_s
        if not 0 < margin_s < left_s:
            margin_s = left_s // 3 + self._random_below(left_s // 6 + 1)
        plan = Plan(self._random_below, expire_s, margin_s)
        plan._end_up_s = up_s + left_s
        plan._past_s = self.expire_s
        plan._clock_agrees = not now_s or abs(expire_s - left_s - now_s) <= _AGREE_S
        plan._wait_up_s = up_s + _BASE_S
        return plan

    def left_s(self, now_s, up_s):
        """Seconds left, by clock and by ticks, whichever is less; None if neither tells."""
        left_s = None if self._end_up_s is None else self._end_up_s - up_s
        if now_s and self.expire_s and self._clock_agrees:
            by_clock_s = self.expire_s - now_s
            left_s = by_clock_s if left_s is None else min(left_s, by_clock_s)
        return left_s

    def over(self, now_s, up_s):
        """Whether the tokens are known to have ended."""
        left_s = self.left_s(now_s, up_s)
        return left_s is not None and left_s <= 0

    def due(self, now_s, up_s):
        """Whether to ask for the next ones now."""
        left_s = self.left_s(now_s, up_s)
        if left_s is None and self._ask_up_s is None:
            self._ask_up_s = up_s + 1 + self._random_below(min(self.margin_s, _UNKNOWN_S) + 1)
        early = self._ask_up_s is not None and up_s >= self._ask_up_s
        late = left_s is not None and left_s <= self.margin_s
        return (early or late) and not self.wait_s(up_s)

    def wait_s(self, up_s):
        """Seconds for which the server is to be left alone."""
        return max(0, self._wait_up_s - up_s)

    def failed(self, up_s, retry_s=0):
        """Asked in vain; `retry_s`: how long the server said to stay away, 0 if it did not."""
        limit_s = min(_CAP_S, _BASE_S << min(self._failures, 10))
        self._failures += 1
        delay_s = limit_s // 2 + self._random_below(limit_s // 2 + 1)
        self._wait_up_s = up_s + max(delay_s, min(retry_s, _AWAY_MAX_S))

    def warned(self, expire_s, now_s, up_s):
        """The service says that a token ends then. News only to who expects it much later."""
        left_s = self.left_s(now_s, up_s)
        if expire_s > self._past_s and (left_s is None or left_s > _NOTICE_S):
            self._ask_up_s = up_s + self._random_below(_HASTE_S)


def notice(topic, payload):
    """(seconds since 1970, None) of tokenExpireNotice, (None, code) of tokenInvalidNotice, else None."""
    try:
        body = json.loads(payload)
        if topic == _EXPIRES:
            return (body["expireTime"] | 0) // 1000, None
        if topic == _INVALID:
            return None, body["code"] | 0
    except (ValueError, LookupError, TypeError, RuntimeError, MemoryError):
        pass  # from outside: what is no notice is none
    return None


def upload(kind, token):
    """The payload for UPLOAD; one message a type."""
    return json.dumps({"token": token, "type": kind}).encode()


def proof(key, purpose, client_id, nonce):
    """What shows the application server that we hold the device key, and shows it to nobody else."""
    text = "\n".join(("devcred-token-v1", purpose, client_id, nonce))
    return binascii.hexlify(signing.hmac_sha256(key, text.encode())).decode()


def answer(body, purpose, client_id):
    """(Credential, seconds left, seconds until renewal) from the application server's decoded answer.

    ValueError if it is none for this client; the last two are 0 for a device credential, which has no end.
    """
    try:
        if body["client_id"] != client_id:
            raise LookupError
        names = (client_id, body["instance_id"], body["key_id"])
        if purpose != "tokens":
            return Credential(*names, body.get("secret", ""), body.get("password", "")), 0, 0
        # What is no whole number has no `|` for one.
        expire_s, left_s, renew_s = body["expires_at_s"] | 0, body["expires_in_s"] | 0, body["renew_in_s"] | 0
        if left_s > 0:
            return Credential(*names, tokens=body["tokens"], expire_s=expire_s), left_s, renew_s
        raise LookupError
    except (LookupError, TypeError):
        raise ValueError("answer: not as documented")
