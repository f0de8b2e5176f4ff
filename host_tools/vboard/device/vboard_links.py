"""TLS links over the stand-in's sockets, with what they take of an RP2's heap.

TLS is part of the interpreter and takes its sockets alone. An RP2's Mbed TLS has the interpreter's heap for
its own, in which two buffers want a piece each; the unix VM's has the computer's. So a link holds as many
words as there, as tests/pico/fidelity.json has them. Left out: what the arithmetic takes while it runs.
"""

import errno
from socket import real

from vboard_link import IS_ESP32

_WORD_BYTES = 8
# For what comes in, for what goes out, and for the rest; and what is given back after a handshake.
_SESSION_WORDS = (4180, 1108, 440)
_HANDSHAKE_WORDS = 620


class _Link:
    def __init__(self, wrap, is_shaken):
        try:
            self._shaking = bytearray(_HANDSHAKE_WORDS * _WORD_BYTES)
            self._held = [bytearray(words * _WORD_BYTES) for words in _SESSION_WORDS]
        except MemoryError:
            raise OSError(errno.ENOMEM)
        self.real = wrap()
        if is_shaken:
            self._shaking = None

    def __getattr__(self, name):
        return getattr(self.real, name)

    def is_connecting(self):
        return False

    def write(self, *data):
        try:
            count = self.real.write(*data)
        except OSError as error:
            raise OSError(-errno.ECONNRESET if error.errno == errno.ECONNRESET else error.errno)
        if count:
            self._shaking = None
        return count

    def close(self):
        self._shaking = self._held = None
        self.real.close()


def take_sockets():
    """Has ssl take the stand-in's sockets."""
    import ssl  # which looks for `tls` when it is imported: after that has its stand-in

    wrap = ssl.SSLContext.wrap_socket

    def wrap_socket(self, stream, **options):
        def make():
            return wrap(self, real(stream), **options)

        return make() if IS_ESP32 else _Link(make, options.get("do_handshake_on_connect", True))

    ssl.SSLContext.wrap_socket = wrap_socket
