"""The client of the application server over real sockets: what it says, and every kind of answer."""

import json
import time
import unittest

from devcred import appserver, causes, tokens
from devcred.errors import LinkError
from peer import CLOSE, HOST, Peer, guard

CLIENT_ID = "GID_tok@@@d"
KEY = b"k" * 43


def http(status, body, *fields):
    """An answer's bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = ["HTTP/1.1 %s" % status, "Content-Length: %d" % len(data)]
    return ("\r\n".join(lines + list(fields)) + "\r\n\r\n").encode() + data


TOKENS = {
    "client_id": CLIENT_ID,
    "instance_id": "mqtt-x",
    "key_id": "LTAI",
    "tokens": {"R": "r+/="},
    "expires_at_s": 1800000070,
    "expires_in_s": 70,
    "renew_in_s": 40,
}
CREDENTIAL = {"client_id": CLIENT_ID, "instance_id": "mqtt-x", "key_id": "DC.1", "password": "pw"}
CHALLENGE = http("200 OK", {"nonce": "n.n", "expires_in_s": 60}, "content-type: application/json")


class Dripping(Peer):
    """A byte at a time, in every turn, for as long as anybody listens."""

    def feed(self):
        super().feed()
        time.sleep_ms(5)
        if self._link and not self._script:
            self._link.write(b".")


class Board:
    """What the stream needs of one."""

    def __init__(self, peer):
        self.feed = peer.feed
        self.guard = guard


class TestAsk(unittest.TestCase):
    def ask(self, *script, purpose="tokens", timeout_ms=300, kind=Peer):
        self.peer = kind(script)
        settings = {
            "token_host": HOST,
            "token_port": self.peer.port,
            "connect_timeout_ms": timeout_ms,
            "client_id": CLIENT_ID,
        }
        try:
            answer = appserver.ask(settings, None, Board(self.peer), KEY, purpose)
            self.peer.feed()
            return answer
        finally:
            self.peer.stop()

    def failure(self, *script, **rest):
        try:
            self.ask(*script, **rest)
        except LinkError as error:
            return error
        raise AssertionError("answered")

    def test_both_requests_go_over_one_connection(self):
        for purpose, answer, password in (("tokens", TOKENS, "R|r+/="), ("credential", CREDENTIAL, "pw")):
            own, left_s, renew_s = self.ask((1, CHALLENGE), (1, http("200 OK", answer)), purpose=purpose)
            self.assertEqual(own.password(), password)
            self.assertEqual((left_s, renew_s), (70, 40) if own.tokens else (0, 0))
            said = self.peer.received.decode()
            heads = [line for line in said.split("\r\n") if line.startswith(("POST", "{")) or "}POST" in line]
            self.assertEqual(heads[0], "POST /v1/challenge HTTP/1.1")
            first, rest = said.split("\r\n\r\n", 1)
            body, second = rest.split("POST ", 1)
            self.assertEqual(json.loads(body), {"client_id": CLIENT_ID})
            self.assertTrue("Content-Length: %d" % len(body) in first)
            self.assertTrue(second.startswith("/v1/%s HTTP/1.1\r\nHost: %s\r\n" % (purpose, HOST)))
            self.assertEqual(
                json.loads(second.split("\r\n\r\n", 1)[1]),
                {
                    "client_id": CLIENT_ID,
                    "nonce": "n.n",
                    "proof": tokens.proof(KEY, purpose, CLIENT_ID, "n.n"),
                },
            )
            self.assertFalse(KEY.decode() in said)

    def test_refusals(self):
        for status, body, cause, detail, retry_s in (
            ("401 X", {"error": "refused", "retry_in_s": 900}, causes.ACCOUNT, "401 refused", 900),
            ("403 X", {"error": "disabled", "retry_in_s": 3600}, causes.ACCOUNT, "403 disabled", 3600),
            ("404 X", {"error": "no-credential"}, causes.ACCOUNT, "404 no-credential", 0),
            ("429 X", {"error": "slow-down", "retry_in_s": 7}, causes.SERVER_BUSY, "429 slow-down", 7),
            ("503 X", {"error": "unavailable", "retry_in_s": "8"}, causes.SERVER_BUSY, "503 unavailable", 0),
            ("401 X", {"error": "challenge", "retry_in_s": 0}, causes.SERVER_BUSY, "401 challenge", 0),
            ("503 X", {"error": 7, "retry_in_s": 8}, causes.SERVER_BUSY, "503 ", 0),
            ("503 X", {"error": "un\nwell", "retry_in_s": []}, causes.SERVER_BUSY, "503 ", 0),
            ("502 Bad Gateway", b"<html>", causes.SERVER_BUSY, "502 ", 0),
            ("422 X", b"[]", causes.PROTOCOL, "422 ", 0),
            ("301 X", b"", causes.PROTOCOL, "301 ", 0),
        ):
            error = self.failure((1, CHALLENGE), (1, http(status, body)))
            self.assertEqual(
                (error.cause, error.detail, error.retry_s), (cause, "token-server-" + detail, retry_s)
            )

    def test_what_is_not_the_wire(self):
        endless = b"X-Y: " + b"z" * 300 + b"\r\n"
        for answer in (
            b"\r\n\r\n",
            b"SSH-2.0-OpenSSH\r\n",
            b"HTTP/1.1 two OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + endless,
            http("200 OK", b"not JSON"),
            http("200 OK", b"\xff"),
            http("200 OK", []),
            http("200 OK", {"nonse": 1}),
            http("200 OK", {"nonce": 7}),
        ):
            error = self.failure((1, answer))
            self.assertEqual((error.cause, error.detail), (causes.PROTOCOL, "token-server"), answer)
        for answer in ({}, [], CREDENTIAL, dict(TOKENS, client_id="another")):
            error = self.failure((1, CHALLENGE), (1, http("200 OK", answer)))
            self.assertEqual((error.cause, error.detail), (causes.PROTOCOL, "token-server"), answer)

    def test_a_server_that_is_not_there_or_goes(self):
        error = self.failure((1, CLOSE))
        self.assertEqual((error.cause, error.detail), (causes.CLOSED, "token-server-0"))
        error = self.failure()
        self.assertEqual((error.cause, error.detail), (causes.LINK_LOST, "token-server-timeout"))

    def test_one_that_drips_without_end(self):
        # Each byte comes in time; all of them together do not.
        error = self.failure((1, b"HTTP/1.1 200 OK\r\nX-Y: "), timeout_ms=50, kind=Dripping)
        self.assertTrue(error.cause in (causes.PROTOCOL, causes.LINK_LOST))
