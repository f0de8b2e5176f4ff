"""A twin for other people's tests: `pytest -p host_tools.twin.pytest_plugin`.

`mqtt_twin` is a running TwinThread, new for each test. `mqtt_twin_factory` starts more of them, with
settings. `mqtt_device` registers a device and gives its login. All ends with the test.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from host_tools.twin import TwinThread
    from host_tools.twin.devices import Login

GROUP = "GID_test"
"""The group that these twins have from the start."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_MARKER = (
    "mqtt_twin(**options): what the fixture mqtt_twin gives the Twin, such as groups, topics or settings"
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def mqtt_twin_factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., "TwinThread"]]:
    """`mqtt_twin_factory(settings=Settings(...), topics=[...])`: another twin, with what Twin takes.

    It has the group GID_test unless `groups` says otherwise. For the time of the test HTTP_PROXY and its
    like are not in the environment: the official SDK would use them for this computer too.
    """
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    # Imported here: a session that uses no twin does not wait for it.
    from host_tools.twin import TwinThread

    with ExitStack() as stack:

        def start(**options: Any) -> TwinThread:
            return stack.enter_context(TwinThread(**{"groups": [GROUP], **options}))

        yield start


@pytest.fixture
def mqtt_twin(request: pytest.FixtureRequest, mqtt_twin_factory: Callable[..., "TwinThread"]) -> "TwinThread":
    """A twin of the test's own, nothing registered; the mark `mqtt_twin(...)` gives it options."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("mqtt_twin"))):
        options |= mark.kwargs
    return mqtt_twin_factory(**options)


@pytest.fixture
def mqtt_device(request: pytest.FixtureRequest) -> Callable[..., "Login"]:
    """`mqtt_device(client_id=..., twin=...)`: a login with .client_id, .username and .password.

    Without `client_id` it is a new one of GID_test, without `twin` that of the fixture mqtt_twin.
    """
    from host_tools.twin.devices import new_device

    numbers = itertools.count(1)

    def register(client_id: str = "", twin: "TwinThread | None" = None) -> "Login":
        return new_device(
            twin or request.getfixturevalue("mqtt_twin"), client_id or f"{GROUP}@@@device-{next(numbers)}"
        )

    return register
