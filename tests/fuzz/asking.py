"""Bytes to an HTTP server, and its answers; every wait has a deadline."""

import http.client
import io
import socket
from collections.abc import Sequence
from dataclasses import dataclass

DEADLINE_S = 5.0


@dataclass(frozen=True)
class Answer:
    """One response."""

    status: int
    body: bytes


class _Reader(io.BufferedReader):
    """One connection's answers, one after another: each response of http.client would close it."""

    def makefile(self, mode: str) -> "_Reader":
        return self

    def close(self) -> None:
        pass


def ask(port: int, pieces: Sequence[bytes], methods: Sequence[str], more_awaited: bool) -> list[Answer]:
    """Send the pieces; the answers to requests of these methods, fewer if the server closes before.

    `more_awaited`: the stream ends inside a request, so the end of it is told to the server, which has to
    close then. Without any request in it something has to come all the same: an answer, or the close.
    Raises TimeoutError if the server does neither.
    """
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sock:
        # Pieces are to arrive as pieces, and none is to wait for an acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = _Reader(socket.SocketIO(sock, "r"))
        answers: list[Answer] = []
        try:
            for piece in pieces:
                sock.sendall(piece)
            for method in methods:
                answers.append(_answer(reader, method))
            if not methods:
                if more_awaited:
                    sock.shutdown(socket.SHUT_WR)
                answers.append(_answer(reader, "GET"))
        except (ConnectionError, http.client.BadStatusLine, http.client.IncompleteRead):
            pass  # it closed
        except TimeoutError:
            raise
        except OSError:
            pass  # as above, found when it was told the end
        return answers


def _answer(reader: _Reader, method: str) -> Answer:
    response = http.client.HTTPResponse(reader, method=method)  # type: ignore[arg-type]
    response.begin()
    return Answer(response.status, response.read())
