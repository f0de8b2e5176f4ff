"""The HTTP API asked by schemathesis by its own OpenAPI document: no 5xx, no secret, no other form.

DEVCRED_FUZZ_HTTP is the number of requests of each kind for each operation; DEVCRED_SEED repeats a run.
"""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from host_tools.tokens import challenge
from host_tools.twin import TwinThread
from tests.fuzz import seeding
from tests.tokens.conftest import GROUP, SHARED, Serve, Server, enter

pytestmark = SHARED
COUNT = seeding.count("DEVCRED_FUZZ_HTTP", 6)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ASKER, OTHER, SPARE = (f"{GROUP}@@@{name}" for name in ("asker", "other", "spare"))
ACCOUNTS = "/v1/admin/accounts"
RIGHT = "the right one"
KEYS = (RIGHT, RIGHT, RIGHT, "wrong", None)
"""What requests are sent with as admin key."""
PROVED = {"/v1/tokens": "tokens", "/v1/credential": "credential"}


Request = Case[Any]


class Fuzzed(Server):
    """A server full of secrets, and who asks it."""

    def __init__(self, server: Server, twin: TwinThread) -> None:
        super().__init__(server.thread, server.server, server.state, server.log)
        self.base_url = f"http://127.0.0.1:{server.port}"
        self.asker_key = enter(server.state, ASKER, ("shop/asker",), (), recovery="secret")
        enter(server.state, SPARE)
        other_key = enter(server.state, OTHER, ("shop/other",), ("shop/of-other",))
        other = server.tokens(OTHER, other_key)
        made = [twin.call(twin.twin.state.new_credential, each) for each in (ASKER, OTHER)]
        server_key = (server.state.folder / "server.key").read_text().strip()
        self.canaries = {
            "AccessKey secret": twin.access_key_secret,
            "admin key": server.state.admin_key,
            "sealing key": server_key,
            "sealing key, as hexadecimal": base64.b64decode(server_key).hex(),
            "asker's device key": self.asker_key,
            "other's device key": other_key,
            "other's password": other["password"],
            "other's DeviceCredential": made[1].secret,
            **{f"other's token {kind}": text for kind, text in other["tokens"].items()},
        }
        self.session = requests.Session()
        self.statuses: Counter[tuple[str, int]] = Counter()

    def ask_and_check(self, case: Request, key: str | None) -> None:
        """Sends the request with this admin key, or none, and looks at everything in the answer."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        # In the place of one that was made up, which would end most requests at the door.
        case.headers.pop("authorization", None)
        answer = case.call(base_url=self.base_url, session=self.session, headers=headers, timeout=20)
        self.statuses[case.operation.label, answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)
        told = json.dumps(dict(answer.headers)) + answer.text
        assert [name for name, secret in self.canaries.items() if secret in told] == []
        assert not repeats_a_key(case, told)

    def ask_in_order(self, operation: Any) -> None:
        """What somebody asks who has read the manual, so that each run has answers that are no refusal."""
        case = operation.Case(path_parameters={"name": OTHER} if "{name}" in operation.path else {})
        if operation.path in PROVED:
            self.ask_and_check(self.proved(case), None)
        elif operation.method == "get":
            self.ask_and_check(case, self.state.admin_key)
        else:
            return
        assert self.statuses[operation.label, 200] == 1

    def sensible(self, case: Request) -> Request:
        """The same request with what chance does not find: a proof, a name that fits its kind."""
        if case.operation.path in PROVED:
            return self.proved(case)
        if case.operation.path == ACCOUNTS and isinstance(case.body, dict):
            named = {"name": f"GID_fuzz@@@{self.statuses.total()}", "kind": "device", "key": "k" * 43}
            case.body = {**case.body, **named, "client_ids": [], "read": ["shop/a"], "write": []}
        elif "name" in case.path_parameters:
            case.path_parameters["name"] = OTHER if case.operation.method == "get" else SPARE
        return case

    def proved(self, case: Request) -> Request:
        """The same request by a device that is in order."""
        nonce = self.nonce(ASKER)
        proof = challenge.proof(self.asker_key, PROVED[case.operation.path], ASKER, nonce)
        case.body, case.media_type = {"client_id": ASKER, "nonce": nonce, "proof": proof}, "application/json"
        return case


def repeats_a_key(case: Request, told: str) -> bool:
    """Whether the answer holds the device key that was sent, unless an account was sent by that name too."""
    body = case.body if isinstance(case.body, dict) else {}
    sent = body.get("key")
    if not isinstance(sent, str) or len(sent) < 16 or sent in str(case.path_parameters):
        return False
    return sent in told and sent != body.get("name")


@pytest.fixture
def fuzzed(twin: TwinThread, serve: Serve) -> Iterator[Fuzzed]:
    made = Fuzzed(serve(), twin)
    yield made
    made.session.close()


@pytest.fixture
def operations(fuzzed: Fuzzed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """What the running server says that it can do."""
    monkeypatch.chdir(tmp_path)  # where there is no schemathesis.toml of anybody's
    _, document = fuzzed.call("GET", "/openapi.json")
    found: list[Any] = list(schemathesis.openapi.from_dict(document).get_all_operations())
    return [each.ok() for each in found]


def test_no_request_gets_a_5xx_a_secret_or_an_answer_of_another_form(
    fuzzed: Fuzzed, operations: list[Any]
) -> None:
    seed = seeding.source("http").getrandbits(32)
    assert len(operations) >= 15
    for operation in operations:
        fuzzed.ask_in_order(operation)
        for mode in GenerationMode:
            fuzz(fuzzed, operation, mode, seed)
    seeding.say(f"{fuzzed.statuses.total()} requests, answers by status: {by_status(fuzzed.statuses)}")
    # What is asked for was reached, and what is to be refused was refused.
    succeeded = {label for label, status in fuzzed.statuses if status < 300}
    assert {f"POST {path}" for path in PROVED} <= succeeded
    assert {each.label for each in operations if each.method == "get"} <= succeeded
    assert any(status == 401 for _, status in fuzzed.statuses)
    assert any(status == 422 for _, status in fuzzed.statuses)
    assert fuzzed.events("internal-error") == []
    assert [name for name, secret in fuzzed.canaries.items() if secret in fuzzed.log.getvalue()] == []


def fuzz(fuzzed: Fuzzed, operation: Any, mode: GenerationMode, seed: int) -> None:
    """COUNT requests that keep to the document, or break it."""
    cases = operation.as_strategy(generation_mode=mode)

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=COUNT,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
    )
    @hypothesis.given(case=cases, key=st.sampled_from(KEYS), is_sensible=st.booleans())
    def ask(case: Request, key: str | None, is_sensible: bool) -> None:
        if mode is GenerationMode.POSITIVE and is_sensible:
            case = fuzzed.sensible(case)
        fuzzed.ask_and_check(case, fuzzed.state.admin_key if key == RIGHT else key)

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        # An operation without parameters has no request that breaks its rules.
        assert mode is GenerationMode.NEGATIVE


def by_status(statuses: Counter[tuple[str, int]]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for (_, status), number in statuses.items():
        found[status] += number
    return dict(sorted(found.items()))
