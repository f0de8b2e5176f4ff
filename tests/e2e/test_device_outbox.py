"""What an application publishes with no server in reach arrives later, over reboots and power cuts."""

import contextlib
import json
import queue
import time
from collections.abc import Iterator
from pathlib import Path

from devcred import records, topics
from host_tools.boards.image import read_image
from host_tools.cloud import credentials, messages
from host_tools.demo.observer import Observer
from host_tools.errors import MachineError
from host_tools.twin import TwinThread
from tests.e2e.device import GROUP, Device

ONLINE_S = 20.0
COUNT = 20

APP = (
    b"""
numbers = iter(range(%d))

def loop(agent):
    number = next(numbers, None)
    if number is not None:
        if not agent.publish("devcred/reading", {"number": number}):
            print("devcred 0 refused-by-outbox")
    else:
        print("devcred 0 all-published")
"""
    % COUNT
)


@contextlib.contextmanager
def twin_with(folder: Path, tls_port: int = 0) -> Iterator[TwinThread]:
    with TwinThread(groups=(GROUP,), state_dir=folder, tls_port=tls_port) as twin:
        yield twin


def numbers_seen(observer: Observer, client_id: str, most: int, topic: str = "devcred/reading") -> list[int]:
    found: list[int] = []
    with contextlib.suppress(MachineError, queue.Empty):
        while len(found) < most:
            message = observer.wait_for(topic, lambda body: body.get("client_id") == client_id, 5.0)
            found.append(message["number"])
    return found


def test_messages_of_an_outage_survive_a_power_cut(tmp_path: Path) -> None:
    folder = tmp_path / "twin"
    with twin_with(folder) as twin:
        tls_port = twin.tls_port
        device = Device(twin, "outbox", tmp_path, config={"retry_cap_ms": 1000})
        observing = credentials.register(device.cloud, f"{GROUP}@@@observer")
    device.files["/app.py"] = APP
    with device.powered() as (vboard, console):
        console.expect("all-published", ONLINE_S)
        seen = len(vboard.events)
        # Two seconds after the last one at the latest all of them are on flash.
        console.expect("waiting", ONLINE_S)
        console.expect("waiting", ONLINE_S)
        console.expect("waiting", ONLINE_S)
        assert not [event for event in vboard.events[seen:] if event.kind == "reset"]
        wait_until_kept(vboard.image, device)
        vboard.power_cycle()
        with (
            twin_with(folder, tls_port) as twin,
            Observer(observing, ("127.0.0.1", twin.tls_port), twin.ca_der, "devcred/#") as observer,
        ):
            observer.start(5.0)
            console.expect("connack", ONLINE_S)
            numbers = numbers_seen(observer, device.client_id, 2 * COUNT)
    # Those from before the power cut first, in order, then the application's own from this boot.
    assert numbers == [*range(COUNT), *range(COUNT)]


REFUSED = b"""
numbers = iter(range(5))

def loop(agent):
    number = next(numbers, None)
    if number is not None:
        agent.publish("late/reading", {"number": number})
"""


def test_messages_that_the_server_refuses_survive_a_reboot_by_command(tmp_path: Path) -> None:
    with TwinThread(groups=(GROUP,)) as twin:
        device = Device(twin, "refused", tmp_path, config={"heartbeat_s": 1})
        device.files["/app.py"] = REFUSED
        observing = credentials.register(device.cloud, f"{GROUP}@@@observer")
        with device.powered() as (_, console):
            assert console.expect("barred", ONLINE_S).value("topic") == "late/reading"
            console.expect("published", ONLINE_S)
            twin.call(twin.twin.state.add_topic, "late")
            with Observer(observing, ("127.0.0.1", twin.tls_port), twin.ca_der, "late/#") as observer:
                observer.start(5.0)
                to_device = topics.p2p("devcred", device.client_id)
                messages.send_message(device.cloud, to_device, json.dumps({"id": "1", "cmd": "reboot"}))
                console.expect("boot", ONLINE_S)
                numbers = numbers_seen(observer, device.client_id, 10, "late/reading")
    assert numbers == [*range(5), *range(5)]


def wait_until_kept(image: Path, device: Device) -> None:
    end_s = time.monotonic() + 15
    while time.monotonic() < end_s:
        files = read_image(device.board, image.read_bytes())
        kept = b"".join(data for path, data in files.items() if path.startswith("/outbox/"))
        if kept.count(b'"number"') == COUNT and records.MAGIC in kept:
            return
        time.sleep(0.2)
    raise AssertionError("not kept on flash in time")
