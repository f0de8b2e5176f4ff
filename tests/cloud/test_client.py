"""What the real SDK raises, and what a caller sees of it."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from host_tools.cloud import credentials, messages
from host_tools.cloud.client import CloudClient, Timeouts
from host_tools.errors import (
    CloudError,
    CloudFaultError,
    CloudRefusedError,
    CloudThrottledError,
    CloudUnreachableError,
    UsageError,
)
from tests.cloud.conftest import SECRET, Answer, Script, credential, fault

Make = Callable[..., CloudClient]
CLIENT_ID = "GID_test@@@d1"


def caught(call: Callable[[], Any]) -> CloudError:
    """The error of a call that must fail; in no form may it show what the SDK's text holds."""
    with pytest.raises(CloudError) as info:
        call()
    error = info.value
    shown = f"{error} {error!r} {error.__dict__}"
    for hidden in (SECRET, "canary", "Signature=", "InstanceId=", "request id"):
        assert hidden not in shown
    assert "\n" not in str(error)
    assert error.do
    assert error.__cause__ is None
    return error


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "kind", "requests"),
    [
        (fault("SignatureDoesNotMatch"), CloudRefusedError, 1),
        (fault("InvalidAccessKeyId.NotFound", 404), CloudRefusedError, 1),
        (fault("Throttling.User"), CloudThrottledError, 3),
        (fault("InternalError", 500), CloudFaultError, 3),
        (fault("SystemOverFlow", 403), CloudThrottledError, 3),
        (fault("Odd", 503), CloudFaultError, 3),
        (Answer(400, {"Code": "Odd"}, {"x-acs-retry-after": "40"}), CloudThrottledError, 3),
        (Answer(500, {}), CloudFaultError, 3),
        (Answer(400, {}), CloudRefusedError, 1),
        (Answer(400, {"Code": "not a code: canary"}), CloudRefusedError, 1),
        (Answer(400, [1]), CloudFaultError, 1),
        (Answer(200, b"<html>canary", content_type="text/html"), CloudFaultError, 1),
        (Answer(502, b"<html>canary", content_type="text/html"), CloudFaultError, 1),
        (Answer(200, b"\xff\xfe"), CloudFaultError, 1),
        (Answer(200, b""), CloudFaultError, 1),
        (Answer(200, []), CloudFaultError, 1),
        (Answer(200, None), CloudFaultError, 1),
        (Answer(200, {"RequestId": "R"}), CloudFaultError, 1),
        (Answer(200, {"DeviceCredential": 5}), CloudFaultError, 1),
        (Answer(200, credential("GID_test@@@other")), CloudFaultError, 1),
        (Answer(200, credential(DeviceAccessKeySecret=None)), CloudFaultError, 1),
        (
            Answer(
                400,
                b"<Error><Code>SignatureDoesNotMatch</Code><Message>canary</Message></Error>",
                content_type="text/xml;charset=utf-8",
            ),
            CloudRefusedError,
            1,
        ),
    ],
)
def test_each_kind_of_answer(
    script: Script, client: Make, answer: Answer, kind: type[CloudError], requests: int
) -> None:
    script.say(answer)
    error = caught(lambda: credentials.get(client(script.address), CLIENT_ID))
    assert type(error) is kind
    assert len(script.actions) == requests


def test_nothing_listens(client: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        error = caught(lambda: credentials.get(client(address), CLIENT_ID))
    assert isinstance(error, CloudUnreachableError)
    assert "nothing listens" in str(error)
    assert "devcred twin" in error.do
    assert address in error.where


def test_no_answer_in_time(client: Make) -> None:
    with silent_port() as port:
        made = client(f"127.0.0.1:{port}", timeouts=Timeouts(300, 300))
        error = caught(lambda: credentials.get(made, CLIENT_ID))
        assert isinstance(error, CloudUnreachableError)
        assert "no answer in time" in error.what
        # A message that may have gone out is not sent again, and the user is told so.
        error = caught(lambda: messages.send_message(made, "devcred/x", "hello"))
        assert "may have been carried out" in error.do


def test_a_name_that_does_not_resolve(client: Make) -> None:
    error = caught(lambda: credentials.get(client("http://no-such-host.invalid"), CLIENT_ID))
    assert isinstance(error, CloudUnreachableError)
    assert "resolved" in error.what


def test_https_where_plain_http_is_spoken(script: Script, client: Make) -> None:
    script.say(Answer())
    error = caught(lambda: credentials.get(client(f"https://{script.address}"), CLIENT_ID))
    assert isinstance(error, CloudUnreachableError)
    assert "TLS" in error.what


def test_a_loopback_endpoint_goes_past_the_proxy(
    script: Script, client: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    script.say(Answer(200, credential()))
    assert credentials.get(client(script.address), CLIENT_ID).key_id == "DC.key"
    error = caught(lambda: credentials.get(client("http://twin.invalid:80"), CLIENT_ID))
    assert "proxy" in error.what


def test_waits_follow_the_rule(script: Script, client: Make, waits: list[float]) -> None:
    script.say(fault("InternalError", 500), fault("Throttling.User"), Answer(200, credential()))
    assert credentials.get(client(script.address), CLIENT_ID).secret == "DC.secret"
    assert waits == [0.15, 0.3]


def test_debug_of_the_sdk_stays_off(
    script: Script, client: Make, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    script.say(Answer(200, credential()))
    credentials.get(client(script.address), CLIENT_ID)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "client_id", ["", "nogroup", "GID_test@@@", "GID_test@@@a b", "GID_test@@@" + "x" * 54]
)
def test_a_client_id_is_checked_before_anything_is_sent(script: Script, client: Make, client_id: str) -> None:
    script.say(Answer(200, credential()))
    for act in (credentials.register, credentials.get, credentials.refresh, credentials.unregister):
        with pytest.raises(UsageError):
            act(client(script.address), client_id)
    assert script.actions == []


def test_close_connection_may_fail_with_status_200(script: Script, client: Make) -> None:
    script.say(Answer(200, {"Success": False, "Code": 400, "Message": "canary"}))
    error = caught(lambda: messages.close_connection(client(script.address), CLIENT_ID))
    assert isinstance(error, CloudRefusedError)


@pytest.mark.parametrize("topic", ["ab", "devcred/#", "x" * 65])
def test_a_topic_is_checked_before_anything_is_sent(script: Script, client: Make, topic: str) -> None:
    script.say(Answer())
    with pytest.raises(UsageError):
        messages.send_message(client(script.address), topic, "x")
    with pytest.raises(UsageError):
        messages.send_message(client(script.address), "devcred/x", "x" * 65537)
    assert script.actions == []
