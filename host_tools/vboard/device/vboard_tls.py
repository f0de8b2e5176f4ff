"""Stands in for the port's `tls`: the real one, which judges the dates of certificates by the board's clock.

The Mbed TLS below knows the computer's time alone. So each certificate of a server's chain is looked at once
more, where Mbed TLS asks the context's verify_callback, and what it says on a board is raised from there: the
handshake ends at the same point and with the same text. The socket stays the real one, and so does its poll.
Left out: the alert that tells the server of it; what else is wrong with the same certificate; a
verify_callback of the program's own, which takes this one's place; and a certificate which the computer's
clock refuses is refused, whatever the board's says.
"""

import time

import tls as _tls

globals().update({name: getattr(_tls, name) for name in dir(_tls) if name[0] != "_"})

_UTC_TIME = 0x17  # a year of two digits; 50 and above are of the last century (RFC 5280, 4.1.2.5.1)
_VERSION = 0xA0


class SSLContext:
    """What is made is a context of the real one's type."""

    def __new__(cls, protocol):
        context = _tls.SSLContext(protocol)

        def look_at(der, depth):
            if context.verify_mode == _tls.CERT_REQUIRED:
                _check_dates(der)
            return 0

        context.verify_callback = look_at
        return context


def _check_dates(der):
    now = b"%04d%02d%02d%02d%02d%02dZ" % time.gmtime()[:6]
    start, end = _dates(der)
    if now > end:
        raise ValueError("\nThe certificate validity has expired\n")
    if now < start:
        raise ValueError("\nThe certificate validity starts in the future\n")


def _dates(der):
    """notBefore and notAfter of a certificate, as b"YYYYMMDDHHMMSSZ"."""
    at = _extent(der, _extent(der, 0)[0])[0]
    if der[at] == _VERSION:
        at = _extent(der, at)[1]
    for _ in ("serial number", "algorithm", "issuer"):
        at = _extent(der, at)[1]
    start = _extent(der, at)[0]
    return _date(der, start), _date(der, _extent(der, start)[1])


def _date(der, at):
    first, end = _extent(der, at)
    text = bytes(der[first:end])
    if der[at] == _UTC_TIME:
        return (b"19" if text >= b"50" else b"20") + text
    return text


def _extent(der, at):
    """Where the value of the DER element at `at` begins and ends."""
    size, at = der[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        size, at = int.from_bytes(bytes(der[at : at + count]), "big"), at + count
    return at, at + size
