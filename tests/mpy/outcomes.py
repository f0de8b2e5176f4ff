"""What became of each test, from what the runner inside the interpreter printed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.mpy.vm import Ended


@dataclass(frozen=True)
class Outcome:
    """`kind` is passed, skipped, failed or error; `printed` what the test itself wrote."""

    kind: str
    text: str = ""
    printed: str = ""


@dataclass
class _Events:
    ended: dict[str, Outcome] = field(default_factory=dict)
    found: list[str] | None = None
    import_failure: str = ""
    last: str = ""
    done: Mapping[str, Any] | None = None
    loose: list[str] = field(default_factory=list)

    def take(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "found":
                self.found = event["tests"]
            case "import-failed":
                self.import_failure = event["text"]
            case "start":
                self.last = event["test"]
                self.loose.clear()
            case "end":
                printed = "\n".join(self.loose).strip("\n")
                self.ended[event["test"]] = Outcome(event["outcome"], event["text"], printed)
                self.last = ""
            case "done":
                self.done = event


def judge(
    process: Ended, mark: str, wanted: Sequence[str], all_tests: Sequence[str]
) -> tuple[dict[str, Outcome], Mapping[str, list[int]]]:
    """({test: outcome} for every wanted one, {module: lines reached}).

    A test without a result of its own is an error, and so is every test of a run that did
    not reach its end, or whose file holds other tests than `all_tests`, those collected.
    """
    events = _read(process.stdout, mark)
    trouble = _trouble(events, process, wanted, all_tests)
    if not trouble:
        assert events.done is not None
        return events.ended, events.done["lines"]
    return {test: _spoilt(events, test, trouble) for test in wanted}, {}


def _read(stdout: str, mark: str) -> _Events:
    events = _Events()
    for line in stdout.splitlines():
        if event := _event(line, mark):
            events.take(event)
        else:
            events.loose.append(line)
    return events


def _event(line: str, mark: str) -> Mapping[str, Any] | None:
    if not line.startswith(mark + " "):
        return None
    try:
        event: Mapping[str, Any] = json.loads(line[len(mark) + 1 :])
    except ValueError:
        return None  # cut off where the process ended
    return event


def _trouble(events: _Events, process: Ended, wanted: Sequence[str], all_tests: Sequence[str]) -> str:
    """Why the run as a whole does not count, with the process's last words; empty if it does."""
    if events.import_failure:
        return f"the file cannot be imported under MicroPython\n{events.import_failure}"
    said = "\n".join([*events.loose[-20:], process.stderr[-4000:]]).strip()
    if events.done is None or process.returncode != 0:
        return f"{process.why()}\n{said}".strip()
    if sorted(events.found or []) != sorted(all_tests):
        other = sorted(set(events.found or []) ^ set(all_tests))
        return "collected and found tests differ: " + ", ".join(other)
    if sorted(events.ended) != sorted(wanted):
        return "results are missing"
    return ""


def _spoilt(events: _Events, test: str, trouble: str) -> Outcome:
    own = events.ended.get(test)
    if own and own.kind in ("failed", "error"):
        return own
    if events.last and events.last != test:
        return Outcome("error", f"the run broke off in {events.last}: {trouble}")
    return Outcome("error", trouble)
