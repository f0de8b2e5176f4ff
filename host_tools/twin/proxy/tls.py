"""TLS that ends at the proxy: a CA of its own, and under it a certificate for the server's names."""

import ssl
import time
from collections.abc import Callable

from host_tools.twin import certs
from host_tools.twin.authority import Authority, context_of
from host_tools.twin.faults.wrong_certs import WrongCertificates


class TlsEnd:
    """`names` are host names and IP addresses. Without an `authority` one is made, in memory only."""

    def __init__(
        self, names: list[str], authority: Authority | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.authority = authority or certs.new_authority(clock())
        self._right = context_of(certs.server_pem(self.authority, names, clock()))
        self._wrong = WrongCertificates(self.authority, names, clock)

    @property
    def ca_der(self) -> bytes:
        """What a device has to trust."""
        return self.authority.der

    def context(self, wrong: str = "") -> ssl.SSLContext:
        """With the certificate, or with one of `vocabulary.CERTIFICATES`, which are wrong."""
        return self._wrong(wrong) if wrong else self._right
