"""User names and passwords of ApsaraMQ for MQTT, for MicroPython and CPython alike.

DeviceCredential mode: the password is Base64 of HMAC-SHA1 (RFC 2104) over the whole
client ID, keyed with the DeviceAccessKeySecret, both as UTF-8. Token mode: the password
is the list of tokens itself. An argument that cannot be used raises ValueError; its text
names the argument and never shows the value.
"""

import binascii
import hashlib

from devcred import features

_BLOCK_BYTES = 64
# One exclusive-or over a 512-bit integer costs the VM far less than 64 over small ones.
_IPAD = int.from_bytes(b"\x36" * _BLOCK_BYTES, "big")
_OPAD = int.from_bytes(b"\x5c" * _BLOCK_BYTES, "big")

TOKEN_TYPES = ("R", "W", "RW")


def hmac_sha1(key, message) -> bytes:
    """The 20 bytes of HMAC-SHA1; `key` and `message` are str (taken as UTF-8) or bytes."""
    return _hmac(hashlib.sha1, _octets(key, "key"), _octets(message, "message"))


def hmac_sha256(key, message) -> bytes:
    """The 32 bytes of HMAC-SHA256; `key` and `message` are bytes."""
    return _hmac(hashlib.sha256, key, message)


def password(client_id, secret) -> str:
    """The CONNECT password, 28 characters, for `client_id` under its DeviceAccessKeySecret."""
    if features.CHECKS:
        mac = _hmac(hashlib.sha1, _octets(secret, "secret"), _octets(client_id, "client_id"))
    else:
        mac = _hmac(hashlib.sha1, secret.encode(), client_id.encode())
    return binascii.b2a_base64(mac)[:-1].decode()


def device_username(key_id, instance_id) -> str:
    """`DeviceCredential|<DeviceAccessKeyId>|<instance ID>`."""
    if not features.CHECKS:
        return "DeviceCredential|%s|%s" % (key_id, instance_id)
    return _joined("DeviceCredential", key_id, "key_id", instance_id)


def token_username(access_key_id, instance_id) -> str:
    """`Token|<AccessKeyId>|<instance ID>`; the account is the one that applied for the tokens."""
    return _joined("Token", access_key_id, "access_key_id", instance_id)


def token_password(tokens) -> str:
    """`R|<token>|W|<token>` from a dict by type, or from (type, token) pairs in any order.

    One to three tokens, each type (R, W, RW) at most once.
    """
    # MicroPython's dicts have no order, so a dict is read in the order of TOKEN_TYPES.
    pairs = _pairs(tokens)
    parts: list[str] = []
    for kind, token in pairs:
        if kind not in TOKEN_TYPES:
            raise ValueError("tokens: a type must be R, W or RW")
        if kind in parts[::2]:
            raise ValueError("tokens: a type stands twice")
        parts += [kind, _field(token, "tokens")]
    if not parts:
        raise ValueError("tokens: at least one is needed")
    return "|".join(parts)


def _pairs(tokens):
    if isinstance(tokens, dict):
        known = [(kind, tokens[kind]) for kind in TOKEN_TYPES if kind in tokens]
        if len(known) != len(tokens):
            raise ValueError("tokens: a type must be R, W or RW")
        return known
    try:
        return [(kind, token) for kind, token in tokens]
    except (TypeError, ValueError):
        pass
    raise ValueError("tokens: give a dict, or pairs of type and token")


def _hmac(made, key: bytes, message: bytes) -> bytes:
    # Both hashes work on blocks of 64 bytes.
    if len(key) > _BLOCK_BYTES:
        key = made(key).digest()
    block = int.from_bytes(key + bytes(_BLOCK_BYTES - len(key)), "big")
    # Two updates, where one over the joined bytes would copy a message of any length.
    inner = made((block ^ _IPAD).to_bytes(_BLOCK_BYTES, "big"))
    inner.update(message)
    outer = made((block ^ _OPAD).to_bytes(_BLOCK_BYTES, "big"))
    outer.update(inner.digest())
    return outer.digest()


def _octets(value, name: str) -> bytes:
    if isinstance(value, str):
        # MicroPython's codec lets lone surrogates pass; so that CPython's raises nothing,
        # whose text would show the value, it is told to as well.
        octets = value.encode("utf-8", "surrogatepass")
        if _has_surrogate(octets):
            raise ValueError(name + ": not valid Unicode text")
        return octets
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    raise ValueError(name + ": give str or bytes")


def _has_surrogate(octets: bytes) -> bool:
    # In UTF-8 U+D800 to U+DFFF, and nothing else, would begin with ED A0 to ED BF.
    at = octets.find(b"\xed")
    while at >= 0:
        if octets[at + 1 : at + 2] >= b"\xa0":
            return True
        at = octets.find(b"\xed", at + 1)
    return False


def _field(value, name: str) -> str:
    octets = _octets(value, name)
    if not octets:
        raise ValueError(name + ": is empty")
    # A bar would move the borders between the parts.
    if b"|" in octets:
        raise ValueError(name + ": must not hold a '|'")
    if min(octets) < 0x21 or 0x7F in octets:
        raise ValueError(name + ": must not hold blanks or control characters")
    if not _has_surrogate(octets):
        try:
            return octets.decode()
        except UnicodeError:
            pass  # raised below: the codec's own error would show the value
    raise ValueError(name + ": not valid UTF-8")


def _joined(mode: str, key_id, key_name: str, instance_id) -> str:
    return "|".join((mode, _field(key_id, key_name), _field(instance_id, "instance_id")))
