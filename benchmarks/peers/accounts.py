"""Device credentials for all brokers of a run, made by the twin's own state."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from devcred import signing
from host_tools.twin.state import State
from host_tools.twin.store import SqliteStore

GROUP = "GID_bench"
TOPIC = "devcred"


@dataclass(frozen=True, slots=True)
class Account:
    """What a device logs in with; `secret` is what a broker has to know."""

    client_id: str
    username: str
    secret: str = field(repr=False)

    @property
    def password(self) -> str:
        """The signature that the device sends."""
        return signing.password(self.client_id, self.secret)


def make(folder: Path, count: int) -> list[Account]:
    """`count` credentials, kept in `folder` as the state of a twin."""
    state = State(SqliteStore(folder), clock=time.time)
    state.add_group(GROUP)
    state.add_topic(TOPIC)
    made = []
    for number in range(count):
        credential = state.new_credential(f"{GROUP}@@@device{number:05d}")
        username = signing.device_username(credential.key_id, state.instance_id)
        made.append(Account(credential.client_id, username, credential.secret))
    state.close()
    return made


def write_private(path: Path, text: str) -> None:
    """A file for its owner alone: it holds passwords, if only of brokers that end with the run."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def write(path: Path, accounts: list[Account]) -> None:
    """The accounts as the load generator reads them."""
    lines = (f"{each.client_id}\t{each.username}\t{each.password}\n" for each in accounts)
    write_private(path, "".join(lines))
