"""What a connection may publish and subscribe to; None in a connection's place means everything."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from host_tools.twin.broker.coverage import CLIENT_ID, any_covers, parse_rules
from host_tools.twin.settings import Settings
from host_tools.twin.state import State
from host_tools.twin.tokens import Token, TokenFault

_REMEMBERED = 256
_REASONS = {
    TokenFault.FORGED: "a token that cannot be read",
    TokenFault.EXPIRED: "a token has expired",
    TokenFault.REVOKED: "a token is revoked",
    TokenFault.RESOURCE: "no token lists this topic",
    TokenFault.TYPE: "the token for this topic is of another type",
    TokenFault.SIGNATURE: "a token with a bad signature",
    TokenFault.ACCOUNT: "the account of the token has no permission",
}


@dataclass(frozen=True, slots=True)
class Denial:
    """`reason` for the trace; `fault` and `type` for tokenInvalidNotice, where tokens decide."""

    reason: str
    fault: TokenFault | None = None
    type: str = ""


def denial(fault: TokenFault, kind: str) -> Denial:
    """The denial for a fault of a token."""
    return Denial(_REASONS[fault], fault, kind)


class Rights(Protocol):
    """Asked before anything is done."""

    def publish(self, topic: str) -> Denial | None: ...
    def subscribe(self, text: str) -> Denial | None: ...


class RuleRights:
    """The rights of a device credential where a list of rules narrows them."""

    __slots__ = ("_parent_of_hash", "_rules")

    def __init__(self, settings: Settings, client_id: str) -> None:
        self._rules = [
            (kind, pattern.replace(CLIENT_ID, client_id))
            for kind, pattern in parse_rules(settings.device_topics)
        ]
        self._parent_of_hash = settings.hash_covers_parent

    def publish(self, topic: str) -> Denial | None:
        return self._denied(topic, "W")

    def subscribe(self, text: str) -> Denial | None:
        return self._denied(text, "R")

    def _denied(self, asked: str, letter: str) -> Denial | None:
        listed = (pattern for kind, pattern in self._rules if letter in kind)
        covered = any_covers(listed, asked, parent_of_hash=self._parent_of_hash)
        return None if covered else Denial("no rule lists this topic")


class AccountRights:
    """Those of an account that logs in with its own signature: what its policy says."""

    __slots__ = ("_access_key_id", "_state")

    def __init__(self, state: State, access_key_id: str) -> None:
        self._state = state
        self._access_key_id = access_key_id

    def publish(self, topic: str) -> Denial | None:
        return self._denied(topic, "W")

    def subscribe(self, text: str) -> Denial | None:
        return self._denied(text, "R")

    def _denied(self, asked: str, letter: str) -> Denial | None:
        may = self._state.may_use(self._access_key_id, letter, asked)
        return None if may else Denial("the account has no permission")


class TokenRights:
    """One to three tokens, one of each type, of one account. `tokens` is by type."""

    __slots__ = ("_allowed", "_settings", "_state", "access_key_id", "tokens")

    def __init__(self, state: State, access_key_id: str, tokens: Iterable[Token], settings: Settings) -> None:
        self.access_key_id = access_key_id
        self.tokens = {token.type: token for token in tokens}
        self._state = state
        self._settings = settings
        self._allowed: set[tuple[str, str]] = set()

    def replace(self, token: Token) -> None:
        """Put a token in the place of the one of its type, and leave the others."""
        self.tokens[token.type] = token
        self._allowed.clear()

    def publish(self, topic: str) -> Denial | None:
        return self._past() or self._denied("W", topic)

    def subscribe(self, text: str) -> Denial | None:
        return self._past() or self._denied("R", text)

    def holds(self, token: Token) -> bool:
        """Whether this is one of the tokens."""
        mine = self.tokens.get(token.type)
        return mine is not None and mine.token_id == token.token_id

    def _past(self) -> Denial | None:
        """Whether one of the tokens is no longer good; one bad token spoils the set (help: tokens)."""
        late = self._settings.token_expiry == "heartbeat"
        for token in self.tokens.values():
            fault = self._state.tokens.fault_of(token)
            if fault is not None and not (late and fault is TokenFault.EXPIRED):
                return denial(fault, token.type)
        return None

    def _denied(self, letter: str, asked: str) -> Denial | None:
        if (letter, asked) in self._allowed:
            return None
        fitting = [token for token in self.tokens.values() if letter in token.type]
        good = next((token for token in fitting if self._covers(token, asked)), None)
        if good is None:
            return self._unlisted(asked, fitting[0].type if fitting else letter)
        if not self._state.may_use(self.access_key_id, letter, asked):
            return denial(TokenFault.ACCOUNT, good.type)
        if len(self._allowed) >= _REMEMBERED:
            self._allowed.clear()
        self._allowed.add((letter, asked))
        return None

    def _unlisted(self, asked: str, kind: str) -> Denial:
        for token in self.tokens.values():
            if self._covers(token, asked):
                return denial(TokenFault.TYPE, token.type)
        return denial(TokenFault.RESOURCE, kind)

    def _covers(self, token: Token, asked: str) -> bool:
        return any_covers(
            token.resources,
            asked,
            parent_of_hash=self._settings.hash_covers_parent,
            as_text=self._settings.token_filters == "text",
        )
