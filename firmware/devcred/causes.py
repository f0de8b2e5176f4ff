"""Why the link is down: one name for each cause, and what follows from it.

Every cause has a console text that says what to do, a count of LED blinks, and a retry
class: FAST starts at the base delay and backs off; SLOW is for what only a person or the
server's owner can change, and asks seldom so as not to hammer the service.
"""

from devcred import features

if features.TEXTS:
    from devcred import texts

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
TOKEN = "token"
ACCOUNT = "account-refused"

FAST = 0
SLOW = 1
# Nothing but a new provisioning helps: the agent waits for the bench.
NEVER = 2

# cause: LED blinks times 4, and the retry class: a small number costs the device less than a pair.
_TABLE = {
    NO_CREDENTIAL: 2 << 2 | NEVER,
    BAD_CONFIG: 3 << 2 | NEVER,
    NO_WIFI: 4 << 2 | FAST,
    DNS: 5 << 2 | FAST,
    NO_SERVER: 6 << 2 | FAST,
    TLS: 7 << 2 | FAST,
    TLS_CA: 7 << 2 | SLOW,
    TLS_NAME: 7 << 2 | SLOW,
    TLS_TIME: 7 << 2 | FAST,
    REFUSED: 8 << 2 | SLOW,
    BAD_CLIENT_ID: 8 << 2 | SLOW,
    SERVER_BUSY: 6 << 2 | FAST,
    TOPIC_REFUSED: 9 << 2 | FAST,
    CLOSED: 6 << 2 | FAST,
    KICKED: 8 << 2 | SLOW,
    LINK_LOST: 6 << 2 | FAST,
    PROTOCOL: 6 << 2 | FAST,
}
_TOKEN_TABLE = {TOKEN: 8 << 2 | FAST, ACCOUNT: 8 << 2 | SLOW}

# Of who we are: somebody has to see to it.
REFUSALS = (REFUSED, BAD_CLIENT_ID, ACCOUNT) if features.RENEWAL else (REFUSED, BAD_CLIENT_ID)
ALL = tuple(_TABLE) + tuple(_TOKEN_TABLE)

NO_ADDRESS = "no-address"
WRONG_PASSWORD = "wrong-password"
NO_ACCESS_POINT = "no-access-point"

# What can be the detail of NO_WIFI, the most telling first.
_WIFI = (NO_ADDRESS, WRONG_PASSWORD, NO_ACCESS_POINT)

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
    return ((features.RENEWAL and _TOKEN_TABLE.get(cause)) or _TABLE[cause]) & 3


def blinks(cause):
    """How often the LED blinks before each pause."""
    return ((features.RENEWAL and _TOKEN_TABLE.get(cause)) or _TABLE[cause]) >> 2


def text(cause, detail=None):
    """What the console says: what happened and what to do; nothing in a build without the texts."""
    if features.TEXTS:
        return texts.TEXTS[detail if detail in texts.TEXTS else cause]
    return ""


def from_wifi(status):
    """The detail of NO_WIFI behind a port's status number: a word, or the number if it tells nothing."""
    return _WIFI_STATUS.get(status, status)


def most_telling(details):
    """Of what several networks' failures told, what a user should hear."""
    for name in _WIFI:
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
