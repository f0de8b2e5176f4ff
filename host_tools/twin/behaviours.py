"""What the twin does and how sure that is, as data: the manual and the tools read it from here.

A behaviour is *documented* (a page of the service or its SDK says so), *observed* (in the SDK's requests,
in users' reports, in the open-source relative of the broker), or *assumed* (nobody says). Where the service
leaves a point open, the behaviour is a field of `Settings` and carries the other readings.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

from host_tools.errors import UsageError

Tag = Literal["documented", "observed", "assumed"]
KEY = "behaviour"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour; `setting` and `default` are empty where there is nothing to choose."""

    text: str
    tag: Tag
    source: str
    setting: str = ""
    default: Any = None
    others: tuple[Any, ...] = ()


def choice(default: Any, *others: Any, text: str, tag: Tag, source: str) -> Any:
    """A dataclass field whose value is `default` or one of `others`."""
    return field(default=default, metadata={KEY: (text, tag, source, others)})


def amount(default: Any, *, text: str, tag: Tag, source: str) -> Any:
    """A dataclass field that takes any number."""
    return field(default=default, metadata={KEY: (text, tag, source, ())})


def of_settings(kind: type[Any]) -> list[Behaviour]:
    """The behaviours that the fields of a settings class stand for."""
    found = []
    for item in fields(kind):
        text, tag, source, others = item.metadata[KEY]
        found.append(Behaviour(text, tag, source, item.name, item.default, others))
    return found


def check(settings: Any) -> None:
    """Raise UsageError for a value that is none of a setting's readings."""
    for behaviour in of_settings(type(settings)):
        value = getattr(settings, behaviour.setting)
        allowed = (behaviour.default, *behaviour.others)
        if behaviour.others and value not in allowed:
            raise UsageError(
                f"{behaviour.setting} cannot be {value!r}",
                where="twin settings",
                do="use one of " + ", ".join(repr(each) for each in allowed),
            )


FIXED: tuple[Behaviour, ...] = (
    Behaviour(
        "The user name is DeviceCredential|<key ID>|<instance ID>; the password is Base64 of HMAC-SHA1 "
        "over the whole client ID",
        "documented",
        "help: unique-certificate-per-device authentication",
    ),
    Behaviour(
        "A credential is good for one client ID of one instance",
        "documented",
        "help: authentication overview",
    ),
    Behaviour(
        "A failed login leaves the connection that holds the client ID alone",
        "assumed",
        "authenticate before taking over; MQTT-3.1.4 orders it so",
    ),
    Behaviour("parent/p2p/<client ID> reaches that client with no subscription", "documented", "help: terms"),
    Behaviour(
        "A PUBLISH or SUBSCRIBE to a parent topic that does not exist closes the connection without an "
        "acknowledgement",
        "documented",
        "help: FAQ about client connections",
    ),
    Behaviour(
        "Topics that begin with $ are not usable", "documented", "help: migrating to ApsaraMQ for MQTT"
    ),
    Behaviour("Parent topic names are not case-sensitive", "documented", "help: limits"),
    Behaviour(
        "Offline messages exist for QoS 1 with cleanSession=false only; for P2P the sender's "
        "cleanSession decides",
        "documented",
        "help: terms",
    ),
    Behaviour(
        "A connection is closed after 1.5 times its keep-alive without a packet; keep-alive 0 is never "
        "closed",
        "documented",
        "help: FAQ about the console; the case 0 is MQTT-3.1.2-24's",
    ),
    Behaviour(
        "Unregister leaves a live connection alone; the next CONNECT fails",
        "documented",
        "help: UnRegisterDeviceCredential",
    ),
    Behaviour(
        "One client ID holds one credential; the one returned last is valid",
        "documented",
        "help: RegisterDeviceCredential",
    ),
    Behaviour(
        "PageNo, PageSize and Total of ListDeviceCredentialClientId are text",
        "documented",
        "SDK 1.7.1, models",
    ),
    Behaviour("The client IDs of a page are sorted by their characters", "assumed", "no page names an order"),
    Behaviour(
        "A request is signed with ACS3-HMAC-SHA256 over host, x-acs-* and content-type",
        "observed",
        "requests recorded from SDK 1.7.1",
    ),
    Behaviour(
        "A request without a readable Authorization answers 400 IncompleteSignature",
        "assumed",
        "general code of Alibaba Cloud gateways",
    ),
    Behaviour(
        "An instance ID that is not the twin's answers 400 InstanceNotFound", "assumed", "help: error codes"
    ),
    Behaviour("Tags of groups are accepted and not kept", "assumed", "not modelled"),
    Behaviour(
        "Operations of the SDK that the twin does not model answer 404 ApiNotSupport",
        "documented",
        "help: error codes",
    ),
)
"""What has no switch."""
