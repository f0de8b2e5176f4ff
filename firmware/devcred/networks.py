"""Wi-Fi networks the device may join, and how they read in a record's payload.

They lie in a record of their own since a Wi-Fi password is a secret, which the
configuration never holds.
"""

import json

from devcred import features

SSID_MAX_BYTES = 32
PASSWORD_MIN_CHARS = 8
PASSWORD_MAX_CHARS = 64
MOST = 8


def check(networks):
    """`networks`: a list of (SSID, password) pairs, an empty password for an open network."""
    if not isinstance(networks, (list, tuple)) or not 1 <= len(networks) <= MOST:
        raise ValueError("networks: 1 to %d are needed" % MOST)
    return [_network(item) for item in networks]


def _network(item):
    if not isinstance(item, (list, tuple)) or len(item) != 2:
        raise ValueError("networks: each is a pair of SSID and password")
    for text in item:
        if not isinstance(text, str):
            raise ValueError("networks: SSID and password must be text")
    ssid, password = item
    if not 1 <= len(ssid.encode()) <= SSID_MAX_BYTES:
        raise ValueError("networks: an SSID has 1 to %d bytes" % SSID_MAX_BYTES)
    if password and not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS:
        raise ValueError(
            "networks: a password has %d to %d characters" % (PASSWORD_MIN_CHARS, PASSWORD_MAX_CHARS)
        )
    return (ssid, password)


def to_payload(networks) -> bytes:
    """For `records.pack`."""
    return json.dumps([list(pair) for pair in check(networks)]).encode()


def from_payload(payload: bytes):
    """The list of pairs; ValueError says what is wrong, not what it holds."""
    try:
        networks = json.loads(payload)
    except (ValueError, RuntimeError, MemoryError):  # the last two: nested too deep
        networks = json
    # Not raised above: CPython would chain the decoder's error, which holds the payload.
    if networks is json:
        raise ValueError("networks: not valid JSON")
    return check(networks) if features.CHECKS else networks
