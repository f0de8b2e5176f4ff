"""`devcred token serve` as processes, for tests that kill them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from host_tools.tokens.state import State
from host_tools.twin import TwinThread

COMMAND = str(Path(sys.executable).parent / "devcred")


def environment(twin: TwinThread, state: State) -> dict[str, str]:
    """Of somebody who uses this twin and this state."""
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    return kept | {
        "HOME": str(state.folder),
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": twin.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": twin.access_key_secret,
        "DEVCRED_ENDPOINT": f"http://{twin.endpoint}",
        "DEVCRED_INSTANCE": twin.instance_id,
        "DEVCRED_TOKENS": str(state.folder),
        "DEVCRED_TOKENS_DATABASE": state.database_url,
    }


class Replica:
    """One process; `facts` are those of its first line."""

    def __init__(self, process: "subprocess.Popen[str]", facts: dict[str, Any], log: Path) -> None:
        self.process = process
        self.facts = facts
        self.log = log

    @property
    def port(self) -> int:
        return int(self.facts["port"])


@contextmanager
def replica(twin: TwinThread, state: State, log: Path, *arguments: str) -> Iterator[Replica]:
    """A replica that answers; killed at the end if it is still there."""
    command = [COMMAND, "token", "serve", "--port", "0", "--json", *arguments]
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=file, text=True, env=environment(twin, state)
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, log.read_text("utf-8")
        yield Replica(process, json.loads(line), log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
