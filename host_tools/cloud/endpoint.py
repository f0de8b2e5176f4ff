"""Where the control plane is: an address given by the user, or a region's own."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from host_tools.errors import UsageError

_REGION = re.compile(r"[a-z]{2}(-[a-z0-9]+)+\Z")
_SERVICE_DOMAIN = ".aliyuncs.com"
_EXAMPLE = "give it as http://host:port, or give --region, such as cn-hangzhou"


@dataclass(frozen=True)
class Endpoint:
    """`address` is `host` or `host:port`; `scheme` http or https."""

    scheme: str
    address: str
    loopback: bool


def choose(given: str | None, region: str | None) -> Endpoint:
    """The endpoint `given`, or else the region's; UsageError when neither is there or one is wrong."""
    if given:
        return parse(given)
    if not region:
        raise UsageError("no endpoint and no region", where="control plane", do=_EXAMPLE)
    if not _REGION.match(region):
        raise UsageError("not the name of a region", where="--region", do="it reads like cn-hangzhou")
    return Endpoint("https", f"onsmqtt.{region}{_SERVICE_DOMAIN}", loopback=False)


def parse(text: str) -> Endpoint:
    """An endpoint from `http://host:port`, `https://host` or `host:port`.

    Without a scheme a loopback address is the twin's (http), any other the service's (https).
    """
    parts = _split(text if "://" in text else f"//{text}")
    host = parts.hostname or ""
    loopback = _is_loopback(host)
    scheme = parts.scheme or ("http" if loopback else "https")
    if scheme not in ("http", "https") or not host or _has_more(parts):
        raise UsageError("not an address", where="endpoint", do=_EXAMPLE)
    if scheme == "http" and host.endswith(_SERVICE_DOMAIN):
        # The answers hold device secrets, and plain HTTP would show them on the way.
        raise UsageError("the service is not to be asked over http", where="endpoint", do="use https://")
    return Endpoint(scheme, parts.netloc, loopback)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # checked by the property, which raises
    except ValueError:
        raise UsageError("not an address", where="endpoint", do=_EXAMPLE) from None
    return parts


def _has_more(parts: SplitResult) -> bool:
    return bool(parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
