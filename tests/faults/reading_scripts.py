"""What is done to a device under each reading of each switch, and where it must end."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from host_tools.cloud import credentials, messages
from host_tools.errors import CloudRefusedError
from tests.e2e.device import GROUP
from tests.faults.play import APP
from tests.faults.reading_scene import SETTINGS_TOPIC, Scene, leave

IN_SERVICE = "in service"
# In service, but for a filter that is refused; and connected, with every topic refused.
BARRED, MUTE = "barred", "mute"
# Token mode with an application server, and not with tokens that come from the bench.
ASKED_FOR = "asked for"
TOKEN_LIFE_S = 3600

# Says how often it was handed something, and takes its time over it.
LISTENING_APP = (
    APP.replace(b"lambda topic, payload: None", b"handle")
    + b"""
def handle(topic, payload):
    import time
    time.sleep_ms(%d)
    print("devcred 0 handled payload=" + payload.decode())
"""
)


Act = Callable[[Scene], None]


@dataclass(frozen=True)
class Script:
    """`prepare` before the board is on, `act` once it is, `ends`: by reading, one of these or the cause."""

    ends: dict[Any, str]
    act: Act = lambda scene: None
    prepare: Act = lambda scene: None
    mode: str = "DeviceCredential"
    config: dict[str, object] = field(default_factory=dict)
    app: bytes = APP
    also: dict[str, Any] = field(default_factory=dict)


def both(*readings: Any, end: str = IN_SERVICE) -> dict[Any, str]:
    return dict.fromkeys(readings, end)


def in_service_first(scene: Scene) -> None:
    scene.expect("published")


def refreshed(scene: Scene) -> None:
    in_service_first(scene)
    credentials.refresh(scene.device.cloud, scene.device.client_id)
    closed(scene)


def closed(scene: Scene) -> None:
    with contextlib.suppress(CloudRefusedError):  # it is offline already
        messages.close_connection(scene.device.cloud, scene.device.client_id)


def registered_again(scene: Scene) -> None:
    in_service_first(scene)
    scene.device.cloud.call("RegisterDeviceCredential", repeatable=False, client_id=scene.device.client_id)
    closed(scene)


def without_group(scene: Scene) -> None:
    scene.twin.call(scene.twin.twin.state.delete_group, GROUP)


def held_by_another(scene: Scene) -> None:
    scene.double()


def the_other_leaves(scene: Scene) -> None:
    if scene.twin.twin.broker.settings.duplicate_client_id == "refuse-newer":
        scene.is_quiet_as("bad-client-id")
    leave(scene.guests[0])


def filled(scene: Scene) -> None:
    scene.other()


def room_again(scene: Scene) -> None:
    scene.expect("waiting")
    leave(scene.guests[0])
    scene.expect("connack")


def black_listed(scene: Scene) -> None:
    scene.device.cloud.call("AddCustomAuthConnectBlack", repeatable=True, client_id=scene.device.client_id)


def black_listed_online(scene: Scene) -> None:
    in_service_first(scene)
    black_listed(scene)


def token_ends(scene: Scene) -> None:
    in_service_first(scene)
    scene.clock.advance(TOKEN_LIFE_S + 60)


def bad_token_uploaded(scene: Scene) -> None:
    assert scene.device.tokens
    in_service_first(scene)
    scene.device.tokens.spoil = True
    scene.expect("lost", "cause", "token")
    scene.device.tokens.spoil = False
    token_renewed(scene)


def token_renewed(scene: Scene) -> None:
    scene.expect("token", "type", "RW")


def token_revoked(scene: Scene) -> None:
    in_service_first(scene)
    assert scene.twin.call(scene.twin.twin.state.tokens.revoke, scene.device.token)


def token_near_its_end(scene: Scene) -> None:
    in_service_first(scene)
    scene.clock.advance(TOKEN_LIFE_S - 200)
    time.sleep(0.3)


def retained(scene: Scene) -> None:
    scene.tell("old", retain=True)


def told_live(scene: Scene) -> None:
    in_service_first(scene)
    scene.tell("live")
    scene.expect("handled", "payload", "live")


def told_at_length(scene: Scene) -> None:
    in_service_first(scene)
    for number in range(5):
        scene.tell(str(number))
    scene.heard_once(5)


def told_while_away(scene: Scene) -> None:
    client = scene.double(clean=False)
    granted: list[int] = []
    client.on_subscribe = lambda *_: granted.append(1)
    client.subscribe(SETTINGS_TOPIC, qos=1)
    while not granted:
        assert client.loop(0.05) == 0
    leave(client)
    for number in range(3):
        scene.tell(str(number))


def hears_of_it(scene: Scene) -> None:
    scene.heard_once(3)


def subscribing(*filters: str) -> bytes:
    lines = "".join(f'    agent.subscribe("{each}", lambda topic, payload: None)\n' for each in filters)
    return APP.replace(
        b'    agent.subscribe("devcred/settings", lambda topic, payload: None)\n', lines.encode()
    )


TALKATIVE: dict[str, object] = {"heartbeat_s": 1}
QUICK_APP, SLOW_APP = LISTENING_APP % 0, LISTENING_APP % 900

SCRIPTS: dict[str, Script] = {
    "bad_credential_code": Script(
        both(5, 4, end="refused"),
        prepare=lambda s: void(credentials.refresh(s.device.cloud, s.device.client_id)),
    ),
    "bad_client_id_code": Script({2: "bad-client-id", 5: "refused"}, prepare=without_group),
    "duplicate_client_id": Script(
        both("close-older", "refuse-newer"), prepare=held_by_another, act=the_other_leaves
    ),
    "overfull": Script(
        both("connack-3", "close"), prepare=filled, act=room_again, also={"max_connections": 2}
    ),
    "max_connections": Script(both(0, 2)),
    "register_again": Script({"new-pair": "refused", "same-pair": IN_SERVICE}, act=registered_again),
    "refresh": Script(both("new-pair", "secret-only", end="refused"), act=refreshed),
    "refresh_connection": Script(both("keep", "close", end="refused"), act=refreshed),
    "black_list": Script({"refuse": "refused", "ignore": IN_SERVICE}, prepare=black_listed),
    "black_list_connection": Script({"keep": IN_SERVICE, "close": "refused"}, act=black_listed_online),
    "token_expiry": Script(
        both("timer", "next-use", "heartbeat", end="refused"), act=token_ends, mode="Token", config=TALKATIVE
    ),
    "revoke_token": Script(
        both("next-use", "at-once", end="refused"), act=token_revoked, mode="Token", config=TALKATIVE
    ),
    "bad_upload": Script(both("close", "puback-first"), mode=ASKED_FOR, act=bad_token_uploaded),
    "upload_delay_s": Script(both(0.0, 2.0), mode=ASKED_FOR, act=token_renewed),
    "short_token_notice": Script(both("at-once", "none"), act=token_near_its_end, mode="Token"),
    "token_notices": Script(both(True, False), act=token_near_its_end, mode="Token"),
    "token_notice_qos": Script(both(0, 1), act=token_near_its_end, mode="Token"),
    "token_notice_s": Script(both(300.0, 10.0), act=token_near_its_end, mode="Token"),
    "token_filters": Script(
        {"set": IN_SERVICE, "text": BARRED}, mode="Token", app=subscribing("devcred/settings/#")
    ),
    "hash_covers_parent": Script({True: IN_SERVICE, False: BARRED}, mode="Token", app=subscribing("devcred")),
    "device_topics": Script({"": IN_SERVICE, "RW devcred/#": IN_SERVICE, "R devcred/#": MUTE}),
    "wildcard_parent": Script({"close": BARRED, "allow": IN_SERVICE}, app=subscribing("+/settings")),
    "too_many_subscriptions": Script(
        {"failure": BARRED, "silent": IN_SERVICE},
        app=subscribing("devcred/one", "devcred/two"),
        also={"max_subscriptions": 1},
    ),
    "max_subscriptions": Script(both(30, 1)),
    "p2p_reaches_subscribers": Script(both(False, True), app=subscribing("devcred/#")),
    "send_message_qos": Script(both(1, 0, 2)),
    "retain": Script(both("ignore", "refuse", "keep"), prepare=retained, act=told_live, app=QUICK_APP),
    "resend_s": Script(both(0.0, 0.3, 5.0), act=told_at_length, app=SLOW_APP),
    "resend_tries": Script(both(0, 3), act=told_at_length, app=SLOW_APP, also={"resend_s": 0.3}),
    "max_inflight": Script(both(1, 128), act=told_at_length, app=QUICK_APP),
    "offline_batch": Script(
        both(1, 30),
        prepare=told_while_away,
        act=hears_of_it,
        app=QUICK_APP,
        config={"clean_session": False},
        also={"offline_batch_s": 0.3},
    ),
    "offline_batch_s": Script(
        both(0.1, 1.0),
        prepare=told_while_away,
        act=hears_of_it,
        app=QUICK_APP,
        config={"clean_session": False},
        also={"offline_batch": 1},
    ),
}


def void(_: object) -> None:
    """For an expression that is an action."""
