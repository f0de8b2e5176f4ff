"""Who is no device of ours, or not any more: refused, counted, and told nothing."""

import base64
import re
import secrets
from http.client import HTTPConnection
from pathlib import Path

import pytest

from host_tools.tokens import challenge
from host_tools.tokens.parts import Limits
from host_tools.tokens.server import Serving
from tests.tokens.conftest import GROUP, Client, Clock, Serve, Server, enter

DEVICE = f"{GROUP}@@@till-1"
OTHER = f"{GROUP}@@@till-2"


def bad(server: Server, why: str) -> float:
    return server.metric(f'bad_proofs_total{{why="{why}"}}')


def test_the_proof_of_the_document_s_example() -> None:
    """The figure was made with openssl dgst -sha256 -hmac."""
    text = (Path(__file__).parents[2] / "docs" / "token-server.md").read_text("utf-8")
    key, client_id, nonce, purpose = re.findall(r"`([^`]+)`", text.split("| device key |")[1])[:4]
    assert len(key) == challenge.KEY_CHARS
    proof = "d57b156156e4c51917ef9b7312b41de953cf6f0f299a7c86286bb1d02870e7e8"
    assert challenge.proof(key, purpose, client_id, nonce) == proof
    assert proof in text


def test_a_challenge_answered_twice(server: Server) -> None:
    key = enter(server.state, DEVICE)
    nonce = server.nonce(DEVICE)
    assert server.ask(DEVICE, key, nonce=nonce)[0] == 200
    status, answer = server.ask(DEVICE, key, nonce=nonce)
    assert (status, answer["error"], answer["retry_in_s"]) == (401, "challenge", 0)
    assert bad(server, "replayed") == 1


def test_a_challenge_answered_at_two_replicas(serve: Serve) -> None:
    one, two = serve(), serve()
    key = enter(one.state, DEVICE)
    nonce = one.nonce(DEVICE)
    assert two.ask(DEVICE, key, nonce=nonce)[0] == 200
    assert one.ask(DEVICE, key, nonce=nonce)[1]["error"] == "challenge"


def test_a_nonce_is_good_for_one_guess(server: Server) -> None:
    key = enter(server.state, DEVICE)
    nonce = server.nonce(DEVICE)
    assert server.ask(DEVICE, challenge.new_key(secrets.token_bytes), nonce=nonce)[1]["error"] == "refused"
    assert server.ask(DEVICE, key, nonce=nonce)[1]["error"] == "challenge"
    assert (bad(server, "wrong"), bad(server, "replayed")) == (1, 1)


def test_another_client_s_challenge(server: Server) -> None:
    """Somebody with a key of their own asks in the name of another device."""
    enter(server.state, DEVICE)
    key = enter(server.state, OTHER)
    assert server.ask(DEVICE, key, nonce=server.nonce(OTHER))[1]["error"] == "challenge"
    assert server.ask(DEVICE, key)[1]["error"] == "refused"
    assert (bad(server, "forged"), bad(server, "wrong")) == (1, 1)


def test_a_proof_for_another_purpose(server: Server) -> None:
    key = enter(server.state, DEVICE, recovery="secret")
    assert server.ask(DEVICE, key, "credential", purpose="tokens")[1]["error"] == "refused"


def test_an_expired_challenge(server: Server, clock: Clock) -> None:
    key = enter(server.state, DEVICE)
    nonce = server.nonce(DEVICE)
    clock.ahead_s = 61.0
    assert server.ask(DEVICE, key, nonce=nonce)[1]["error"] == "challenge"
    assert bad(server, "expired") == 1


def test_every_bit_of_a_nonce_counts(server: Server) -> None:
    key = enter(server.state, DEVICE)
    octets = base64.urlsafe_b64decode(server.nonce(DEVICE))
    for at in range(0, len(octets) * 8, 7):
        changed = bytearray(octets)
        changed[at // 8] ^= 1 << at % 8
        nonce = base64.urlsafe_b64encode(changed).decode()
        assert server.ask(DEVICE, key, nonce=nonce)[1]["error"] == "challenge", at


def test_nobody_learns_which_client_ids_exist(server: Server) -> None:
    enter(server.state, DEVICE)
    guess = challenge.new_key(secrets.token_bytes)
    assert server.ask(DEVICE, guess) == server.ask(OTHER, guess)
    assert (bad(server, "wrong"), bad(server, "unknown")) == (1, 1)


def test_brute_force_is_slowed_down_and_the_device_is_not_locked_out(serve: Serve) -> None:
    """The guesser's address pays; the same key from another address goes on."""
    server = serve(
        Serving(proxies=("127.0.0.1",), limits=Limits(address_per_s=10, burst_s=3, account_per_s=100))
    )
    key = enter(server.state, DEVICE)
    guesses = [from_address(server, "192.0.2.7", challenge.new_key(secrets.token_bytes)) for _ in range(30)]
    assert guesses.count(401) < 10
    assert guesses.count(429) > 15
    assert server.metric('limited_total{by="address"}') > 15
    assert from_address(server, "192.0.2.8", key) == 200


def from_address(server: Server, address: str, key: str) -> int:
    """The status of an attempt that a proxy hands on from `address`."""
    headers = {"X-Forwarded-For": address, "Content-Type": "application/json"}
    status, answer = server.call("POST", "/v1/challenge", {"client_id": DEVICE}, headers)
    if status != 200:
        assert int(server.headers["retry-after"]) == answer["retry_in_s"] > 0
        return status
    proof = challenge.proof(key, "tokens", DEVICE, answer["nonce"])
    body = {"client_id": DEVICE, "nonce": answer["nonce"], "proof": proof}
    return server.call("POST", "/v1/tokens", body, headers)[0]


def test_an_account_that_asks_too_often(serve: Serve) -> None:
    server = serve(Serving(limits=Limits(address_per_s=1000, account_per_s=0.1, burst_s=20)))
    key = enter(server.state, DEVICE)
    statuses = [server.ask(DEVICE, key)[0] for _ in range(5)]
    assert statuses[:2] == [200, 200]
    assert statuses[-1] == 429
    assert server.metric('limited_total{by="account"}') >= 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic d3Jvbmc="},
        {"Authorization": "Bearer é"},
    ],
)
def test_nobody_administers_without_the_key(server: Server, headers: dict[str, str]) -> None:
    for path in ("/v1/admin/accounts", "/metrics", "/v1/admin/audit"):
        status, answer = server.call("GET", path, headers=headers)
        assert (status, answer["error"]) == (401, "unauthorised")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/challenge", {}),
        ("/v1/challenge", {"client_id": "canary"}),
        ("/v1/challenge", {"client_id": DEVICE, "more": "canary"}),
        ("/v1/challenge", ["canary"]),
        ("/v1/tokens", {"client_id": DEVICE, "nonce": "canary", "proof": "canary"}),
        ("/v1/tokens", {"client_id": DEVICE, "nonce": "A" * 56, "proof": "CANARY" + "0" * 58}),
        ("/v1/credential", {"client_id": 7, "nonce": None, "proof": {"canary": "canary"}}),
    ],
)
def test_what_is_not_in_form_is_refused_and_not_repeated(server: Server, path: str, body: object) -> None:
    status, answer = server.call("POST", path, body)
    assert (status, answer["error"]) == (422, "malformed")
    assert "canary" not in str(answer).lower()


def test_a_body_that_is_too_large(server: Server) -> None:
    assert server.call("POST", "/v1/challenge", {"client_id": "x" * 100_000})[0] == 413
    assert server.metric('refusals_total{error="malformed"}') == 1


def test_a_body_that_is_no_json(server: Server) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"null"):
        assert raw(server, body) == 422


def raw(client: Client, body: bytes) -> int:
    connection = HTTPConnection("127.0.0.1", client.port, timeout=10)
    try:
        connection.request("POST", "/v1/challenge", body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_defect_is_answered_in_form_and_told_by_its_place(server: Server) -> None:
    def broken(count: int) -> bytes:
        raise RuntimeError("canary")

    assert server.server._parts is not None
    server.server._parts.nonces._random = broken
    status, answer = server.call("POST", "/v1/challenge", {"client_id": DEVICE})
    assert (status, answer["error"], answer["retry_in_s"]) == (500, "internal", 60)
    assert server.metric('refusals_total{error="internal"}') == 1
    (event,) = server.events("internal-error")
    assert event["kind"] == "RuntimeError" and "test_abuse.py" in str(event["at"])
    assert "canary" not in str(answer) + server.log.getvalue()


def test_no_secret_in_database_log_or_repr(server: Server, clock: Clock) -> None:
    key = enter(server.state, DEVICE, recovery="secret")
    answer = server.tokens(DEVICE, key)
    server.ask(DEVICE, "canary-wrong-key-0123456789-0123456789")
    secret_texts = [key, *answer["tokens"].values(), answer["password"], server.state.admin_key]
    folder = server.state.folder
    kept = b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("tokens.db"))
    seen = server.log.getvalue() + repr(server.state) + repr(server.server)
    for text in secret_texts:
        assert text.encode() not in kept
        assert text not in seen
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes
