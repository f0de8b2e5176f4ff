"""Stands in for the port's `network`; what its radio meets is in vboard_air.py.

Left out: the access-point interface, and that a board stays connected over a soft reset.
"""

from machine import go_dark
from vboard_air import listen, points
from vboard_air import station as _station
from vboard_link import IS_ESP32, setup

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

_ADDRESS = ("192.0.2.2", "255.255.255.0", "192.0.2.1", "192.0.2.1")
_NO_ADDRESS = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")
_RSSI_DBM = -52
_BSSID = b"\x02\x00\x00\x00\x00\x01"
# What config() takes beside the options that have an effect.
_TAKEN = ("ssid", "essid", "key", "security", "hostname", "dhcp_hostname", "mac")

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


def is_up():
    """For the `socket` beside this module: whether the board has an address."""
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
            _station.switch(bool(on))
        return _station.active

    def deinit(self):
        """The chip loses its power, and what hangs on its pins goes out."""
        if IS_ESP32:
            raise AttributeError("deinit")
        _station.switch(False)
        _station.powered = False
        go_dark()

    def connect(self, ssid=None, key=None, **options):
        if not _station.active:
            raise OSError("Wifi Not Started") if IS_ESP32 else OSError(1)
        _station.join(_text(ssid), _text(key))

    def disconnect(self):
        _station.leave()

    def isconnected(self):
        return _station.is_up()

    def status(self, param=None):
        if param == "rssi":
            if IS_ESP32 and not _station.is_associated():
                raise OSError("Wifi Not Connected")
            return _RSSI_DBM
        if param is not None:
            raise ValueError("unknown status param")
        return _station.status()

    def scan(self, **options):
        """(SSID, BSSID, channel, dBm, security, hidden); a hidden one's SSID is empty."""
        listen()
        return [
            (b"" if hidden else ssid.encode(), _BSSID, 6, _RSSI_DBM, 3 if key else 0, hidden)
            for ssid, key, hidden in points() or ()
        ]

    def ifconfig(self, addresses=None):
        if addresses is None:
            return _ADDRESS if _station.is_up() else _NO_ADDRESS

    def ipconfig(self, param=None, **values):
        address, netmask, gateway, _ = self.ifconfig()
        answers = {"addr4": (address, netmask), "gw4": gateway, "has_dhcp4": _station.is_up(), "dhcp4": True}
        return answers[param] if param else None

    def config(self, param=None, **values):
        if param is None:
            for name in values:
                if name not in _station.options and name not in _TAKEN:
                    raise ValueError("unknown config param")
            _station.options.update(values)
            if "pm" in values:
                _station.tell_saving()
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


def _text(value):
    return value if isinstance(value, str) else bytes(value or b"").decode()
