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
    command = _COMMANDS.get(reply["cmd"])
    try:
        if command is None:
            raise ValueError("unknown command; known: " + ", ".join(sorted(_COMMANDS)))
        reply["result"] = command(device, request)
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


def _ping(device, _request):
    return {"uptime_ms": device.facts["uptime_ms"]()}


def _info(device, _request):
    return {name: fact() for name, fact in device.facts.items()}


def _reboot(device, _request):
    device.reboot()
    return {}


def _set_interval(device, request):
    seconds = request.get("heartbeat_s")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= 86400:
        raise ValueError("heartbeat_s: must be a whole number from 1 to 86400")
    device.set_interval(seconds)
    return {"heartbeat_s": seconds}


def _resend(device, _request):
    device.resend()
    return {}


_COMMANDS = {
    "info": _info,
    "ping": _ping,
    "reboot": _reboot,
    "resend": _resend,
    "set-interval": _set_interval,
}
