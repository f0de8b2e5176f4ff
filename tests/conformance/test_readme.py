"""The README's example of the twin does what it says, from any folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
DEADLINE_S = 30
_SECTION = re.compile(r"^## [^\n]*\btwin\b[^\n]*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def example() -> str:
    """The Python block of the section about the twin."""
    blocks = [
        block for section in _SECTION.findall(README.read_text("utf-8")) for block in _BLOCK.findall(section)
    ]
    assert len(blocks) == 1, "the README's section about the twin has one example in Python"
    return str(blocks[0])


def test_the_example_registers_connects_revokes_and_is_refused(tmp_path: Path) -> None:
    # The SDK would send even loopback requests through a proxy that the environment names.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-c", example()],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "Success\nNot authorized\n"), done.stderr


def test_the_example_leans_on_what_a_stranger_installs() -> None:
    imported = set(re.findall(r"^(?:from|import) (\w+)", example(), re.MULTILINE))
    assert {"alibabacloud_onsmqtt20200420", "paho"} <= imported
    assert imported <= {
        "alibabacloud_onsmqtt20200420",
        "alibabacloud_tea_openapi",
        "devcred",
        "host_tools",
        "paho",
    }
