"""What a page tells its reader to run, run in a folder of the reader's own."""

import re
import subprocess
from pathlib import Path


def blocks(page: str, language: str) -> list[str]:
    """The page's blocks of code in this language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)


def sh(script: str, folder: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """A block of commands, up to the first that fails."""
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
