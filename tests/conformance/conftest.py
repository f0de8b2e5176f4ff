"""The brokers under test, connections to them that end with the test, and the twin as the service has it."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from host_tools.twin import TwinThread
from tests.conformance import brokers
from tests.conformance.brokers import Broker
from tests.conformance.differences import MOSQUITTO
from tests.conformance.raw import Raw
from tests.twin import conftest as of_twin
from tests.twin.conftest import GROUP

_no_proxy = of_twin._no_proxy

Dial = Callable[..., Raw]
HERE = Path(__file__).resolve().parent
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def _twin_broker() -> Iterator[Broker]:
    with brokers.twin() as running:
        yield running


@pytest.fixture(scope="session")
def _mosquitto_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with brokers.mosquitto(tmp_path_factory.mktemp("mosquitto")) as running:
        yield running


@pytest.fixture(params=["twin", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each broker in turn."""
    found: Broker = request.getfixturevalue(f"_{request.param}_broker")
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What mosquitto does otherwise is a strict xfail: the table of differences is tried with each run.

    Without mosquitto one test stays, to be skipped and say so for all.
    """
    its_own = [item for item in items if _needs_mosquitto(item)]
    for item in its_own:
        name = item.name.replace("[mosquitto]", "").replace("[mosquitto-", "[")
        if name in MOSQUITTO:
            item.add_marker(pytest.mark.xfail(reason=MOSQUITTO[name], strict=True))
    if its_own and not all(map(brokers.found, ("mosquitto", "mosquitto_pub"))):
        config.hook.pytest_deselected(items=its_own[1:])
        items[:] = [item for item in items if item not in set(its_own[1:])]


def _needs_mosquitto(item: pytest.Item) -> bool:
    if item.path.parent != HERE:
        return False
    call = getattr(item, "callspec", None)
    of_broker = call.params.get("broker") if call else None
    return item.path.name == "test_commands.py" or of_broker == "mosquitto"


@pytest.fixture
def dial(broker: Broker) -> Iterator[Dial]:
    """Connections to the broker, not logged in."""
    with ExitStack() as stack:

        def dial(deadline_s: float = 5.0) -> Raw:
            return stack.enter_context(Raw(broker.port, deadline_s))

        yield dial


@pytest.fixture
def wire(dial: Dial, name: str) -> Raw:
    """A client that is logged in, in a clean session."""
    return dial().login(name)


@pytest.fixture
def other(dial: Dial, name: str) -> Raw:
    """A second one."""
    return dial().login(name + "b")


@pytest.fixture
def name() -> str:
    """A client ID, and a topic's first level, that no other test has."""
    return f"c{next(_NUMBERS)}"


@pytest.fixture(scope="session")
def service() -> Iterator[TwinThread]:
    """The twin with all rules of the service."""
    with TwinThread(groups=[GROUP]) as running:
        yield running
