"""The normative statements of MQTT 3.1.1 (its appendix B), which tests cite, and why some have none here."""

import ast
import re
from pathlib import Path

_CITED = re.compile(r"MQTT-(\d+\.[\d.]+)-(\d+)((?:(?:, | and | to )-\d+)*)")
_MORE = re.compile(r"(, | and | to )-(\d+)")
# How many each section has.
_COUNTS = (
    "1.5.3:3 2.2.2:2 2.3.1:7 3.1.0:2 3.1.2:24 3.1.3:11 3.1.4:5 3.2.0:1 3.2.2:6 3.3.1:12 3.3.2:3 "
    "3.3.4:1 3.3.5:2 3.6.1:1 3.8.1:1 3.8.3:3 3.8.4:6 3.9.3:2 3.10.1:1 3.10.3:2 3.10.4:6 3.12.4:1 3.14.1:1 "
    "3.14.4:3 4.1.0:2 4.2.0:1 4.3.1:1 4.3.2:2 4.3.3:2 4.4.0:1 4.5.0:2 4.6.0:6 4.7.1:3 4.7.2:1 4.7.3:4"
    " 4.8.0:2 6.0.0:4"
)
ALL = {"3-8.3-4"} | {
    f"{section}-{n}"
    for section, count in (each.split(":") for each in _COUNTS.split())
    for n in range(1, int(count) + 1)
}
"""The statements, without the word MQTT in front; the standard itself writes 3-8.3-4 so."""

_CLIENTS = "binds the client"
_WEBSOCKET = "the twin's WebSocket has tests beside its other listeners"

ELSEWHERE = {
    "2.3.1-2": _CLIENTS,
    "2.3.1-3": _CLIENTS,
    "3.2.2-6": "none of the codes fits: no such case arises with the rules of MQTT alone",
    "3.3.5-2": "nobody is denied a topic by MQTT's own rules; the twin's tests have the service's",
    "3.8.3-2": "both brokers support wildcards",
    "3.9.3-2": "holds for every SUBACK: the tests compare whole packets",
    "4.5.0-2": _CLIENTS,
    "4.8.0-2": "a broker that runs out of something cannot be brought about in both",
    **{f"6.0.0-{n}": _WEBSOCKET for n in range(1, 5)},
}


def cited(text: str) -> set[str]:
    """The statements that a docstring names: `MQTT-3.1.2-1`, `MQTT-3.1.2-1, -3`, `MQTT-3.1.2-18 to -22`."""
    found = {"3-8.3-4"} if "MQTT-3-8.3-4" in text else set()
    for section, first, rest in _CITED.findall(text):
        last = int(first)
        found.add(f"{section}-{last}")
        for word, number in _MORE.findall(rest):
            start = last + 1 if word == " to " else int(number)
            found |= {f"{section}-{n}" for n in range(start, int(number) + 1)}
            last = int(number)
    return found


def citations(folder: Path) -> dict[str, set[str]]:
    """Each test function below `folder` that cites statements, and which."""
    found = {}
    for path in sorted(folder.glob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (names := cited(ast.get_docstring(node) or "")):
                found[node.name] = names
    return found
