"""Fault rules by themselves: what they match, how they count, and that chance can be repeated."""

import pytest

from host_tools.errors import ToolError, UsageError
from host_tools.twin.faults import Fault, FaultBook
from host_tools.twin.faults.rules import Event, covers


def puback(client_id: str = "GID_a@@@1", connection: str = "c1") -> Event:
    return Event("out", connection, client_id=client_id, packet="PUBACK")


def strikes(book: FaultBook, *events: Event) -> list[bool]:
    return [book.decide(event) is not None for event in events]


def test_a_fault_strikes_once_unless_told_otherwise() -> None:
    book = FaultBook(seed=1)
    number = book.add(where="out", what="drop", packet="PUBACK")
    assert strikes(book, puback(), puback()) == [True, False]
    (listed,) = book.list()
    assert (listed.number, listed.hits, listed.over) == (number, 1, True)
    assert not book.has("out")


def test_nth_and_times_count_what_matches() -> None:
    book = FaultBook(seed=1)
    book.add(where="out", what="drop", packet="PUBACK", nth=2, times=2)
    other = Event("out", packet="PINGRESP")
    assert strikes(book, puback(), other, puback(), other, puback(), puback()) == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]


def test_each_connection_or_client_can_count_by_itself() -> None:
    book = FaultBook(seed=1)
    book.add(where="out", what="drop", packet="PUBACK", nth=2, per="connection")
    events = [puback(connection=name) for name in ("a", "b", "a", "b", "b")]
    assert strikes(book, *events) == [False, False, True, True, False]
    book.clear()
    book.add(where="out", what="drop", per="client")
    events = [puback("x"), puback("x", "c2"), puback("y")]
    assert strikes(book, *events) == [True, False, True]


def test_client_ids_names_and_operations_are_patterns() -> None:
    fault = Fault("in", "close", client_id="GID_a@@@*")
    assert fault.matches(Event("in", client_id="GID_a@@@7"))
    assert not fault.matches(Event("in", client_id="GID_b@@@7"))
    assert Fault("api", "lost", operation="*Credential").matches(
        Event("api", operation="GetDeviceCredential")
    )
    hello = Fault("hello", "reset", server_name="*.aliyuncs.com")
    assert hello.matches(Event("hello", server_name="a.aliyuncs.com"))
    assert not hello.matches(Event("hello"))


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("a/+", "a/+", True),
        ("a/+", "a/#", False),
        ("a/b", "a/+", False),
    ],
)
def test_topic_patterns(pattern: str, topic: str, expected: bool) -> None:
    assert covers(pattern, topic) is expected


def test_the_rule_that_was_added_first_strikes_and_the_next_does_not_see_the_event() -> None:
    book = FaultBook(seed=1)
    first = book.add(where="out", what="drop")
    second = book.add(where="out", what="double")
    found = [decision.number for decision in map(book.decide, [puback()] * 2) if decision]
    assert found == [first, second]
    assert [each.met for each in book.list()] == [1, 1]


def test_a_rule_can_be_in_force_for_a_time() -> None:
    now_s = [0.0]
    book = FaultBook(seed=1, clock=lambda: now_s[0])
    book.add(where="out", what="drop", times=0, lasts_s=5)
    assert strikes(book, puback()) == [True]
    now_s[0] = 5.0
    assert strikes(book, puback()) == [False]
    assert book.list()[0].over


def chances(seed: int) -> list[bool]:
    book = FaultBook(seed=seed)
    book.add(where="out", what="drop", packet="PINGRESP", probability=0.5, times=0)
    book.add(where="out", what="drop", packet="PUBACK", probability=0.3, times=0)
    return strikes(book, *[puback()] * 1000)


def test_the_same_seed_makes_the_same_decisions() -> None:
    assert chances(7) == chances(7)
    assert chances(7) != chances(8)
    assert 250 < sum(chances(7)) < 350


def test_garbage_comes_from_the_seed_too() -> None:
    def garbage(seed: int) -> bytes:
        book = FaultBook(seed=seed)
        book.add(where="out", what="garbage")
        decision = book.decide(puback())
        assert decision is not None
        return decision.chance.randbytes(8)

    assert garbage(3) == garbage(3) != garbage(4)


def test_what_is_over_is_forgotten_while_the_fault_stays() -> None:
    """A fault that strikes for days must not gather what it did."""
    book = FaultBook(seed=1)
    book.add(where="out", what="hole", times=0)
    calls: list[int] = []
    for number in range(3):
        decision = book.decide(puback())
        assert decision is not None
        forget = decision.at_end(lambda number=number: calls.append(number))  # type: ignore[misc]
        if number != 1:
            forget()
    book.clear()
    assert calls == [1]


def test_a_hit_can_be_waited_for() -> None:
    book = FaultBook(seed=1)
    number = book.add(where="out", what="drop")
    with pytest.raises(ToolError, match="struck 0 times"):
        book.wait_hit(number, timeout_s=0.01)
    book.decide(puback())
    book.wait_hit(number)
    book.remove(number)
    with pytest.raises(ToolError, match="not set"):
        book.wait_hit(number)


def test_what_a_fault_holds_up_ends_with_it() -> None:
    book = FaultBook(seed=1)
    number = book.add(where="out", what="hole")
    decision = book.decide(puback())
    assert decision is not None
    ended: list[str] = []
    decision.at_end(lambda: ended.append("early"))
    assert book.remove(number) and not book.remove(number)
    decision.at_end(lambda: ended.append("late"))
    assert ended == ["early", "late"]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"where": "nowhere", "what": "drop"}, "where: "),
        ({"where": "out", "what": "certificate"}, "what: "),
        ({"where": "out", "what": "delay"}, "delay_ms: must be given"),
        ({"where": "out", "what": "delay", "delay_ms": "5"}, "delay_ms: must be a number"),
        ({"where": "out", "what": "drop", "nth": 0}, "nth: must be from 1"),
        ({"where": "out", "what": "drop", "nth": 1.5}, "nth: must be a whole number"),
        ({"where": "out", "what": "drop", "times": True}, "times: "),
        ({"where": "out", "what": "drop", "packet": "PUBLISHED"}, "packet: "),
        ({"where": "out", "what": "drop", "packet": "CONNACK"}, "packet: "),
        ({"where": "out", "what": "drop", "topic": "a/#/b"}, "topic: "),
        ({"where": "out", "what": "drop", "probability": 1.1}, "probability: "),
        ({"where": "out", "what": "drop", "probability": float("nan")}, "probability: "),
        ({"where": "out", "what": "drop", "code": 4}, "code: means nothing for out drop"),
        ({"where": "out", "what": "replace", "data": "0g"}, "data: "),
        ({"where": "hello", "what": "certificate", "certificate": "odd"}, "certificate: "),
        ({"where": "out", "what": "drop", "client": "x"}, "client: is no field"),
        ({"what": "drop"}, "where: must be given"),
        (["out"], "fault: must be a JSON object"),
        ({"where": ["out"], "what": "drop"}, "where: "),
    ],
)
def test_what_is_no_fault_is_one_line_that_names_the_field(fields: object, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        Fault.from_json(fields)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
