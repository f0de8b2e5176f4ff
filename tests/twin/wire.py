"""A client of raw bytes: it sends what it is told and shows what comes back, each wait with a deadline."""

import socket
from types import TracebackType
from typing import Self

from host_tools.twin.broker.decode import FROM_SERVER, Decoder
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Connack, Connect, Packet, Pingreq, Pingresp

DEADLINE_S = 3.0


class Wire:
    """A TCP connection to the broker; a context manager."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
        self.client_id = ""
        self._decoder = Decoder(FROM_SERVER, 1 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, *packets: Packet | bytes) -> None:
        """Send packets, or bytes as they are, in one write."""
        self.socket.sendall(b"".join(each if isinstance(each, bytes) else encode(each) for each in packets))

    def receive(self) -> Packet | None:
        """The next packet; None when the broker closed. TimeoutError after the deadline."""
        while (packet := self._decoder.next()) is None:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._decoder.feed(data)
        return packet

    def login(self, connect: Connect) -> Connack:
        """Send a CONNECT and give back the answer."""
        self.client_id = connect.client_id
        self.send(connect)
        answer = self.receive()
        assert isinstance(answer, Connack)
        return answer

    def is_quiet(self) -> bool:
        """Whether the broker had nothing to send before the answer to a PINGREQ that goes out now."""
        self.send(Pingreq())
        return self.receive() == Pingresp()

    def is_closed(self) -> bool:
        """Whether the broker closes, with nothing sent before."""
        return self.receive() is None
