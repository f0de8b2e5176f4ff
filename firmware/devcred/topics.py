"""Rules for client IDs, Group IDs and topics of ApsaraMQ for MQTT; host and device share them.

A value that breaks a rule raises ValueError; the text names the field and the rule.
Source: the service's pages on limits, terms and CreateGroupId.
"""

ID_MAX_CHARS = 64
GROUP_MIN_CHARS = 7
TOPIC_MIN_CHARS = 3
TOPIC_MAX_CHARS = 64
PAYLOAD_MAX_BYTES = 65536
SEPARATOR = "@@@"

_PUNCTUATION = "-_"


def check_client_id(value, field="client_id"):
    """`<Group ID>@@@<device ID>`, at most 64 characters in all. Returns `value`."""
    _text(value, field)
    if len(value) > ID_MAX_CHARS:
        raise ValueError("%s: %d characters, at most %d" % (field, len(value), ID_MAX_CHARS))
    parts = value.split(SEPARATOR)
    if len(parts) != 2:
        raise ValueError("%s: must read <GroupID>@@@<DeviceID>" % field)
    check_group_id(parts[0], field)
    if not _plain(parts[1]):
        raise ValueError("%s: the device ID takes letters, digits, '-' and '_'" % field)
    return value


def check_group_id(value, field="group_id"):
    """`GID_` or `GID-`, then letters, digits, `-`, `_`; 7 to 64 characters. Returns `value`."""
    _text(value, field)
    if value[:4] not in ("GID_", "GID-"):
        raise ValueError("%s: the Group ID must begin with GID_ or GID-" % field)
    if not GROUP_MIN_CHARS <= len(value) <= ID_MAX_CHARS:
        raise ValueError(
            "%s: the Group ID has %d characters, must be %d to %d"
            % (field, len(value), GROUP_MIN_CHARS, ID_MAX_CHARS)
        )
    if not _plain(value):
        raise ValueError("%s: the Group ID takes letters, digits, '-' and '_'" % field)
    return value


def check_topic(value, field="topic"):
    """A topic to publish to: 3 to 64 characters, no wildcards. Returns `value`.

    The last level of a P2P topic, `<parent>/p2p/<client ID>`, may be a client ID.
    """
    levels = _levels(value, field)
    if len(levels) == 3 and levels[1] == "p2p":
        check_client_id(levels.pop(), field)
    for level in levels:
        if not _plain(level):
            raise ValueError("%s: a level takes letters, digits, '-' and '_'" % field)
    return value


def check_parent(value, field="parent_topic"):
    """A parent topic, the first level alone. Returns `value`."""
    if len(_levels(value, field)) != 1:
        raise ValueError("%s: the first level only, with no '/'" % field)
    return check_topic(value, field)


def parent(topic):
    """The first level of a topic."""
    return topic.split("/", 1)[0]


def p2p(parent_topic, client_id):
    """The topic that reaches one client, with no subscription on its side."""
    return parent_topic + "/p2p/" + client_id


def _text(value, field):
    if not isinstance(value, str):
        raise ValueError("%s: must be text" % field)


def _levels(value, field):
    _text(value, field)
    if not TOPIC_MIN_CHARS <= len(value) <= TOPIC_MAX_CHARS:
        raise ValueError(
            "%s: %d characters, must be %d to %d" % (field, len(value), TOPIC_MIN_CHARS, TOPIC_MAX_CHARS)
        )
    return value.split("/")


def _plain(text):
    # isalpha() would let other alphabets in; the service takes ASCII only.
    for char in text:
        if not ("a" <= char <= "z" or "A" <= char <= "Z" or "0" <= char <= "9" or char in _PUNCTUATION):
            return False
    return bool(text)


def matches(topic_filter, topic):
    """Whether a subscription's filter takes in a topic (MQTT 3.1.1 section 4.7)."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for at, want in enumerate(wanted):
        if want == "#":
            return True
        if at >= len(levels) or want not in ("+", levels[at]):
            return False
    return len(wanted) == len(levels)
