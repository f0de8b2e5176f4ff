"""The agent's sources, and the small agent made of them."""

import functools
import hashlib
import json
import sys
import threading
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

from host_tools import paths
from host_tools.boards import shrink
from host_tools.boards.mpy import compile_code
from host_tools.boards.shrink.bundle import Bundle, bundle
from host_tools.boards.shrink.bundle import switches as switches_of
from host_tools.sources import umqtt_path

# Not the agent's, but the compiler's: line numbers, by which a traceback names the statement.
LINES = "lines"
# CPython 3.11 counts the depth of a syntax tree once for all threads; a bench has several boards at a time.
_PARSING = threading.Lock()


def sources(firmware: Path = paths.FIRMWARE) -> dict[str, str]:
    """The agent's modules by name, with their text."""
    return {path.stem: path.read_text("utf-8") for path in module_files(firmware)}


def module_files(firmware: Path = paths.FIRMWARE) -> list[Path]:
    """The agent's modules as files, in order."""
    return sorted((firmware / "devcred").glob("*.py"))


def small(features: Collection[str], firmware: Path = paths.FIRMWARE) -> tuple[bytes, Bundle]:
    """The agent with those features as one file of bytecode, and what it was made of."""
    texts = sources(firmware)
    without = [name for name in switches(texts) if name not in features]
    umqtt = (umqtt_path() / "umqtt" / "simple.py").read_text("utf-8")
    with _PARSING:
        made = _bundled(tuple(texts.items()), tuple(without), umqtt)
    code = made.text.encode()
    return compile_code(code, made.shown_as, made.shown_as, lines=LINES in features), made


def switches(texts: dict[str, str]) -> list[str]:
    """The features that these modules know, in small letters."""
    with _PARSING:
        return switches_of(texts)


@functools.lru_cache(maxsize=8)
def _bundled(texts: tuple[tuple[str, str], ...], without: tuple[str, ...], umqtt: str) -> Bundle:
    """Made once, and kept by all that it is made of: it takes seconds."""
    kept = paths.cache() / "bundles" / f"{_key(texts, without, umqtt)}.json"
    try:
        return Bundle.of(json.loads(kept.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        made = bundle(dict(texts), without, umqtt)
    paths.keep(kept, json.dumps(asdict(made)).encode())
    return made


def _key(*of: object) -> str:
    maker = [path.read_text("utf-8") for path in sorted(Path(shrink.__file__).parent.glob("*.py"))]
    return hashlib.sha256(repr((maker, sys.version, of)).encode()).hexdigest()
