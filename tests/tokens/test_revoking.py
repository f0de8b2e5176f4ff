"""Revocations: queued, worked off at the service's pace, over restarts; tokens are replaced at once."""

import time

from host_tools.twin import TwinThread
from tests.tokens.conftest import GROUP, SHARED, Serve, Server, enter, wait_until

pytestmark = SHARED
DEVICE = f"{GROUP}@@@till-1"
DONE = 'cloud_calls_total{operation="RevokeToken",outcome="ok"}'


def revoked(twin: TwinThread, token: str) -> bool:
    return not twin.call(twin.twin.state.tokens.is_valid, token)


def test_what_an_account_was_given_is_revoked_and_replaced(twin: TwinThread, server: Server) -> None:
    key = enter(server.state, DEVICE)
    before = server.tokens(DEVICE, key)
    assert server.admin("POST", "/revocations", {"account": DEVICE}) == (202, {"queued": 2})
    # At once, whether or not the service has been told yet.
    after = server.tokens(DEVICE, key)
    assert not set(before["tokens"].values()) & set(after["tokens"].values())
    wait_until(lambda: all(revoked(twin, token) for token in before["tokens"].values()), "both revoked")
    assert not any(revoked(twin, token) for token in after["tokens"].values())
    wait_until(lambda: outcomes(server) == ["revoked", "revoked"], "both noted")


def outcomes(server: Server) -> list[str]:
    return [each["outcome"] for each in server.admin("GET", "/revocations")[1]["revocations"]]


def test_the_pace_is_the_service_s(twin: TwinThread, serve: Serve) -> None:
    """Seven of them, two replicas: none is refused for being one too many."""
    one, two = serve(), serve()
    for number in range(7):
        client_id = f"{GROUP}@@@d{number}"
        key = enter(one.state, client_id, (f"shop/down/{number}",), ())
        one.tokens(client_id, key)
        assert one.admin("POST", "/revocations", {"account": client_id})[1] == {"queued": 1}
    wait_until(lambda: one.metric(DONE) + two.metric(DONE) == 7, "all revoked", 30)
    for server in (one, two):
        assert server.metric('cloud_calls_total{operation="RevokeToken",outcome="CloudThrottledError"}') == 0
    assert outcomes(one) == ["revoked"] * 7


def test_the_queue_outlives_an_outage_and_a_restart(twin: TwinThread, serve: Serve) -> None:
    first = serve()
    key = enter(first.state, DEVICE)
    token = first.tokens(DEVICE, key)["tokens"]["R"]
    fault = twin.faults.add(where="api", operation="RevokeToken", what="error", times=0)
    first.admin("POST", "/revocations", {"account": DEVICE})
    wait_until(lambda: "failed" in outcomes(first), "an attempt that failed")
    first.thread.stop()
    twin.faults.remove(fault)
    second = serve()
    wait_until(lambda: revoked(twin, token), "revoked after the restart", 60)
    wait_until(lambda: outcomes(second) == ["revoked", "revoked"], "both noted", 60)


def test_a_single_token_by_its_fingerprint(twin: TwinThread, server: Server) -> None:
    key = enter(server.state, DEVICE, ("shop/a",), ())
    token = server.tokens(DEVICE, key)["tokens"]["R"]
    fingerprint = server.admin("GET", "/tokens")[1]["tokens"][0]["fingerprint"]
    assert server.admin("POST", "/revocations", {"fingerprint": fingerprint})[1] == {"queued": 1}
    assert server.admin("POST", "/revocations", {"fingerprint": fingerprint})[1] == {"queued": 0}
    wait_until(lambda: revoked(twin, token), "revoked")


def test_a_token_that_the_service_does_not_know_is_not_asked_for_ever(
    twin: TwinThread, server: Server
) -> None:
    key = enter(server.state, DEVICE, ("shop/a",), ())
    server.tokens(DEVICE, key)
    no = {"error_code": "ParameterCheckFailed", "status": 400}
    twin.faults.add(where="api", operation="RevokeToken", what="error", times=0, **no)
    server.admin("POST", "/revocations", {"account": DEVICE})
    wait_until(lambda: outcomes(server) == ["refused"], "given up")
    time.sleep(0.5)
    assert server.metric('cloud_calls_total{operation="RevokeToken",outcome="refused"}') == 1
