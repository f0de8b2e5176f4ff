"""House rules that hold for every file of the repository."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

from devcred import __version__

ROOT = Path(__file__).resolve().parent.parent
README_MAX_LINES = 150
MODULE_MAX_LINES = 250
TESTS_MAX_LINES = 300
TEXT = {".py", ".md", ".toml", ".txt", ".json", ".cfg", ".ini", ".yml", ".yaml", ".pyi", ""}

# Put together here, so that this file does not hold what it looks for.
MARKERS = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:")))
MACHINE_PATHS = re.compile(r"(?<![\w.{}])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/")
REGISTRY_HOSTS = re.compile(
    "|".join(("py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.org", "extra-" + "index-url"))
)


def repository_files() -> list[Path]:
    """What git tracks, and what it would if all were added."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = {name for name in told.stdout.split("\0") if name}
    return [ROOT / name for name in sorted(names) if (ROOT / name).is_file()]


FILES = repository_files()
MODULES = [path for path in FILES if path.suffix == ".py"]
FIRMWARE = [path for path in MODULES if ROOT / "firmware" in path.parents]
FRONT = ROOT / "README.md"


def hits(pattern: "re.Pattern[str]", paths: list[Path]) -> list[str]:
    """`file:line: text` of each line that the pattern finds."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in paths
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_there_is_something_to_look_at() -> None:
    assert len(FIRMWARE) > 10
    assert FRONT in FILES


def test_nothing_is_left_to_do() -> None:
    assert hits(MARKERS, FILES) == []


def test_no_path_of_one_machine() -> None:
    assert hits(MACHINE_PATHS, FILES) == []


def test_no_registry_is_named() -> None:
    assert hits(REGISTRY_HOSTS, FILES) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MARKERS, "# TO" + "DO: later"),
        (MACHINE_PATHS, "cd /wo" + "rk/main"),
        (MACHINE_PATHS, "'/ho" + "me/someone/x'"),
        (REGISTRY_HOSTS, "https://py" + "pi.org/simple"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: "re.Pattern[str]", line: str) -> None:
    assert pattern.search(line)


def test_every_module_says_what_it_is() -> None:
    # A manifest is a list of what to freeze, not a module; an empty file has nothing to say.
    sources = {path: path.read_text("utf-8") for path in MODULES if path.name != "manifest.py"}
    silent = [
        path
        for path, source in sources.items()
        if source.strip() and not ast.get_docstring(ast.parse(source))
    ]
    assert names(silent) == []


def test_modules_stay_short() -> None:
    most = {path: TESTS_MAX_LINES if ROOT / "tests" in path.parents else MODULE_MAX_LINES for path in MODULES}
    long = [path for path in MODULES if len(path.read_text("utf-8").splitlines()) > most[path]]
    assert names(long) == []


@pytest.mark.parametrize("path", FIRMWARE, ids=names(FIRMWARE))
def test_the_firmware_neither_asserts_nor_catches_everything(path: Path) -> None:
    # An assert vanishes when the module is compiled with optimisation; a bare except takes
    # KeyboardInterrupt and the watchdog's exit with it.
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        assert not isinstance(node, ast.Assert), f"line {node.lineno}"
        assert not (isinstance(node, ast.ExceptHandler) and node.type is None), f"line {node.lineno}"


def test_the_front_page_is_one_page() -> None:
    assert 20 <= len(FRONT.read_text("utf-8").splitlines()) <= README_MAX_LINES


def test_the_change_log_knows_the_version() -> None:
    assert re.search(rf"^## .*\b{re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)


def test_one_version_everywhere() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert package["version"] == __version__
    assert f'version="{__version__}"' in (ROOT / "manifest.py").read_text("utf-8")


def test_links_between_pages_lead_somewhere() -> None:
    pages = [path for path in FILES if path.suffix == ".md"]
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []
