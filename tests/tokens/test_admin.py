"""Accounts over HTTP, and what a service has to have around it."""

import ssl
import threading
import time
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509

from host_tools.tokens.server import Serving
from host_tools.twin import certs
from tests.tokens.conftest import GENEROUS, GROUP, Serve, Server, enter, wait_until

DEVICE = f"{GROUP}@@@till-1"
KEY = "k" * 43


def account(**changed: object) -> dict[str, object]:
    return {"name": DEVICE, "kind": "device", "key": KEY, "read": ["shop/a"], "write": []} | changed


def test_an_account_s_life(server: Server) -> None:
    status, made = server.admin("POST", "/accounts", account())
    assert (status, made["read"], made["enabled"]) == (201, ["shop/a"], True)
    assert "key" not in made
    assert server.tokens(DEVICE, KEY)["client_id"] == DEVICE
    fields = {"read": ["shop/b"], "write": ["shop/c"], "life_s": 600}
    assert server.admin("PUT", f"/accounts/{DEVICE}", fields)[1]["write"] == ["shop/c"]
    assert server.tokens(DEVICE, KEY)["expires_in_s"] <= 600
    assert server.admin("PUT", f"/accounts/{DEVICE}/key", {"key": "x" * 43})[0] == 204
    assert server.ask(DEVICE, KEY)[0] == 401
    assert server.ask(DEVICE, "x" * 43)[0] == 200
    assert [each["name"] for each in server.admin("GET", "/accounts")[1]["accounts"]] == [DEVICE]
    assert server.admin("DELETE", f"/accounts/{DEVICE}")[0] == 204
    assert server.ask(DEVICE, "x" * 43)[1]["error"] == "refused"
    for method in ("GET", "DELETE"):
        assert server.admin(method, f"/accounts/{DEVICE}")[1]["error"] == "no-account"


def test_what_an_account_cannot_be_changes_nothing(server: Server) -> None:
    for wrong in (
        account(read=["#"]),
        account(key=None),
        account(kind="group"),
        account(name="alice", kind="user"),
        account(life_s=10),
        account(canary=1),
        account(read=["shop/a"] * 101),
    ):
        status, answer = server.admin("POST", "/accounts", wrong)
        assert (status, answer["error"]) == (422, "malformed"), wrong
        assert KEY not in str(answer)
    assert server.admin("GET", "/accounts")[1] == {"accounts": []}
    assert server.admin("POST", "/accounts", account())[0] == 201
    assert server.admin("POST", "/accounts", account())[0] == 409


def test_health_readiness_and_metrics(server: Server) -> None:
    assert server.call("GET", "/healthz") == (200, {"status": "ok"})
    assert server.call("GET", "/readyz")[1]["ready"] is True
    server.tokens(DEVICE, enter(server.state, DEVICE))
    assert server.metric('deliveries_total{how="applied"}') == 1
    assert server.metric("challenges_total") == 1
    assert server.metric('request_seconds_count{route="/v1/tokens",status="200"}') == 1


def test_paths_and_methods_that_are_not_there(server: Server) -> None:
    assert server.call("GET", "/nowhere")[0] == 404
    assert server.call("GET", "/v1/tokens")[0] == 405
    assert server.headers["allow"] == "POST"


def test_a_database_that_is_gone_is_an_answer(server: Server) -> None:
    key = enter(server.state, DEVICE)
    nonce = server.nonce(DEVICE)
    database = server.state.open()
    with database.transaction() as tx:
        tx.exec_driver_sql("DROP TABLE used_nonces")
    database.close()
    status, answer = server.ask(DEVICE, key, nonce=nonce)
    assert (status, answer["error"]) == (503, "unavailable")
    assert int(server.headers["retry-after"]) >= 1


def test_answers_under_way_are_finished_and_readiness_says_no_before_the_end(serve: Serve) -> None:
    server = serve(Serving(limits=GENEROUS, drain_s=1.0))
    key = enter(server.state, DEVICE)
    stopping = threading.Thread(target=server.thread.stop)
    stopping.start()
    wait_until(lambda: server.call("GET", "/readyz")[0] == 503, "not ready any more")
    assert server.ask(DEVICE, key)[0] == 200
    stopping.join(20)
    with pytest.raises(OSError, match="refused"):
        server.call("GET", "/healthz")
    assert [event["event"] for event in map_events(server)][-1] == "stopped"


def map_events(server: Server) -> list[dict[str, str]]:
    return [event for what in ("stopping", "stopped") for event in server.events(what)]


def test_who_says_nothing_is_not_waited_for(serve: Serve) -> None:
    server = serve(Serving(head_s=0.5))
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.connect()
    assert connection.sock is not None
    connection.sock.sendall(b"POST /v1/challenge HTTP/1.1\r\n")
    began_s = time.monotonic()
    assert connection.sock.recv(1) == b""
    assert time.monotonic() - began_s < 25
    connection.close()


def serial(server: Server, ca: str) -> int:
    """The number of the certificate that a new connection is shown, the CA and the name verified."""
    context = ssl.create_default_context(cadata=ca)
    connection = HTTPSConnection("127.0.0.1", server.port, context=context, timeout=10)
    try:
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        assert isinstance(connection.sock, ssl.SSLSocket)
        der = connection.sock.getpeercert(binary_form=True)
        assert der is not None
        return x509.load_der_x509_certificate(der).serial_number
    finally:
        connection.close()


def put(path: Path, pem: str) -> None:
    path.write_text(pem)
    path.chmod(0o600)


def test_certificates_are_read_anew_and_bad_ones_are_not_taken(serve: Serve, tmp_path: Path) -> None:
    authority = certs.new_authority(time.time())
    pem = tmp_path / "server.pem"
    put(pem, certs.server_pem(authority, ["127.0.0.1"], time.time()))
    server = serve(Serving(limits=GENEROUS, tls=(pem, pem), watch_s=0.1))
    first = serial(server, authority.certificate_pem)
    put(pem, "no certificate at all")
    wait_until(lambda: bool(server.events("certificate-refused")), "told of")
    assert serial(server, authority.certificate_pem) == first
    put(pem, certs.server_pem(authority, ["127.0.0.1"], time.time()))
    wait_until(lambda: serial(server, authority.certificate_pem) != first, "the new one")
    second = serial(server, authority.certificate_pem)
    put(pem, certs.server_pem(authority, ["127.0.0.1"], time.time()))
    server.thread.call(server.server.reload_certificates)
    assert serial(server, authority.certificate_pem) != second
