"""Parameters of operations, from text to what they mean. What cannot be read is InvalidParameter."""

import base64
import binascii
from collections.abc import Mapping, Sequence

from host_tools.twin.api.errors import bad, invalid

Params = Mapping[str, str]
MAX_PAGE = 100
_MAX_DIGITS = 15


def number(params: Params, name: str, least: int = 0, most: int = 10**_MAX_DIGITS) -> int:
    """An integer parameter; ParameterCheckFailed outside `least` to `most`."""
    text = params[name]
    # isdecimal() alone takes digits of every script; the wire has ASCII.
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS):
        raise invalid(name, "it is no number")
    if not least <= int(text) <= most:
        raise bad(name, f"must be a number from {least} to {most}")
    return int(text)


def truth(params: Params, name: str) -> bool:
    """A boolean parameter, false when it is not there."""
    text = params.get(name, "").lower()
    if text not in ("", "true", "false"):
        raise invalid(name, "true or false")
    return text == "true"


def listed(params: Params, name: str) -> list[str]:
    """A list parameter, sent as `name.1`, `name.2` and so on, in the order of the numbers."""
    found = {}
    for key, value in params.items():
        start, _, count = key.partition(".")
        if start == name and count:
            found[number({name: count}, name, 1)] = value
    return [found[count] for count in sorted(found)]


def page(ids: Sequence[str], size: int, token: str) -> tuple[list[str], str]:
    """The sorted `ids` after those that `token` has seen, and the token for the rest, empty at the end."""
    after = _after(token) if token else ""
    rest = [each for each in ids if each > after]
    return rest[:size], _token(rest[size - 1]) if len(rest) > size else ""


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def _after(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise bad("NextToken", "it is none that was given out") from None
