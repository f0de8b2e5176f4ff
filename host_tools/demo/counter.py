"""The token server of the demo: the real one, over verified TLS, with one account for the device."""

import io
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from host_tools.cloud.client import CloudClient
from host_tools.loop_thread import LoopThread
from host_tools.tokens import accounts, audit, challenge, held, policy, revocations
from host_tools.tokens.account import Account
from host_tools.tokens.control import ONCE, TIMEOUTS
from host_tools.tokens.logs import Log
from host_tools.tokens.policy import Sharing
from host_tools.tokens.scopes import rights
from host_tools.tokens.server import STOP_S, Serving, TokenServer
from host_tools.tokens.state import State, open_state
from host_tools.twin import certs

NAME = "tokens.example"


@dataclass
class TokenCounter:
    """`key` is the device's for this server; `ca_der` signed the server's certificate."""

    state: State
    client_id: str
    server: TokenServer
    clock: Callable[[], float]
    ca_der: bytes
    key: str = field(repr=False)

    @property
    def port(self) -> int:
        return self.server.port

    def due_in_s(self, left_s: int) -> float:
        """Until the device is to come again, by the server's policy; it has its tokens with `left_s` left."""
        now_ms = int(self.clock() * 1000)
        with self.state.transaction() as tx:
            given = audit.entries(tx, before=0, size=10, account=self.client_id, event="delivered")
            expires_ms: dict[str, int] = {
                each["fingerprint"]: each["expires_ms"]
                for each in held.listed(tx, now_ms, after="", size=1000)
            }
        last = [each["fingerprint"] for each in given if each["at_ms"] == given[0]["at_ms"]]
        ends_ms = min(expires_ms[fingerprint] for fingerprint in last)
        renew_s = Sharing().renew_in_s(left_s, policy.coming(self.client_id, ends_ms))
        return (ends_ms - now_ms) / 1000 - (left_s - renew_s)

    def revoke(self) -> int:
        """Queue the device's tokens for revocation; how many."""
        with self.state.transaction() as tx:
            return revocations.asked_for(tx, self.client_id, None, int(self.clock() * 1000))

    def switch_off(self) -> None:
        """Let the device have no more tokens."""
        with self.state.transaction() as tx:
            account = accounts.get(tx, self.client_id)
            accounts.change(tx, replace(account, enabled=False), int(self.clock() * 1000))

    def enter(self, read: list[str], write: list[str], life_s: int) -> None:
        """The device's account."""
        made = Account(self.client_id, "device", rights(read, write), life_s=life_s)
        with self.state.transaction() as tx:
            accounts.add(tx, made, self.key, self.state.seal, int(self.clock() * 1000))


@contextmanager
def counter(
    client: CloudClient, client_id: str, folder: Path, clock: Callable[[], float]
) -> Iterator[TokenCounter]:
    """A running token server with its state in `folder`, by the time of `clock`."""
    authority = certs.new_authority(clock())
    pem = folder / "server.pem"
    with open(os.open(pem, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(certs.server_pem(authority, [NAME], clock()))
    state = open_state(folder / "state", None)
    start_s = clock()
    server = TokenServer(
        state,
        lambda: client.like(timeouts=TIMEOUTS, policy=ONCE),
        Serving(tls=(pem, pem)),
        clock=clock,
        monotonic=lambda: clock() - start_s,
        log=Log(clock, io.StringIO()),
    )
    key = challenge.new_key(secrets.token_bytes)
    with LoopThread(server, "devcred-tokens", stop_s=STOP_S):
        yield TokenCounter(state, client_id, server, clock, authority.der, key)
