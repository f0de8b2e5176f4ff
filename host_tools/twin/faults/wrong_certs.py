"""Server certificates with one thing wrong or peculiar, made when first asked for."""

import ssl
from collections.abc import Callable

from host_tools.twin.authority import Authority, context_of

_LONG_S = 400 * 86_400  # longer than a certificate is good for
_JUST_S = 60
_WRONG_NAMES = ["wrong-name.invalid"]


class WrongCertificates:
    """Called with one of `vocabulary.CERTIFICATES`: the TLS context that shows such a certificate."""

    def __init__(self, authority: Authority, names: list[str], clock: Callable[[], float]) -> None:
        self._authority = authority
        self._names = names
        self._clock = clock
        self._made: dict[str, ssl.SSLContext] = {}

    def __call__(self, kind: str) -> ssl.SSLContext:
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def _make(self, kind: str) -> ssl.SSLContext:
        from host_tools.twin import certs

        now_s = self._clock()
        if kind == "other-ca":
            return context_of(certs.server_pem(certs.new_authority(now_s), self._names, now_s))
        if kind == "other-name":
            return context_of(certs.server_pem(self._authority, _WRONG_NAMES, now_s))
        if kind == "expired":
            return context_of(certs.server_pem(self._authority, self._names, now_s - _LONG_S))
        since_s = now_s - _JUST_S if kind == "just-issued" else now_s + _LONG_S
        return context_of(certs.server_pem(self._authority, self._names, since_s, since_s))
