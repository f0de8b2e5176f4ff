"""The twin's certification authority as it is kept, and TLS contexts from what is kept.

Making certificates is `certs`' business, which is loaded only where there is one to make.
"""

import os
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_RENEWED_S = 90 * 86_400
"""A server certificate is used for this long at most; it is good for a year."""

Keep = Callable[[str, Callable[[], str]], str]
"""The text kept under a name, or what the callable makes, which is kept then."""


@dataclass(frozen=True)
class Authority:
    """A CA; `key_pem` signs, so it is as secret as a secret gets here."""

    certificate_pem: str
    key_pem: str = field(repr=False)

    @property
    def der(self) -> bytes:
        """What a device trusts."""
        return ssl.PEM_cert_to_DER_cert(self.certificate_pem)


def keep_authority(keep: Keep, now_s: float) -> Authority:
    """The CA that is kept, or a new one."""
    made: list[Authority] = []

    def make_key() -> str:
        from host_tools.twin import certs

        made.append(certs.new_authority(now_s))
        return made[0].key_pem

    key_pem = keep("ca_key", make_key)
    return Authority(keep("ca_certificate", lambda: made[0].certificate_pem), key_pem)


def keep_context(keep: Keep, authority: Authority, names: list[str], now_s: float) -> ssl.SSLContext:
    """A TLS context with the server certificate that is kept for `names`, or a new one."""

    def make() -> str:
        from host_tools.twin import certs

        return certs.server_pem(authority, names, now_s)

    return context_of(keep(f"server {int(now_s // _RENEWED_S)} {' '.join(names)}", make))


def context_of(server_pem: str) -> ssl.SSLContext:
    """A server's TLS context: its key and its certificate, both as PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # OpenSSL reads certificates from files alone: mkdtemp's folder is 0700, and is gone when we leave.
    with tempfile.TemporaryDirectory(prefix="devcred-twin-") as folder:
        path = Path(folder, "server.pem")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
            file.write(server_pem)
        context.load_cert_chain(path)
    return context
