"""What a state folder keeps of sessions, messages and tokens, over a clean stop and over `kill -9`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.packets import Connack, Connect, Puback, Publish, Unsubscribe
from host_tools.twin.clock import ManualClock
from tests.twin.conftest import GROUP, credentials_for, new_client_id
from tests.twin.kept import Kept, batch, publish
from tests.twin.saying import received, subscribed
from tests.twin.wire import Wire


def start(folder: Path, **options: Any) -> TwinThread:
    return TwinThread(state_dir=folder, groups=[GROUP], **options)


def again(twin: TwinThread, connect: Connect) -> tuple[Wire, Connack]:
    wire = Wire(twin.mqtt_port)
    return wire, wire.login(connect)


def test_sessions_and_offline_messages_outlive_a_restart(tmp_path: Path) -> None:
    with start(tmp_path) as twin:
        device, target = Kept(twin), new_client_id()
        wire = device.come()
        subscribed(wire, ("devcred/gone", 1), ("devcred/+/two", 0))
        wire.send(Unsubscribe(2, ["devcred/gone"]))
        wire.receive()
        device.leave(wire)
        with Wire(twin.mqtt_port) as sender:
            assert sender.login(credentials_for(twin, new_client_id(), clean_session=False)).code == 0
            publish(sender, device.topic, 1, 2, 3)
            publish(sender, f"devcred/p2p/{target}", 4)
            publish(sender, "devcred/gone", 5)
        first_time = credentials_for(twin, target, clean_session=False)
    with start(tmp_path) as twin:
        wire, answer = again(twin, device.connect)
        with wire:
            assert answer == Connack(True, 0)
            assert batch(wire) == [1, 2, 3]
            wire.send(Publish("devcred/a/two", b"9"))
            assert batch(wire) == [9]
        wire, answer = again(twin, first_time)
        with wire:
            assert answer == Connack(False, 0)
            assert batch(wire) == [4]
    with start(tmp_path) as twin:
        wire, answer = again(twin, device.connect)
        with wire:
            assert answer.session_present
            assert batch(wire) == []


def test_what_was_under_way_comes_again_with_its_number(tmp_path: Path) -> None:
    with start(tmp_path) as twin:
        device = Kept(twin)
        with device.come() as wire, Wire(twin.mqtt_port) as sender:
            sender.login(credentials_for(twin, new_client_id()))
            publish(sender, device.topic, 1, 2)
            first, second = received(wire), received(wire)
            wire.send(Puback(first.packet_id))
            assert wire.is_quiet()
    with start(tmp_path) as twin:
        wire, _ = again(twin, device.connect)
        with wire:
            assert received(wire) == Publish(second.topic, b"2", 1, dup=True, packet_id=second.packet_id)
            assert wire.is_quiet()


def test_a_clean_login_forgets_for_good(tmp_path: Path) -> None:
    with start(tmp_path) as twin:
        device = Kept(twin)
        device.was_here()
        with Wire(twin.mqtt_port) as sender:
            sender.login(credentials_for(twin, new_client_id()))
            publish(sender, device.topic, 1)
        clean = credentials_for(twin, device.connect.client_id)
        again(twin, clean)[0].socket.close()
    with start(tmp_path) as twin:
        kept = credentials_for(twin, device.connect.client_id, clean_session=False)
        wire, answer = again(twin, kept)
        with wire:
            assert not answer.session_present
            assert wire.is_quiet()


def test_the_age_of_messages_counts_over_restarts(tmp_path: Path) -> None:
    clock = ManualClock()
    with start(tmp_path, clock=clock) as twin:
        device = Kept(twin)
        device.was_here()
        with Wire(twin.mqtt_port) as sender:
            sender.login(credentials_for(twin, new_client_id()))
            publish(sender, device.topic, 1)
            clock.advance(86400)
            publish(sender, device.topic, 2)
    clock.advance(2 * 86400)
    with start(tmp_path, clock=clock) as twin:
        wire, _ = again(twin, device.connect)
        with wire:
            assert batch(wire) == [2]


def test_tokens_revocations_and_the_black_list_outlive_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    with start(tmp_path, clock=clock) as twin:
        state = twin.twin.state
        ends_ms = int(clock() * 1000) + 3_600_000
        apply = (state.tokens.apply, twin.access_key_id, "R", ["devcred/#"], ends_ms)
        good, bad = twin.call(*apply), twin.call(*apply)
        twin.call(state.tokens.revoke, bad)
        twin.call(state.add_black, "GID_test@@@black")
    with start(tmp_path, clock=clock) as twin:
        book = twin.twin.state.tokens
        assert book.is_valid(good)
        assert not book.is_valid(bad)
        found = book.lookup(bad)
        assert found is not None and found.revoked
        assert list(twin.twin.state.black_list) == ["GID_test@@@black"]


KILLED = """
import json, os, signal, sys
from pathlib import Path
from host_tools.twin import TwinThread
from host_tools.twin.broker.packets import Puback, Publish
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.kept import Kept
from tests.twin.wire import Wire
with TwinThread(state_dir=Path(sys.argv[1]), groups=["GID_test"]) as twin:
    device = Kept(twin)
    device.was_here()
    sender = Wire(twin.mqtt_port)
    sender.login(credentials_for(twin, new_client_id()))
    facts = {name: getattr(device.connect, name) for name in ("client_id", "username")}
    print(json.dumps({**facts, "password": device.connect.password.decode()}), flush=True)
    sent = 0
    for number in range(1, 200):
        sender.send(Publish(device.topic, b"%d" % number, 1, packet_id=number))
        assert sender.receive() == Puback(number)
        print(number, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'firmware'}"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=False, env=environment, cwd=root
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    first, *told = done.stdout.splitlines()
    facts = json.loads(first)
    facts["password"] = facts["password"].encode()
    with start(tmp_path, settings=Settings(offline_batch=1000, max_inflight=1000)) as twin:
        wire, answer = again(twin, Connect(clean_session=False, keepalive_s=0, **facts))
        with wire:
            assert answer.session_present
            assert batch(wire) == [int(number) for number in told] == list(range(1, 200))
