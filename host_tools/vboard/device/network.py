"""Stands in for the port's `network` and the radio below it: one access point that accepts every name and
key.

A connection is up a short while after connect(). Left out: the access-point interface, scanning (it finds
nothing), every failure of a real radio, and that a board stays connected over a soft reset.
"""

import utime
from vboard_link import IS_ESP32, emit, setup

STA_IF = 0
AP_IF = 1
if IS_ESP32:
    STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
    STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 200, 201, 202
    STAT_ASSOC_FAIL, STAT_HANDSHAKE_TIMEOUT = 203, 204
    AUTH_OPEN, AUTH_WPA2_PSK = 0, 3
else:
    STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 0, 1, 3
    STAT_CONNECT_FAIL, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = -1, -2, -3

_CONNECT_MS = 150
_ADDRESS = ("192.0.2.2", "255.255.255.0", "192.0.2.1", "192.0.2.1")
_NO_ADDRESS = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")
_RSSI_DBM = -52

_names = {"country": "XX", "hostname": "mpy-esp32" if IS_ESP32 else "PicoW"}


def country(code=None):
    if code is None:
        return _names["country"]
    if len(code) != 2:
        raise ValueError("invalid country code")
    _names["country"] = code


def hostname(name=None):
    if name is None:
        return _names["hostname"]
    if len(name) > 32:
        raise ValueError("hostname too long")
    _names["hostname"] = name


def ipconfig(*query, **values):
    """dns and prefer are accepted; there is one network, and it has no IPv6."""
    return {"dns": _ADDRESS[3], "prefer": 4}[query[0]] if query else None


class _Station:
    def __init__(self):
        self.active = False
        self.ssid = ""
        self.since_ms = None  # when connect() was called
        self.announced = False
        self.options = {"pm": 1 if IS_ESP32 else 0xA11142, "reconnects": -1, "txpower": 20, "channel": 6}

    def is_up(self):
        up = self.active and self.since_ms is not None and utime.ticks_ms() - self.since_ms >= _CONNECT_MS
        if up and not self.announced:
            self.announced = True
            emit(b"net up %s\n" % self.ssid.encode())
        return up

    def leave(self):
        self.since_ms = None
        if self.announced:
            self.announced = False
            emit(b"net down\n")


_station = _Station()


def is_up():
    """For the `socket` beside this module: whether a packet would leave the board."""
    return _station.is_up()


class WLAN:
    """Every WLAN(STA_IF) is the same interface."""

    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = 0 if IS_ESP32 else 0x10
    PM_PERFORMANCE = 1 if IS_ESP32 else 0xA11142
    PM_POWERSAVE = 2 if IS_ESP32 else 0xA11C82
    SEC_OPEN = 0
    SEC_WPA2 = 3 if IS_ESP32 else 0x400004

    def __init__(self, interface=STA_IF):
        if interface != STA_IF:
            raise ValueError("the stand-in has no access-point interface")

    def active(self, on=None):
        if on is not None:
            _station.active = bool(on)
            if not on:
                _station.leave()
        return _station.active

    def connect(self, ssid=None, key=None, **options):
        if not _station.active:
            raise OSError("Wifi Not Started") if IS_ESP32 else OSError(1)
        _station.leave()
        _station.ssid = ssid if isinstance(ssid, str) else bytes(ssid or b"").decode()
        _station.since_ms = utime.ticks_ms()

    def disconnect(self):
        _station.leave()

    def isconnected(self):
        return _station.is_up()

    def status(self, param=None):
        if param == "rssi":
            return _RSSI_DBM
        if param is not None:
            raise ValueError("unknown status param")
        if _station.is_up():
            return STAT_GOT_IP
        return STAT_IDLE if _station.since_ms is None else STAT_CONNECTING

    def scan(self, **options):
        return []

    def ifconfig(self, addresses=None):
        if addresses is None:
            return _ADDRESS if _station.is_up() else _NO_ADDRESS

    def ipconfig(self, param=None, **values):
        address, netmask, gateway, _ = self.ifconfig()
        answers = {"addr4": (address, netmask), "gw4": gateway, "has_dhcp4": _station.is_up(), "dhcp4": True}
        return answers[param] if param else None

    def config(self, param=None, **values):
        if param is None:
            _station.options.update(values)
            return None
        if param == "mac":
            return bytes.fromhex(setup["mac"])
        if param in ("ssid", "essid"):
            return _station.ssid
        if param in ("hostname", "dhcp_hostname"):
            return hostname()
        if param not in _station.options:
            raise ValueError("unknown config param")
        return _station.options[param]
