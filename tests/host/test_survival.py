"""The comparison of clients is honest: what hangs, crashes, loses or lies is called so."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from benchmarks.survival.peers import DEVICE, Peer
from benchmarks.survival.play import play
from benchmarks.survival.rows import FAULTLESS, ROWS

BOUND_S = 4.0
_LOGIN = "import sys, time\nfrom schedule import *\nplan = Schedule()\n"
_CLIENT = """
from umqtt.simple import MQTTClient
client = MQTTClient(plan.client_id, plan.host, plan.port, plan.username, plan.password)
client.connect()
for number in range({}):
    client.publish(TOPIC, plan.payload(number), qos={})
"""
REFUSED = next(row for row in ROWS if row.told)
DEAD = next(row for row in ROWS if row.name == "first connection refused")

# script, fault, verdict
PLAYS = {
    "hangs": (_LOGIN + "while True: time.sleep(1)", FAULTLESS, "hangs"),
    "hangs though it says it tries": (
        _LOGIN + "say('why', 'gone')\nsay('connected', 1)\nsay('trying', 0)\nwhile True: time.sleep(1)",
        FAULTLESS,
        "hangs",
    ),
    "knows it is cut off": (
        _LOGIN + "say('why', 'gone')\nwhile True: time.sleep(1)",
        FAULTLESS,
        "not back",
    ),
    "crashes": (_LOGIN + "raise ValueError('broken')", FAULTLESS, "crashes: ValueError"),
    "crashes before it reads": ("import not_there", FAULTLESS, "crashes: ImportError"),
    "crashes at the heap's end": (_LOGIN + "bytearray(1 << 20)", FAULTLESS, "crashes: MemoryError"),
    "lies": (_LOGIN + "for n in range(8): say('acked', n, 1)\nsay('done')", FAULTLESS, "lost 8"),
    "loses the last": (_LOGIN + _CLIENT.format(7, 1), FAULTLESS, "lost 1"),
    "survives": (_LOGIN + _CLIENT.format(8, 1), FAULTLESS, "survives"),
    "never connects": (_LOGIN + "say('done')", DEAD, "lost 8"),
    "names the refusal": (_LOGIN + _CLIENT.format(8, 1), REFUSED, "told apart (crashes: MQTTException)"),
    "sees only an error": (_LOGIN + "raise OSError(5)", REFUSED, "not told apart (crashes: OSError)"),
    "says nothing": (_LOGIN + "while True: time.sleep(1)", REFUSED, "not told apart"),
}


@pytest.fixture(scope="module")
def fates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All plays at once: they wait for their bound."""
    from host_tools.sources import umqtt_path

    folder = tmp_path_factory.mktemp("survival")
    path = f"{DEVICE}:{umqtt_path()}:.frozen"

    def one(name: str) -> Any:
        code, row, _ = PLAYS[name]
        script = folder / f"{name}.py"
        script.write_text(code)
        return play(Peer(name, ""), path, row, folder / name, script=script, bound_s=BOUND_S)

    with ThreadPoolExecutor(len(PLAYS)) as pool:
        yield dict(zip(PLAYS, pool.map(one, PLAYS), strict=True))


@pytest.mark.parametrize("name", PLAYS)
def test_the_cell_says_what_happened(fates: dict[str, Any], name: str) -> None:
    assert fates[name].verdict == PLAYS[name][2], fates[name]
