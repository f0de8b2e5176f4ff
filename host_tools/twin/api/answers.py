"""An answer as it goes out: a status, headers, and an object as JSON or XML. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = {"json": "application/json;charset=utf-8", "xml": "text/xml;charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP; `action` names the root of an answer in XML, empty for an error's."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    format: str = "json"
    action: str = ""

    @property
    def content_type(self) -> str:
        return _TYPES[self.format]

    def encoded(self) -> bytes:
        """The body in its form."""
        if self.format == "json":
            return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        root = f"{self.action}Response" if self.action else "Error"
        inside = "".join(part for name, value in self.body.items() for part in _elements(name, value))
        return f"<?xml version='1.0' encoding='UTF-8'?><{root}>{inside}</{root}>".encode("utf-8", "replace")


def _elements(name: str, value: Any) -> Iterator[str]:
    """The value as elements of that name, a list as one for each of its items."""
    if isinstance(value, list):
        for each in value:
            yield from _elements(name, each)
    elif isinstance(value, dict):
        inside = "".join(part for key, each in value.items() for part in _elements(key, each))
        yield f"<{name}>{inside}</{name}>"
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield f"<{name}>{escape(_NO_XML.sub('?', text))}</{name}>"
