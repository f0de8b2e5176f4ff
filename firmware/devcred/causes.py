"""Why the link is down: one name for each cause, and what follows from it.

Every cause has a console text that says what to do, a count of LED blinks, and a retry
class: FAST starts at the base delay and backs off; SLOW is for what only a person or the
server's owner can change, and asks seldom so as not to hammer the service.
"""

NO_CREDENTIAL = "no-credential"
BAD_CONFIG = "bad-config"
NO_WIFI = "no-wifi"
DNS = "dns"
NO_SERVER = "no-server"
TLS = "tls"
TLS_CA = "tls-ca"
TLS_NAME = "tls-name"
TLS_TIME = "tls-time"
REFUSED = "refused"
BAD_CLIENT_ID = "bad-client-id"
SERVER_BUSY = "server-busy"
TOPIC_REFUSED = "topic-refused"
CLOSED = "closed"
KICKED = "kicked"
LINK_LOST = "link-lost"
PROTOCOL = "protocol"

FAST = 0
SLOW = 1
# Nothing but a new provisioning helps: the agent waits for the bench.
NEVER = 2

# cause: (retry class, LED blinks, console text)
_TABLE = {
    NO_CREDENTIAL: (NEVER, 2, "no usable credential; provision this device"),
    BAD_CONFIG: (NEVER, 3, "the configuration cannot be used; provision this device"),
    NO_WIFI: (FAST, 4, "no network; check the access point and the Wi-Fi password"),
    DNS: (FAST, 5, "the server's name was not resolved; check the network's DNS and the host"),
    NO_SERVER: (FAST, 6, "the server does not answer; check the host, the port and the firewall"),
    TLS: (FAST, 7, "the TLS handshake failed"),
    TLS_CA: (SLOW, 7, "the server's certificate is not signed by the CA on this device"),
    TLS_NAME: (SLOW, 7, "the server's certificate is for another host name"),
    TLS_TIME: (FAST, 7, "the server's certificate is not valid at this time; check the clock"),
    REFUSED: (SLOW, 8, "credential refused by the server; it was revoked or replaced: provision this device"),
    BAD_CLIENT_ID: (SLOW, 8, "client ID refused by the server; its group is missing, or the ID is in use"),
    SERVER_BUSY: (FAST, 6, "the server is overloaded"),
    TOPIC_REFUSED: (SLOW, 9, "closed by the server at a publish or subscribe; check topic and rights"),
    CLOSED: (FAST, 6, "closed by the server"),
    KICKED: (
        SLOW,
        8,
        "closed by the server again and again soon after login; another device may be using this client ID",
    ),
    LINK_LOST: (FAST, 6, "the link went silent"),
    PROTOCOL: (FAST, 6, "the server broke the protocol"),
}

ALL = tuple(_TABLE)

NO_ADDRESS = "no-address"
WRONG_PASSWORD = "wrong-password"
NO_ACCESS_POINT = "no-access-point"

# What can be the detail of NO_WIFI, the most telling first, with its console text.
_WIFI = (
    (NO_ADDRESS, "the access point let us in, but gave no address; check its DHCP"),
    (WRONG_PASSWORD, "the access point refused the Wi-Fi password"),
    (NO_ACCESS_POINT, "no access point of this name is in reach"),
)

# The ports' numbers: below 0 rp2's, else the ESP32's. The last two are its ways to say that
# the handshake which proves the password came to nothing.
_WIFI_STATUS = {
    -2: NO_ACCESS_POINT,
    -3: WRONG_PASSWORD,
    201: NO_ACCESS_POINT,
    202: WRONG_PASSWORD,
    204: WRONG_PASSWORD,
    15: WRONG_PASSWORD,
}

# MQTT 3.1.1 table 3.1. The service attests only 5; its open relative sends 4 for the same.
_CONNACK = {2: BAD_CLIENT_ID, 3: SERVER_BUSY, 4: REFUSED, 5: REFUSED}

# Words of Mbed TLS's verification texts, which MicroPython passes on in its exceptions.
_TLS_WORDS = (
    ("Common Name", TLS_NAME),
    ("expired", TLS_TIME),
    ("future", TLS_TIME),
    ("trusted CA", TLS_CA),
)


def retry_class(cause):
    """FAST, SLOW or NEVER."""
    return _TABLE[cause][0]


def blinks(cause):
    """How often the LED blinks before each pause."""
    return _TABLE[cause][1]


def text(cause, detail=None):
    """What the console says: what happened and what to do."""
    for name, words in _WIFI:
        if name == detail:
            return words
    return _TABLE[cause][2]


def from_wifi(status):
    """The detail of NO_WIFI behind a port's status number: a word, or the number if it tells nothing."""
    return _WIFI_STATUS.get(status, status)


def most_telling(details):
    """Of what several networks' failures told, what a user should hear."""
    for name, _ in _WIFI:
        if name in details:
            return name
    return details[-1]


def from_connack(code):
    """The cause behind a CONNACK return code other than 0."""
    return _CONNACK.get(code, PROTOCOL)


def from_tls(message):
    """The cause behind the text of a failed TLS handshake's exception."""
    for words, cause in _TLS_WORDS:
        if words in message:
            return cause
    return TLS
