"""A state that is not as this twin writes it is one clear line, and stays as it is."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from host_tools.errors import MachineError
from host_tools.twin import TwinThread
from host_tools.twin.store import FILE_NAME
from tests.twin.conftest import GROUP, new_client_id

BROKEN = [
    ("credential", "UPDATE item SET value = substr(value, 1, 20) WHERE kind = 'credential'"),
    ("credential", """UPDATE item SET value = '{"client_id": "x", "colour": 1}' WHERE kind = 'credential'"""),
    (
        "credential",
        "UPDATE item SET value = replace(value, 'GID_', 'GID\\u005f\"') WHERE kind = 'credential'",
    ),
    ("credential", "UPDATE item SET value = '[]' WHERE kind = 'credential'"),
    ("credential", "UPDATE item SET value = NULL WHERE kind = 'credential'"),
    ("account", "UPDATE item SET value = 'not JSON at all' WHERE kind = 'account'"),
    ("account", "UPDATE item SET value = '5' WHERE kind = 'account'"),
    ("group", "UPDATE item SET value = '{}' WHERE kind = 'group'"),
    ("group", "UPDATE item SET value = replace(value, ': 1', ': \"1') WHERE kind = 'group'"),
    ("topic", "UPDATE item SET value = '' WHERE kind = 'topic'"),
    ("topic", "UPDATE item SET value = '{}' WHERE kind = 'topic'"),
    ("token", "INSERT INTO item VALUES ('token', 'x', '{}')"),
    ("session", "INSERT INTO item VALUES ('session', 'x', '{')"),
    ("message", "INSERT INTO item VALUES ('message', '1', '[1, 2]')"),
]


def keep_a_state(folder: Path) -> Path:
    with TwinThread(state_dir=folder, groups=[GROUP]) as twin:
        twin.call(twin.twin.state.new_credential, new_client_id())
    return folder / FILE_NAME


def change(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Run a statement on the state; all its rows afterwards."""
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(statement)
        return base.execute("SELECT * FROM item ORDER BY kind, key").fetchall()


@pytest.mark.parametrize(("kind", "edit"), BROKEN)
def test_a_row_that_cannot_be_read(tmp_path: Path, kind: str, edit: str) -> None:
    path = keep_a_state(tmp_path)
    before = change(path, edit)
    for _ in range(2):
        with pytest.raises(MachineError, match=f"holds a {kind} that cannot be read") as caught:
            TwinThread(state_dir=tmp_path).__enter__()
    assert "devcred twin reset" in str(caught.value) and str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert change(path, "SELECT 1") == before


def test_a_state_of_another_version(tmp_path: Path) -> None:
    path = keep_a_state(tmp_path)
    before = change(path, "PRAGMA user_version = 99")
    with pytest.raises(MachineError, match="another version of devcred wrote") as caught:
        TwinThread(state_dir=tmp_path).__enter__()
    assert "devcred twin reset" in str(caught.value)
    assert change(path, "PRAGMA user_version = 1") == before
    TwinThread(state_dir=tmp_path).__enter__().stop()


def test_a_database_of_another_program(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as base:
        base.execute("CREATE TABLE songs (title TEXT)")
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(MachineError, match="is not a twin's state"):
        TwinThread(state_dir=tmp_path).__enter__()
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
