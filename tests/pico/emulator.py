"""The emulated Pico W as a process: stock firmware and a file system in, console and commands by line.

It runs as `python -m tests.pico.emulator` with rp2040py on its path. Its first line of input is a JSON
object: `uf2`, the firmware; `filesystem`, an image; `offset`, where in flash that goes; `routes`, `name:port`
to a port on loopback. After that a line `drop` has the access point throw the guest out. Each line of output
is a JSON object with `us`, the guest's time in microseconds since power-on, and either `line`, one of the
console, or `event` and its `text`. It ends with its input.

The console is the firmware's own, over USB; the host at its other end has the port open before main.py runs.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from rp2040py.boards import BoardSpec, build_rp2040_from_spec
from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.simulator import Simulator
from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from tests.pico.confined import ConfinedRadio
from tests.pico.loopback import lock_in


class Emulator:
    """One chip, its flash, its console and its radio."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._rest = b""
        self.radio = ConfinedRadio(given["routes"], self.tell)
        self.simulator = Simulator(rp2040=build_rp2040_from_spec(BoardSpec(extras=(lambda: self.radio,))))
        self.mcu = self.simulator.rp2040
        self.mcu.logger = ConsoleLogger(LogLevel.ERROR)
        self.mcu.load_bootrom(BOOTROM_B1)
        load_uf2(Path(given["uf2"]), self.mcu)
        image = Path(given["filesystem"]).read_bytes()
        self.mcu.flash[given["offset"] : given["offset"] + len(image)] = image
        self.console = USBCDC(self.mcu.usb_ctrl)
        self.console.on_serial_data = self._heard
        self.mcu.watchdog.on_watchdog_trigger = self._reset

    def tell(self, event: str, text: str = "") -> None:
        self._say({"event": event, "text": text})

    def _say(self, what: dict[str, str]) -> None:
        print(json.dumps({"us": int(self.simulator.clock.nanos // 1000)} | what), flush=True)

    def _heard(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
        for line in lines:
            self._say({"line": line.decode("utf-8", "replace").rstrip()})

    def _reset(self) -> None:
        self.tell("reset")
        self.mcu.enter_reset(from_watchdog=True)
        self.mcu.leave_reset()

    def obey(self, word: str) -> None:
        if word == "drop":
            self.radio.drop()

    async def run(self, lines: asyncio.StreamReader) -> None:
        self.simulator.bind_loop()
        self.mcu.core.pc = FLASH_START_ADDRESS
        running = asyncio.create_task(self.simulator.execute())
        asked = asyncio.create_task(lines.readline())
        while True:
            await asyncio.wait((running, asked), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
                raise RuntimeError("the emulator stopped by itself")
            line = asked.result()
            if not line:
                self.simulator.stop()
                await running
                return
            self.obey(line.decode().strip())
            asked = asyncio.create_task(lines.readline())


async def _main() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    emulator = Emulator(json.loads(await reader.readline()))
    lock_in(lambda address: emulator.tell("socket", address))
    await emulator.run(reader)


if __name__ == "__main__":
    asyncio.run(_main())
