"""How messages are kept, sent again and delivered where the service leaves a choice, and the limits."""

from dataclasses import dataclass

from host_tools.twin.readings import amount, choice

_SILENT = "the sources are silent"
_LIMITS = "help: limits"
_OFFLINE = "help: receiving offline messages"


@dataclass(frozen=True, kw_only=True)
class DeliverySettings:
    """The part of `Settings` about messages between the broker and one client."""

    qos2_persistent: str = choice(
        "online",
        "refuse",
        "keep",
        text="QoS 2 with cleanSession=false: granted with nothing kept offline, SUBACK "
        "0x80, or kept as MQTT has it",
        tag="documented",
        source="help: terms calls it not supported",
    )
    offline_messages: int = amount(
        1000,
        text="Messages kept for one absent client; the oldest go first",
        tag="assumed",
        source="the service names one for the whole instance alone",
    )
    offline_instance: int = amount(
        1_000_000,
        text="Messages kept for all absent clients; the oldest go first",
        tag="documented",
        source=_LIMITS,
    )
    offline_keep_s: float = amount(
        3 * 86400.0, text="Seconds an offline message is kept", tag="documented", source=_LIMITS
    )
    offline_batch: int = amount(
        30, text="Offline messages sent at a time after a login", tag="documented", source=_OFFLINE
    )
    offline_batch_s: float = amount(
        5.0, text="Seconds from one batch of offline messages to the next", tag="documented", source=_OFFLINE
    )
    max_sessions: int = amount(
        100_000,
        text="Clients for which P2P messages are kept before they ever connected",
        tag="assumed",
        source=_SILENT,
    )
    max_inflight: int = amount(
        128,
        text="QoS 1 and 2 messages sent to one client and not yet acknowledged",
        tag="assumed",
        source=_SILENT,
    )
    resend_s: float = amount(
        5.0,
        text="A QoS 1 message that is not acknowledged is sent again, with DUP, once it is this many "
        "seconds old, at most twice as many; 0 for never",
        tag="documented",
        source=_OFFLINE,
    )
    resend_tries: int = amount(
        3,
        text="Times that it is sent again before it waits for the next login, or, where no session is kept, "
        "is given up",
        tag="assumed",
        source="help: a number of times that it does not give",
    )
    slow_reader_bytes: int = amount(
        1 << 20,
        text="Unsent bytes above which QoS 0 messages to a client are dropped",
        tag="assumed",
        source=_SILENT,
    )
    message_trace_entries: int = amount(
        10_000, text="Entries of the message trace; the oldest go first", tag="assumed", source=_SILENT
    )
