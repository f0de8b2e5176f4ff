"""Passwords of random client IDs and secrets: MicroPython against CPython's hmac module."""

import base64
import hmac
import os
import random
from pathlib import Path

import pytest

from devcred import signing
from tests.mpy import vm

ROOT = Path(__file__).resolve().parent.parent
PAIRS = 2000
# Around the block of SHA-1, and around where its padding needs another block.
LENGTHS = (0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 1000)
ALPHABETS = (
    "GID_@-0123456789abcxyz",
    "\u00e9\u00df\u0416\u4e2d\u6587\ud7ff\ue000",
    "\U0001f600\U0010ffff\x00\n|\u200d a",
)


def seed() -> int:
    """DEVCRED_SEED, or a new one; printed, so that a failure can be had again."""
    chosen = int(os.environ.get("DEVCRED_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"repeat with DEVCRED_SEED={chosen}")
    return chosen


def value(source: random.Random) -> str | bytes:
    """Text or bytes, of a length on an edge or of any up to 1,000."""
    length = source.choice(LENGTHS) if source.random() < 0.5 else source.randrange(1001)
    alphabet = source.choice((*ALPHABETS, None))
    if alphabet is None:
        return source.randbytes(length)
    return "".join(source.choices(alphabet, k=length))


def octets(argument: str | bytes) -> bytes:
    return argument.encode() if isinstance(argument, str) else argument


def words(argument: str | bytes) -> str:
    """The argument as the script in the interpreter reads it."""
    return f"{'s' if isinstance(argument, str) else 'b'} {octets(argument).hex()}"


def test_micropython_signs_as_the_hmac_module_does(tmp_path: Path) -> None:
    source = random.Random(seed())
    pairs = [(value(source), value(source)) for _ in range(PAIRS)]
    lengths = {len(octets(secret)) for _, secret in pairs}
    assert lengths >= {0, 63, 64, 65, 1000}

    ended = vm.run(
        vm.DEVICE / "sign.py",
        [],
        path=[ROOT / "firmware"],
        cwd=tmp_path,
        deadline_s=60,
        stdin="".join(f"{words(client_id)} {words(secret)}\n" for client_id, secret in pairs),
    )
    assert ended.returncode == 0, ended.why() + ended.stderr
    answers = ended.stdout.splitlines()
    assert len(answers) == PAIRS
    for (client_id, secret), answer in zip(pairs, answers, strict=True):
        digest = hmac.digest(octets(secret), octets(client_id), "sha1")
        assert answer == base64.b64encode(digest).decode(), (client_id, secret)
        assert signing.password(client_id, secret) == answer


def test_the_seed_repeats_the_inputs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEVCRED_SEED", "7")
    assert seed() == 7
    assert "DEVCRED_SEED=7" in capsys.readouterr().out
    assert [value(random.Random(7)) for _ in range(3)] == [value(random.Random(7)) for _ in range(3)]
