"""Commands that reach this device by P2P: JSON in, JSON out, each with the request's id.

`{"id": "7", "cmd": "ping"}` is answered with `{"id": "7", "cmd": "ping", "ok": true,
"result": {...}}`; what cannot be done, with `"ok": false` and an `"error"`.
"""

import json

_ID_MAX_CHARS = 64


def answer(payload, device):
    """The reply to one command as a dict, or None when the sender cannot be answered.

    `payload`: the message's bytes, from anywhere. `device`: `facts`, callables by name, and
    `reboot()`, `set_interval(seconds)`, `resend()`, each of which acts after the reply.
    """
    try:
        request = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(request, dict):
        return None
    reply = {"id": _short(request.get("id")), "cmd": _short(request.get("cmd"))}
    try:
        reply["result"] = _result(reply["cmd"], device, request)
        reply["ok"] = True
    except ValueError as error:
        reply["ok"] = False
        reply["error"] = str(error)
    return reply


def _short(value):
    # Echoed back and shown on the console, so bounded and of one line; what is not such
    # text is answered as the empty text.
    if not isinstance(value, str) or "\n" in value or "\r" in value:
        return ""
    return value[:_ID_MAX_CHARS]


def _result(command, device, request):
    if command == "ping":
        return {"uptime_ms": device.facts["uptime_ms"]()}
    if command == "info":
        return {name: fact() for name, fact in device.facts.items()}
    if command == "set-interval":
        return _set_interval(device, request)
    if command == "reboot":
        device.reboot()
    elif command == "resend":
        device.resend()
    else:
        raise ValueError("unknown command; known: info, ping, reboot, resend, set-interval")
    return {}


def _set_interval(device, request):
    seconds = request.get("heartbeat_s")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= 86400:
        raise ValueError("heartbeat_s: must be a whole number from 1 to 86400")
    device.set_interval(seconds)
    return {"heartbeat_s": seconds}
