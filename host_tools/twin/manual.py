"""The part of docs/twin.md that comes from the code, so that it cannot drift.

`python -m host_tools.twin.manual` writes those parts anew, each between `<!-- from the code: NAME -->` and
`<!-- end -->`; the rest of the page is written by hand. A test holds the page to this.
"""

import re
from collections.abc import Callable, Iterable

from devcred import topics
from host_tools import paths
from host_tools.twin import behaviours
from host_tools.twin.api.operations import NOT_MODELLED, OPERATIONS
from host_tools.twin.control_settings import ControlSettings
from host_tools.twin.delivery_settings import DeliverySettings
from host_tools.twin.faults.vocabulary import PLACES
from host_tools.twin.readings import Behaviour, of_settings
from host_tools.twin.settings import Settings
from host_tools.twin.token_settings import TokenSettings
from host_tools.twin.trace import KEPT, Action, Info, MessageAction

PAGE = paths.FIRMWARE.parent / "docs" / "twin.md"
_PART = re.compile(r"(<!-- from the code: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_Row = Iterable[object]
_HEADINGS = {
    Settings: "Connections and topics",
    DeliverySettings: "Messages",
    TokenSettings: "Rights and tokens",
    ControlSettings: "Control plane",
}


def settings() -> str:
    """Every setting, its readings, how sure its default is; a heading for each part of them."""
    head = ("setting", "**default**, other readings", "what", "default is", "source")
    known = {each.setting: each for each in of_settings(Settings)}
    parts = []
    for kind in (each for each in Settings.__mro__ if each is not object):
        own = [known[name] for name in kind.__annotations__]
        parts.append(f"### {_HEADINGS[kind]}\n\n{_table(head, map(_setting, own))}")
    return "\n".join(parts)


def fixed() -> str:
    """Every behaviour without a setting, a heading for each part of them."""
    return "\n".join(f"### {heading}\n\n{_behaviours(part)}" for heading, part in behaviours.PARTS.items())


def operations() -> str:
    """What the control plane answers to."""
    rows = [(f"`{name}`", _codes(operation.needs) or "-") for name, operation in sorted(OPERATIONS.items())]
    others = _codes(sorted(NOT_MODELLED))
    return _table(("implemented", "parameters that must be there"), rows) + (
        f"\nNot supported, answered with `ApiNotSupport`: {others}.\n"
    )


def trace() -> str:
    """The words of both traces."""
    actions = [(f"`{each}`", f"`{each.code}`") for each in Action]
    infos = "\n".join(f"- `{each}`" for each in Info)
    messages = [(f"`{each}`", f"`{each.code}`", f"`{each.info}`") for each in MessageAction]
    connections = _table(("Action of a connection", "ActionCode"), actions)
    steps = _table(("Action of a message", "ActionCode", "ActionInfo"), messages)
    return f"{connections}\nIts ActionInfo is one of:\n\n{infos}\n\n{steps}"


def faults() -> str:
    """What may happen where; the fields that choose, and those that say how."""
    rows = [
        (f"`{where}`", _codes(place.match), "; ".join(_action(*each) for each in place.actions.items()))
        for where, place in PLACES.items()
    ]
    return _table(("`where`", "chosen by", "`what` (with)"), rows)


def limits() -> str:
    """The figures that are no settings."""
    rows = [
        ("characters of a client ID, and of a Group ID", f"{topics.ID_MAX_CHARS}, at most"),
        ("characters of a Group ID", f"{topics.GROUP_MIN_CHARS}, at least"),
        ("characters of a topic", f"{topics.TOPIC_MIN_CHARS} to {topics.TOPIC_MAX_CHARS}"),
        ("bytes of a payload", f"{topics.PAYLOAD_MAX_BYTES}, at most"),
        ("entries of the trace", f"the last {KEPT}, those of messages by setting"),
    ]
    return _table(("what", "limit"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "fixed": fixed,
    "operations": operations,
    "trace": trace,
    "faults": faults,
    "limits": limits,
}


def render(page: str) -> str:
    """The page with its parts from the code as the code has them. KeyError for a part unknown."""
    return _PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]()}\n{part[3]}", page)


def _behaviours(part: Iterable[Behaviour]) -> str:
    rows = [(_prose(each.text), each.tag, _prose(each.source)) for each in part]
    return _table(("behaviour", "tag", "source"), rows)


def _setting(each: Behaviour) -> _Row:
    return (f"`{each.setting}`", _readings(each), _prose(each.text), each.tag, _prose(each.source))


def _action(what: str, fields: tuple[str, ...]) -> str:
    # A field that must be given is marked so in the vocabulary; here it is the one not in brackets.
    how = [f"`{name[:-1]}`" if name.endswith("!") else f"[`{name}`]" for name in fields]
    return f"`{what}` ({', '.join(how)})" if how else f"`{what}`"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _readings(behaviour: Behaviour) -> str:
    default = behaviour.default
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    if default == "":
        return "text, empty"
    return ", ".join([f"**`{default}`**", *(f"`{each}`" for each in behaviour.others)])


def _prose(text: str) -> str:
    """Text that Markdown would take for markup stays text."""
    return re.sub(r"([*_<])", r"\\\1", text)


def _table(head: tuple[str, ...], rows: Iterable[_Row]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text("utf-8")), "utf-8")
