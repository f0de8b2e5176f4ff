"""Whether a listed topic or pattern covers what a client asks for; pure."""

from collections.abc import Iterable

from host_tools.twin.broker.filters import has_wildcard, is_filter

KINDS = ("R", "W", "RW")
CLIENT_ID = "{client_id}"


def covers(listed: str, asked: str, *, parent_of_hash: bool = True) -> bool:
    """Whether every topic that `asked` (a topic or a filter) can mean is among those of `listed`.

    `Topic1/+` covers one level, `Topic1/#` every depth (help: ApplyToken), and, with `parent_of_hash`,
    `Topic1` itself as in MQTT-4.7.1-2. The case of the first level makes no difference (help: limits).
    """
    ours, theirs = _levels(listed), _levels(asked)
    for index, level in enumerate(ours):
        if level == "#":
            return parent_of_hash or len(theirs) > index
        if index == len(theirs) or theirs[index] == "#":
            return False
        if level not in ("+", theirs[index]):
            return False
    return len(ours) == len(theirs)


def any_covers(listed: Iterable[str], asked: str, *, parent_of_hash: bool, as_text: bool = False) -> bool:
    """Whether one of `listed` covers it; `as_text`: a filter with wildcards must be listed as it is."""
    if as_text and has_wildcard(asked):
        return asked in listed
    return any(covers(each, asked, parent_of_hash=parent_of_hash) for each in listed)


def parse_rules(text: str) -> tuple[tuple[str, str], ...]:
    """`R a/#, RW b/{client_id}` as pairs of kind and filter. Raises ValueError, naming the rule."""
    rules = []
    for rule in filter(None, (each.strip() for each in text.split(","))):
        kind, _, pattern = rule.partition(" ")
        if kind not in KINDS or not is_filter(pattern):
            raise ValueError(f"{rule!r} does not read <R, W or RW> <topic or filter>")
        rules.append((kind, pattern))
    return tuple(rules)


def _levels(text: str) -> list[str]:
    levels = text.split("/")
    levels[0] = levels[0].lower()
    return levels
