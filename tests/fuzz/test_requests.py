"""Damaged and forged requests at the control plane: answered, and never taken for another's word."""

import itertools
import json
import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest

from host_tools.twin import TwinThread
from tests.fuzz import asking, mutating, seeding
from tests.fuzz.meaning import Meaning, requests
from tests.fuzz.signed import Http, Pairs, Signer
from tests.fuzz.tampering import tampered
from tests.twin.conftest import GROUP

COUNT = seeding.count("DEVCRED_FUZZ_REQUESTS", 1000)
GROWTH_MB = 32.0
KEPT = 200
"""Requests that were taken, to be played again."""


@pytest.fixture(scope="module")
def server() -> Iterator[TwinThread]:
    with TwinThread(groups=[GROUP]) as running:
        yield running


@pytest.fixture(scope="module")
def signer(server: TwinThread) -> Signer:
    return Signer(server.endpoint, server.access_key_id, server.access_key_secret)


class Maker:
    """Valid requests, no two alike, and what they ask for."""

    def __init__(self, server: TwinThread, signer: Signer, chance: random.Random) -> None:
        self.client_ids: set[str] = set()
        self._instance_id = server.instance_id
        self._signer = signer
        self._chance = chance
        self._numbers = itertools.count(1)

    def make(self) -> Http:
        """In one of the two forms, with its parameters in the query or in a form."""
        number = next(self._numbers)
        action, params = self._asked(number)
        params.append(("InstanceId", self._instance_id))
        nonce = f"{number}-{self._chance.randrange(1 << 62)}"
        match self._chance.randrange(4):
            case 0:
                return self._signer.rpc(action, params, nonce, in_body=False)
            case 1:
                return self._signer.rpc(action, params, nonce, in_body=True)
            case 2:
                return self._signer.acs3(action, [], nonce, urlencode(params).encode())
            case _:
                return self._signer.acs3(action, params, nonce)

    def _asked(self, number: int) -> tuple[str, Pairs]:
        client_id = f"{GROUP}@@@d{number}"
        match self._chance.randrange(5):
            case 0 | 1:
                self.client_ids.add(client_id)
                return "RegisterDeviceCredential", [("ClientId", client_id)]
            case 2:
                text = "".join(self._chance.choices("ab +%&=~*é", k=self._chance.randint(1, 40)))
                return "SendMessage", [("MqttTopic", "devcred/fuzz"), ("Payload", text)]
            case 3:
                return "QuerySessionByClientId", [("ClientId", client_id)]
            case _:
                listed = [("GroupId", GROUP), ("PageSize", "10"), ("PageNo", "1")]
                return "ListDeviceCredentialClientId", listed


@dataclass
class Judge:
    """Says what an answer may be: 200 only to what the account's owner signed, and once."""

    signed: dict[object, bool] = field(default_factory=dict)
    """Meaning of each signed request -> whether it was taken already."""
    taken: int = 0
    refused: int = 0

    def judge(self, meanings: list[Meaning], answers: list[asking.Answer]) -> None:
        """Raises AssertionError for a forgery, a fault, or more answers than questions."""
        for meaning, answer in itertools.zip_longest(meanings, answers):
            if answer is None:
                continue  # it closed before
            assert answer.status < 500, answer
            assert b"InternalError" not in answer.body, answer
            if answer.status != 200:
                self.refused += 1
                continue
            assert self.signed.get(repr(meaning)) is False, f"taken: {meaning}"
            assert json.loads(answer.body)["RequestId"]
            self.signed[repr(meaning)] = True
            self.taken += 1

    def sign(self, http: Http) -> bytes:
        """Note a request as its owner's; its bytes."""
        data = http.wire()
        found, _ = requests(data)
        self.signed[repr(found[0][1])] = False
        return data


def stream(http: Http, data: bytes, old: list[bytes], chance: random.Random) -> bytes:
    """The request as it is, or played again, tampered with, damaged, or with another behind it."""
    match chance.randrange(10):
        case 0:
            return data
        case 1 if old:
            return chance.choice(old)
        case 2 if old:
            return chance.choice(old) + data
        case 3 | 4 | 5 | 6:
            return tampered(http, chance).wire()
        case _:
            return mutating.damaged(data, [*old[-9:], data], chance)


def test_no_request_is_taken_for_another(
    server: TwinThread, signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    chance = seeding.source("requests")
    maker, judge = Maker(server, signer, chance), Judge()
    old: list[bytes] = []
    before_mb = 0.0
    for number in range(COUNT):
        if number == COUNT // 5:
            before_mb = seeding.resident_mb()
        http = maker.make()
        sent = stream(http, judge.sign(http), old, chance)
        found, more_awaited = requests(sent)
        methods, meanings = [method for method, _ in found], [said for _, said in found]
        try:
            answers = asking.ask(server.api_port, mutating.cut(sent, chance, 3), methods, more_awaited)
            judge.judge(meanings, answers)
        except Exception as error:
            raise AssertionError(f"request {number}: {sent!r}") from error
        old = [*old[1 - KEPT :], sent] if answers and answers[0].status == 200 else old
    seeding.say(f"{COUNT} requests: {judge.taken} taken, {judge.refused} refused")
    assert judge.taken > COUNT // 10 and judge.refused > COUNT // 3
    assert set(server.twin.state.credentials) <= maker.client_ids
    assert server.groups == (GROUP,)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert seeding.resident_mb() - before_mb < GROWTH_MB


@pytest.mark.parametrize("form", ["acs3", "rpc"])
def test_each_bit_of_what_is_signed(server: TwinThread, signer: Signer, form: str) -> None:
    """Bits of a request turned, one at a time, and the right one at last: it alone is taken."""
    params = [("ClientId", f"{GROUP}@@@bits"), ("InstanceId", server.instance_id)]
    what = ("QuerySessionByClientId", params, f"bits-{form}")
    http, judge = signer.acs3(*what) if form == "acs3" else signer.rpc(*what, in_body=False), Judge()
    data = judge.sign(http)
    said = requests(data)[0][0][1]
    step = 1 if COUNT > 10_000 else 13
    for bit in range(seeding.source(form).randrange(step), len(data) * 8, step):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        found, more_awaited = requests(bytes(changed))
        meanings = [each for _, each in found]
        if meanings == [said]:
            continue  # a capital in a header's name, a bit of the HTTP version: no change
        methods = [method for method, _ in found]
        judge.judge(meanings, asking.ask(server.api_port, [bytes(changed)], methods, more_awaited))
    assert judge.taken == 0
    judge.judge([said], asking.ask(server.api_port, [data], ["POST"], False))
    assert judge.taken == 1


@pytest.mark.parametrize("blank", ["\xa0", "\x85"])
@pytest.mark.parametrize("header", ["x-acs-signature-nonce", "x-acs-action", "host"])
def test_what_only_unicode_calls_a_blank_is_no_blank(
    server: TwinThread, signer: Signer, blank: str, header: str
) -> None:
    """Else a request could be played again, under a nonce that looks new and was never signed."""
    params = [("ClientId", f"{GROUP}@@@blank"), ("InstanceId", server.instance_id)]
    http = signer.acs3("QuerySessionByClientId", params, f"blank-{header}-{ord(blank)}")
    data = http.wire()
    assert asking.ask(server.api_port, [data], ["POST"], False)[0].status == 200
    http.headers = [(name, value + blank * (name == header)) for name, value in http.headers]
    assert asking.ask(server.api_port, [http.wire()], ["POST"], False)[0].status == 400
