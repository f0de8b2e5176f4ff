"""Aimed changes to a signed request: each part of it, the way somebody would who has no key."""

import random
from collections.abc import Callable
from copy import deepcopy

from tests.fuzz.signed import FORM, Http

_METHODS = ("GET", "PUT", "DELETE", "post", "HEAD", "PATCH", "OPTIONS")
_PATHS = ("//", "/x", "/%2F", "/.", "/;", "*", "")
_ADDED = ("ClientId=GID_test%40%40%40forged", "X=1", "=", "InstanceId=", "Action=CreateGroupId", "Format=XML")
_HEADERS = (
    ("x-acs-security-token", "forged"),
    ("x-acs-action", "CreateGroupId"),
    ("content-type", "text/plain"),
    ("host", "elsewhere"),
    ("x-forwarded-host", "elsewhere"),
    ("x-acs-new", "1"),
    ("transfer-encoding", "chunked"),
    ("expect", "100-continue"),
    ("authorization", "Bearer x"),
)
_DIGITS = "0123456789abcdefXYZ~%+&= -_.@"


def _letter(text: str, chance: random.Random) -> str:
    """One character changed, lost or put in."""
    at = chance.randint(0, len(text))
    kept = text[at + chance.randrange(2) :]
    return text[:at] + chance.choice((chance.choice(_DIGITS), "")) + kept


def _method(http: Http, chance: random.Random) -> None:
    http.method = chance.choice(_METHODS)


def _path(http: Http, chance: random.Random) -> None:
    http.path = chance.choice(_PATHS)


def _item(http: Http, chance: random.Random) -> None:
    if http.query:
        at = chance.randrange(len(http.query))
        http.query[at] = _letter(http.query[at], chance)


def _drop_item(http: Http, chance: random.Random) -> None:
    if http.query:
        http.query.pop(chance.randrange(len(http.query)))


def _add_item(http: Http, chance: random.Random) -> None:
    http.query.insert(chance.randint(0, len(http.query)), chance.choice((*_ADDED, *http.query)))


def _reorder(http: Http, chance: random.Random) -> None:
    chance.shuffle(http.query)


def _recode(http: Http, chance: random.Random) -> None:
    """The same parameters in another spelling, which is no change."""
    http.query = [item.replace("%40", "@").replace("%2B", "%2b").replace("%20", "+") for item in http.query]


def _into_body(http: Http, chance: random.Random) -> None:
    """The parameters of the query in a form."""
    http.body, http.query = "&".join(http.query).encode() + b"&" + http.body, []
    http.headers.append(("content-type", FORM))


def _body(http: Http, chance: random.Random) -> None:
    at = chance.randint(0, len(http.body))
    http.body = http.body[:at] + chance.randbytes(1) + http.body[at + chance.randrange(2) :]


def _header(http: Http, chance: random.Random) -> None:
    at = chance.randrange(len(http.headers))
    name, value = http.headers[at]
    http.headers[at] = (name, _letter(value, chance))


def _drop_header(http: Http, chance: random.Random) -> None:
    http.headers.pop(chance.randrange(len(http.headers)))


def _add_header(http: Http, chance: random.Random) -> None:
    http.headers.insert(chance.randint(0, len(http.headers)), chance.choice((*_HEADERS, *http.headers)))


def _case(http: Http, chance: random.Random) -> None:
    """Names of headers in capitals and blanks around values, which are no change."""
    http.headers = [(name.upper(), f"  {value}\t") for name, value in http.headers]


def _fewer_signed(http: Http, chance: random.Random) -> None:
    """One header less under the signature, and out of the request or with another value."""
    at = chance.randrange(len(http.headers))
    name = http.headers[at][0]
    http.headers = [(key, value.replace(f"{name};", "")) for key, value in http.headers]
    http.headers[at] = (name, chance.choice(("", "elsewhere")))


_CHANGES: tuple[Callable[[Http, random.Random], None], ...] = (
    _method,
    _path,
    _item,
    _item,
    _drop_item,
    _add_item,
    _reorder,
    _recode,
    _into_body,
    _body,
    _header,
    _header,
    _header,
    _drop_header,
    _add_header,
    _case,
    _fewer_signed,
)


def tampered(http: Http, chance: random.Random) -> Http:
    """A copy with one to three changes."""
    changed = deepcopy(http)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if not changed.headers:
            break
        chance.choice(_CHANGES)(changed, chance)
    return changed
