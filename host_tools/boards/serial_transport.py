"""mpremote's serial transport, with an end to every wait; nothing else opens a port.

What is sent stays in memory: no command line and no file of this computer holds it.
"""

import os
import termios
import time
from collections.abc import Callable

from mpremote import transport_serial
from mpremote.transport import TransportError, TransportExecError
from serial import SerialException

from host_tools.boards import port as ports

# mpremote prints what a board answered when it did not expect it; our stdout is for results.
vars(transport_serial)["print"] = lambda *_: None

WAIT_S = 5.0
_BAUD = 115200
_BUSY_S = 0.5
_OVERALL_S = 30.0


class Transport(transport_serial.SerialTransport):  # type: ignore[misc]
    """mpremote's transport, where each wait has an end even if the board never stops talking."""

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: float | None = 10,
        data_consumer: Callable[[bytes], None] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """What comes up to `ending`, or up to the end of patience, as mpremote's own has it.

        timeout: the longest silence; timeout_overall: the longest wait; both in seconds.
        """
        silence_s = _OVERALL_S if timeout is None else timeout
        heard_s = time.monotonic()
        end_s = heard_s + (timeout_overall or max(silence_s, _OVERALL_S))
        data = bytearray()
        while not data.endswith(ending):
            new = self.serial.read(1)
            now_s = time.monotonic()
            if new:
                heard_s = now_s
                data += new
                if data_consumer:
                    data_consumer(new)
                    data = data[-1:]
            if now_s >= min(heard_s + silence_s, end_s):
                break
        return bytes(data)

    def run(self, code: str, silence_s: float) -> bytes:
        """What `code` printed; mpremote's own `exec` has a time of its own."""
        self.serial.timeout = min(silence_s, WAIT_S)
        printed, raised = self.exec_raw(code, timeout=silence_s)
        if raised:
            raise TransportExecError(printed, raised.decode(errors="replace"))
        return bytes(printed)


def open_transport(port: str) -> Transport:
    """Opens the port; asks again for a moment where it is in use, as its last user may be leaving."""
    end_s = time.monotonic() + _BUSY_S
    while True:
        try:
            return _open_at_once(port)
        except ports.PortBusyError:
            if time.monotonic() >= end_s:
                raise
            time.sleep(0.05)


def _open_at_once(port: str) -> Transport:
    # The real name behind a link: by it mpremote knows a pseudo-terminal, and waits, not polls.
    device = os.path.realpath(port)
    try:
        transport = Transport(device, _BAUD, timeout=WAIT_S)
        transport.serial.write_timeout = WAIT_S
    except (TransportError, SerialException, OSError, termios.error, ValueError):
        raise ports.trouble(port) from None
    return transport
