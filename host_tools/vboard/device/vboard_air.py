"""Stands in for the radio below `network`: what becomes of a station in the air that the supervisor tells of.

It acts when it is asked. A joining takes a short while; then the access point takes it in or the port's own
status number says why not. As the ports do it: an ESP32 joins again by itself, as often as its option
`reconnects` says, and says why not only after the last time; an RP2 waits for the next connect(). Left out:
signal strength, channels, roaming, and every other failure of a real radio.
"""

import json

import utime
from vboard_link import IS_ESP32, emit, hear, setup

IDLE, CONNECTING, GOT_IP = (1000, 1001, 1010) if IS_ESP32 else (0, 1, 3)
NO_AP_FOUND, WRONG_PASSWORD = (201, 202) if IS_ESP32 else (-2, -3)
# In the network, without an address: an ESP32 has no number of its own for that.
NO_ADDRESS = CONNECTING if IS_ESP32 else 2
# What the world outside puts on the chip's pins, by the pin's name: see VirtualBoard.drive.
driven = setup["pins"]
# Times in ms that are to pass at once, when the program next sleeps.
skipped = []

_CONNECT_MS = 150
_ANSWER_MS = 5000
_LOOK_MS = 20
_PM_DEFAULT, _PM_NONE = (1, (0,)) if IS_ESP32 else (0xA11142, (0x10, 0xA11140))

_air = setup["air"]
_asked = 0
_routes = {}  # answers that have come, by the question's number


def listen():
    """What is new in the air, each change of it."""
    while True:
        line = hear()
        if line is None:
            return
        _take(line)


def ask(name, udp):
    """[address, port] that `name:port` leads to, or [] if it does not resolve."""
    global _asked
    listen()
    utime.sleep_ms(_air["dns_silence_ms"])
    _asked += 1
    number = _asked
    emit(b"resolve %d %d %s\n" % (number, udp, name.encode()))
    since_ms = utime.ticks_ms()
    # Another thread may take the answer off the line.
    while number not in _routes and utime.ticks_ms() - since_ms < _ANSWER_MS:
        line = hear(_LOOK_MS)
        if line is not None:
            _take(line)
    return _routes.pop(number, [])


def _take(line):
    global _air
    if line.startswith(b"air "):
        _air = json.loads(line[4:])
        station.judge_again()
    elif line.startswith(b"pin "):
        _, name, level = line.decode().split()
        driven[name] = int(level)
    elif line.startswith(b"route "):
        _, number, *found = line.split()
        _routes[int(number)] = found
    elif line.startswith(b"skip "):
        skipped.append(int(line[5:]))


def points():
    """(SSID, key, hidden) of the access points in reach; None where every name and key will do."""
    if _air["points"] is None:
        return None
    return [point for point in _air["points"] if point[0] not in _air["gone"]]


def _verdict(ssid, key):
    reach = points()
    if ssid in _air["gone"] or (reach is not None and ssid not in [point[0] for point in reach]):
        return NO_AP_FOUND
    if _air["deny"] or (reach is not None and key not in [point[1] for point in reach if point[0] == ssid]):
        return WRONG_PASSWORD
    return GOT_IP if _air["dhcp"] else NO_ADDRESS


class Station:
    def __init__(self):
        self.active = False
        self.ssid = self.key = ""
        self.options = {"pm": _PM_DEFAULT, "txpower": 20, "channel": 6}
        if IS_ESP32:
            self.options["reconnects"] = -1
        self._reason = IDLE
        self._since_ms = None  # when it began to join
        self._tries = 0
        self._up = False
        self._stuck = False
        self.powered = False

    def power_up(self, by):
        """Whatever needs the chip loads its firmware first, if it is off: here at once."""
        if not self.powered:
            self.powered = True
            emit(b"radio power %s\n" % by)

    def switch(self, on):
        if on == self.active:
            return
        self.power_up(b"wlan")
        self.active = on
        self._stuck = False
        self.leave()
        if on:
            self.options["pm"] = _PM_DEFAULT
            self.tell_saving()
        else:
            emit(b"radio off\n")

    def tell_saving(self):
        emit(b"radio saving %d\n" % (self.options["pm"] not in _PM_NONE))

    def join(self, ssid, key):
        self.leave()
        self.ssid, self.key = ssid, key
        self._tries = 0
        self._since_ms = utime.ticks_ms()

    def leave(self):
        self._since_ms = None
        self._reason = IDLE
        self._go_down()

    def is_up(self):
        listen()
        if not self._up and self._has_tried():
            self._end_try(_verdict(self.ssid, self.key))
        return self._up

    def is_associated(self):
        """In a network, with an address or without."""
        return self.is_up() or (self._has_tried() and _verdict(self.ssid, self.key) == NO_ADDRESS)

    def status(self):
        if self.is_up():
            return GOT_IP
        if self._since_ms is None:
            return self._reason
        return NO_ADDRESS if self.is_associated() else CONNECTING

    def judge_again(self):
        """The air has changed: who is in a network may not be any longer."""
        if not self._up or _verdict(self.ssid, self.key) == GOT_IP:
            return
        self._go_down()
        self._stuck = _air["quirk"]
        self._tries = 0
        self._since_ms = utime.ticks_ms() if IS_ESP32 else None

    def _has_tried(self):
        waits = self._since_ms is None or self._stuck
        return not waits and utime.ticks_ms() - self._since_ms >= _CONNECT_MS

    def _end_try(self, verdict):
        if verdict == GOT_IP:
            self._up = True
            emit(b"net up %s\n" % self.ssid.encode())
        elif verdict != NO_ADDRESS:
            self._reason = verdict
            self._tries += 1
            again = IS_ESP32 and (self.options["reconnects"] < 0 or self._tries <= self.options["reconnects"])
            self._since_ms = utime.ticks_ms() if again else None

    def _go_down(self):
        if self._up:
            self._up = False
            emit(b"net down\n")


station = Station()
