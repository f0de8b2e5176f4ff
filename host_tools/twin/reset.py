"""A state folder made empty again; the same folder then starts a new instance."""

import sqlite3
from contextlib import closing
from pathlib import Path

from host_tools.errors import MachineError, UsageError
from host_tools.twin.store import FILE_NAME

CA_FILE = "ca.der"
SECRET_FILE = "access-key-secret"
"""What `devcred twin` lays beside the state for its users."""
_NAMES = (FILE_NAME, *(FILE_NAME + end for end in ("-wal", "-shm", "-journal")), CA_FILE, SECRET_FILE)


def found(folder: Path) -> list[Path]:
    """The files that a twin left in `folder`, the state first; anything else there is not ours.

    Raises UsageError where there is no state, MachineError while a twin uses it.
    """
    try:
        there = [folder / name for name in _NAMES if (folder / name).is_file()]
    except OSError as error:
        raise _cannot(folder, error) from None
    if not there or there[0].name != FILE_NAME:
        raise UsageError("there is no twin's state", where=str(folder), do="name the folder of --state")
    _check_free(there[0])
    return there


def reset(folder: Path) -> list[Path]:
    """Remove those files, the folder stays; what was removed. Raises what `found` raises."""
    there = found(folder)
    try:
        for path in there:
            # Looking at the state may itself have tidied one of them away.
            path.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot(folder, error) from None
    return there


def _check_free(path: Path) -> None:
    """A file that is broken is free as well: to be rid of it is what a reset is for."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0.2)) as base:
            base.execute("BEGIN IMMEDIATE")
            base.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise MachineError(
                f"the state in {path.parent} is in use", where="twin reset", do="stop the twin first"
            ) from None


def _cannot(folder: Path, error: OSError) -> MachineError:
    return MachineError(
        f"cannot remove the state in {folder} ({error.strerror})",
        where="twin reset",
        do="see that it is yours to write to",
    )
