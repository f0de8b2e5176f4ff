"""What the broker does with no switch, as data: logins, tokens, messages, WebSocket."""

from host_tools.twin.readings import Behaviour

_TOKENS = "help: client operations with tokens"
_APPLY = "help: ApplyToken"
_FAQ = "help: FAQ about authentication"

TOKENS: tuple[Behaviour, ...] = (
    Behaviour(
        "The user name of Token mode is Token|<AccessKey ID>|<instance ID>, of the account that applied; the "
        "password is one to three of <R, W or RW>|<token>, each type once, in any order",
        "documented",
        _TOKENS,
    ),
    Behaviour("One token that is not valid makes the whole login fail", "documented", _TOKENS),
    Behaviour("A token is bound to no client ID", "assumed", "ApplyToken has no parameter for one"),
    Behaviour("A token's time is at most 30 days; more counts as 30 days", "documented", _APPLY),
    Behaviour(
        "W lets publish and R subscribe, to the topics of the token's resources: + for one level, # for all",
        "documented",
        _APPLY,
    ),
    Behaviour(
        "A P2P topic to publish to must be covered like any other; to receive by P2P needs no right",
        "assumed",
        "the general rule; the sources are silent on P2P",
    ),
    Behaviour(
        "A PUBLISH or SUBSCRIBE that tokens or rules do not allow closes the connection without an "
        "acknowledgement",
        "documented",
        _FAQ,
    ),
    Behaviour(
        "$SYS/uploadToken takes a JSON object with token and type, replaces the token of that type alone, "
        "and is acknowledged by the PUBACK of its PUBLISH",
        "documented",
        _TOKENS,
    ),
    Behaviour(
        "$SYS/tokenExpireNotice is a JSON object with expireTime (ms since 1970) and type; no subscription "
        "is needed",
        "documented",
        _TOKENS,
    ),
    Behaviour(
        "$SYS/tokenInvalidNotice is a JSON object with code and type, and the connection ends: 1 forged, 2 "
        "expired, 3 revoked, 4 resource, 5 type, 8 bad signature, -1 account without permission",
        "documented",
        _TOKENS,
    ),
    Behaviour(
        "Code 5 where a token of another type lists the topic, else 4",
        "assumed",
        "the codes are documented, not which comes first",
    ),
    Behaviour(
        "The account of a token needs mq:PUB or mq:SUB for what its devices do",
        "documented",
        "help: RAM permissions",
    ),
    Behaviour(
        "A token is standard Base64 with padding; text that cannot be read is told from a bad signature",
        "observed",
        "samples on the pages of QueryToken",
    ),
)

DELIVERY: tuple[Behaviour, ...] = (
    Behaviour(
        "A message that comes in while offline messages wait for their batch does not wait for them",
        "assumed",
        "help: only what one client sends upward stays in order",
    ),
    Behaviour(
        "Subscriptions of a client with cleanSession=false stay after it leaves, and over a restart with a "
        "state folder",
        "documented",
        "help: FAQ about client connections",
    ),
    Behaviour(
        "MQTT over WebSocket is at the path /mqtt with the subprotocol mqtt, in binary frames",
        "observed",
        "default of the library in the browser demo; MQTT-6.0.0-1 to -4",
    ),
    Behaviour(
        "Connections are traced as connect, close and disconnect, with the reason in ActionInfo",
        "documented",
        "SDK 1.7.1, models; help: connection history of a device",
    ),
    Behaviour(
        "Steps of a message are traced as pub_mqtt, sub and push_offline; SendMessage as pub_mq",
        "assumed",
        "SDK 1.7.1, models, which names pub_mq for messages from RocketMQ",
    ),
)
