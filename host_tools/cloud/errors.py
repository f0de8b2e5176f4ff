"""From whatever the SDK raises to one of ours; the SDK's own text goes no further.

That text holds the whole URL of a request (client IDs, tokens, payloads) or the string the
server says it signed. What is decided here is decided by types and by the error code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from host_tools.cloud.codes import meaning
from host_tools.errors import CloudError, CloudFaultError, CloudRefusedError, CloudUnreachableError

# A code from the wire is shown only if it reads like one.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}\Z")

_NO_KEY = "no AccessKey was found"
_SET_KEY = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"
_NOT_THE_SERVICE = (
    "what answered is not the control plane",
    "check the endpoint: the twin's api_port, or the service's own name",
)


@dataclass(frozen=True)
class Asked:
    """What was being asked, and of whom."""

    operation: str
    address: str
    loopback: bool = False

    def __str__(self) -> str:
        return f"{self.operation} at {self.address}"


@dataclass(frozen=True)
class Failure:
    """The error to raise, and how long the service asked to wait (0: it did not say)."""

    error: CloudError
    asked_ms: int = 0


def translate(raised: BaseException, asked: Asked) -> Failure:
    """The Failure for an exception out of the SDK, of any kind."""
    chain = list(_chain(raised))
    for found in chain:
        code = getattr(found, "code", None)
        if isinstance(code, str) and getattr(found, "status_code", None) is not None:
            return _answered(found, code, asked)
    names = {name for found in chain for name in _type_names(found)}
    if "CredentialException" in names:
        do = f"{_SET_KEY}, as `devcred twin` shows them" if asked.loopback else f"{_SET_KEY}, or a profile"
        return Failure(CloudRefusedError(_NO_KEY, where=str(asked), do=do))
    return Failure(_unreachable(names, asked) or unexpected(asked))


def unexpected(asked: Asked) -> CloudError:
    """For an answer that is not in the control plane's form."""
    return CloudFaultError(_NOT_THE_SERVICE[0], where=str(asked), do=_NOT_THE_SERVICE[1])


def refused(code: str, status: int, asked: Asked) -> CloudError:
    """The error for a code the service gave."""
    # The SDK writes "None" where the answer has no code.
    shown = code if _CODE.match(code) and code != "None" else ""
    found = meaning(shown, status)
    label = shown or f"HTTP status {status}"
    return found.kind(f"{found.what} ({label})", where=str(asked), do=found.do, code=shown or str(status))


def _answered(found: BaseException, code: str, asked: Asked) -> Failure:
    status = getattr(found, "status_code", None)
    retry_after = getattr(found, "retry_after", None)
    asked_ms = retry_after if isinstance(retry_after, int) else 0
    # An unknown code that comes with a time to wait is throttling by another name.
    known_status = 429 if asked_ms else status
    return Failure(refused(code, known_status if isinstance(known_status, int) else 0, asked), asked_ms)


def _unreachable(names: set[str], asked: Asked) -> CloudError | None:
    """In the order from the most telling type to the least."""
    for type_names, what, do in _NETWORK:
        if names & type_names:
            return CloudUnreachableError(what, where=str(asked), do=_advice(do, asked))
    return None


def _advice(do: str, asked: Asked) -> str:
    if do is _CHECK_NETWORK and asked.loopback:
        return "start `devcred twin`, and check the port"
    if do is _CHECK_EFFECT and asked.operation.startswith(_ONLY_READS):
        return "run it again"
    return do


_ONLY_READS = ("Get", "List", "Query", "BatchQuery")
_CHECK_NETWORK = "check the network and the endpoint"
_CHECK_EFFECT = "it may have been carried out: look before running it again"
_NETWORK: tuple[tuple[set[str], str, str], ...] = (
    ({"ProxyError"}, "the proxy does not let it through", "check HTTP_PROXY and HTTPS_PROXY"),
    (
        {"NameResolutionError", "gaierror"},
        "the name cannot be resolved",
        "check the endpoint's spelling, the region and the network",
    ),
    (
        {"SSLError", "CertificateError"},
        "TLS failed",
        "check the endpoint: http:// for the twin; for the service look at the clock and what stands between",
    ),
    ({"ReadTimeout", "ReadTimeoutError"}, "no answer in time", _CHECK_EFFECT),
    # Before the time-outs: urllib3 derives its error for a refused connection from one of them.
    ({"ConnectionRefusedError"}, "nothing listens there", _CHECK_NETWORK),
    ({"ConnectTimeout", "ConnectTimeoutError"}, "nothing answers in time", _CHECK_NETWORK),
    (
        {"RetryError", "ConnectionError", "RequestException", "HTTPError"},
        "the connection failed",
        _CHECK_NETWORK,
    ),
)


def _chain(raised: BaseException) -> Iterator[BaseException]:
    """The exception and all it came from, each once: the SDK keeps causes in three places."""
    waiting, seen = [raised], set()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        links = [getattr(found, "inner_exception", None), found.__cause__, found.__context__]
        # urllib3 keeps the socket's error in `reason`, requests hands on urllib3's as an argument.
        links += [getattr(found, "reason", None), *found.args]
        waiting += [link for link in links if isinstance(link, BaseException)]


def _type_names(found: BaseException) -> Iterator[str]:
    for kind in type(found).__mro__:
        if kind.__module__ != "builtins" or kind.__name__ in ("ConnectionRefusedError", "ConnectionError"):
            yield kind.__name__
