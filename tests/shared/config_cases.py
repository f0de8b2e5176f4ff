"""The configuration's keys with their limits, apart from the code that enforces them."""

from asking import said
from devcred import config
from devcred.errors import ConfigError

LEAST = {"client_id": "GID_test@@@d", "host": "broker.example"}

DEFAULTS = {
    "port": 8883,
    "tls": True,
    "server_name": "",
    "ca_path": "/ca.der",
    "token_host": "",
    "token_port": 443,
    "token_ca_path": "",
    "parent_topic": "devcred",
    "telemetry_topic": "devcred/telemetry",
    "reply_topic": "devcred/reply",
    "heartbeat_s": 300,
    "keepalive_s": 90,
    "clean_session": True,
    "connect_timeout_ms": 5000,
    "retry_base_ms": 1000,
    "retry_cap_ms": 120000,
    "retry_spread_ms": 16000,
    "refused_retry_ms": 300000,
    "join_timeout_s": 15,
    "radio_power_save": False,
    "radio_reset_s": 300,
    "reboot_s": 1800,
    "outbox_messages": 100,
    "outbox_bytes": 16384,
    "outbox_age_s": 259200,
    "outbox_flash": True,
    "ntp_host": "pool.ntp.org",
    "country": "",
    "watchdog_ms": 8000,
    "led_kind": "none",
    "led_pin": None,
    "led_active_low": False,
    "led_colors": "",
    "button_pin": None,
    "button_active_low": True,
    "button_hold_ms": 5000,
}

# key: (least, most)
NUMBERS = {
    "port": (1, 65535),
    "token_port": (1, 65535),
    "heartbeat_s": (1, 86400),
    "keepalive_s": (10, 3600),
    "connect_timeout_ms": (500, 8000),
    "retry_base_ms": (100, 60000),
    "retry_cap_ms": (1000, 3600000),
    "retry_spread_ms": (0, 3600000),
    "refused_retry_ms": (1000, 86400000),
    "join_timeout_s": (1, 60),
    "radio_reset_s": (0, 86400),
    "reboot_s": (0, 86400),
    "outbox_messages": (1, 10000),
    "outbox_bytes": (512, 262144),
    "outbox_age_s": (60, 2592000),
    "watchdog_ms": (1000, 8388),
    "led_pin": (0, 63),
    "button_pin": (0, 63),
    "button_hold_ms": (1000, 60000),
}

# key: (fewest characters, most)
TEXTS = {
    "host": (1, 253),
    "server_name": (0, 253),
    "ca_path": (2, 64),
    "token_host": (0, 253),
    "token_ca_path": (0, 64),
    "ntp_host": (1, 253),
    "country": (0, 2),
    "led_pin": (1, 16),
    "led_colors": (0, 42),
    "button_pin": (1, 16),
}

FLAGS = ("tls", "clean_session", "outbox_flash", "led_active_low", "button_active_low")
TOPICS = ("parent_topic", "telemetry_topic", "reply_topic")


def is_of_type(value, key):
    """Whether the value's type is the key's."""
    if key in ("led_pin", "button_pin"):
        return value is None or type(value) in (int, str)
    return type(value) is type(DEFAULTS.get(key, ""))


def checked(**changes):
    """The configuration of the two required keys and the changes."""
    given = dict(LEAST)
    given.update(changes)
    return config.check(given)


def refused(key, value):
    """The text of the refusal of one key's value; it must name the key."""
    given = dict(LEAST)
    given[key] = value
    text = said(config.check, given, error=ConfigError)
    if not text.startswith(key + ": "):
        raise AssertionError("does not name %s: %s" % (key, text))
    return text[len(key) + 2 :]
