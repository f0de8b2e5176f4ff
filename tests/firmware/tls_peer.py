"""A server that completes a TLS handshake over loopback and then reads nothing more; stepped by `feed`.

Its certificate proves nothing to anybody: client and server are of one test.
"""

import binascii
import ssl

from peer import Peer

_CERTIFICATE = (
    b"MIIBbzCCARWgAwIBAgIUH8+J/U6p8mLlQOlH3FzDc0utisswCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBdDAgFw0yNjExMjQw"
    b"NzQzNTdaGA8yMTI2MTAzMTA3NDM1N1owDDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNjQ5nv9pF+X"
    b"yhSw5kIRs5OHMmOGDF4n3hUBLEsilL6hxHH1hqRkCLTHBcg0UGKSrnawSGxcOCWOdRXGHvd69VmjUzBRMB0GA1UdDgQWBBSr"
    b"aBIuQI+65tVKBfwKOoVJ6NR3/TAfBgNVHSMEGDAWgBSraBIuQI+65tVKBfwKOoVJ6NR3/TAPBgNVHRMBAf8EBTADAQH/MAoG"
    b"CCqGSM49BAMCA0gAMEUCIGtTsfNOUqU2GyypstfzWJKkalUAPnFf6N1rBQtGjT8EAiEAkZtfQyNa9FhVwI9gG9oou/r/h1tC"
    b"5SE0dPAJdErc0EA="
)

# Made for this file, used nowhere else.
_KEY = (
    b"MHcCAQEEIAuxtszTg4AxTX15lPqJJ5fjABNSQPXFf3WwzGdzN1qxoAoGCCqGSM49AwEHoUQDQgAE2NDme/2kX5fKFLDmQhGz"
    b"k4cyY4YMXifeFQEsSyKUvqHEcfWGpGQItMcFyDRQYpKudrBIbFw4JY51FcYe93r1WQ=="
)


def client_context():
    """A context that asks for no certificate: what is tested here is time, not trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class TlsPeer(Peer):
    """Takes the client's first packet, which ends the handshake, and falls silent."""

    def __init__(self):
        super().__init__()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(binascii.a2b_base64(_CERTIFICATE), binascii.a2b_base64(_KEY))
        self._secure = None

    def _take(self):
        if self._secure is None:
            self._secure = self._context.wrap_socket(
                self._link, server_side=True, do_handshake_on_connect=False
            )
        if not self.received:
            self.received = self._secure.read(2048) or b""

    def stop(self):
        if self._secure is not None:
            self._secure.close()
            self._link = None
        super().stop()
