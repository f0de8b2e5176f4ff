"""HMAC as a general object, over any hash: the way a port of CPython's module does it.

What signing costs where nobody has thought of the VM: a class, state for further updates, and 128 small
integers through generators.
"""

import hashlib


class Hmac:
    """`update` as often as wanted, then `digest`."""

    def __init__(self, key, message=None, make=hashlib.sha1):
        if not isinstance(key, (bytes, bytearray)):
            raise TypeError("key: expected bytes or bytearray")
        self._make = make
        self._inner = make()
        self._outer = make()
        self.block_size = getattr(self._inner, "block_size", 64)
        if len(key) > self.block_size:
            key = make(key).digest()
        key = key + bytes(self.block_size - len(key))
        self._inner.update(bytes(octet ^ 0x36 for octet in key))
        self._outer.update(bytes(octet ^ 0x5C for octet in key))
        if message is not None:
            self.update(message)

    def update(self, message):
        """Take more of the message."""
        self._inner.update(message)

    def digest(self):
        """The code, as bytes."""
        self._outer.update(self._inner.digest())
        return self._outer.digest()


def new(key, message=None, make=hashlib.sha1):
    """What callers of such a module use."""
    return Hmac(key, message, make)
