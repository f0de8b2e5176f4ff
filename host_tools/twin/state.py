"""What the instance knows: accounts, groups, parent topics, device credentials. No network, no MQTT."""

import base64
import json
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from devcred import topics
from host_tools.twin import rows
from host_tools.twin.accounts import Account, mint
from host_tools.twin.policy import REGION_ID, Policy, instance_names, topic_names
from host_tools.twin.store import MemoryStore, Store
from host_tools.twin.tokens import Token, TokenBook


@dataclass(frozen=True, slots=True)
class Group:
    """Times are ms since 1970."""

    group_id: str
    create_time_ms: int
    update_time_ms: int


@dataclass(frozen=True, slots=True)
class DeviceCredential:
    """One client ID's right to connect. Times are ms since 1970."""

    client_id: str
    key_id: str
    secret: str = field(repr=False)
    create_time_ms: int
    update_time_ms: int


class State:
    """Everything in memory, each change kept by the store before the call returns."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        clock: Callable[[], float],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._store: Store = store or MemoryStore()
        self._clock = clock
        self._random = random_bytes
        self.topic_changes = 0
        """Grows whenever parent topics change, for whoever remembers what they were."""
        # All of it is read before anything is written: a state that cannot be read stays as it is.
        self.accounts = rows.read(self._store, "account", Account.from_row)
        self.groups = rows.read(self._store, "group", rows.record(Group))
        self.credentials = rows.read(self._store, "credential", rows.record(DeviceCredential))
        self._topics = rows.read(self._store, "topic", rows.text)
        self._secrets = rows.read(self._store, "instance", rows.text)
        self._black = rows.read(self._store, "black", rows.text)
        tokens = rows.read(self._store, "token", _token)
        self.instance_id = self.keep("instance_id", lambda: "mqtt-cn-" + self._letters(11))
        created = self.keep("create_time_ms", lambda: str(self._now_ms()))
        self.create_time_ms = int(created) if created.isdecimal() else self._now_ms()
        if not self.accounts:
            self.new_account()
        main = self.keep("main_account", lambda: next(iter(self.accounts)))
        self.main_account = main if main in self.accounts else next(iter(self.accounts))
        """The AccessKey ID of the instance's owner."""
        self.tokens = self._open_tokens(tokens.values())

    def keep(self, name: str, make: Callable[[], str]) -> str:
        """A text of the instance under `name`, made once."""
        if name not in self._secrets:
            self._put("instance", name, make(), self._secrets)
        return self._secrets[name]

    def add_account(self, account: Account) -> None:
        """Let another AccessKey pair call the control plane, or put an account in its own place."""
        self._put("account", account.access_key_id, account, self.accounts)

    def new_account(
        self, *, policy: Policy | None = None, sts: bool = False, life_s: float = 3600.0
    ) -> Account:
        """A new account with the rights of `policy`, or all; with `sts` one that is good for `life_s`."""
        expire_ms = self._now_ms() + int(life_s * 1000) if sts else 0
        account = mint(self._letters, self._random, policy=policy, sts=sts, expire_ms=expire_ms)
        self.add_account(account)
        return account

    def may_use(self, access_key_id: str, letter: str, topic: str) -> bool:
        """Whether an account may publish (`letter` W) or subscribe (R) to a topic or filter by its policy."""
        account = self.accounts.get(access_key_id)
        if account is None or not account.active:
            return False
        action = "mq:PUB" if letter == "W" else "mq:SUB"
        names = instance_names(REGION_ID, self.instance_id) + topic_names(REGION_ID, self.instance_id, topic)
        return account.allows(action, names)

    def add_topic(self, parent: str) -> None:
        """Make a parent topic exist; ValueError if it breaks the rules. Case makes no difference."""
        self._put("topic", topics.check_parent(parent).lower(), parent, self._topics)
        self.topic_changes += 1

    @property
    def topics(self) -> tuple[str, ...]:
        """The parent topics, as they were given."""
        return tuple(self._topics.values())

    def has_topic(self, parent: str) -> bool:
        """Whether this parent topic exists."""
        return parent.lower() in self._topics

    def add_group(self, group_id: str) -> bool:
        """Make a group exist; False if it did. ValueError if the name breaks the rules."""
        topics.check_group_id(group_id)
        if group_id in self.groups:
            return False
        now_ms = self._now_ms()
        self._put("group", group_id, Group(group_id, now_ms, now_ms), self.groups)
        return True

    def delete_group(self, group_id: str) -> bool:
        """Take a group away; False if there was none."""
        return self._delete("group", group_id, self.groups)

    def new_credential(self, client_id: str) -> DeviceCredential:
        """A new credential for `client_id`; an older one is void at once. ValueError for a bad ID."""
        topics.check_client_id(client_id)
        now_ms = self._now_ms()
        return self._keep(DeviceCredential(client_id, self._key(), self._key(), now_ms, now_ms))

    def renew_credential(self, client_id: str, *, secret_only: bool = False) -> DeviceCredential:
        """Replace the pair, or its secret alone; CreateTime stays. KeyError if there is none."""
        old = self.credentials[client_id]
        key_id = old.key_id if secret_only else self._key()
        return self._keep(
            DeviceCredential(client_id, key_id, self._key(), old.create_time_ms, self._now_ms())
        )

    def delete_credential(self, client_id: str) -> bool:
        """Void a client's credential; False if there was none."""
        return self._delete("credential", client_id, self.credentials)

    @property
    def black_list(self) -> Collection[str]:
        """The client IDs of the black list."""
        return self._black.keys()

    def add_black(self, client_id: str) -> bool:
        """Put a client ID on the black list; False if it was there."""
        if client_id in self._black:
            return False
        self._put("black", client_id, "", self._black)
        return True

    def remove_black(self, client_id: str) -> bool:
        """Take a client ID off the black list; False if it was not there."""
        return self._delete("black", client_id, self._black)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def _open_tokens(self, kept: Iterable[Token]) -> TokenBook:
        def keep(token: Token) -> None:
            self._store.put("token", token.token_id, json.dumps(asdict(token)))

        return TokenBook(
            bytes.fromhex(self.keep("token_key", lambda: self._random(32).hex())),
            self._clock,
            kept=kept,
            keep=keep,
            drop=lambda token_id: self._store.delete("token", token_id),
            random_bytes=self._random,
        )

    def _keep(self, credential: DeviceCredential) -> DeviceCredential:
        self._put("credential", credential.client_id, credential, self.credentials)
        return credential

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _key(self) -> str:
        return "DC." + base64.urlsafe_b64encode(self._random(16)).rstrip(b"=").decode()

    def _letters(self, count: int) -> str:
        alphabet = "abcdefghijklmnopqrstuvwxyz234567"
        return "".join(alphabet[byte & 31] for byte in self._random(count))

    def _put(self, kind: str, key: str, value: Any, into: dict[str, Any]) -> None:
        self._store.put(kind, key, json.dumps(_row(value)))
        into[key] = value

    def _delete(self, kind: str, key: str, out_of: dict[str, Any]) -> bool:
        if key not in out_of:
            return False
        self._store.delete(kind, key)
        del out_of[key]
        return True


def _token(row: Any) -> Token:
    return rows.record(Token)({**row, "resources": tuple(row["resources"])})


def _row(value: Any) -> Any:
    if isinstance(value, Account):
        return value.row()
    return value if isinstance(value, str) else asdict(value)
