"""What comes and goes over HTTP, with its bounds; also the source of the OpenAPI document."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from devcred import topics
from host_tools.tokens.account import MAX_CLIENT_IDS
from host_tools.tokens.challenge import KEY_CHARS, NONCE_CHARS, PROOF_CHARS
from host_tools.tokens.policy import MAX_LIFE_S, MAX_RESOURCES, MIN_LIFE_S

_CLIENT_ID = r"^GID[_-][A-Za-z0-9_-]{3,56}@@@[A-Za-z0-9_-]{1,54}$"
ClientId = Annotated[str, Field(max_length=topics.ID_MAX_CHARS, pattern=_CLIENT_ID)]
Name = Annotated[str, Field(min_length=1, max_length=topics.ID_MAX_CHARS, pattern=r"^[A-Za-z0-9_@-]+$")]
Topic = Annotated[str, Field(min_length=3, max_length=96, pattern=r"^[A-Za-z0-9_/+#{}-]+$")]
Topics = Annotated[list[Topic], Field(max_length=MAX_RESOURCES)]
Life = Annotated[int, Field(ge=MIN_LIFE_S, le=MAX_LIFE_S, strict=True)]
Quota = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
DeviceKey = Annotated[str, Field(min_length=32, max_length=KEY_CHARS, pattern=r"^[A-Za-z0-9_-]+$")]
Recovery = Literal["off", "presigned", "secret"]


class Strict(BaseModel):
    """A request: a key that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


class ChallengeIn(Strict):
    client_id: ClientId


class ChallengeOut(BaseModel):
    nonce: str
    expires_in_s: int


class ProofIn(Strict):
    client_id: ClientId
    nonce: Annotated[str, Field(min_length=NONCE_CHARS, max_length=NONCE_CHARS, pattern=r"^[A-Za-z0-9_-]+$")]
    proof: Annotated[str, Field(min_length=PROOF_CHARS, max_length=PROOF_CHARS, pattern=r"^[0-9a-f]+$")]


class TokensOut(BaseModel):
    client_id: str
    instance_id: str
    key_id: str
    username: str
    password: str
    tokens: dict[Literal["R", "W", "RW"], str]
    expires_at_s: int
    expires_in_s: int
    renew_in_s: int
    degraded: bool


class CredentialOut(BaseModel):
    client_id: str
    instance_id: str
    key_id: str
    password: str | None = None
    secret: str | None = None


class RefusalOut(BaseModel):
    error: str
    detail: str
    retry_in_s: int


class AccountFields(Strict):
    """What may be changed of an account."""

    read: Topics = []
    write: Topics = []
    client_ids: Annotated[list[ClientId], Field(max_length=MAX_CLIENT_IDS)] = []
    enabled: Annotated[bool, Field(strict=True)] = True
    life_s: Life | None = None
    quota_per_day: Quota | None = None
    recovery: Recovery = "off"


class AccountIn(AccountFields):
    """A new account. The caller makes the key, so that no answer ever holds one."""

    name: Name
    kind: Literal["device", "group", "user"]
    key: DeviceKey | None = Field(default=None, repr=False)


class KeyIn(Strict):
    key: DeviceKey = Field(repr=False)


class AccountOut(BaseModel):
    name: str
    kind: str
    enabled: bool
    read: list[str]
    write: list[str]
    client_ids: list[str]
    life_s: int | None
    quota_per_day: int | None
    recovery: str
    created_ms: int
    updated_ms: int


class AccountsOut(BaseModel):
    accounts: list[AccountOut]


class TokenOut(BaseModel):
    fingerprint: str
    kind: str
    resources: list[str]
    key_id: str
    life_s: int
    expires_ms: int
    revoked: bool


class HeldOut(BaseModel):
    tokens: list[TokenOut]


class RevokeIn(Strict):
    """Either all that an account was given, or one token by its fingerprint."""

    account: Name | None = None
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None


class RevokedOut(BaseModel):
    queued: int


class RevocationOut(BaseModel):
    fingerprint: str
    asked_ms: int
    due_ms: int
    attempts: int
    done_ms: int | None
    outcome: str


class QueueOut(BaseModel):
    revocations: list[RevocationOut]


class AuditEntry(BaseModel):
    number: int
    at_ms: int
    event: str
    account: str
    client_id: str
    address: str
    fingerprint: str
    detail: str


class AuditOut(BaseModel):
    entries: list[AuditEntry]


class HealthOut(BaseModel):
    status: str


class ReadyOut(BaseModel):
    ready: bool
    database: bool
    service: bool
    stopping: bool
