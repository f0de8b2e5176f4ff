"""Tokens without a broker: what they are, which faults are told apart, what is kept."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.twin.tokens import MAX_LIFE_MS, Token, TokenBook, TokenFault

NOW_S = 1_800_000_000
SOON_MS = NOW_S * 1000 + 3_600_000


class Book(TokenBook):
    """A book with a clock to set and what it asked to be kept."""

    def __init__(self, **options: Any) -> None:
        self.now_s = float(NOW_S)
        self.store: dict[str, Token] = {}
        super().__init__(
            b"k" * 32,
            lambda: self.now_s,
            keep=lambda token: self.store.update({token.token_id: token}),
            drop=self.forget,
            **options,
        )

    def forget(self, token_id: str) -> None:
        del self.store[token_id]


def test_a_token_grants_what_was_applied_for() -> None:
    book = Book()
    text = book.apply("AK", "R,W", ["a/#", "b/+"], SOON_MS)
    token = book.lookup(text)
    assert token is not None
    assert (token.access_key_id, token.type, token.resources, token.expire_ms) == (
        *("AK", "RW", ("a/#", "b/+")),
        SOON_MS,
    )
    assert book.is_valid(text)
    assert book.judge(text, "RW", "AK") == token
    assert base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    assert text.endswith("=")  # so that whoever strips the padding is found out


@pytest.mark.parametrize(
    ("actions", "resources", "ahead_ms", "says"),
    [
        ("W,R", ["a"], 60_000, "Actions"),
        ("RW", ["a"], 60_000, "Actions"),
        ("R", [], 60_000, "Resources"),
        ("R", [""], 60_000, "Resources"),
        ("R", ["a"] * 101, 60_000, "Resources"),
        ("R", ["a"], 59_999, "ExpireTime"),
    ],
)
def test_what_cannot_be_applied_for(actions: str, resources: list[str], ahead_ms: int, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}: "):
        Book().apply("AK", actions, resources, NOW_S * 1000 + ahead_ms)


def test_no_more_than_30_days_count() -> None:
    book = Book()
    token = book.lookup(book.apply("AK", "R", ["a"] * 100, 1 << 50))
    assert token is not None
    assert token.expire_ms == NOW_S * 1000 + MAX_LIFE_MS == (NOW_S + 30 * 86400) * 1000


def fault(book: TokenBook, text: str, kind: str = "R", account: str = "AK") -> TokenFault | None:
    found = book.judge(text, kind, account)
    return found if isinstance(found, TokenFault) else None


def test_the_faults_are_told_apart() -> None:
    book = Book()
    text = book.apply("AK", "R", ["a"], SOON_MS)
    data = base64.b64decode(text)
    for forged in ("", "123", "é", text[:-1], text + "A", text.rstrip("="), text[:-4] + "****", "A" * 80):
        assert fault(book, forged) is TokenFault.FORGED
    other = TokenBook(b"x" * 32, lambda: float(NOW_S)).apply("AK", "R", ["a"], SOON_MS)
    changed = base64.b64encode(data[:-1] + bytes((data[-1] ^ 1,))).decode()
    for unsigned in (other, changed):
        assert fault(book, unsigned) is TokenFault.SIGNATURE
    assert fault(book, text, account="other") is TokenFault.ACCOUNT
    assert fault(book, text, kind="W") is TokenFault.TYPE
    assert fault(book, text) is None
    book.now_s += 3600
    assert fault(book, text) is TokenFault.EXPIRED
    assert not book.is_valid(text)
    assert book.revoke(text)
    assert fault(book, text) is TokenFault.REVOKED


def test_revoking_is_for_good_and_told_once() -> None:
    book = Book()
    told: list[Any] = []
    book.on_revoked = told.append
    text = book.apply("AK", "R", ["a"], SOON_MS)
    assert not book.revoke("no token")
    assert book.revoke(text) and book.revoke(text)
    assert not book.is_valid(text)
    assert [token.revoked for token in told] == [True]


def test_what_is_kept_makes_the_same_book_and_the_past_is_forgotten() -> None:
    book = Book()
    text, revoked = book.apply("AK", "R", ["a"], SOON_MS), book.apply("AK", "W", ["a"], SOON_MS)
    book.revoke(revoked)
    again = Book(kept=list(book.store.values()))
    assert again.lookup(text) == book.lookup(text)
    assert fault(again, revoked, "W") is TokenFault.REVOKED
    book.now_s += 3600 + 2 * 86400
    book.apply("AK", "R", ["a"], SOON_MS + 10 * 86_400_000)
    assert len(book.store) == 1
    assert fault(book, text) is TokenFault.EXPIRED  # signed here, so its time was the reason


@given(st.text(max_size=100) | st.binary(max_size=80).map(lambda data: base64.b64encode(data).decode()))
def test_no_text_of_others_is_a_token(text: str) -> None:
    book = Book()
    book.apply("AK", "R", ["a"], SOON_MS)
    assert book.lookup(text) is None
    assert not book.is_valid(text)
    assert not book.revoke(text)
