"""How the twin behaves where the service leaves a choice, and its limits."""

from dataclasses import dataclass

from host_tools.errors import UsageError
from host_tools.twin.broker.coverage import parse_rules
from host_tools.twin.control_settings import ControlSettings
from host_tools.twin.delivery_settings import DeliverySettings
from host_tools.twin.readings import amount, check, choice
from host_tools.twin.token_settings import TokenSettings

_SILENT = "the sources are silent"
_LIMITS = "help: limits"


@dataclass(frozen=True, kw_only=True)
class Settings(ControlSettings, TokenSettings, DeliverySettings):
    """Every field is a behaviour with its tag and source; a value that is no reading raises UsageError."""

    bad_credential_code: int = choice(
        5,
        4,
        text="CONNACK code for a bad user name, password, instance or credential",
        tag="observed",
        source="a user's report of code 5; the open-source relative sends 4",
    )
    bad_client_id_code: int = choice(
        2,
        5,
        text="CONNACK code for a malformed client ID, or one whose group is unknown",
        tag="assumed",
        source=_SILENT,
    )
    duplicate_client_id: str = choice(
        "close-older",
        "refuse-newer",
        text="Which connection loses when a client ID connects twice",
        tag="assumed",
        source="MQTT-3.1.4-2 and the FAQ close the older; the page of terms refuses the newer",
    )
    max_connections: int = amount(
        0,
        text="Connections of the instance, 0 for no limit",
        tag="assumed",
        source="follows from the size bought",
    )
    overfull: str = choice(
        "connack-3",
        "close",
        text="What a login gets when the instance is full",
        tag="assumed",
        source="3 is MQTT's code for it; the open-source relative closes without CONNACK",
    )
    connect_timeout_s: float = amount(
        10.0,
        text="Seconds until a connection with no CONNECT is closed",
        tag="observed",
        source="open-source relative of the broker",
    )
    payload_oversize: str = choice(
        "close",
        "drop",
        text="What a payload above 64 KB does: close (invalid param), or vanish acknowledged",
        tag="documented",
        source="help: limits, FAQ about client connections; the two pages differ",
    )
    max_packet_bytes: int = amount(
        131072,
        text="Size above which a packet is not read at all",
        tag="documented",
        source="maximum packet size announced for MQTT 5",
    )
    max_connect_bytes: int = amount(
        16384, text="Size above which a CONNECT is not read at all", tag="assumed", source=_SILENT
    )
    max_subscriptions: int = amount(30, text="Subscriptions of one client", tag="documented", source=_LIMITS)
    too_many_subscriptions: str = choice(
        "failure",
        "silent",
        text="SUBACK for a subscription that does not take effect: 0x80, or as if granted",
        tag="assumed",
        source=_SILENT,
    )
    p2p_length_exempt: bool = choice(
        True,
        False,
        text="Whether the client ID level of a P2P topic is left out of the 64 characters",
        tag="assumed",
        source="a 64-character client ID would not fit otherwise",
    )
    p2p_reaches_subscribers: bool = choice(
        False,
        True,
        text="Whether a P2P message also reaches subscriptions that match it",
        tag="assumed",
        source=_SILENT,
    )
    topic_characters: str = choice(
        "strict",
        "any",
        text="Whether levels of a topic take letters, digits, - and _ alone",
        tag="documented",
        source=_LIMITS,
    )
    wildcard_parent: str = choice(
        "close", "allow", text="A subscription whose first level is a wildcard", tag="assumed", source=_SILENT
    )
    will: str = choice(
        "ignore",
        "refuse",
        "publish",
        text="A CONNECT with a will: let in and the will forgotten, refused, or published as MQTT has it",
        tag="assumed",
        source=_SILENT,
    )
    retain: str = choice(
        "ignore",
        "refuse",
        "keep",
        text="A PUBLISH with RETAIN: as if without, refused, or kept as MQTT has it",
        tag="assumed",
        source=_SILENT,
    )
    send_message_qos: int = choice(
        1, 0, 2, text="QoS of a message from SendMessage", tag="assumed", source=_SILENT
    )
    login: bool = choice(
        True,
        False,
        text="Whether CONNECT needs a credential and a client ID by the rules; off for suites that "
        "test MQTT alone",
        tag="documented",
        source="help: authentication overview",
    )
    topic_rules: bool = choice(
        True,
        False,
        text="Whether topics keep the service's rules; off for suites that test MQTT alone",
        tag="documented",
        source=_LIMITS,
    )

    def __post_init__(self) -> None:
        check(self)
        try:
            parse_rules(self.device_topics)
        except ValueError as error:
            raise UsageError(
                f"device_topics: {error}", where="twin settings", do="separate rules by commas"
            ) from None
