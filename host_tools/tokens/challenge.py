"""Challenge and response: nonces that any replica can check, and what a device answers them with. Pure.

A nonce is Base64url of its expiry, of random bytes and of a MAC over both and the client ID, with a key that
all replicas have. So asking for one costs no room in the database; only that it was used is kept there.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

LABEL = "devcred-token-v1"
PURPOSES = ("tokens", "credential")
PROOF_CHARS = 64
KEY_CHARS = 43
_EXPIRY_BYTES, _RANDOM_BYTES, _MAC_BYTES = 6, 16, 20
NONCE_CHARS = (_EXPIRY_BYTES + _RANDOM_BYTES + _MAC_BYTES) * 4 // 3


class Nonces:
    """`random_bytes` and the MAC's key are given; times are ms since 1970."""

    def __init__(self, key: bytes, life_s: int, random_bytes: Callable[[int], bytes]) -> None:
        self._key = key
        self.life_s = life_s
        self._random = random_bytes
        self.decoy = new_key(random_bytes)
        """A device key that nobody has."""

    def make(self, client_id: str, now_ms: int) -> str:
        """A nonce for one attempt by `client_id`."""
        expires = (now_ms + self.life_s * 1000).to_bytes(_EXPIRY_BYTES, "big")
        head = expires + self._random(_RANDOM_BYTES)
        return base64.urlsafe_b64encode(head + self._mac(head, client_id)).decode()

    def expires_ms(self, nonce: str, client_id: str) -> int | None:
        """When a nonce that was made for `client_id` ends or has ended; None for any other text."""
        try:
            data = base64.b64decode(nonce.encode("ascii"), altchars=b"-_", validate=True)
        except (UnicodeError, binascii.Error):
            return None
        head, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
        if len(nonce) != NONCE_CHARS or not hmac.compare_digest(mac, self._mac(head, client_id)):
            return None
        return int.from_bytes(head[:_EXPIRY_BYTES], "big")

    def _mac(self, head: bytes, client_id: str) -> bytes:
        return hmac.digest(self._key, head + client_id.encode(), hashlib.sha256)[:_MAC_BYTES]


def proof(key: str, purpose: str, client_id: str, nonce: str) -> str:
    """What a device that holds `key` answers: HMAC-SHA256 in hexadecimal digits."""
    message = "\n".join((LABEL, purpose, client_id, nonce))
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


def is_proof(given: str, key: str, purpose: str, client_id: str, nonce: str) -> bool:
    """Whether `given` is that proof, in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), proof(key, purpose, client_id, nonce).encode())


def new_key(random_bytes: Callable[[int], bytes]) -> str:
    """A device key: 256 bits as 43 characters that are safe in files and on consoles."""
    return base64.urlsafe_b64encode(random_bytes(32)).decode().rstrip("=")
