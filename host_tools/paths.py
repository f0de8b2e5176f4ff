"""Where the project's data lies: in a checkout at its root, in an installed wheel beside us."""

import os
import tempfile
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent
IN_CHECKOUT = (_CHECKOUT / "firmware" / "devcred").is_dir()
_DATA = _CHECKOUT if IN_CHECKOUT else _PACKAGE / "_data"

BOARDS = _DATA / "boards"
FIRMWARE = _DATA / "firmware"


def cache() -> Path:
    """A folder for what can be fetched or built again; git ignores it. Made if missing."""
    default = _CHECKOUT / "build" if IN_CHECKOUT else Path(platformdirs.user_cache_path("devcred"))
    folder = Path(os.environ.get("DEVCRED_CACHE") or default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep(file: Path, content: bytes) -> None:
    """Put `content` at `file`: whole under its final name or not there, as others may be reading."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as made:
        made.write(content)
    os.replace(name, file)
