"""What the instance knows: accounts, groups, parent topics, device credentials. No network, no MQTT."""

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from devcred import topics
from host_tools.twin.store import MemoryStore, Store


@dataclass(frozen=True, slots=True)
class Account:
    """An AccessKey pair that may call the control plane."""

    access_key_id: str
    access_key_secret: str = field(repr=False)


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
        self.accounts = {key: Account(**row) for key, row in self._load("account")}
        self.groups = {key: Group(**row) for key, row in self._load("group")}
        self.credentials = {key: DeviceCredential(**row) for key, row in self._load("credential")}
        self._topics = {key: str(row) for key, row in self._load("topic")}
        self._secrets = {key: str(row) for key, row in self._load("instance")}
        self.instance_id = self.keep("instance_id", lambda: "mqtt-cn-" + self._letters(11))
        if not self.accounts:
            self.add_account(Account("LTAI5t" + self._letters(18), self._letters(30)))

    def keep(self, name: str, make: Callable[[], str]) -> str:
        """A text of the instance under `name`, made once."""
        if name not in self._secrets:
            self._put("instance", name, make(), self._secrets)
        return self._secrets[name]

    def add_account(self, account: Account) -> None:
        """Let another AccessKey pair call the control plane."""
        self._put("account", account.access_key_id, account, self.accounts)

    def add_topic(self, parent: str) -> None:
        """Make a parent topic exist; ValueError if it breaks the rules. Case makes no difference."""
        self._put("topic", topics.check_parent(parent).lower(), parent, self._topics)

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

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

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

    def _load(self, kind: str) -> list[tuple[str, Any]]:
        return [(key, json.loads(value)) for key, value in self._store.rows(kind)]

    def _put(self, kind: str, key: str, value: Any, into: dict[str, Any]) -> None:
        self._store.put(kind, key, json.dumps(value if isinstance(value, str) else asdict(value)))
        into[key] = value

    def _delete(self, kind: str, key: str, out_of: dict[str, Any]) -> bool:
        if key not in out_of:
            return False
        self._store.delete(kind, key)
        del out_of[key]
        return True
