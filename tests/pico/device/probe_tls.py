"""Probes of TLS handshakes, good and bad."""

import ssl

from probe_plain import connected


def context(ca=True):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.verify_mode = ssl.CERT_REQUIRED
    if ca:
        with open("ca.der", "rb") as file:
            made.load_verify_locations(cadata=file.read())
    return made


def handshake(name, server_name="good.example"):
    plain = connected(name)
    try:
        context().wrap_socket(plain, server_hostname=server_name).close()
        return "accepted"
    finally:
        plain.close()


def pem():
    with open("ca.pem", "rb") as file:
        context(ca=False).load_verify_locations(cadata=file.read())
    return "accepted"


PROBES = (
    ("tls-good", lambda: handshake("tls-good")),
    ("tls-other-ca", lambda: handshake("tls-other-ca")),
    ("tls-other-name", lambda: handshake("tls-other-name")),
    ("tls-expired", lambda: handshake("tls-expired")),
    ("tls-not-yet-valid", lambda: handshake("tls-not-yet-valid")),
    ("tls-no-name", lambda: handshake("tls-good", None)),
    ("tls-peer-ends", lambda: handshake("ends")),
    ("tls-no-tls", lambda: handshake("babbles")),
    ("tls-pem", pem),
)
