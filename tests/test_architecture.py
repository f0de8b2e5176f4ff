"""The import rules hold, and each of them bites."""

from pathlib import Path

import pytest

from tests import import_rules

ROOT = Path(__file__).resolve().parent.parent

# file, its source, and words of the rule that it breaks
BROKEN = [
    ("firmware/devcred/signing.py", "import hmac", "shared standard library"),
    ("firmware/devcred/topics.py", "from time import sleep", "shared standard library"),
    ("firmware/devcred/config.py", "from devcred import store", "shared standard library"),
    ("firmware/devcred/config.py", "from devcred.stream import Stream", "shared standard library"),
    ("firmware/devcred/config.py", "from . import stream", "shared standard library"),
    ("firmware/devcred/config.py", "import devcred", "shared standard library"),
    ("firmware/devcred/retry.py", "def f():\n    import random", "shared standard library"),
    ("firmware/devcred/agent.py", "import machine", "board.py alone"),
    ("firmware/devcred/clock.py", "def f():\n    from network import WLAN", "board.py alone"),
    ("firmware/main.py", "import machine", "board.py alone"),
    ("firmware/boot.py", "import esp32", "board.py alone"),
    ("firmware/devcred/led.py", "import rp2", "board.py alone"),
    ("firmware/devcred/session.py", "from umqtt.simple import MQTTClient", "mqtt.py alone"),
    ("firmware/devcred/session.py", "from umqtt import simple", "mqtt.py alone"),
    ("host_tools/twin/api.py", "import alibabacloud_onsmqtt20200420.client", "cloud alone"),
    ("host_tools/bench/x.py", "from Tea.exceptions import TeaException", "cloud alone"),
    ("host_tools/cloudy.py", "import alibabacloud_credentials", "cloud alone"),
    ("host_tools/bench/x.py", "from mpremote.transport_serial import SerialTransport", "boards alone"),
    ("host_tools/cli/flash.py", "import esptool", "boards alone"),
    ("host_tools/cli/flash.py", "import importlib\nimportlib.import_module('esptool')", "boards alone"),
    ("host_tools/twin/x.py", "import sqlalchemy", "host_tools/tokens alone"),
    ("host_tools/tokens/server.py", "from fastapi import FastAPI", "its web alone"),
    ("host_tools/tokens/policy.py", "import time", "no I/O"),
    ("host_tools/tokens/account.py", "from host_tools.tokens import accounts", "no I/O"),
    ("host_tools/tokens/web/app.py", "from host_tools.twin import TwinThread", "neither the twin nor boards"),
    ("host_tools/demo/x.py", "from host_tools.cli import main", "the command line"),
    ("host_tools/demo/x.py", "from host_tools import cli", "the command line"),
    ("host_tools/demo/x.py", "from ..cli import main", "the command line"),
    ("host_tools/bench/x.py", "from devcred import store", "and no other"),
    ("host_tools/bench/x.py", "from devcred.mqtt import Client", "and no other"),
    ("host_tools/bench/x.py", "import devcred.agent", "and no other"),
    ("firmware/devcred/store.py", "from host_tools import paths", "nothing of the host's"),
]

KEPT = [
    ("firmware/devcred/board.py", "import machine, network"),
    ("firmware/devcred/mqtt.py", "from umqtt import simple"),
    (
        "firmware/devcred/config.py",
        "import json\nfrom devcred import topics\nfrom devcred.nearest import nearest",
    ),
    ("host_tools/cloud/client.py", "from alibabacloud_onsmqtt20200420.client import Client"),
    ("host_tools/boards/flash.py", "import esptool\nfrom mpremote import main"),
    ("host_tools/tokens/web/app.py", "from fastapi import FastAPI\nfrom sqlalchemy import select"),
    ("host_tools/tokens/policy.py", "import hashlib\nfrom host_tools.tokens.scopes import Scope"),
    ("host_tools/__main__.py", "from host_tools.cli import main"),
    ("host_tools/cli/sign.py", "from devcred import signing\nfrom devcred import __version__"),
    ("host_tools/vboard/device/machine.py", "import machine"),
]


def plant(root: Path, file: str, source: str) -> None:
    """Puts a module into a tree of its own."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source + "\n")


def test_every_import_keeps_to_the_rules() -> None:
    assert import_rules.violations(ROOT) == []


def test_the_sources_are_really_read() -> None:
    files = {found.file for found in import_rules.imports(ROOT)}
    assert {"firmware/devcred/signing.py", "firmware/devcred/board.py", "firmware/main.py"} <= files
    assert any(file.startswith("host_tools/") for file in files)


def test_the_pure_modules_are_there_and_covered(pytestconfig: pytest.Config) -> None:
    covered = {Path(name).stem for name in pytestconfig.getini("micropython_covered")}
    assert covered == import_rules.PURE
    assert all((ROOT / "firmware" / "devcred" / f"{name}.py").is_file() for name in import_rules.PURE)


@pytest.mark.parametrize(("file", "source", "rule"), BROKEN)
def test_a_planted_violation_is_found(tmp_path: Path, file: str, source: str, rule: str) -> None:
    plant(tmp_path, file, source)
    found = import_rules.violations(tmp_path)
    assert len(found) == 1, found
    assert found[0].startswith(file + ":")
    assert rule in found[0]


@pytest.mark.parametrize(("file", "source"), KEPT)
def test_what_is_allowed_is_let_pass(tmp_path: Path, file: str, source: str) -> None:
    plant(tmp_path, file, source)
    assert import_rules.violations(tmp_path) == []


def test_the_host_holds_no_copy_of_the_firmware() -> None:
    assert import_rules.copies(ROOT) == []


@pytest.mark.parametrize("name", ["signing", "topics", "records"])
def test_a_planted_copy_is_found(tmp_path: Path, name: str) -> None:
    source = (ROOT / "firmware" / "devcred" / f"{name}.py").read_text()
    plant(tmp_path, f"firmware/devcred/{name}.py", source)
    # Another file name, another function's name and other docstrings hide nothing.
    changed = (
        source.replace("def check_", "def verify_").replace("def unpack", "def read").replace('"""', '"""\n')
    )
    plant(tmp_path, "host_tools/twin/own.py", changed)
    assert import_rules.copies(tmp_path)
