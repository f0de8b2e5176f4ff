"""ACS3-HMAC-SHA256: Alibaba's own results and recorded requests, then every way to be refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from host_tools.twin.accounts import Account
from host_tools.twin.api import gateway
from host_tools.twin.api.errors import ApiError
from host_tools.twin.api.nonces import Nonces
from host_tools.twin.api.request import Request
from host_tools.twin.api.signature import canonical_query, canonical_request, sign, string_to_sign

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "vectors.json").read_text())["acs3_signatures"]
NOW_S = 1_795_486_851.0  # 2026-11-24T02:20:51Z, the date of the recorded requests


def verify(request: Request, secret: str | None, now_s: float, nonces: Nonces | None) -> str:
    """The AccessKey ID that signed it; `secret` is that of whoever is named, None if nobody is known."""

    def account_of(key_id: str) -> Account | None:
        return None if secret is None else Account(key_id, secret)

    return gateway.verify(gateway.read(request), account_of, now_s, nonces).access_key_id


def request_of(vector: dict[str, Any]) -> Request:
    return Request(
        vector["method"],
        vector["path"],
        urlencode(vector["query"]),
        dict(vector["headers"]),
        vector["body"].encode(),
    )


def signed(vector: dict[str, Any]) -> Request:
    """The request of a vector with the Authorization that its result stands for."""
    names = ";".join(sorted(vector["headers"]))
    authorization = (
        f"ACS3-HMAC-SHA256 Credential={vector['access_key_id']},SignedHeaders={names},"
        f"Signature={vector['signature_hex']}"
    )
    request = request_of(vector)
    return replace(request, headers={**request.headers, "authorization": authorization})


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_step_gives_the_published_result(vector: dict[str, Any]) -> None:
    request, names = request_of(vector), sorted(vector["headers"])
    canonical = canonical_request(request, names)
    assert canonical == vector["canonical_request"]
    assert string_to_sign(canonical) == vector["string_to_sign"]
    assert sign(vector["access_key_secret"], request, names) == vector["signature_hex"]
    assert verify(signed(vector), vector["access_key_secret"], 0, None) == vector["access_key_id"]


def test_the_query_is_decoded_and_encoded_afresh() -> None:
    assert canonical_query("b=1+2%2A~&a=%e4%b8%ad&c=&a=%2B") == "a=%2B&a=%E4%B8%AD&b=1%202%2A~&c="
    with pytest.raises(ApiError) as caught:
        canonical_query("a=%ff%fe")
    assert caught.value.code == "ParameterCheckFailed"


GOOD = signed(VECTORS[2])


def refusal(
    request: Request, now_s: float = NOW_S, secret: str | None = "testsecret", nonces: Any = "new"
) -> str:
    memory = Nonces(900) if nonces == "new" else nonces
    with pytest.raises(ApiError) as caught:
        verify(request, secret, now_s, memory)
    assert "testsecret" not in str(caught.value)
    return caught.value.code


def with_header(name: str, value: str | None) -> Request:
    headers = {**GOOD.headers, name: value}
    return replace(GOOD, headers={key: each for key, each in headers.items() if each is not None})


def with_authorization(old: str, new: str) -> Request:
    assert old in GOOD.headers["authorization"]
    return with_header("authorization", GOOD.headers["authorization"].replace(old, new))


REFUSED: dict[str, tuple[Request, str]] = {
    "no authorization": (with_header("authorization", None), "IncompleteSignature"),
    "another scheme": (with_authorization("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"), "IncompleteSignature"),
    "no signature": (with_authorization("Signature=", "Signature="[:-1]), "IncompleteSignature"),
    "names unsorted": (with_authorization("accept;host", "host;accept"), "IncompleteSignature"),
    "a name twice": (with_authorization("accept;host", "accept;host;host"), "IncompleteSignature"),
    "a signed header not sent": (with_header("accept", None), "IncompleteSignature"),
    "tampered query": (replace(GOOD, query=GOOD.query.replace("R%2CW", "R")), "SignatureDoesNotMatch"),
    "parameter added": (replace(GOOD, query=GOOD.query + "&X=1"), "SignatureDoesNotMatch"),
    "tampered header": (with_header("user-agent", "curl"), "SignatureDoesNotMatch"),
    "tampered action": (with_header("x-acs-action", "RevokeToken"), "SignatureDoesNotMatch"),
    "another method": (replace(GOOD, method="GET"), "SignatureDoesNotMatch"),
    "another path": (replace(GOOD, path="/x"), "SignatureDoesNotMatch"),
    "a body that was not signed": (replace(GOOD, body=b"ClientId=x"), "SignatureDoesNotMatch"),
    "a body whose hash was not signed": (
        replace(with_header("x-acs-content-sha256", "0" * 64), body=b"x"),
        "SignatureDoesNotMatch",
    ),
    "one digit of the signature": (
        with_authorization("Signature=0f", "Signature=1f"),
        "SignatureDoesNotMatch",
    ),
    "an unsigned x-acs header": (with_header("x-acs-security-token", "t"), "IncompleteSignature"),
    "an unsigned content type": (
        replace(with_header("content-type", "text/plain"), body=b"x"),
        "IncompleteSignature",
    ),
}
for _name in (
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
):
    REFUSED[f"{_name} unsigned"] = (with_authorization(_name, "accept-" + _name), "IncompleteSignature")


@pytest.mark.parametrize(("request_", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_signed_as_it_came_is_refused(request_: Request, code: str) -> None:
    assert refusal(request_) == code


def test_the_good_one_is_taken_once() -> None:
    nonces = Nonces(900)
    assert verify(GOOD, "testsecret", NOW_S, nonces) == "LTAItestid"
    assert refusal(GOOD, nonces=nonces) == "SignatureNonceUsed"


def test_wrong_and_unknown_keys() -> None:
    assert refusal(GOOD, secret="other") == "SignatureDoesNotMatch"
    assert refusal(GOOD, secret=None) == "InvalidAccessKeyId.NotFound"


@pytest.mark.parametrize("off_s", [-901, 901])
def test_a_date_more_than_15_minutes_off(off_s: int) -> None:
    assert refusal(GOOD, now_s=NOW_S + off_s) == "InvalidTimeStamp.Expired"
    verify(GOOD, "testsecret", NOW_S + off_s * 899 / 901, Nonces(900))


def resigned(request: Request) -> Request:
    """A changed request, signed properly by the key's holder."""
    authorization = request.headers["authorization"]
    names = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    authorization = authorization.replace(VECTORS[2]["signature_hex"], sign("testsecret", request, names))
    return replace(request, headers={**request.headers, "authorization": authorization})


@pytest.mark.parametrize("date", ["2026-13-24T02:20:51Z", "2026-11-24 02:20:51", "now", ""])
def test_a_date_that_is_none(date: str) -> None:
    assert refusal(resigned(with_header("x-acs-date", date))) == "InvalidTimeStamp.Format"


@pytest.mark.parametrize("hashed", ["0" * 64, "", GOOD.headers["x-acs-content-sha256"].upper()])
def test_a_signed_hash_that_is_not_the_bodys(hashed: str) -> None:
    assert refusal(resigned(with_header("x-acs-content-sha256", hashed))) == "SignatureDoesNotMatch"


def test_a_refused_request_does_not_use_its_nonce_up() -> None:
    nonces = Nonces(900)
    assert refusal(GOOD, secret="other", nonces=nonces) == "SignatureDoesNotMatch"
    assert verify(GOOD, "testsecret", NOW_S, nonces)


def test_nonces_are_forgotten_only_when_their_date_is_past() -> None:
    nonces = Nonces(900)
    nonces.use("ahead", 1800, 1000)
    for now_s in range(1000, 2700, 100):
        nonces.use(f"n{now_s}", now_s, now_s)
        with pytest.raises(ApiError, match="nonce"):
            nonces.use("ahead", 1800, min(now_s + 100, 2700))
    nonces.use("late", 2701, 2701)
    assert len(nonces) == 9  # the dates 1900 to 2600, and the last


def test_a_full_memory_stays_bounded_and_still_lets_nothing_through_twice() -> None:
    nonces = Nonces(900, limit=10)
    for date_s in range(1000, 1100):
        nonces.use(f"n{date_s}", date_s, 1100)
        assert len(nonces) <= 10
    for date_s in range(1000, 1100):
        with pytest.raises(ApiError):
            nonces.use(f"n{date_s}", date_s, 1100)
