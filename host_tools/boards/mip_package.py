"""The agent as a package for mip: what `package.json` at the project's root must say.

`python -m host_tools.boards.mip_package` writes that file anew; a test holds it to this.
"""

import json
from typing import Any

import devcred
from host_tools import paths


def document() -> dict[str, Any]:
    """The package: each module's place below /lib, and its file relative to package.json."""
    names = sorted(path.name for path in (paths.FIRMWARE / "devcred").glob("*.py"))
    return {
        "urls": [[f"devcred/{name}", f"firmware/devcred/{name}"] for name in names],
        "version": devcred.__version__,
    }


def text() -> str:
    """The document as the file has it, one module a line."""
    body = document()
    lines = ",\n".join(f"    {json.dumps(pair)}" for pair in body["urls"])
    return f'{{\n  "urls": [\n{lines}\n  ],\n  "version": {json.dumps(body["version"])}\n}}\n'


if __name__ == "__main__":
    (paths.FIRMWARE.parent / "package.json").write_text(text())
