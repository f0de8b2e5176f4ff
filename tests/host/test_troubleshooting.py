"""docs/troubleshooting.md knows every cause as the agent has it: LED code and retry class."""

import re
from pathlib import Path

from devcred import causes

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
CLASSES = {"fast": causes.FAST, "slow": causes.SLOW, "waits": causes.NEVER}


def test_the_page_has_every_cause_as_it_is() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (\w+) \|", PAGE.read_text(), re.M)
    told = {cause: (int(blinks), CLASSES[name]) for cause, blinks, name in rows}
    assert told == {cause: (causes.blinks(cause), causes.retry_class(cause)) for cause in causes.ALL}
