"""The tables. Times are ms since 1970; names of devices and topics in clear, keys and tokens sealed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

VERSION = 1
metadata = MetaData()

# How this database was made: the version of these tables, and a sealed word that proves the server's key.
about = Table(
    "about",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)
accounts = Table(
    "accounts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("read", Text, nullable=False),
    Column("write", Text, nullable=False),
    Column("life_s", Integer),
    Column("quota_per_day", Integer),
    Column("recovery", String(12), nullable=False),
    Column("key_sealed", Text),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
client_ids = Table(
    "client_ids",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column(
        "account",
        String(64),
        ForeignKey("accounts.name", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
)
used_nonces = Table(
    "used_nonces",
    metadata,
    Column("nonce", String(64), primary_key=True),
    Column("expires_ms", BigInteger, nullable=False, index=True),
)
tokens = Table(
    "tokens",
    metadata,
    Column("fingerprint", String(32), primary_key=True),
    Column("scope", String(32), nullable=False),
    Column("key_id", String(128), nullable=False),
    Column("kind", String(2), nullable=False),
    Column("resources", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("life_s", Integer, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Index("tokens_by_scope", "scope", "key_id", "expires_ms"),
    Index("tokens_by_end", "expires_ms"),
)
revocations = Table(
    "revocations",
    metadata,
    Column("fingerprint", String(32), primary_key=True),
    Column("asked_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done_ms", BigInteger),
    Column("outcome", String(32), nullable=False),
    Index("revocations_due", "done_ms", "due_ms"),
)
# One replica at a time applies for a scope.
leases = Table(
    "leases",
    metadata,
    Column("scope", String(32), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
# The service's calls a second; see `pacing`.
paces = Table(
    "paces",
    metadata,
    Column("operation", String(32), primary_key=True),
    Column("book", Text, nullable=False),
)
usage = Table(
    "usage",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("deliveries", Integer, nullable=False),
)
audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("event", String(24), nullable=False),
    Column("account", String(64), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    # Of a token or a DeviceAccessKeyId; the text of a token never stands here.
    Column("fingerprint", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_by_account", "account", "fingerprint"),
)
