"""Topic filters: the standard's examples, and the index against the rule written out plainly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.twin.broker.filters import Subscriptions, is_filter, is_topic_name

# From the text of MQTT 3.1.1, section 4.7.1.
MATCHES = [
    ("sport/tennis/player1/#", "sport/tennis/player1", True),
    ("sport/tennis/player1/#", "sport/tennis/player1/ranking", True),
    ("sport/#", "sport", True),
    ("#", "any/thing", True),
    ("#", "$SYS/a", False),
    ("+/a", "$SYS/a", False),
    ("$SYS/#", "$SYS/a", True),
    ("sport/tennis/+", "sport/tennis/player1", True),
    ("sport/tennis/+", "sport/tennis/player1/ranking", False),
    ("sport/+", "sport", False),
    ("sport/+", "sport/", True),
    ("+/+", "/finance", True),
    ("/+", "/finance", True),
    ("+", "/finance", False),
    ("a/b", "a/b", True),
    ("a/b", "A/b", False),
]


@pytest.mark.parametrize(("text", "topic", "matches"), MATCHES)
def test_examples_of_the_standard(text: str, topic: str, matches: bool) -> None:
    index: Subscriptions[str] = Subscriptions()
    index.add(text, "who", 1)
    assert index.match(topic) == ({"who": 1} if matches else {})


@pytest.mark.parametrize("text", ["#", "+", "a/#", "+/a/#", "/", "a//b", "+/+"])
def test_filters_that_are_well_formed(text: str) -> None:
    assert is_filter(text)


@pytest.mark.parametrize("text", ["", "a#", "#/a", "a/#/b", "a+", "a/b+/c", "##", "+#"])
def test_filters_that_are_not(text: str) -> None:
    assert not is_filter(text)
    assert not is_topic_name(text)


def plainly_matches(text: str, topic: str) -> bool:
    """The rule level by level, with no index."""
    parts, levels = text.split("/"), topic.split("/")
    if parts[-1] == "#":
        parts.pop()
        if len(levels) < len(parts):
            return False
        levels = levels[: len(parts)]
    return len(parts) == len(levels) and all(p in ("+", n) for p, n in zip(parts, levels, strict=True))


level = st.sampled_from(["a", "b", ""])
pattern = st.lists(level | st.just("+"), min_size=1, max_size=4).flatmap(
    lambda levels: st.sampled_from(["/".join(levels), "/".join([*levels, "#"])])
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.tuples(st.integers(0, 3), pattern), st.integers(0, 2), max_size=8),
    st.data(),
    st.lists(level, min_size=1, max_size=4).map("/".join),
)
def test_the_index_agrees_with_the_rule(
    entries: dict[tuple[int, str], int], data: st.DataObject, topic: str
) -> None:
    index: Subscriptions[int] = Subscriptions()
    for (who, text), qos in entries.items():
        index.add(text, who, qos)
    gone = data.draw(st.sets(st.sampled_from(sorted(entries)))) if entries else set()
    for who, text in gone:
        index.remove(text, who)
    expected: dict[int, int] = {}
    for (who, text), qos in entries.items():
        if (who, text) not in gone and plainly_matches(text, topic):
            expected[who] = max(qos, expected.get(who, 0))
    assert index.match(topic) == expected


def test_removed_subscriptions_leave_nothing_behind() -> None:
    index: Subscriptions[int] = Subscriptions()
    for text in ("a/b", "a/+/c", "a/#", "+"):
        index.add(text, 1, 0)
    for text in ("a/b", "a/+/c", "a/#", "+", "never/there", "never/+/there"):
        index.remove(text, 1)
    assert vars(index)["_exact"] == {}
    assert not vars(index)["_root"].below
