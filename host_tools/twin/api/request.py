"""An HTTP request as the control plane reads it, and the encoding that both signatures rest on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

from host_tools.twin.api.errors import ApiError, invalid

MAX_PARAMETERS = 1000
"""More than any operation has; sorting a million of them would hold everybody else up."""
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came; `query` still encoded, names of `headers` in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def pairs(encoded: str | bytes) -> list[tuple[str, str]]:
    """The decoded names and values of a query or form, empty ones too.

    Raises ApiError for what is not UTF-8, and for more of them than anybody needs.
    """
    raw = encoded.encode("latin-1", "replace") if isinstance(encoded, str) else encoded
    if raw.count(b"&") >= MAX_PARAMETERS:
        raise ApiError("InvalidParameter", f"At most {MAX_PARAMETERS} parameters.")
    halves = (item.partition(b"=") for item in raw.split(b"&") if item)
    try:
        return [(_decode(name), _decode(value)) for name, _, value in halves]
    except UnicodeDecodeError:
        pass  # raised below: the codec's own text would show the value
    raise ApiError("ParameterCheckFailed", "The parameters are not UTF-8.")


def form_pairs(request: Request) -> list[tuple[str, str]]:
    """The pairs of a form body; none where the body is no form."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return pairs(request.body) if kind == _FORM else []


def once(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The pairs by name. A name that comes twice could mean either, so it is an ApiError."""
    found: dict[str, str] = {}
    for name, value in named:
        if name in found:
            raise invalid(name, "it is there twice")
        found[name] = value
    return found


def canonical(named: Iterable[tuple[str, str]]) -> str:
    """Encoded afresh and sorted: clients differ in how they put a blank, `*` or `~` on the wire."""
    return "&".join(f"{name}={value}" for name, value in sorted((encode(n), encode(v)) for n, v in named))


def encode(text: str) -> str:
    """Percent-encoded by RFC 3986: all but letters, digits, `-`, `_`, `.` and `~`."""
    return quote(text, safe="")


def _decode(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
