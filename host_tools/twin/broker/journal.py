"""Sessions and their messages in the store, so that they outlive the process, at a small price.

Changes are gathered and written in one transaction: what is new before the acknowledgement that depends on it
leaves, what is done with a moment later, as a message that comes twice does no harm at QoS 1. No write
waits for the disk; the process may be killed at any time, a power cut may cost the last moments.
"""

import asyncio
import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any

from host_tools.twin import rows
from host_tools.twin.broker.letter import Letter
from host_tools.twin.store import Store

_LATER_S = 0.5
_SESSION, _MESSAGE = "session", "message"


class Journal:
    """Writes through a store. `dirty`: something must be written before an acknowledgement leaves."""

    def __init__(self, store: Store) -> None:
        self.dirty = False
        self._store = store
        self._pending: dict[tuple[str, str], str | None] = {}
        self._later: asyncio.TimerHandle | None = None
        self._rows = itertools.count(1)

    def sessions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Client ID and what `keep_session` was given, of each session."""
        yield from rows.read(self._store, _SESSION, _session).items()

    def letters(self) -> Iterator[tuple[str, Letter]]:
        """Client ID and message, in the order in which they were kept."""
        last = 0
        for key, (client_id, letter) in sorted(rows.read(self._store, _MESSAGE, _letter).items()):
            last = letter.row = int(key)
            yield client_id, letter
        self._rows = itertools.count(last + 1)

    def keep_session(self, client_id: str, *, established: bool, subscriptions: dict[str, int]) -> None:
        """A session is new, or has other subscriptions."""
        text = json.dumps({"established": established, "subscriptions": subscriptions})
        self._put((_SESSION, client_id), text)

    def drop_session(self, client_id: str) -> None:
        """A session ended."""
        self._delete((_SESSION, client_id))

    def keep(self, client_id: str, letter: Letter) -> None:
        """A message is on its way, or waits; once is enough."""
        if letter.row:
            return
        letter.row = next(self._rows)
        payload = base64.b64encode(letter.payload).decode()
        fields = (client_id, letter.topic, payload, letter.qos, letter.packet_id, letter.until_s)
        self._put((_MESSAGE, f"{letter.row:016d}"), json.dumps(fields))

    def drop(self, letter: Letter) -> None:
        """A message was acknowledged, or is given up."""
        if letter.row:
            key = (_MESSAGE, f"{letter.row:016d}")
            letter.row = 0
            if self._pending.pop(key, None) is None:  # else it was never written
                self._delete(key)

    def commit(self) -> None:
        """Write all changes now. MachineError where the store cannot: what depends on it must not leave."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._pending:
            self._store.write((kind, key, value) for (kind, key), value in self._pending.items())
            # Not before it is written: where that fails it is tried again with the next.
            self._pending = {}
        self.dirty = False

    def _put(self, key: tuple[str, str], value: str) -> None:
        self._pending[key] = value
        if not self.dirty:
            self.dirty = True
            self._soon()

    def _delete(self, key: tuple[str, str]) -> None:
        self._pending[key] = None
        self._soon()

    def _soon(self) -> None:
        # Whoever acknowledges commits at once; this is for what nobody waits for.
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(_LATER_S, self.commit)


def _session(row: Any) -> dict[str, Any]:
    subscriptions = {str(text): int(qos) for text, qos in row["subscriptions"].items()}
    return {"established": bool(row["established"]), "subscriptions": subscriptions}


def _letter(row: Any) -> tuple[str, Letter]:
    client_id, topic, payload, qos, packet_id, until_s = row
    letter = Letter(str(topic), base64.b64decode(payload), int(qos), packet_id=int(packet_id))
    letter.keep, letter.until_s, letter.offline = True, float(until_s), not packet_id
    return str(client_id), letter
