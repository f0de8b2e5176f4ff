"""A device's credential, and how it reads in a record's payload.

Either the DeviceAccessKeySecret itself, from which the device computes its password at
boot; or the password that somebody else computed from it ("presigned"); or, in Token mode,
the tokens that an account applied for, `key_id` being that account's AccessKeyId, with the
time at which the first of them ends.
"""

import json

from devcred import features, signing, topics

_KEYS = ("client_id", "instance_id", "key_id")
_OTHER_KINDS = {"tokens": dict, "expire_s": int, "margin_s": int}


class Credential:
    """One device's right to connect: names in clear, the secret where nothing prints it."""

    def __init__(
        self, client_id, instance_id, key_id, secret="", password="", tokens=None, expire_s=0, margin_s=0
    ):
        """`tokens`: by type, R, W or RW; one of secret, password and tokens is given.

        Of tokens: `expire_s` since 1970, 0 if not known; with no more than `margin_s` left, ask for others.
        """
        self.client_id = topics.check_client_id(client_id) if features.CHECKS else client_id
        self.instance_id = instance_id
        self.key_id = key_id
        if features.CHECKS and bool(secret) + bool(password) + bool(tokens) != 1:
            raise ValueError("credential: give either the secret, the password or tokens")
        self._secret = secret
        self.tokens = tokens
        self._password = password
        if features.RENEWAL:
            self.expire_s = expire_s
            self.margin_s = margin_s
        if features.TOKEN and tokens:
            self.username = signing.token_username(key_id, instance_id)
            self._password = signing.token_password(tokens)
        else:
            self.username = signing.device_username(key_id, instance_id)

    @property
    def presigned(self) -> bool:
        """Whether the device holds the password only, never the secret."""
        return bool(self._password) and not self.tokens

    def password(self) -> str:
        """The CONNECT password; signed here unless it came presigned or is made of tokens."""
        return self._password or signing.password(self.client_id, self._secret)

    def sign_ahead(self):
        """The same credential presigned, so that the secret need not reach the device."""
        if self.tokens:
            return self  # nothing in it is secret to the device
        return Credential(self.client_id, self.instance_id, self.key_id, password=self.password())

    if features.TEXTS:

        def __repr__(self):
            return "Credential(%s, %s)" % (self.client_id, self.key_id)

    def payload(self) -> bytes:
        """For `records.pack`."""
        body = {key: getattr(self, key) for key in _KEYS}
        if self.tokens:
            body["tokens"] = self.tokens
            body["expire_s"] = self.expire_s
            body["margin_s"] = self.margin_s
        elif self._password:
            body["password"] = self._password
        else:
            body["secret"] = self._secret
        return json.dumps(body).encode()


def from_payload(payload: bytes) -> Credential:
    """The credential in a record's payload; ValueError says what is wrong, not what it holds."""
    try:
        body = json.loads(payload)
    except (ValueError, RuntimeError, MemoryError):  # the last two: nested too deep
        body = None
    if not isinstance(body, dict):
        raise ValueError("credential: not a JSON object")
    if features.CHECKS:
        _check(body)
    return Credential(**body)


def _check(body):
    for key in body:
        known = str if key in _KEYS + ("secret", "password") else _OTHER_KINDS.get(key)
        if known is None or not isinstance(body[key], known):
            raise ValueError("credential: holds a key that has no place there")
    for key in _KEYS:
        if key not in body:
            raise ValueError("credential: %s is missing" % key)
