"""The parts of one server, put together."""

from dataclasses import dataclass, field

from host_tools.tokens.buckets import Buckets
from host_tools.tokens.challenge import Nonces
from host_tools.tokens.chores import Chores
from host_tools.tokens.control import Control
from host_tools.tokens.delivery import Counter
from host_tools.tokens.issuer import Issuer
from host_tools.tokens.recovery import Recovery
from host_tools.tokens.world import World


@dataclass(frozen=True)
class Limits:
    """What a server allows: seconds, requests a second for each address and account, days of audit."""

    life_s: int = 86_400
    challenge_s: int = 60
    address_per_s: float = 50.0
    account_per_s: float = 1.0
    burst_s: float = 10.0
    audit_days: int = 90


@dataclass
class Parts:
    """`stopping` is told to whoever asks whether to send requests here."""

    world: World
    control: Control
    nonces: Nonces
    issuer: Issuer
    counter: Counter
    recovery: Recovery
    chores: Chores
    per_address: Buckets
    admin_key: str = field(repr=False)
    stopping: bool = False

    async def close(self) -> None:
        """End all that runs, and close the database."""
        await self.chores.close()
        await self.issuer.close()
        self.control.close()
        self.world.store.close()


def put_together(world: World, control: Control, admin_key: str, limits: Limits) -> Parts:
    """The parts of a server over `world`."""
    nonces = Nonces(world.seal.derived("nonces"), limits.challenge_s, world.random_bytes)
    issuer = Issuer(world, control)
    per_account = Buckets(limits.account_per_s, max(1.0, limits.account_per_s * limits.burst_s))
    return Parts(
        world=world,
        control=control,
        nonces=nonces,
        issuer=issuer,
        counter=Counter(world, nonces, issuer, life_s=limits.life_s, per_account=per_account),
        recovery=Recovery(world, nonces, control),
        chores=Chores(world, control, limits.audit_days),
        per_address=Buckets(limits.address_per_s, max(1.0, limits.address_per_s * limits.burst_s)),
        admin_key=admin_key,
    )
