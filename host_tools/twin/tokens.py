"""Tokens: applied for by an account, good for topics and a time, told apart when they are not good.

A token is opaque to its holders: standard Base64 with padding over a version, the type, a random number, the
expiry and a MAC with the instance's key. So what cannot be read is told from what was not signed here.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

MIN_LIFE_MS = 60_000
MAX_LIFE_MS = 30 * 86_400_000
MAX_RESOURCES = 100
TYPES = {"R": "R", "W": "W", "R,W": "RW"}
"""ApplyToken's Actions -> the type that passwords and messages name."""

_VERSION = 1
_CODES = {"R": 1, "W": 2, "RW": 3}
_ID_BYTES, _EXPIRY_BYTES, _MAC_BYTES = 16, 8, 32
_BYTES = 2 + _ID_BYTES + _EXPIRY_BYTES + _MAC_BYTES
_KEPT_AFTER_EXPIRY_MS = 86_400_000


class TokenFault(IntEnum):
    """The codes of tokenInvalidNotice (help: client operations with tokens)."""

    FORGED = 1
    EXPIRED = 2
    REVOKED = 3
    RESOURCE = 4
    TYPE = 5
    SIGNATURE = 8
    ACCOUNT = -1


@dataclass(frozen=True, slots=True)
class Token:
    """What a token grants. `type` is R, W or RW; `expire_ms` counts from 1970."""

    token_id: str
    access_key_id: str
    type: str
    resources: tuple[str, ...]
    expire_ms: int
    revoked: bool = False


class TokenBook:
    """The tokens of an instance. `keep` is called with each that is new or changed, `drop` with the ID of
    one that is past and forgotten; `on_revoked` is called after a revocation."""

    def __init__(
        self,
        key: bytes,
        clock: Callable[[], float],
        *,
        kept: Iterable[Token] = (),
        keep: Callable[[Token], None] = lambda token: None,
        drop: Callable[[str], None] = lambda token_id: None,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._key = key
        self._clock = clock
        self._tokens = {token.token_id: token for token in kept}
        self._keep, self._drop, self._random = keep, drop, random_bytes
        self._next_sweep_ms = 0
        self.on_revoked: Callable[[Token], None] = lambda token: None

    def apply(self, access_key_id: str, actions: str, resources: Sequence[str], expire_ms: int) -> str:
        """A new token. More than 30 days ahead counts as 30 days; ValueError names what breaks the rules."""
        now_ms = self._now_ms()
        if actions not in TYPES:
            raise ValueError("Actions: must be R, W or R,W")
        if not 1 <= len(resources) <= MAX_RESOURCES or not all(resources):
            raise ValueError(f"Resources: 1 to {MAX_RESOURCES} topics")
        if expire_ms < now_ms + MIN_LIFE_MS:
            raise ValueError(f"ExpireTime: at least {MIN_LIFE_MS // 1000} s ahead, in ms since 1970")
        self._sweep(now_ms)
        number = self._random(_ID_BYTES)
        expire_ms = min(expire_ms, now_ms + MAX_LIFE_MS)
        self._enter(Token(number.hex(), access_key_id, TYPES[actions], tuple(resources), expire_ms))
        head = bytes((_VERSION, _CODES[TYPES[actions]])) + number + expire_ms.to_bytes(_EXPIRY_BYTES, "big")
        return base64.b64encode(head + self._mac(head)).decode()

    def lookup(self, token: str) -> Token | None:
        """What is known of a token of this instance, good or past; None for any other text."""
        found = self.check(token)
        return found if isinstance(found, Token) else None

    def is_valid(self, token: str) -> bool:
        """Whether it could be used now."""
        found = self.check(token)
        return isinstance(found, Token) and self.fault_of(found) is None

    @property
    def valid(self) -> int:
        """How many could be used now."""
        return sum(self.fault_of(token) is None for token in self._tokens.values())

    def revoke(self, token: str) -> bool:
        """Withdraw a token for good; False if there is none such."""
        found = self.lookup(token)
        if found is None:
            return False
        if not found.revoked:
            found = replace(found, revoked=True)
            self._enter(found)
            self.on_revoked(found)
        return True

    def check(self, token: str) -> Token | TokenFault:
        """The token that a text stands for, whether or not it is still good, or why there is none."""
        data = _decoded(token)
        if data is None:
            return TokenFault.FORGED
        head, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(head)):
            return TokenFault.SIGNATURE
        # Signed here and not in the book: it was swept out long after its time.
        return self._tokens.get(head[2 : 2 + _ID_BYTES].hex(), TokenFault.EXPIRED)

    def fault_of(self, token: Token) -> TokenFault | None:
        """Why a known token is no longer good, as the book has it now."""
        if self._tokens.get(token.token_id, token).revoked:
            return TokenFault.REVOKED
        return TokenFault.EXPIRED if token.expire_ms <= self._now_ms() else None

    def judge(self, token: str, kind: str, access_key_id: str) -> Token | TokenFault:
        """The token if it may be used now as `kind` (R, W or RW) by whoever names this account."""
        found = self.check(token)
        if isinstance(found, TokenFault):
            return found
        if not hmac.compare_digest(found.access_key_id.encode(), access_key_id.encode()):
            return TokenFault.ACCOUNT
        if found.type != kind:
            return TokenFault.TYPE
        return self.fault_of(found) or found

    def _enter(self, token: Token) -> None:
        self._keep(token)
        self._tokens[token.token_id] = token

    def _sweep(self, now_ms: int) -> None:
        if now_ms < self._next_sweep_ms:
            return
        self._next_sweep_ms = now_ms + MIN_LIFE_MS
        past_ms = now_ms - _KEPT_AFTER_EXPIRY_MS
        for token_id in [each.token_id for each in self._tokens.values() if each.expire_ms < past_ms]:
            self._drop(token_id)
            del self._tokens[token_id]

    def _mac(self, head: bytes) -> bytes:
        return hmac.digest(self._key, head, hashlib.sha256)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _decoded(token: str) -> bytes | None:
    try:
        data = base64.b64decode(token.encode("ascii"), validate=True)
    except (UnicodeError, binascii.Error):
        return None
    # Only the one right way to write these bytes counts; others decode to the same.
    whole = len(data) == _BYTES and base64.b64encode(data).decode() == token
    return data if whole and data[0] == _VERSION and data[1] in _CODES.values() else None
