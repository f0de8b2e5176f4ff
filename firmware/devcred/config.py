"""The agent's configuration: one JSON object in one file, checked before anything uses it.

It never holds a secret: the device's key and the Wi-Fi passwords lie in records of their own.
The host runs these same rules before it writes the file.
"""

import json

from devcred import features, topics
from devcred.errors import ConfigError

PATH = "/devcred.json"
MAX_BYTES = 4096
# The RP2040's watchdog cannot count further.
WATCHDOG_MAX_MS = 8388

LED_KINDS = ("none", "plain", "rgb")


def parse(text):
    """The configuration as a dict with every key present, from JSON text (str or bytes).

    Raises ConfigError with one line that names the key and the rule.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError("configuration: %d bytes, at most %d" % (len(text), MAX_BYTES))
    try:
        given = json.loads(text)
    except (ValueError, RuntimeError, MemoryError):  # the last two: nested too deep
        raise ConfigError("configuration: not valid JSON")
    if features.CHECKS:
        return check(given)
    if not isinstance(given, dict):
        raise ConfigError("configuration: must be a JSON object")
    return given  # the host has checked it, and written all keys


def check(given):
    """As `parse`, from an object already decoded; `given` is left alone."""
    if not isinstance(given, dict):
        raise ConfigError("configuration: must be a JSON object")
    for key in given:
        if key not in _RULES:
            raise ConfigError(_unknown(key))
    try:
        found = {key: _value(key, given) for key in _RULES}
        for name in ("telemetry", "reply"):
            key = name + "_topic"
            # A level of our own below the parent topic, where none is given.
            found[key] = found[key] or topics.check_topic(found["parent_topic"] + "/" + name, key)
        return found
    except ValueError as error:
        raise ConfigError(str(error))


def _value(key, given):
    default, rule, arguments = _RULES[key]
    if key in given:
        return rule(given[key], key, *arguments)
    if default is _REQUIRED:
        raise ValueError("%s: is missing" % key)
    return default


def _unknown(key):
    # Imported here: on a board this is the rare path.
    from devcred.nearest import nearest

    try:
        _text(key, "key", 1, 64)
    except ValueError:
        # The text of an error is one line of a console.
        return "configuration: holds a key that is no name"
    known = nearest(key, _RULES)
    return "%s: unknown key%s" % (key, "; did you mean %s?" % known if known else "")


def _text(value, key, shortest, longest):
    if not isinstance(value, str):
        raise ValueError("%s: must be text" % key)
    if not shortest <= len(value) <= longest:
        raise ValueError("%s: must have %d to %d characters" % (key, shortest, longest))
    for char in value:
        if not "!" <= char <= "~":
            raise ValueError("%s: takes printable ASCII without blanks" % key)
    return value


def _number(value, key, least, most):
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("%s: must be a whole number" % key)
    if not least <= value <= most:
        raise ValueError("%s: must be %d to %d" % (key, least, most))
    return value


def _watchdog(value, key):
    return _number(value, key, 0, WATCHDOG_MAX_MS) and _number(value, key, 1000, WATCHDOG_MAX_MS)


def _topic(value, key):
    # Empty is the default's way to say: one below the parent topic.
    return value if value == "" else topics.check_topic(value, key)


def _flag(value, key):
    if not isinstance(value, bool):
        raise ValueError("%s: must be true or false" % key)
    return value


def _choice(value, key, choices):
    if value not in choices:
        raise ValueError("%s: must be one of %s" % (key, ", ".join(choices)))
    return value


def _pin(value, key):
    if isinstance(value, str):
        return _text(value, key, 1, 16)
    return value if value is None else _number(value, key, 0, 63)


_REQUIRED = ()

# key: (default, rule, the rule's arguments)
_RULES: dict = {
    "client_id": (_REQUIRED, topics.check_client_id, ()),
    "host": (_REQUIRED, _text, (1, 253)),
    "port": (8883, _number, (1, 65535)),
    "tls": (True, _flag, ()),
    # The name the server's certificate must carry; empty: the host's.
    "server_name": ("", _text, (0, 253)),
    "ca_path": ("/ca.der", _text, (2, 64)),
    # The application server, which gives out tokens; empty: there is none.
    "token_host": ("", _text, (0, 253)),
    "token_port": (443, _number, (1, 65535)),
    # Empty: the same as ca_path.
    "token_ca_path": ("", _text, (0, 64)),
    "parent_topic": ("devcred", topics.check_parent, ()),
    "telemetry_topic": ("", _topic, ()),
    "reply_topic": ("", _topic, ()),
    "heartbeat_s": (300, _number, (1, 86400)),
    "keepalive_s": (90, _number, (10, 3600)),
    "clean_session": (True, _flag, ()),
    "connect_timeout_ms": (5000, _number, (500, 8000)),
    "retry_base_ms": (1000, _number, (100, 60000)),
    "retry_cap_ms": (120000, _number, (1000, 3600000)),
    # The first delay after the server closed a link that had stood: up to this; 0: as any other.
    "retry_spread_ms": (16000, _number, (0, 3600000)),
    "refused_retry_ms": (300000, _number, (1000, 86400000)),
    "join_timeout_s": (15, _number, (1, 60)),
    "radio_power_save": (False, _flag, ()),
    # Silence: radio off and on again and again. No network at all: reboot. 0: never.
    "radio_reset_s": (300, _number, (0, 86400)),
    "reboot_s": (1800, _number, (0, 86400)),
    "outbox_messages": (100, _number, (1, 10000)),
    "outbox_bytes": (16384, _number, (512, 262144)),
    # As long as the service keeps a message for a device.
    "outbox_age_s": (259200, _number, (60, 2592000)),
    "outbox_flash": (True, _flag, ()),
    "ntp_host": ("pool.ntp.org", _text, (1, 253)),
    "country": ("", _text, (0, 2)),
    "watchdog_ms": (8000, _watchdog, ()),
    "led_kind": ("none", _choice, (LED_KINDS,)),
    "led_pin": (None, _pin, ()),
    "led_active_low": (False, _flag, ()),
    # For `rgb`, in hex: three bytes for each of status.COLORS, as they go over the wire.
    "led_colors": ("", _text, (0, 42)),
    # A Pico's BOOTSEL is no pin, and goes by its name.
    "button_pin": (None, _pin, ()),
    "button_active_low": (True, _flag, ()),
    "button_hold_ms": (5000, _number, (1000, 60000)),
}
