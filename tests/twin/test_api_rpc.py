"""RPC signature version 1.0: the published results, then every way to be refused. Pure."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from host_tools.twin.accounts import Account
from host_tools.twin.api import gateway, rpc
from host_tools.twin.api.errors import ApiError
from host_tools.twin.api.nonces import Nonces
from host_tools.twin.api.request import MAX_PARAMETERS, Request, form_pairs, once, pairs

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "vectors.json").read_text())[
    "rpc_v1_signatures"
]
NOW_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z, the date of the second vector
FORM = {"content-type": "application/x-www-form-urlencoded"}
ACCOUNT = Account("LTAItestid", "testsecret")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_step_gives_the_published_result(vector: dict[str, Any]) -> None:
    named = list(vector["params"].items())
    random.Random(1).shuffle(named)
    named.append(("Signature", "not signed itself"))
    assert rpc.string_to_sign(vector["method"], named) == vector["string_to_sign"]
    assert rpc.sign(vector["access_key_secret"], vector["method"], named) == vector["signature_b64"]


def request(
    params: Mapping[str, str], *, in_form: tuple[str, ...] = (), method: str = "POST", **changed: str
) -> Request:
    """Signed by `params` as they are, then with parts changed; those named in `in_form` go in the body."""
    sent = {**params, "Signature": rpc.sign("testsecret", method, params.items()), **changed}
    query = urlencode({name: value for name, value in sent.items() if name not in in_form})
    body = urlencode({name: value for name, value in sent.items() if name in in_form}).encode()
    return Request(method, "/", query, FORM if in_form else {}, body)


PARAMS: dict[str, str] = dict(VECTORS[1]["params"])


def verified(sent: Request, nonces: Nonces | None = None, now_s: float = NOW_S) -> Mapping[str, str]:
    claim = gateway.read(sent)
    assert gateway.verify(claim, {"LTAItestid": ACCOUNT}.get, now_s, nonces) == ACCOUNT
    return claim.params


def refusal(sent: Request, nonces: Nonces | None = None, now_s: float = NOW_S) -> str:
    with pytest.raises(ApiError) as caught:
        verified(sent, nonces, now_s)
    assert "testsecret" not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("in_form", [(), ("ClientId",), tuple(PARAMS), (*PARAMS, "Signature")])
def test_parameters_in_the_query_and_in_a_form_are_signed_alike(
    method: str, in_form: tuple[str, ...]
) -> None:
    sent = request(PARAMS, in_form=in_form, method=method)
    assert verified(sent) == {"ClientId": "GID_test@@@dev 1*~", "InstanceId": "mqtt-cn-demo0001"}


def test_what_the_signature_rests_on() -> None:
    good = request(PARAMS)
    nonces = Nonces(900)
    verified(good, nonces)
    assert refusal(good, nonces) == "SignatureNonceUsed"
    assert refusal(request(PARAMS, ClientId="GID_test@@@other")) == "SignatureDoesNotMatch"
    assert refusal(request(PARAMS, Extra="1")) == "SignatureDoesNotMatch"
    assert refusal(replace(good, method="GET")) == "SignatureDoesNotMatch"
    assert refusal(replace(good, headers=FORM, body=b"Extra=1")) == "SignatureDoesNotMatch"
    assert refusal(request(PARAMS, Signature="é" * 28)) == "SignatureDoesNotMatch"
    # A body that is no form is not read, so nothing of it can count.
    assert "Extra" not in verified(replace(good, headers={"content-type": "text/plain"}, body=b"Extra=1"))
    # The SDK sends these beside the parameters; they are not signed, and not read.
    assert verified(replace(good, headers={"x-acs-action": "RevokeToken"}))


REFUSED = {
    "no action": ("Action", None, "MissingAction"),
    "no version": ("Version", None, "MissingVersion"),
    "no key": ("AccessKeyId", None, "MissingAccessKeyId"),
    "no nonce": ("SignatureNonce", None, "MissingSignatureNonce"),
    "an empty nonce": ("SignatureNonce", "", "MissingSignatureNonce"),
    "no date": ("Timestamp", None, "MissingTimestamp"),
    "another method": ("SignatureMethod", "HMAC-MD5", "InvalidSignatureMethod"),
    "another version": ("SignatureVersion", "2.0", "InvalidSignatureVersion"),
    "an unknown key": ("AccessKeyId", "LTAIother", "InvalidAccessKeyId.NotFound"),
    "a day that is none": ("Timestamp", "2026-02-30T00:00:00Z", "InvalidTimeStamp.Format"),
    "digits of another script": (
        "Timestamp",
        "\uff12\uff10\uff12\uff16-01-01T00:00:00Z",
        "InvalidTimeStamp.Format",
    ),
    "seconds since 1970": ("Timestamp", "1767225600", "InvalidTimeStamp.Format"),
    "an old date": ("Timestamp", "2025-12-31T23:44:59Z", "InvalidTimeStamp.Expired"),
    "a date ahead": ("Timestamp", "2026-01-01T00:15:01Z", "InvalidTimeStamp.Expired"),
}


@pytest.mark.parametrize(("name", "value", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_signed_properly_and_still_refused(name: str, value: str | None, code: str) -> None:
    params = {key: each for key, each in {**PARAMS, name: value}.items() if each is not None}
    assert refusal(request(params), Nonces(900)) == code


def test_the_scheme_need_not_be_named() -> None:
    verified(request({name: value for name, value in PARAMS.items() if not name.startswith("SignatureM")}))


def test_a_name_that_comes_twice_is_refused() -> None:
    good = request(PARAMS)
    doubled = replace(good, query=good.query + "&ClientId=GID_test%40%40%40other")
    assert refusal(doubled) == "InvalidParameter.ClientId"
    assert refusal(replace(doubled, query=good.query, headers=FORM, body=b"Action=RevokeToken")) == (
        "InvalidParameter.Action"
    )


def test_other_methods_and_too_many_parameters() -> None:
    assert refusal(request(PARAMS, method="PUT")) == "UnsupportedHTTPMethod"
    assert refusal(Request("POST", "/", "a&" * MAX_PARAMETERS, {}, b"")) == "InvalidParameter"


def test_pairs_are_what_the_standard_library_reads() -> None:
    awkward = "a=1+2&b=%2B&&c&=d&e=%e4%b8%ad&f==&g=%zz"
    assert pairs(awkward) == [
        ("a", "1 2"),
        ("b", "+"),
        ("c", ""),
        ("", "d"),
        ("e", "中"),
        ("f", "="),
        ("g", "%zz"),
    ]
    assert pairs("é=中".encode()) == [("é", "中")]  # not encoded at all, as some write it by hand
    for wrong in ("a=%ff", b"\xff=1"):
        with pytest.raises(ApiError) as caught:
            pairs(wrong)
        assert caught.value.code == "ParameterCheckFailed"


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded; charset=utf-8", "Application/X-WWW-Form-UrlEncoded"]
)
def test_a_form_by_its_content_type(kind: str) -> None:
    assert form_pairs(Request("POST", "/", "", {"content-type": kind}, b"a=1")) == [("a", "1")]
    assert form_pairs(Request("POST", "/", "", {}, b"a=1")) == []


def test_a_strange_name_is_not_repeated_in_the_code() -> None:
    for name in ("a b", quote("é"), "x" * 99, "", "a\nb"):
        with pytest.raises(ApiError) as caught:
            once([(name, "1"), (name, "2")])
        assert caught.value.code == "InvalidParameter"
