"""Whether a resource covers a topic or a filter: rule by rule, and against every topic there is."""

import itertools

import pytest

from host_tools.twin.broker.coverage import any_covers, covers, parse_rules
from host_tools.twin.broker.filters import Subscriptions


@pytest.mark.parametrize(
    ("listed", "asked", "covered"),
    [
        ("t/a", "t/a", True),
        ("t/a", "t/A", False),
        ("T/a", "t/a", True),  # a parent topic has no case
        ("t/a", "t/a/b", False),
        ("t/+", "t/a", True),
        ("t/+", "t/a/b", False),
        ("t/+", "t", False),
        ("t/+", "t/+", True),
        ("t/+", "t/#", False),
        ("t/+/c", "t/a/c", True),
        ("t/+/c", "t/+/c", True),
        ("t/a/c", "t/+/c", False),
        ("t/#", "t/a/b/c", True),
        ("t/#", "t", True),
        ("t/#", "t/+/b", True),
        ("t/#", "t/#", True),
        ("t/#", "u/a", False),
        ("t/#", "+/a", False),
        ("t", "t/#", False),
        ("t/p2p/+", "t/p2p/GID_x@@@dev", True),
        ("t/p2p/GID_x@@@dev", "t/p2p/GID_x@@@other", False),
    ],
)
def test_coverage(listed: str, asked: str, covered: bool) -> None:
    assert covers(listed, asked) is covered


def test_a_hash_without_its_parent() -> None:
    assert not covers("t/#", "t", parent_of_hash=False)
    assert covers("t/#", "t/#", parent_of_hash=False)
    assert covers("t/#", "t/a", parent_of_hash=False)


def test_covered_is_what_no_topic_contradicts() -> None:
    """By brute force: the matcher of the broker itself says which topics each filter means."""
    levels = ["a", "b", "+"]
    filters = [
        *("/".join(each) for n in (1, 2, 3) for each in itertools.product(levels, repeat=n)),
        *("/".join((*each, "#")) for n in (1, 2) for each in itertools.product(levels, repeat=n)),
    ]
    topics = ["/".join(each) for n in (1, 2, 3, 4) for each in itertools.product("abc", repeat=n)]
    means = {text: {topic for topic in topics if _matches(text, topic)} for text in filters}
    for listed, asked in itertools.product(filters, repeat=2):
        assert covers(listed, asked) is (means[asked] <= means[listed]), (listed, asked)


def _matches(text: str, topic: str) -> bool:
    tree: Subscriptions[str] = Subscriptions()
    tree.add(text, "it", 0)
    return bool(tree.match(topic))


def test_as_text_only_filters_must_be_listed_as_they_are() -> None:
    assert any_covers(["t/#", "t/+"], "t/+", parent_of_hash=True, as_text=True)
    assert not any_covers(["t/#"], "t/+", parent_of_hash=True, as_text=True)
    assert any_covers(["t/#"], "t/a", parent_of_hash=True, as_text=True)


def test_rules_are_read_and_what_is_none_is_named() -> None:
    assert parse_rules(" R a/#, RW b/{client_id},") == (("R", "a/#"), ("RW", "b/{client_id}"))
    for text in ("a/#", "X a", "R a/#/b", "R"):
        with pytest.raises(ValueError, match="does not read"):
            parse_rules(text)
