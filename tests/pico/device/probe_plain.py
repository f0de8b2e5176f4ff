"""Probes of names, sockets and poll."""

import select
import socket
import time

from probe_kit import failing, peers


def reach(name, timeout_s=None, blocking=True):
    host, port = peers[name]
    made = socket.socket()
    if timeout_s is not None:
        made.settimeout(timeout_s)
    if not blocking:
        made.setblocking(False)
    address = socket.getaddrinfo(host, port)[0][-1]
    return made, address


def connected(name, timeout_s=None):
    made, address = reach(name)
    made.connect(address)
    if timeout_s is not None:
        made.settimeout(timeout_s)
    return made


def timeout():
    made = connected("quiet", 0.2)
    try:
        return failing(lambda: made.read(1))
    finally:
        made.close()


def timeout_after_setblocking():
    made = connected("late", 0.2)
    try:
        made.setblocking(True)
        return "waited for %r" % made.read(1)
    finally:
        made.close()


def refused():
    made, address = reach("refused")
    try:
        made.connect(address)
    finally:
        made.close()


def silent():
    made, address = reach("hole", 0.1)
    try:
        made.connect(address)
    finally:
        made.close()


def in_progress():
    made, address = reach("quiet", blocking=False)
    try:
        made.connect(address)
    finally:
        made.close()


def again(name, blocking):
    made, address = reach(name, blocking=blocking)
    try:
        failing(lambda: made.connect(address))
        made.connect(address)
    finally:
        made.close()


def polled(stream, asked, wait_ms):
    """What poll shows of a stream: flags, or nothing in that time."""
    poll = select.poll()
    poll.register(stream, asked)
    found = poll.poll(wait_ms)
    if not found:
        return "nothing"
    names = ("POLLIN", "POLLOUT", "POLLERR", "POLLHUP")
    return " ".join([name for name in names if found[0][1] & getattr(select, name)])


def polled_connecting(name, wait_ms):
    made, address = reach(name, blocking=False)
    try:
        made.connect(address)
    except OSError:
        pass
    if name == "refused":
        time.sleep_ms(wait_ms)  # until that is known
    answer = polled(made, select.POLLOUT, wait_ms)
    made.close()
    return answer


def polled_after(name):
    made = connected(name)
    made.write(b"x")
    answer = polled(made, select.POLLIN, 1000)
    made.close()
    return answer


def polled_new():
    made = socket.socket()
    answer = polled(made, select.POLLOUT, 0)
    made.close()
    return answer


def nothing_yet(method):
    made = connected("quiet")
    made.setblocking(False)
    try:
        return getattr(made, method)(1)
    finally:
        made.close()


def ended():
    made = connected("ends")
    try:
        made.write(b"x")
        return made.read(1)
    finally:
        made.close()


def reset():
    made = connected("resets")
    try:
        made.write(b"x")
        return made.read(1)
    finally:
        made.close()


def after_reset(method, argument):
    made = connected("resets")
    try:
        made.write(b"x")
        failing(lambda: made.read(1))
        return getattr(made, method)(argument)
    finally:
        made.close()


def closed():
    made = connected("quiet")
    made.close()
    made.write(b"x")


def unconnected():
    made = socket.socket()
    try:
        made.settimeout(0.2)
        made.write(b"x")
    finally:
        made.close()


def unknown_name():
    return socket.getaddrinfo("no.such.name.invalid", 80)


def kind_of_address():
    return type(reach("quiet")[1]).__name__


def most_sockets():
    made = []
    try:
        while len(made) < 64:
            made.append(socket.socket())
    except OSError:
        pass
    for each in made:
        each.close()
    return "64 and more" if len(made) == 64 else len(made)


PROBES = (
    ("address", kind_of_address),
    ("unknown-name", unknown_name),
    ("timeout", timeout),
    ("timeout-after-setblocking", timeout_after_setblocking),
    ("connect-refused", refused),
    ("connect-silent", silent),
    ("connect-in-progress", in_progress),
    ("connect-again-early", lambda: again("hole", blocking=False)),
    ("connect-again", lambda: again("quiet", blocking=True)),
    ("poll-connecting", lambda: polled_connecting("hole", 100)),
    ("poll-refused", lambda: polled_connecting("refused", 500)),
    ("poll-reset", lambda: polled_after("resets")),
    ("poll-ended", lambda: polled_after("ends")),
    ("poll-new", polled_new),
    ("read-nothing-yet", lambda: nothing_yet("read")),
    ("recv-nothing-yet", lambda: nothing_yet("recv")),
    ("read-ended", ended),
    ("read-reset", reset),
    ("read-after-reset", lambda: after_reset("read", 1)),
    ("write-after-reset", lambda: after_reset("write", b"x")),
    ("write-closed", closed),
    ("write-unconnected", unconnected),
    ("most-sockets", most_sockets),
)
