"""The server's own key: what it seals before it goes into the database, and the keys that come from it."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from host_tools.errors import MachineError

KEY_BYTES = 32
_NONCE_BYTES = 12


class Seal:
    """Seals text with AES-256-GCM, bound to the place where it will lie. All replicas have the same key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(self.derived("seal"))

    def __repr__(self) -> str:
        return "Seal()"

    def derived(self, use: str) -> bytes:
        """32 bytes for another use, from which nobody gets back to the key."""
        return HKDF(hashes.SHA256(), KEY_BYTES, None, b"devcred token server " + use.encode()).derive(
            self._key
        )

    def close(self, text: str, place: str) -> str:
        """`text`, readable only with the key and only as what lies at `place`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, text.encode(), place.encode())
        return base64.b64encode(sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """The text again; MachineError when the key is another one, or somebody changed it or moved it."""
        try:
            data = base64.b64decode(sealed, validate=True)
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise MachineError(
                "what lies in the database was not sealed with this server's key",
                where="token server",
                do="give the server.key that the database was made with",
            ) from None
