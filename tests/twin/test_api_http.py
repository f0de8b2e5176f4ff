"""Requests made by hand over HTTP: signed ones in each form, and whatever else may come."""

import json
import random
import re
from collections.abc import Callable
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from host_tools.twin import Settings, TwinThread
from tests.twin.conftest import GROUP
from tests.twin.http import exchange, request_bytes, rpc_get, rpc_params

Start = Callable[..., TwinThread]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def codes(data: bytes) -> str:
    return str(json.loads(data)["Code"])


@pytest.mark.parametrize("in_form", [False, True])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signature_1_by_hand(twin: TwinThread, method: str, in_form: bool) -> None:
    encoded = urlencode(rpc_params(twin, method))
    target, body = ("/", encoded.encode()) if in_form else ("/?" + encoded, b"")
    sent = request_bytes(method, target, FORM if in_form else None, body)
    reply = exchange(twin.api_port, sent)
    assert reply.status == 200
    assert [each["GroupId"] for each in json.loads(reply.body)["Data"]] == [GROUP]
    again = exchange(twin.api_port, sent)
    assert (again.status, codes(again.body)) == (400, "SignatureNonceUsed")


def test_parameters_half_in_the_query_and_half_in_the_form(twin: TwinThread) -> None:
    params = rpc_params(twin, "POST", Action="QueryToken", Token="a b+c&d=é")
    form = {name: params.pop(name) for name in ("Token", "InstanceId", "Signature")}
    sent = request_bytes("POST", "/?" + urlencode(params), FORM, urlencode(form).encode())
    assert json.loads(exchange(twin.api_port, sent).body)["TokenStatus"] is False


def test_a_blank_as_plus_or_as_percent_20(twin: TwinThread) -> None:
    params = rpc_params(twin, "GET", Action="QueryToken", Token="a b")
    for blank in ("+", "%20"):
        encoded = urlencode(params).replace("a+b", f"a{blank}b")
        params = rpc_params(twin, "GET", Action="QueryToken", Token="a b")
        assert exchange(twin.api_port, request_bytes("GET", f"/?{encoded}")).status == 200


def test_xml_is_answered_where_it_is_asked_for(twin: TwinThread, start_twin: Start) -> None:
    reply = rpc_get(twin, Format="XML")
    assert reply.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(reply.body)
    assert root.tag == "ListGroupIdResponse"
    assert root.findtext("RequestId")
    assert root.findtext("Data/GroupId") == GROUP
    assert root.findtext("Data/IndependentNaming") == "true"
    wrong = rpc_get(twin, Format="xml", AccessKeyId="a<&\x01>b")
    assert wrong.status == 404
    error = ElementTree.fromstring(wrong.body)
    assert (error.tag, error.findtext("Code")) == ("Error", "InvalidAccessKeyId.NotFound")
    assert json.loads(rpc_get(twin, Format="JSON").body)["Data"]
    assert json.loads(rpc_get(twin).body)["Data"]
    assert codes(rpc_get(twin, Format="YAML").body) == "InvalidParameter.Format"
    other = start_twin(settings=Settings(rpc_format="xml"))
    assert ElementTree.fromstring(rpc_get(other).body).tag == "ListGroupIdResponse"


def test_the_shape_of_an_error(twin: TwinThread) -> None:
    reply = rpc_get(twin, Timestamp="yesterday")
    answer = json.loads(reply.body)
    assert answer.keys() == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert (reply.status, answer["Code"], answer["HostId"]) == (400, "InvalidTimeStamp.Format", "twin")
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", answer["RequestId"])
    product = json.loads(rpc_get(twin, Action="QueryToken", Token="x", InstanceId="mqtt-cn-other").body)
    assert product.keys() == {"RequestId", "HostId", "Code", "Message"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "BREW"])
def test_any_other_method(twin: TwinThread, method: str) -> None:
    reply = exchange(twin.api_port, request_bytes(method, "/"))
    assert (reply.status, codes(reply.body)) == (400, "UnsupportedHTTPMethod")


def test_a_head_request_gets_no_body(twin: TwinThread) -> None:
    reply = exchange(twin.api_port, request_bytes("HEAD", "/"))
    assert (reply.status, reply.body) == (400, b"")


@pytest.mark.parametrize("target", ["/x", "//", "/%00", "/../", "http://twin/x", "/?a#b", "*", "/é", "/?%ff"])
def test_any_other_target(twin: TwinThread, target: str) -> None:
    reply = exchange(twin.api_port, request_bytes("GET", target))
    assert reply.status is not None
    assert 400 <= reply.status < 500


def test_a_head_and_a_body_that_are_too_large(twin: TwinThread) -> None:
    reply = exchange(twin.api_port, request_bytes("POST", "/", {}, b"x" * (2 << 20)))
    assert reply.status in (413, None)  # None: it was cut off while it still sent
    many = exchange(twin.api_port, request_bytes("POST", "/?" + "a&" * 2000 + "Signature=x"))
    assert (many.status, codes(many.body)) == (400, "InvalidParameter")
    head = exchange(twin.api_port, request_bytes("GET", "/", {"X-Long": "x" * (1 << 19)}))
    assert head.status in (400, 431, None)
    assert rpc_get(twin).status == 200


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Some bytes changed, taken out, put in or doubled, a few times over."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(changed) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            changed[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            del changed[at : at + rng.choice((1, 1, 3, 40))]
        elif kind == 2:
            changed[at:at] = rng.choice(
                (b"%", b"%ff", b"&&", b"=", b"\x00", b"\r\n", b"\xff\xfe", b"+", b";", b"%00")
            )
        elif kind == 3:
            changed[at:at] = changed[at : at + rng.randrange(1, 60)]
        else:
            other = rng.randrange(len(changed) + 1)
            changed[min(at, other) : max(at, other)] = b""
        if not changed:
            changed = bytearray(b"\n")
    return bytes(changed)


def samples(twin: TwinThread) -> list[bytes]:
    """Good requests of each form; every one is played once before, so that none can work again."""
    encoded = urlencode(rpc_params(twin, "POST", Action="CreateGroupId", GroupId="GID_forged"))
    acs3 = {
        "x-acs-action": "CreateGroupId",
        "x-acs-version": "2020-04-20",
        "x-acs-date": "2026-01-01T00:00:00Z",
        "x-acs-signature-nonce": "n",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "Authorization": f"ACS3-HMAC-SHA256 Credential={twin.access_key_id},SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=" + "0" * 64,
    }
    target = f"/?InstanceId={twin.instance_id}&GroupId=GID_forged"
    return [
        request_bytes("POST", "/?" + encoded),
        request_bytes("POST", "/", FORM, encoded.encode()),
        request_bytes("POST", target, acs3),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_requests_are_all_answered_and_none_is_let_in(start_twin: Start, seed: int) -> None:
    """A short run; the long ones are the fuzz tests'."""
    twin = start_twin()
    rng = random.Random(seed)
    good = samples(twin)
    for data in good[:1]:
        exchange(twin.api_port, data)
    twin.call(twin.twin.state.delete_group, "GID_forged")
    statuses = set()
    for _ in range(300):
        reply = exchange(twin.api_port, mutated(rng, rng.choice(good)))
        statuses.add(reply.status)
        assert reply.status is None or 400 <= reply.status < 500
        if reply.headers["content-type"] == "application/json;charset=utf-8" and reply.body:
            assert json.loads(reply.body)["Code"] != "InternalError"
    assert statuses >= {400}
    assert twin.groups == (GROUP,)
    assert rpc_get(twin).status == 200
