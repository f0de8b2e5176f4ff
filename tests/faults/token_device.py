"""The agent in Token mode in simulated time: its own modules, over a clock that is moved by hand.

Left out: flash, Wi-Fi, the application server's wire. `Device.live` repeats the loop of `agent.py`.
"""

import contextlib
import importlib
import io
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

import devcred
from devcred import causes, retry, tokens
from devcred.errors import LinkError
from host_tools.twin import Settings
from tests.faults.token_world import CLIENT_ID, READING, T0_S, TICKS, Client, World

RESOURCES = {kind: ["devcred/#", "devcred/settings"] for kind in ("R", "W", "RW")}
SETTINGS = {
    "client_id": CLIENT_ID,
    "parent_topic": "devcred",
    "telemetry_topic": "devcred/telemetry",
    "reply_topic": "devcred/reply",
    "refused_retry_ms": 300000,
}
_HOUR_S = 3600
_IMPURE = "log store provisioned stream appserver sending session device messenger application renewal"


@dataclass
class Plan:
    """What becomes of one device. Times in seconds; `puback_s`: of an upload, each copy's delay."""

    seed: int
    settings: Settings = field(default_factory=Settings)
    kinds: tuple[str, ...] = ("RW",)
    life_s: int = 900
    renew_s: int = 0
    clock: bool = True
    puback_s: tuple[float, ...] = (0.0,)
    lose_pubacks: int = 0
    events: dict[float, str] = field(default_factory=dict)
    end_s: float = 4500.0


class _PowerCutError(Exception):
    """The device starts over; the outbox stands for what flash has kept."""


class Device:
    """The agent in Token mode. `losses`: by cause, of links that stood; `logins`: those that failed."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.world = World(plan.settings, self.random.randrange(TICKS))
        self.firmware = _firmware(self.world)
        self.losses: Counter[str] = Counter()
        self.logins: Counter[str] = Counter()
        self.asked = self.number = self._spoils = 0
        self._asked_s = 0.0
        self.server_away = self._cut_power = False
        self.given: dict[str, str] = {}
        self.stored: bytes | None = None
        self._lose = plan.lose_pubacks
        self._backoff = retry.Backoff(1000, 120000, 300000, retry.STABLE_MS, 0, self.random.randrange)
        self.outbox = self.firmware.outbox.Outbox(None, 5000, 1 << 20)
        self._sender = self.firmware.sending.Sender(self.outbox, SETTINGS, self._now_s, "sim")
        for at_s, event in plan.events.items():
            self.world.broker.timers.at(T0_S + at_s, getattr(self, event))
        self._boot()

    def revoke(self) -> None:
        """The tokens that were given last."""
        for token in self.given.values():
            self.world.state.tokens.revoke(token)

    def spoil(self) -> None:
        """What is given next is garbled on the way."""
        self._spoils += 1

    def cut(self) -> None:
        """The broker goes away for an hour."""
        self.world.away = True
        for connection in list(self.world.broker.connections):
            if connection.client_id == CLIENT_ID:
                connection.abort()
        self.world.broker.timers.after(_HOUR_S, lambda: setattr(self.world, "away", False))

    def desert(self) -> None:
        """The application server goes away for an hour."""
        self.server_away = True
        self.world.broker.timers.after(_HOUR_S, lambda: setattr(self, "server_away", False))

    def power_cut(self) -> None:
        """At any moment."""
        self._cut_power = True

    def _boot(self) -> None:
        own = self.firmware.credential.from_payload(self.stored) if self.stored else None
        self._keeper = self.firmware.renewal.Keeper(
            own, self._ask, self._save, self.random.randrange, self._now_s, self.world.ticks_ms
        )

    def live(self) -> None:
        """The agent's loop, until the plan ends and all is sent: log in, serve, name a loss, wait."""
        while self.world.clock() < T0_S + self.plan.end_s + 2 * _HOUR_S:
            client, stood_s = None, None
            try:
                own = self._keeper.ready()
                client = Client(self.world, self._fate)
                client.open(own.username, own.password())
                stood_s = self.world.clock()
                self._keeper.accepted()
                self._serve(client)
                return
            except _PowerCutError:
                if client is not None:
                    client.shut()
                self._boot()
                continue
            except LinkError as error:
                cause, detail = error.cause, error.detail
            if client is not None:
                client.shut()
            self._lost(cause, detail, stood_s)

    def _fate(self) -> list[float]:
        """The delays of the copies of an upload's acknowledgement."""
        if self._lose:
            self._lose -= 1
            return []
        return list(self.plan.puback_s)

    def _serve(self, client: Client) -> None:
        subscriptions = (
            [("devcred/settings", lambda topic, payload: None)] if self.plan.kinds != ("W",) else []
        )
        facts = SimpleNamespace(heartbeat_ms=3_600_000, resending=False, facts={})
        session = self.firmware.session.Session(
            client, SETTINGS, facts, self._sender, subscriptions, self._keeper
        )
        self._sender.begin(False)
        session.begin()
        told_s = 0.0
        busy, end_s, step_s = True, T0_S + self.plan.end_s, min(10.0, max(0.5, self.plan.life_s / 3600))
        while busy or self.world.clock() < end_s:
            if self._cut_power:
                self._cut_power = False
                raise _PowerCutError
            if self.world.clock() - told_s >= 40 * step_s:
                told_s = self.world.clock()
                self._publish()
            busy = session.step() or len(self.outbox) > 0
            # One packet a turn is taken: turns must not be further apart than packets while there are some.
            uploads = self.world.clock() - self._asked_s < 200
            self.world.pass_time(0.01 if busy else min(0.5, step_s) if uploads else step_s)
        client.shut()
        self.world.pass_time(1)

    def _publish(self) -> None:
        if self.world.clock() >= T0_S + self.plan.end_s:
            return
        assert self._sender.publish(READING, {"number": self.number})
        self.number += 1

    def _lost(self, cause: str, detail: Any, stood_s: float | None) -> None:
        judge = self.firmware.messenger.Messenger.judge
        cause, _ = judge(SimpleNamespace(_keeper=self._keeper, _sender=self._sender), cause, detail)
        held_ms = None if stood_s is None else round((self.world.clock() - stood_s) * 1000)
        (self.logins if stood_s is None else self.losses)[cause] += 1
        cause = self._backoff.lost(cause, held_ms)
        self.world.pass_time(max(self._backoff.delay_ms(cause), self._keeper.wait_ms(), 20) / 1000)
        self._publish()

    def _now_s(self) -> int:
        return int(self.world.clock()) if self.plan.clock else 0

    def _save(self, payload: bytes) -> None:
        self.stored = payload

    def _ask(self, purpose: str) -> Any:
        self.asked += 1
        self._asked_s = self.world.clock()
        self.world.pass_time(self.random.choice((0.2, 1.0, 4.0)))
        if self.server_away:
            error = LinkError(self.random.choice((causes.NO_SERVER, causes.SERVER_BUSY)), "token-server")
            error.retry_s = self.random.choice((0, 60))  # type: ignore[attr-defined]
            raise error
        state, expire_s = self.world.state, int(self.world.clock()) + self.plan.life_s
        self.given = {
            kind: state.tokens.apply(
                state.main_account, {"RW": "R,W"}.get(kind, kind), RESOURCES[kind], expire_s * 1000 + 999
            )
            for kind in self.plan.kinds
        }
        given = dict(self.given)
        if self._spoils:
            self._spoils -= 1
            given = {kind: token[:-8] + "AAAAAAA=" for kind, token in given.items()}
        body = {
            "client_id": CLIENT_ID,
            "instance_id": state.instance_id,
            "key_id": state.main_account,
            "tokens": given,
            "expires_at_s": expire_s,
            "expires_in_s": self.plan.life_s,
            "renew_in_s": self.plan.renew_s,
        }
        return tokens.answer(body, purpose, CLIENT_ID)


def _firmware(world: World) -> SimpleNamespace:
    """The agent's modules that are not pure, loaded for this world, whose time is their `time`."""
    clock = ModuleType("time")
    # Whatever else is imported meanwhile for the first time has the real one.
    clock.__dict__.update(vars(time))
    clock.ticks_ms = world.ticks_ms  # type: ignore[attr-defined]
    clock.ticks_diff = lambda end, start: ((end - start + TICKS // 2) % TICKS) - TICKS // 2  # type: ignore[attr-defined]
    clock.ticks_add = lambda ticks, delta: (ticks + delta) % TICKS  # type: ignore[attr-defined]
    micropython = ModuleType("micropython")
    micropython.const = lambda value: value  # type: ignore[attr-defined]
    names = [f"devcred.{name}" for name in _IMPURE.split()]
    kept = {name: sys.modules.pop(name, None) for name in [*names, "time", "micropython"]}
    sys.modules["time"], sys.modules["micropython"] = clock, micropython
    try:
        wanted = ("renewal", "session", "sending", "messenger", "outbox", "credential")
        return SimpleNamespace(**{name: importlib.import_module(f"devcred.{name}") for name in wanted})
    finally:
        for name, module in kept.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
            elif name.startswith("devcred."):
                vars(devcred).pop(name.partition(".")[2], None)


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    """The agent's console lines."""
    with contextlib.redirect_stdout(io.StringIO()) as console:
        yield console
