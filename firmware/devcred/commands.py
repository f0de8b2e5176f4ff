"""Commands that reach this device by P2P: JSON in, JSON out, each with the request's id.

`{"id": "7", "cmd": "ping"}` is answered with `{"id": "7", "cmd": "ping", "ok": true,
"result": {...}}`; what cannot be done, with `"ok": false` and an `"error"`.
"""

import json

_ID_MAX_CHARS = 64


def answer(payload, facts):
    """The reply to one command as a dict, or None when the sender cannot be answered.

    `payload`: the message's bytes, from anywhere. `facts`: callables by name, the world
    that a command may ask about.
    """
    try:
        request = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(request, dict):
        return None
    reply = {"id": _short(request.get("id")), "cmd": _short(request.get("cmd"))}
    command = _COMMANDS.get(reply["cmd"])
    reply["ok"] = command is not None
    if command is None:
        reply["error"] = "unknown command; known: " + ", ".join(sorted(_COMMANDS))
    else:
        reply["result"] = command(facts)
    return reply


def _short(value):
    # Echoed back and shown on the console, so bounded and of one line; what is not such
    # text is answered as the empty text.
    if not isinstance(value, str) or "\n" in value or "\r" in value:
        return ""
    return value[:_ID_MAX_CHARS]


def _ping(facts):
    return {"uptime_ms": facts["uptime_ms"]()}


def _info(facts):
    return {name: fact() for name, fact in facts.items()}


_COMMANDS = {"ping": _ping, "info": _info}
