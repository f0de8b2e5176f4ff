"""The steps of the journey, each a small function over it; a step that fails raises a ToolError.

A step runs with interrupts held back and allows them where it waits.
"""

import json
import time

from devcred import topics
from host_tools.bench.provision import provision as put_files
from host_tools.boards.bundle import agent_files
from host_tools.boards.image import empty_image, write_image
from host_tools.boards.transport import open_board
from host_tools.cloud import credentials, messages
from host_tools.demo.boot import boot
from host_tools.demo.journey import GROUP, PARENT, Journey
from host_tools.demo.observer import Observer
from host_tools.errors import DeviceError
from host_tools.vboard import VirtualBoard

_CONNECT_S = 5.0
_REPLY_S = 10.0
_REVOKED_S = 15.0


def register(journey: Journey) -> None:
    """Two credentials through the SDK: the device's, and one for our own observer."""
    with journey.interrupts.allowed():
        journey.made["credential"] = credentials.register(journey.client, journey.client_id)
    journey.tell(
        "register",
        f"the official SDK registered {journey.client_id}; request signature (ACS3) verified by the twin",
        client_id=journey.client_id,
        key_id=journey.credential.key_id,
    )
    observe(journey)


def observe(journey: Journey) -> None:
    """The host's own client on the broker, with a credential of its own."""
    with journey.interrupts.allowed():
        observing = credentials.register(journey.client, f"{journey.client_id}-observer")
    twin = journey.twin
    observer = Observer(observing, ("127.0.0.1", twin.tls_port), twin.ca_der, f"{PARENT}/#")
    journey.made["observer"] = journey.stack.enter_context(observer)
    with journey.interrupts.allowed():
        observer.start(_CONNECT_S)
    journey.tell("observe", f"the host watches {PARENT}/# over verified TLS", client_id=observing.client_id)


def power_on(journey: Journey) -> None:
    """An empty file system, and the board that mounts it."""
    with journey.interrupts.allowed():
        image = empty_image(journey.board)
    write_image(journey.image, image)
    board = VirtualBoard(journey.image, journey.board, resolve=journey.routes())
    journey.made["vboard"] = journey.stack.enter_context(board)
    journey.made["link"] = journey.stack.enter_context(open_board(str(board.port)))
    with journey.interrupts.allowed():
        found = journey.link.probe()
    journey.tell(
        "power on",
        f"MicroPython {found['version']} runs on an empty {len(image) // 1024} KiB LittleFS, "
        f"heap {journey.board.heap_wk} KiB: {found['machine']}",
        version=found["version"],
        machine=found["machine"],
        port=str(board.port),
    )


def provision(journey: Journey) -> None:
    """Agent, configuration, CA and secret records, by mpremote; read back and compared."""
    with journey.interrupts.allowed():
        files = agent_files(journey.board) | journey.device_files()
        report = put_files(journey.link, files, board=journey.board)
    size_bytes = sum(map(len, files.values()))
    journey.tell(
        "provision",
        f"mpremote wrote {len(report.written)} files, {size_bytes} bytes; "
        f"{len(report.verified)} read back and equal (SHA-256)",
        files=sorted(files),
        verified=len(report.verified),
        bytes=size_bytes,
    )


def ping(journey: Journey) -> None:
    """A P2P command by the control plane; the device's reply as the observer sees it."""
    request = {"id": "demo-1", "cmd": "ping"}
    with journey.interrupts.allowed():
        sent_s = time.monotonic()
        messages.send_message(journey.client, topics.p2p(PARENT, journey.client_id), json.dumps(request))
        reply = journey.observer.wait_for(
            f"{PARENT}/reply",
            lambda message: (message.get("client_id"), message.get("id")) == (journey.client_id, "demo-1"),
            _REPLY_S,
        )
        taken_ms = round((time.monotonic() - sent_s) * 1000)
    if reply.get("ok") is not True:
        raise DeviceError("it answered the ping with an error", where="device")
    journey.tell(
        "ping",
        f"P2P ping sent with SendMessage, answered in {taken_ms} ms: {json.dumps(reply['result'])}",
        ms=taken_ms,
        reply=reply,
    )


def revoke(journey: Journey) -> None:
    """The credential is deleted and the link cut; the device must name the cause."""
    with journey.interrupts.allowed():
        credentials.unregister(journey.client, journey.client_id)
        messages.close_connection(journey.client, journey.client_id)
        journey.tell("revoke", "credential unregistered, connection closed by the control plane")
        lost = journey.console.expect("lost", _REVOKED_S)
        refused = journey.console.expect("refused", _REVOKED_S)
    cause = refused.value("cause")
    if cause != "refused":
        raise DeviceError(f"named the cause {cause}, not `refused`", where="device")
    journey.tell(
        "refused",
        f"the device came back after `{lost.value('cause')}` and says: {refused.text}",
        cause=cause,
        said=refused.text,
    )


STEPS = (register, power_on, provision, boot, ping, revoke)
GROUPS = (GROUP,)
TOPICS = (PARENT,)
