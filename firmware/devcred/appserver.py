"""The application server over HTTPS, as docs/token-server.md has it: one connection, two requests.

The connection stands beside the MQTT one for that moment only. Worst case of `ask`: five
times `connect_timeout_ms` (connect, handshake and request, answer, request, answer), fed
throughout, and what `stream` says cannot be fed.
"""

import json

from micropython import const

from devcred import causes, tokens
from devcred.errors import LinkError
from devcred.stream import Stream

# The detail of a LinkError that is about this server begins so.
NAME = "token-server"
_HEAD = "POST /v1/%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
_LENGTH = b"content-length:"

_ANSWER_MAX_BYTES = const(4096)
_LINE_MAX_BYTES = const(256)


def ask(settings, tls, board, key, purpose):
    """What `tokens.answer` makes of the answer to a request for "tokens" or "credential".

    LinkError: as the stream has them; ACCOUNT where the server says no; SERVER_BUSY where it cannot
    now; PROTOCOL for anything else than the documented wire. It has `retry_s` if the server said so.
    """
    host = settings["token_host"]
    stream = Stream(settings["connect_timeout_ms"], board.feed, board.guard, tls, host)
    body = {"client_id": settings["client_id"]}
    try:
        stream.connect((host, settings["token_port"]))
        nonce = _post(stream, host, "challenge", body)["nonce"]
        body["nonce"], body["proof"] = nonce, tokens.proof(key, purpose, body["client_id"], nonce)
        return tokens.answer(_post(stream, host, purpose, body), purpose, body["client_id"])
    except (ValueError, LookupError, TypeError):
        raise LinkError(causes.PROTOCOL, NAME)
    except LinkError as error:
        error.detail = "%s-%s" % (NAME, error.detail)
        raise
    finally:
        stream.close()


def _post(stream, host, what, body):
    """The answer's object; ValueError, LookupError or TypeError if it is none."""
    text = json.dumps(body)
    stream.limit(None)
    stream.write((_HEAD % (what, host, len(text), text)).encode())
    stream.flush()
    # All of the answer, however it is dealt out.
    stream.limit(stream.deadline())
    status = int(_line(stream).split(b" ")[1])
    size, line = 0, _LENGTH
    while line:
        line = _line(stream).lower()
        if line.startswith(_LENGTH):
            size = int(line[len(_LENGTH) :])
    answer = stream.read(size) if 0 < size <= _ANSWER_MAX_BYTES else b""
    if status == 200:
        return json.loads(answer)
    raise _refusal(status, answer)


def _line(stream):
    stream.feed()
    line = bytearray()
    while line[-1:] != b"\n":
        if len(line) == _LINE_MAX_BYTES:
            raise ValueError
        line.extend(stream.read(1))
    return bytes(line).strip()


def _refusal(status, answer):
    word, retry_s = "", 0
    try:
        body = json.loads(answer)
        if body["error"].replace("-", "").isalpha():
            word = body["error"]
        retry_s = body["retry_in_s"] | 0
    except (ValueError, LookupError, TypeError, AttributeError):
        pass  # a proxy's answer, perhaps
    cause = causes.PROTOCOL
    # A nonce that is past is nobody's fault: the server was started anew meanwhile.
    if status == 429 or status >= 500 or word == "challenge":
        cause = causes.SERVER_BUSY
    elif status in (401, 403, 404):
        cause = causes.ACCOUNT
    error = LinkError(cause, "%d %s" % (status, word))
    error.retry_s = retry_s  # type: ignore[attr-defined]  # of these alone
    return error
