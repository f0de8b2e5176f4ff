"""What the twin does with no switch, as data; what has one is a field of `Settings`.

How a behaviour is described, and how sure it is, stands in `readings`.
"""

from host_tools.twin.broker_behaviours import DELIVERY, TOKENS
from host_tools.twin.control_behaviours import GATEWAY, PRODUCT
from host_tools.twin.readings import Behaviour, amount, check, choice, of_settings

__all__ = ["FIXED", "PARTS", "Behaviour", "amount", "check", "choice", "of_settings"]

CORE: tuple[Behaviour, ...] = (
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
    Behaviour("A refused login gets no notice, CONNACK alone", "assumed", "there is no session yet"),
    Behaviour("A P2P message arrives under the topic that it was sent to", "assumed", "no page says which"),
    Behaviour("MQTT 3.1 and MQTT 5 answer CONNACK 1", "assumed", "MQTT-3.1.2-2; MQTT 5 is not modelled"),
)
"""Credentials, topics, connections."""

PARTS: dict[str, tuple[Behaviour, ...]] = {
    "Credentials, topics, connections": CORE,
    "Tokens": TOKENS,
    "Delivery, trace": DELIVERY,
    "Requests": GATEWAY,
    "Answers": PRODUCT,
}

FIXED: tuple[Behaviour, ...] = tuple(each for part in PARTS.values() for each in part)
"""All of them."""
