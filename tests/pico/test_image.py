"""What PICO_UF2 names is what these tests are about."""

import struct
from pathlib import Path

from tests.pico.worlds import BOARD

# Microsoft's UF2 specification: blocks of 512 bytes, two magic numbers, and the RP2040's family ID.
BLOCK_BYTES = 512
HEAD = struct.Struct("<8I")
MAGICS = (0x0A324655, 0x9E5D5157)
RP2040 = 0xE48BFF56


def test_it_is_a_pico_ws_firmware(uf2: Path) -> None:
    data = uf2.read_bytes()
    heads = [HEAD.unpack_from(data, at) for at in range(0, len(data), BLOCK_BYTES)]
    assert {head[:2] for head in heads} == {MAGICS}, f"{uf2} is no UF2 file"
    assert {head[7] for head in heads} == {RP2040}, f"{uf2} is for another chip"
    flash = b"".join(data[n * BLOCK_BYTES + HEAD.size :][: head[4]] for n, head in enumerate(heads))
    assert BOARD.machine_name.encode() in flash, f"{uf2} is not for a {BOARD.name}"
