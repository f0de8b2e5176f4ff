"""The service is away: what is valid is handed out and said to be so, nobody waits in vain."""

import time

import pytest

from host_tools.cloud.client import Timeouts
from host_tools.twin import TwinThread
from tests.tokens.conftest import GROUP, Clock, Serve, Server, enter, wait_until
from tests.tokens.test_delivery import applied

DEVICE = f"{GROUP}@@@till-1"
QUICK = Timeouts(connect_ms=500, read_ms=500)


def away(twin: TwinThread, what: str = "error") -> int:
    """Every ApplyToken fails from now on; the fault's number."""
    more = {"error_code": "ServiceUnavailable", "status": 503} if what == "error" else {}
    return int(twin.faults.add(where="api", operation="ApplyToken", what=what, times=0, **more))


def test_what_is_still_valid_is_handed_out_and_said_to_be_so(
    twin: TwinThread, serve: Serve, clock: Clock
) -> None:
    server = serve(timeouts=QUICK)
    key = enter(server.state, DEVICE, life_s=1000)
    first = server.tokens(DEVICE, key)
    fault = away(twin)
    clock.ahead_s = 800.0
    old = server.tokens(DEVICE, key)
    assert old["degraded"] is True
    assert old["password"] == first["password"]
    assert old["expires_in_s"] <= 200
    assert server.metric('deliveries_total{how="degraded"}') == 1
    assert server.call("GET", "/readyz")[1] == {
        "ready": True,
        "database": True,
        "service": False,
        "stopping": False,
    }
    twin.faults.remove(fault)
    wait_until(lambda: not server.tokens(DEVICE, key)["degraded"], "the service back in use")
    assert server.metric("service_up") == 1


@pytest.mark.parametrize("what", ["error", "lost-before", "lost", "garbage"])
def test_a_device_without_any_token_is_told_when_to_come_again(
    twin: TwinThread, serve: Serve, what: str
) -> None:
    server = serve(timeouts=QUICK)
    key = enter(server.state, DEVICE)
    away(twin, what=what)
    status, answer = server.ask(DEVICE, key)
    assert (status, answer["error"]) == (503, "unavailable")
    assert int(server.headers["retry-after"]) == answer["retry_in_s"] >= 1


def test_a_service_that_is_silent_holds_nobody_up_who_has_a_token(
    twin: TwinThread, serve: Serve, clock: Clock
) -> None:
    server = serve()
    key = enter(server.state, DEVICE, life_s=1000)
    server.tokens(DEVICE, key)
    twin.faults.add(where="api", operation="ApplyToken", what="delay", delay_ms=60_000, times=0)
    clock.ahead_s = 600.0
    began_s = time.monotonic()
    assert server.tokens(DEVICE, key)["degraded"] is True
    # Far below the minute that the service takes.
    assert time.monotonic() - began_s < 20


def test_nobody_waits_for_a_service_that_just_failed(twin: TwinThread, serve: Serve) -> None:
    server = serve(timeouts=QUICK)
    keys = {f"{GROUP}@@@d{number}": "" for number in range(20)}
    for number, client_id in enumerate(keys):
        keys[client_id] = enter(server.state, client_id, (f"shop/down/{number}",), ())
    away(twin)
    began_s = time.monotonic()
    assert {server.ask(client_id, key)[0] for client_id, key in keys.items()} == {503}
    assert time.monotonic() - began_s < 15
    assert server.metric('cloud_calls_total{operation="ApplyToken",outcome="CloudFaultError"}') < 15


def test_what_the_service_refuses_is_told_as_such(twin: TwinThread, server: Server) -> None:
    """The account may not: nothing that another try would change."""
    key = enter(server.state, DEVICE)
    no = {"error_code": "PermissionCheckFailed", "status": 400}
    twin.faults.add(where="api", operation="ApplyToken", what="error", times=0, **no)
    refused = 'cloud_calls_total{operation="ApplyToken",outcome="CloudRefusedError"}'
    assert server.ask(DEVICE, key)[1]["error"] == "service-refused"
    # The first no is the answer; the other kind's call may still be under way then.
    wait_until(lambda: server.metric(refused) == 2, "one call for each kind")
    for _ in range(3):
        status, answer = server.ask(DEVICE, key)
        assert (status, answer["error"]) == (503, "service-refused")
    # It was not asked again for each of them, and others are served.
    assert server.metric(refused) == 2
    assert server.call("GET", "/readyz")[1]["service"] is True


def test_throttled_is_no_outage(twin: TwinThread, server: Server) -> None:
    key = enter(server.state, DEVICE)
    twin.faults.add(where="api", operation="ApplyToken", what="throttle", times=1)
    status, answer = server.ask(DEVICE, key)
    assert (status, answer["error"]) == (503, "unavailable")
    wait_until(lambda: server.ask(DEVICE, key)[0] == 200, "served again")
    assert applied(server) == 2


def test_a_refused_renewal_is_not_felt_by_who_gets_a_good_token(
    twin: TwinThread, server: Server, clock: Clock
) -> None:
    key = enter(server.state, DEVICE, life_s=1000)
    first = server.tokens(DEVICE, key)
    no = {"error_code": "PermissionCheckFailed", "status": 400}
    twin.faults.add(where="api", operation="ApplyToken", what="error", times=0, **no)
    clock.ahead_s = 460.0  # 54 % are left: to be renewed, in the background
    assert server.tokens(DEVICE, key)["password"] == first["password"]
    wait_until(lambda: bool(server.events("apply-failed")), "the renewal refused")
    assert server.tokens(DEVICE, key)["password"] == first["password"]
