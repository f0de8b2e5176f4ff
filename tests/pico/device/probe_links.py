"""Probes of TLS links that stand: how they end, and what they take of the heap."""

import gc
import select

from probe_kit import outcome, words
from probe_plain import connected, polled
from probe_tls import context


def secured_to(name):
    made = context().wrap_socket(connected(name), server_hostname="good.example")
    made.write(b"x")
    return made


def in_turn(name, *calls):
    """What each call gives on a TLS link to a peer that ends it."""
    made = secured_to(name)
    try:
        return ", ".join([polled(made, select.POLLIN, 1000)] + [answered(call, made) for call in calls])
    finally:
        made.close()


def answered(call, link):
    try:
        return repr(call(link))
    except Exception as error:
        return outcome(error)


def measure_handshake():
    """(words held at the most between two steps of a handshake, words that the session holds then)."""
    made = context()
    plain = connected("tls-good")
    plain.setblocking(False)
    poll = select.poll()
    gc.collect()
    before = least = gc.mem_free()
    secured = made.wrap_socket(plain, server_hostname="good.example", do_handshake_on_connect=False)
    poll.register(secured, select.POLLIN)
    while not secured.write(b"x"):
        gc.collect()
        least = min(least, gc.mem_free())
        poll.poll(1000)
    gc.collect()
    held = before - gc.mem_free()
    secured.close()
    return words(before - least), words(held)


def handshake_heap(which, found=[]):  # noqa: B006  # measured once
    if not found:
        found.extend(measure_handshake())
    return found[which]


PROBES = (
    ("tls-ended", lambda: in_turn("tls-ends", lambda link: link.read(1), lambda link: link.write(b"x"))),
    ("tls-reset", lambda: in_turn("tls-resets", lambda link: link.read(1), lambda link: link.write(b"x"))),
    ("tls-handshake-words", lambda: handshake_heap(0)),
    ("tls-session-words", lambda: handshake_heap(1)),
)
