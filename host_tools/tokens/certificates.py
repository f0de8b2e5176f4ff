"""The server's certificate, read anew when its files change or somebody says so."""

import ssl
from pathlib import Path

from host_tools.errors import UsageError


class Certificates:
    """`context` is what a listener uses; new handshakes see what was read last."""

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain = chain
        self._key = key
        self._seen = self._stamps()
        self.context = self._fresh()

    def reload(self) -> None:
        """Read both files. UsageError when they do not fit; what was there before stays in use."""
        self._seen = self._stamps()
        self._fresh()
        self.context.load_cert_chain(self._chain, self._key)

    def reload_if_changed(self) -> bool:
        """Whether the files have changed, and were read; a failure is told once for each change."""
        if self._stamps() == self._seen:
            return False
        self.reload()
        return True

    def _fresh(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            # Without a password function OpenSSL would ask on the terminal.
            context.load_cert_chain(self._chain, self._key, password=lambda: "")
        except (OSError, ssl.SSLError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise UsageError(
                f"certificate and key cannot be used ({why})",
                where=f"{self._chain}, {self._key}",
                do="give a PEM chain and its key, without a password",
            ) from None
        return context

    def _stamps(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp(path) for path in (self._chain, self._key))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
