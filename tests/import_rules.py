"""Who may import what: the layers of the project, read from the sources with ast."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Modules of the firmware that touch no hardware; host_tools may import these and no other.
PURE = frozenset(
    (
        "causes",
        "config",
        "credential",
        "errors",
        "features",
        "nearest",
        "networks",
        "records",
        "retry",
        "signing",
        "status",
        "texts",
        "tokens",
        "topics",
    )
)
# What the pure ones may use of the standard library: MicroPython has it too.
SHARED_STDLIB = frozenset(("binascii", "hashlib", "json", "struct"))
HARDWARE = frozenset(("machine", "network", "esp32", "rp2", "bluetooth", "neopixel"))
SDK = ("alibabacloud", "Tea", "darabonba")
# The token server's rules: decided here, carried out elsewhere.
PURE_TOKENS = frozenset(("account", "breaker", "buckets", "challenge", "pacing", "policy", "scopes"))
PURE_STDLIB = frozenset(
    ("base64", "binascii", "collections", "dataclasses", "enum", "hashlib", "hmac", "re", "typing")
)
# A function shorter than this, as a dumped tree, is alike in two places by chance.
COPY_MIN_CHARS = 400


@dataclass(frozen=True)
class Import:
    """One import: the file, relative to the root, and the module, with `a.b` for `from a import b`."""

    file: str
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def _sources(root: Path) -> Iterator[tuple[str, ast.Module]]:
    for top in ("firmware", "host_tools"):
        for path in sorted((root / top).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text("utf-8"), str(path))


def imports(root: Path) -> list[Import]:
    """Every import below firmware/ and host_tools/, those inside functions and by name too."""
    return [
        Import(file, node.lineno, module)  # type: ignore[attr-defined]
        for file, tree in _sources(root)
        for node in ast.walk(tree)
        for module in _modules(node, file)
    ]


def _modules(node: ast.AST, file: str) -> Iterator[str]:
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module, names, level):
            package = file.removesuffix(".py").split("/")
            base = [*package[: len(package) - level], *([module] if module else [])] if level else [module]
            yield from (".".join([*(part or "" for part in base), alias.name]) for alias in names)
        case ast.Call(
            ast.Name("__import__" | "import_module") | ast.Attribute(attr="import_module"), [first, *_]
        ):
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _is_under(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def _pure_firmware(found: Import) -> bool:
    """A pure module of the firmware imports pure ones and the shared standard library."""
    if found.file not in {f"firmware/devcred/{name}.py" for name in PURE}:
        return True
    parts = found.module.split(".")
    if parts[0] == "devcred":
        return len(parts) > 1 and parts[1] in PURE
    return parts[0] in SHARED_STDLIB


def _hardware(found: Import) -> bool:
    """Hardware is touched in board.py alone."""
    is_hardware = found.module.split(".")[0] in HARDWARE
    return not (
        is_hardware and found.file.startswith("firmware/") and found.file != "firmware/devcred/board.py"
    )


def _umqtt(found: Import) -> bool:
    """umqtt is used by mqtt.py alone."""
    return not _is_under(found.module, "umqtt") or found.file == "firmware/devcred/mqtt.py"


def _sdk(found: Import) -> bool:
    """The cloud's SDK is used in host_tools/cloud alone."""
    return not found.module.startswith(SDK) or found.file.startswith("host_tools/cloud/")


def _board_tools(found: Import) -> bool:
    """mpremote and esptool are used in host_tools/boards alone."""
    return not _is_under(found.module, "mpremote", "esptool") or found.file.startswith("host_tools/boards/")


def _database(found: Import) -> bool:
    """SQLAlchemy is used in host_tools/tokens alone, FastAPI in its web alone."""
    if _is_under(found.module, "fastapi", "pydantic"):
        return found.file.startswith("host_tools/tokens/web/")
    return not _is_under(found.module, "sqlalchemy", "psycopg") or found.file.startswith("host_tools/tokens/")


def _pure_tokens(found: Import) -> bool:
    """A pure module of the token server imports pure ones and no I/O."""
    if found.file not in {f"host_tools/tokens/{name}.py" for name in PURE_TOKENS}:
        return True
    if _is_under(found.module, "host_tools.tokens"):
        return found.module.split(".")[2] in PURE_TOKENS
    return _is_under(found.module, "host_tools.errors", "devcred", *PURE_STDLIB)


def _servers(found: Import) -> bool:
    """The token server knows neither the twin nor boards."""
    return not found.file.startswith("host_tools/tokens/") or not _is_under(
        found.module, "host_tools.twin", "host_tools.vboard", "host_tools.boards", "host_tools.bench"
    )


def _cli(found: Import) -> bool:
    """Nothing imports the command line but itself and `python -m`."""
    return not _is_under(found.module, "host_tools.cli") or (
        found.file.startswith("host_tools/cli/") or found.file == "host_tools/__main__.py"
    )


def _host_of_firmware(found: Import) -> bool:
    """host_tools imports the pure modules of the firmware, and no other."""
    if not found.file.startswith("host_tools/") or not _is_under(found.module, "devcred"):
        return True
    # The package itself holds the version alone.
    return found.module in ("devcred", "devcred.__version__") or found.module.split(".")[1] in PURE


def _firmware_of_host(found: Import) -> bool:
    """The firmware imports nothing of the host's."""
    return not (found.file.startswith("firmware/") and _is_under(found.module, "host_tools", "tests"))


RULES: tuple[Callable[[Import], bool], ...] = (
    _pure_firmware,
    _hardware,
    _umqtt,
    _sdk,
    _board_tools,
    _database,
    _pure_tokens,
    _servers,
    _cli,
    _host_of_firmware,
    _firmware_of_host,
)


def violations(root: Path) -> list[str]:
    """Every import that breaks a rule, with the rule; empty if all keep to them."""
    found = imports(root)
    return [f"{one}: {rule.__doc__}" for one in found for rule in RULES if not rule(one)]


def copies(root: Path) -> list[str]:
    """Functions of host_tools that are copies of the firmware's, names and comments aside."""
    functions: dict[str, str] = {}
    twins = []
    for file, tree in _sources(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and len(shape := _shape(node)) >= COPY_MIN_CHARS:
                if file.startswith("firmware/"):
                    functions[shape] = f"{file}:{node.name}"
                elif shape in functions:
                    twins.append(f"{file}:{node.name} is {functions[shape]}")
    return twins


def _shape(function: ast.FunctionDef) -> str:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return "".join(ast.dump(statement) for statement in body)
