"""Files a command reads and writes, each failure as one line."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from devcred.errors import ConfigError
from host_tools.errors import UsageError

_MAX_BYTES = 1 << 20


def read(path: str, option: str) -> bytes:
    """The content of a file the user named."""
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror})", where=option, do="check the path"
        ) from None
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{path} is larger than 1 MiB", where=option, do="check the path")
    return content


def read_json(path: str, option: str) -> Any:
    """The JSON in a file; what is wrong with it is said without showing it."""
    try:
        return json.loads(read(path, option))
    except ValueError:
        raise UsageError(f"{path} is not valid JSON", where=option, do="check the file") from None


@contextmanager
def rules(where: str = "") -> Iterator[None]:
    """Turns a rule broken inside, of those that host and device share, into a UsageError."""
    try:
        yield
    except (ConfigError, ValueError) as broken:
        raise UsageError(str(broken), where=where) from None


class SecretFile:
    """A file for a secret, ready to be written before the secret exists.

    As a context manager it makes a file for the owner alone (0600) next to `path`; `write`
    puts it in its place, whole. Left without `write`, nothing remains.
    Raises UsageError if `path` is there already and `force` is not given, or if its folder cannot be written.
    """

    def __init__(self, path: str, *, force: bool) -> None:
        self.path = Path(path)
        self._force = force
        self._draft = ""

    def __enter__(self) -> Self:
        if self.path.is_dir() or (os.path.lexists(self.path) and not self._force):
            raise UsageError("exists already", where=str(self.path), do="name another file, or give --force")
        try:
            handle, self._draft = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        except OSError as error:
            raise _not_writable(self.path, error) from None
        os.close(handle)
        return self

    def write(self, content: bytes) -> None:
        """Puts `content` at `path`. The file's place is decided again here, against a race."""
        try:
            with open(self._draft, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if self._force:
                os.replace(self._draft, self.path)
            else:
                os.link(self._draft, self.path)
        except OSError as error:
            raise _not_writable(self.path, error) from None

    def __exit__(self, *exc: object) -> None:
        Path(self._draft).unlink(missing_ok=True)


def _not_writable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot be written ({error.strerror})", where=str(path), do="name another file")
