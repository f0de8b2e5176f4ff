"""The agent beside umqtt.simple: from power-on to CONNACK on a virtual board; one acknowledged message."""

from collections.abc import Mapping
from pathlib import Path

import serial

from benchmarks import micropython
from benchmarks.device.script import main_py
from benchmarks.figures import Figure
from benchmarks.plan import Plan
from devcred.credential import Credential
from host_tools.boards.bundle import agent_files, device_files
from host_tools.boards.console import LineReader
from host_tools.boards.definition import load_board
from host_tools.boards.image import build_image, write_image
from host_tools.boards.mpy import compile_file
from host_tools.demo.console import Console
from host_tools.twin import TwinThread
from host_tools.vboard import VirtualBoard

BOOTS = 5
HOLD_PLAIN, HOLD_TLS, HOLD_PUBLISH = 1.25, 1.10, 0.05
_BOARD = "ESP32_GENERIC"
_CLIENT_ID = "GID_bench@@@agent"
_WIFI = [("bench", "not-a-real-network")]
_CONNACK_S = 20.0
_COUNTS = {"agent": 2000, "umqtt": 50}


def measure(plan: Plan) -> list[Figure]:
    """The twin in this process serves both sides."""
    with TwinThread(groups=["GID_bench"]) as twin:
        credential = twin.call(twin.twin.state.new_credential, _CLIENT_ID)
        held = Credential(_CLIENT_ID, twin.instance_id, credential.key_id, credential.secret)
        boots = [_boots(plan, twin, held, tls) for tls in (False, True)]
        return [*boots, _round_trip(plan, twin, held)]


def _boots(plan: Plan, twin: TwinThread, held: Credential, tls: bool) -> Figure:
    kind, hold = ("TLS", HOLD_TLS) if tls else ("plain", HOLD_PLAIN)
    figure = Figure("agent", f"power-on to CONNACK, {kind}", "ms", less=True, hold=hold)
    port = 8883 if tls else 1883
    routes = {f"{twin.host_name}:{port}": ("127.0.0.1", twin.tls_port if tls else twin.mqtt_port)}
    images = {"agent": _agent(twin, held, port, tls), "umqtt script": _script(twin, held, port, tls)}
    for _ in range(BOOTS):
        for party, files in images.items():
            plan.say(f"agent: {kind}, {party}")
            figure.add(party, _boot_ms(plan.folder, files, routes))
    return figure


def _agent(twin: TwinThread, held: Credential, port: int, tls: bool) -> dict[str, bytes]:
    given = {"client_id": _CLIENT_ID, "host": twin.host_name, "port": port, "tls": tls}
    return agent_files(load_board(_BOARD)) | device_files(given, twin.ca_der, held, _WIFI)


def _script(twin: TwinThread, held: Credential, port: int, tls: bool) -> dict[str, bytes]:
    code = main_py(
        tls=tls,
        ca_path="/ca.der",
        ssid=_WIFI[0][0],
        key=_WIFI[0][1],
        client_id=_CLIENT_ID,
        host=twin.host_name,
        port=port,
        username=held.username,
        password=held.password(),
    )
    ntptime = compile_file(micropython.DEVICE / "ntptime.py", "ntptime.py")
    return {"/main.py": code, "/ca.der": twin.ca_der, "/lib/ntptime.mpy": ntptime}


def _boot_ms(folder: Path, files: Mapping[str, bytes], routes: Mapping[str, tuple[str, int]]) -> float:
    """Milliseconds from the board's power-on to the line that tells of its CONNACK."""
    board, image = load_board(_BOARD), folder / "board.img"
    write_image(image, build_image(board, files))
    vboard = VirtualBoard(image, board, resolve=routes)
    with serial.Serial(vboard.plug_in()) as port, vboard:
        lines = LineReader()
        said = Console(lambda _within_s: lines.read(port)).expect("connack", _CONNACK_S)
        on_s = next(event.at_s for event in vboard.events if event.kind == "power-on")
    image.unlink()
    return (said.at_s - on_s) * 1000


def _round_trip(plan: Plan, twin: TwinThread, held: Credential) -> Figure:
    figure = Figure("agent", "one QoS 1 publish, acknowledged", "us", less=True, hold=HOLD_PUBLISH)
    password = held.password()
    for way, count in _COUNTS.items():
        for _ in range(plan.runs):
            plan.say(f"agent: publish, {way}")
            login = (way, twin.mqtt_port, _CLIENT_ID, held.username, password, count)
            figure.add(
                way, float(micropython.run("roundtrip.py", stdin="".join(f"{each}\n" for each in login)))
            )
    return figure
