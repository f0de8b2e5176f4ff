"""Who asks: a nonce used up, a client ID's account, and the proof that its key is there."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from devcred import topics
from host_tools.tokens import accounts as book
from host_tools.tokens import challenge, refusals
from host_tools.tokens.account import Account
from host_tools.tokens.challenge import Nonces
from host_tools.tokens.database import insert_new
from host_tools.tokens.refusals import Refusal
from host_tools.tokens.schema import accounts, client_ids, used_nonces
from host_tools.tokens.scopes import Rights, Scope, scopes
from host_tools.tokens.world import World


@dataclass(frozen=True, slots=True)
class Ask:
    """A device's request, as it came; `address` is where from."""

    client_id: str
    nonce: str
    proof: str
    address: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who it turned out to be: the account, and the group of the client ID if that has one."""

    client_id: str
    account: Account
    group: Account | None

    @property
    def enabled(self) -> bool:
        return self.account.enabled and (self.group is None or self.group.enabled)

    @property
    def quota_per_day(self) -> int | None:
        return self.account.quota_per_day or (self.group.quota_per_day if self.group else None)

    def scopes(self, default_life_s: int) -> tuple[Scope, ...]:
        """What its tokens are to grant: its own topics and the group's."""
        group = self.group
        granted = self.account.rights.joined(group.rights if group else Rights()).of(self.client_id)
        life_s = self.account.life_s or (group.life_s if group else None) or default_life_s
        return scopes(granted, life_s)


def prove(tx: Connection, world: World, nonces: Nonces, ask: Ask, purpose: str) -> Caller | Refusal:
    """Who asks, or why they are refused. The nonce is used up in any case; the caller commits."""
    now_ms = world.now_ms()
    expires_ms = nonces.expires_ms(ask.nonce, ask.client_id)
    if expires_ms is None:
        return _proved_nothing(world, ask, "forged", refusals.CHALLENGE)
    if expires_ms <= now_ms:
        return _proved_nothing(world, ask, "expired", refusals.CHALLENGE)
    if not insert_new(tx, used_nonces, nonce=ask.nonce, expires_ms=expires_ms):
        return _proved_nothing(world, ask, "replayed", refusals.CHALLENGE)
    found = _find(tx, ask.client_id)
    account, sealed = found or (None, None)
    # For a client ID that is not known the same is computed, so that the time does not tell.
    key = world.seal.open(sealed, book.key_place(account.name)) if account and sealed else nonces.decoy
    is_right = challenge.is_proof(ask.proof, key, purpose, ask.client_id, ask.nonce)
    if account is None or not is_right:
        return _proved_nothing(world, ask, "wrong" if account else "unknown", refusals.REFUSED)
    group = tx.execute(select(accounts).where(accounts.c.name == _group_id(ask.client_id))).first()
    caller = Caller(ask.client_id, account, book.read(group) if group else None)
    return caller if caller.enabled else refusals.DISABLED


def _find(tx: Connection, client_id: str) -> tuple[Account, str | None] | None:
    joined = select(accounts).join(client_ids, client_ids.c.account == accounts.c.name)
    row = tx.execute(joined.where(client_ids.c.client_id == client_id)).first()
    return (book.read(row), row.key_sealed) if row else None


def _group_id(client_id: str) -> str:
    return client_id.split(topics.SEPARATOR, 1)[0]


def _proved_nothing(world: World, ask: Ask, why: str, refusal: Refusal) -> Refusal:
    world.metrics.proofs.labels(why).inc()
    world.log.event("bad-proof", why=why, client_id=ask.client_id, address=ask.address)
    return refusal
