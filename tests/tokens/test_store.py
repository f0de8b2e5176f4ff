"""What lies in the database, in SQLite and in PostgreSQL alike."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools.errors import MachineError, UsageError
from host_tools.tokens import accounts, audit, held, quota, revocations
from host_tools.tokens.account import Account, AccountExistsError, NoAccountError
from host_tools.tokens.database import Database, open_database
from host_tools.tokens.held import Held
from host_tools.tokens.pacing import APPLY
from host_tools.tokens.scopes import Rights, Scope
from host_tools.tokens.sealing import Seal
from host_tools.tokens.state import State, open_state
from tests.tokens.conftest import BOTH, GROUP

pytestmark = BOTH
DEVICE = f"{GROUP}@@@till-1"
KEY = "k" * 43
NOW = 1_800_000_000_000
SCOPE = Scope("R", ("shop/a",), 600)


@pytest.fixture
def database(state: State) -> Iterator[Database]:
    found = state.open()
    yield found
    found.close()


def put(database: Database, state: State, text: str, left_s: int = 600, scope: Scope = SCOPE) -> Held:
    token = Held(scope, "LTAI", text, NOW + left_s * 1000)
    with database.transaction() as tx:
        held.put(tx, token, state.seal)
    return token


def test_an_account_s_life(database: Database, state: State) -> None:
    made = Account("alice", "user", Rights(("shop/a",), ()), client_ids=(DEVICE,), life_s=600)
    with database.transaction() as tx:
        accounts.add(tx, made, KEY, state.seal, NOW)
    with database.transaction() as tx:
        found = accounts.get(tx, "alice")
        assert (found.rights, found.client_ids, found.life_s) == (made.rights, (DEVICE,), 600)
        accounts.change(tx, Account("alice", "user", client_ids=(f"{GROUP}@@@2",)), NOW + 1)
    with database.transaction() as tx:
        assert accounts.get(tx, "alice").client_ids == (f"{GROUP}@@@2",)
        assert [each.name for each in accounts.page(tx, "", 10)] == ["alice"]
        accounts.remove(tx, "alice", NOW)
        assert accounts.page(tx, "", 10) == []
        with pytest.raises(NoAccountError):
            accounts.get(tx, "alice")


def test_a_client_id_belongs_to_one_account(database: Database, state: State) -> None:
    with database.transaction() as tx:
        accounts.add(tx, Account(DEVICE, "device"), KEY, state.seal, NOW)
    for other in (Account(DEVICE, "device"), Account("alice", "user", client_ids=(DEVICE,))):
        with pytest.raises(AccountExistsError), database.transaction() as tx:
            accounts.add(tx, other, KEY, state.seal, NOW)
    with database.transaction() as tx:
        # What failed has left nothing behind.
        assert [each.name for each in accounts.page(tx, "", 10)] == [DEVICE]


@pytest.mark.parametrize(
    "wrong",
    [
        Account("GID_shop@@@", "device"),
        Account("GID_shop", "group", client_ids=(DEVICE,)),
        Account("alice", "user"),
        Account("al ice", "user", client_ids=(DEVICE,)),
        Account(DEVICE, "device", Rights(("#",), ())),
        Account(DEVICE, "device", Rights(("shop/#/a",), ())),
        Account(DEVICE, "device", Rights(("shop/a b",), ())),
        Account(DEVICE, "device", Rights(("shop/" + "x" * 64,), ())),
        Account(DEVICE, "device", Rights(tuple(f"shop/{n}" for n in range(101)), ())),
        Account(DEVICE, "device", life_s=59),
        Account(DEVICE, "device", quota_per_day=0),
        Account(DEVICE, "device", recovery="maybe"),
        Account(DEVICE, "robot"),
    ],
)
def test_an_account_that_cannot_be(database: Database, state: State, wrong: Account) -> None:
    key = None if wrong.kind == "group" else KEY
    with pytest.raises(UsageError), database.transaction() as tx:
        accounts.add(tx, wrong, key, state.seal, NOW)


def test_the_best_token_of_a_scope(database: Database, state: State) -> None:
    put(database, state, "older", 300)
    best = put(database, state, "newer", 500)
    put(database, state, "other scope", 900, Scope("R", ("shop/b",), 600))
    with database.transaction() as tx:
        assert held.best(tx, [SCOPE], "LTAI", NOW, state.seal) == {SCOPE.key: best}
        # Of another AccessKey they would not fit the user name.
        assert held.best(tx, [SCOPE], "LTAI2", NOW, state.seal) == {}
        assert held.best(tx, [SCOPE], "LTAI", NOW + 500_000, state.seal) == {}


def test_a_revoked_token_is_not_handed_out(database: Database, state: State) -> None:
    older, newer = put(database, state, "older", 300), put(database, state, "newer", 500)
    with database.transaction() as tx:
        assert revocations.ask(tx, [newer.fingerprint], NOW) == 1
        assert revocations.ask(tx, [newer.fingerprint, "unknown"], NOW) == 0
        assert held.best(tx, [SCOPE], "LTAI", NOW, state.seal) == {SCOPE.key: older}


def test_the_queue_of_revocations(database: Database, state: State) -> None:
    token = put(database, state, "text of it")
    with database.transaction() as tx:
        revocations.ask(tx, [token.fingerprint], NOW)
    with database.transaction() as tx:
        due = revocations.claim(tx, NOW, state.seal)
        assert due is not None and (due.token, due.attempts) == ("text of it", 1)
        # Somebody is at it; if they are gone, it comes again.
        assert revocations.claim(tx, NOW + 1000, state.seal) is None
        again = revocations.claim(tx, NOW + 31_000, state.seal)
        assert again is not None and again.attempts == 2
        revocations.again(tx, again, NOW + 31_000)
        assert revocations.claim(tx, NOW + 31_000, state.seal) is None
        assert revocations.waiting(tx) == 1
        revocations.done(tx, token.fingerprint, NOW + 40_000, "revoked")
        assert revocations.waiting(tx) == 0
        assert revocations.listed(tx, 10)[0]["outcome"] == "revoked"


def test_what_an_account_was_given_is_found_by_the_audit(database: Database, state: State) -> None:
    token = put(database, state, "text")
    with database.transaction() as tx:
        audit.enter(tx, NOW, "delivered", account=DEVICE, fingerprints=[token.fingerprint])
        assert revocations.asked_for(tx, DEVICE, None, NOW) == 1
        with pytest.raises(NoAccountError):
            revocations.asked_for(tx, "nobody", None, NOW)
        with pytest.raises(UsageError):
            revocations.asked_for(tx, None, None, NOW)


def at_once(database: Database, count: int, act: Callable[[Any, int], Any]) -> list[Any]:
    """What `act(tx, number)` gives in threads that run together, in the order in which they began."""
    found: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def one(number: int) -> None:
        barrier.wait()
        with database.transaction() as tx:
            found[number] = act(tx, number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_many_that_come_at_once_one_gets_the_lease(database: Database) -> None:
    taken = at_once(database, 8, lambda tx, n: held.take_lease(tx, "scope", f"r{n}", NOW, 1000))
    assert taken.count(True) == 1
    with database.transaction() as tx:
        held.give_back_lease(tx, "scope", f"r{(taken.index(True) + 1) % 8}")
        assert not held.take_lease(tx, "scope", "other", NOW, 1000), "given back by somebody else"
        held.give_back_lease(tx, "scope", f"r{taken.index(True)}")
        assert held.take_lease(tx, "scope", "other", NOW, 1000)
        assert held.take_lease(tx, "scope", "next", NOW + 1000, 1000), "not free after its time"


def test_a_lease_is_kept_up_by_its_holder_alone(database: Database) -> None:
    with database.transaction() as tx:
        assert held.take_lease(tx, "scope", "one", NOW, 1000)
        held.extend_lease(tx, "scope", "other", NOW + 9000)
        held.extend_lease(tx, "scope", "one", NOW + 3000)
        assert not held.take_lease(tx, "scope", "other", NOW + 2999, 1000)
        assert held.take_lease(tx, "scope", "other", NOW + 3000, 1000)
        held.extend_lease(tx, "scope", "one", NOW + 9000)
        assert held.take_lease(tx, "scope", "next", NOW + 4000, 1000), "it was another's by then"


def test_of_many_that_come_at_once_no_more_than_the_quota_are_served(database: Database) -> None:
    refused = at_once(database, 8, lambda tx, n: quota.count(tx, DEVICE, 3, NOW))
    assert refused.count(None) == 3


def test_of_many_that_come_at_once_no_more_than_the_pace_may_call(database: Database) -> None:
    waits = at_once(database, 12, lambda tx, n: held.pace(tx, "ApplyToken", APPLY, "one replica", NOW))
    assert waits.count(0) == APPLY.calls
    assert set(waits) == {0, APPLY.window_ms}


def test_another_server_key(database: Database, state: State) -> None:
    with pytest.raises(MachineError, match="server.key"):
        open_database(state.database_url, Seal(b"\x01" * 32))


def test_a_key_that_was_moved_to_another_account_opens_nothing(database: Database, state: State) -> None:
    sealed = state.seal.close(KEY, accounts.key_place("alice"))
    assert state.seal.open(sealed, accounts.key_place("alice")) == KEY
    with pytest.raises(MachineError):
        state.seal.open(sealed, accounts.key_place("mallory"))


def test_a_folder_is_made_once_and_kept(state: State, tmp_path: Path) -> None:
    again = open_state(tmp_path / "state", state.database_url)
    assert again.admin_key == state.admin_key
    assert again.seal.open(state.seal.close("x", "here"), "here") == "x"
    (tmp_path / "state" / "server.key").chmod(0o644)
    with pytest.raises(UsageError, match="others may read it"):
        open_state(tmp_path / "state", None)


def test_a_database_that_cannot_be_reached(state: State) -> None:
    began_s = time.monotonic()
    for url, kind in (
        ("postgresql://canary@127.0.0.1:1/none", MachineError),
        ("mysql://canary@127.0.0.1/none", UsageError),
        ("canary", UsageError),
        ("sqlite://", UsageError),
    ):
        with pytest.raises(kind) as caught:
            open_database(url, state.seal)
        assert "canary" not in str(caught.value)
    assert time.monotonic() - began_s < 30
