"""Every normative statement of MQTT 3.1.1 has a test, or a reason for none."""

from pathlib import Path

from tests.conformance.differences import MOSQUITTO
from tests.conformance.statements import ALL, ELSEWHERE, citations, cited

TESTS = citations(Path(__file__).parent)


def test_each_statement_has_a_test_or_a_reason() -> None:
    named = set().union(*TESTS.values())
    assert named - ALL == set(), "no such statements"
    assert ALL - named - set(ELSEWHERE) == set(), "neither tested nor explained"
    assert named & set(ELSEWHERE) == set(), "tested after all"


def test_each_test_is_named_after_a_statement_that_it_cites() -> None:
    wrong = [
        name
        for name, names in TESTS.items()
        if name.startswith("test_mqtt_") and not any(name.startswith(_prefix(each)) for each in names)
    ]
    assert wrong == []


def _prefix(statement: str) -> str:
    return "test_mqtt_" + statement.replace(".", "_").replace("-", "_") + "_"


def test_the_differences_are_of_tests_that_exist() -> None:
    assert {name.partition("[")[0] for name in MOSQUITTO} <= set(TESTS)


def test_what_a_docstring_cites() -> None:
    text = "MQTT-3.1.2-9, -11 and -13; MQTT-3.1.2-18 to -20, MQTT-3-8.3-4: words"
    assert cited(text) == {"3.1.2-9", "3.1.2-11", "3.1.2-13", "3.1.2-18", "3.1.2-19", "3.1.2-20", "3-8.3-4"}
