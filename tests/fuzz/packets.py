"""Valid packets of every type, at random."""

import random
from collections.abc import Callable

from host_tools.twin.broker.packets import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
)

_LEVELS = ("devcred", "other", "p2p", "a", "$SYS", "é", "GID_test@@@dev", "x" * 60)
_WILD = (*_LEVELS, "+", "")


def topic(chance: random.Random) -> str:
    """A topic name, most of them ones that a client may publish to."""
    return "/".join(("devcred", *chance.choices(_LEVELS, k=chance.randrange(3))))


def pattern(chance: random.Random) -> str:
    """A topic filter."""
    last = ["#"] if chance.random() < 0.3 else []
    return "/".join((chance.choice(("devcred", "+")), *chance.choices(_WILD, k=chance.randrange(4)), *last))


def blob(chance: random.Random) -> bytes:
    """A payload; now and then one whose remaining length takes two or three bytes."""
    most = chance.choice((0, 10, 10, 100, 200, 200, 20_000)) if chance.random() < 0.2 else 30
    return chance.randbytes(chance.randint(0, most))


def _text(chance: random.Random) -> str:
    return "".join(chance.choices("abcGID_@-é中\U0001f600", k=chance.randrange(30)))


def number(chance: random.Random) -> int:
    """A packet id."""
    return chance.choice((1, 2, 3, 65535, chance.randint(1, 65535)))


def _connect(chance: random.Random) -> Connect:
    username = _text(chance) if chance.random() < 0.7 else None
    password = blob(chance)[:200] if username is not None and chance.random() < 0.8 else None
    will = None
    if chance.random() < 0.4:
        will = Will(topic(chance), blob(chance)[:200], chance.randrange(3), chance.random() < 0.5)
    clean = chance.random() < 0.5
    return Connect(_text(chance), clean, chance.randrange(65536), username, password, will)


def publish(chance: random.Random) -> Publish:
    """A PUBLISH of any QoS."""
    qos, retain = chance.randrange(3), chance.random() < 0.2
    packet_id = number(chance) if qos else 0
    return Publish(topic(chance), blob(chance), qos, retain, bool(qos) and chance.random() < 0.2, packet_id)


def _subscribe(chance: random.Random) -> Subscribe:
    filters = [(pattern(chance), chance.randrange(3)) for _ in range(chance.randint(1, 3))]
    return Subscribe(number(chance), filters)


_CLIENT: tuple[Callable[[random.Random], Packet], ...] = (
    publish,
    publish,
    publish,
    _subscribe,
    _subscribe,
    lambda chance: Unsubscribe(number(chance), [pattern(chance) for _ in range(chance.randint(1, 3))]),
    lambda chance: Puback(number(chance)),
    lambda chance: Pubrec(number(chance)),
    lambda chance: Pubrel(number(chance)),
    lambda chance: Pubcomp(number(chance)),
    lambda chance: Pingreq(),
    lambda chance: Disconnect(),
)
_ANY = (
    *_CLIENT,
    _connect,
    _connect,
    lambda chance: Connack(chance.random() < 0.5, 0),
    lambda chance: Connack(False, chance.randint(1, 5)),
    lambda chance: Suback(number(chance), chance.choices((0, 1, 2, 0x80), k=chance.randint(1, 4))),
    lambda chance: Unsuback(number(chance)),
    lambda chance: Pingresp(),
)


def any_packet(chance: random.Random) -> Packet:
    """A packet of either side."""
    make: Callable[[random.Random], Packet] = chance.choice(_ANY)
    return make(chance)


def client_packet(chance: random.Random) -> Packet:
    """A packet that a client may send after its login."""
    return chance.choice(_CLIENT)(chance)
