"""Where the control plane is, by the user's own words."""

import pytest

from host_tools.cloud.endpoint import Endpoint, choose, parse
from host_tools.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:8080", Endpoint("http", "127.0.0.1:8080", True)),
        ("http://127.0.0.1:8080/", Endpoint("http", "127.0.0.1:8080", True)),
        ("127.0.0.1:8080", Endpoint("http", "127.0.0.1:8080", True)),
        ("localhost:8080", Endpoint("http", "localhost:8080", True)),
        ("http://[::1]:8080", Endpoint("http", "[::1]:8080", True)),
        ("http://twin:8080", Endpoint("http", "twin:8080", False)),
        ("onsmqtt.cn-hangzhou.aliyuncs.com", Endpoint("https", "onsmqtt.cn-hangzhou.aliyuncs.com", False)),
        ("https://127.0.0.1:8443", Endpoint("https", "127.0.0.1:8443", True)),
    ],
)
def test_addresses(text: str, expected: Endpoint) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x",
        "http://user:canary@127.0.0.1:8080",
        "http://127.0.0.1:8080/path",
        "http://127.0.0.1:8080/?a=1",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "canary" not in str(caught.value)


def test_the_service_is_not_asked_in_clear() -> None:
    with pytest.raises(UsageError, match="https"):
        parse("http://onsmqtt.cn-hangzhou.aliyuncs.com")


def test_a_region_stands_for_its_endpoint() -> None:
    assert choose(None, "cn-hangzhou") == Endpoint("https", "onsmqtt.cn-hangzhou.aliyuncs.com", False)
    assert choose("127.0.0.1:1", "cn-hangzhou").address == "127.0.0.1:1"


@pytest.mark.parametrize(
    "region", ["", None, "cn", "cn-hangzhou.evil.example", "CN-HANGZHOU", "cn-hang zhou", "cn-x/"]
)
def test_what_is_no_region(region: str | None) -> None:
    with pytest.raises(UsageError):
        choose(None, region)
