"""Rights in the form of Alibaba Cloud's RAM: statements that allow or deny actions on resources. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from host_tools.errors import UsageError

REGION_ID = "cn-hangzhou"
"""Where the twin says that it is; the service has the name of a region in its endpoints and resources."""
OWNER = "1000000000000001"
"""The account ID in names of resources; policies leave it open with `*`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`*` stands for any run of characters, `?` for one, in actions and resources alike."""

    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    allow: bool = True

    def covers(self, action: str, resources: tuple[str, ...]) -> bool:
        """Whether it speaks of `action` on something with one of these names."""
        return _any(self.actions, (action,)) and _any(self.resources, resources)


@dataclass(frozen=True, slots=True)
class Policy:
    """What is not allowed is denied, and a denial beats every permission."""

    statements: tuple[Statement, ...] = ()

    @classmethod
    def allowing(cls, *actions: str, instances: tuple[str, ...] = ("*",)) -> Self:
        """Allow actions, for example `mq:ApplyToken` or `mq:*`, on instances by their IDs."""
        return cls((Statement(actions, tuple(f"acs:mq:*:*:instance/{each}" for each in instances)),))

    @classmethod
    def parse(cls, document: Mapping[str, Any] | str) -> Self:
        """The policy of a RAM document, as JSON or as the object it stands for. Raises UsageError."""
        try:
            found = json.loads(document) if isinstance(document, str) else document
            return cls(tuple(_statement(each) for each in found["Statement"]))
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise UsageError(
                "this is no policy", where="twin", do="give Statement: Effect, Action and Resource alone"
            ) from error

    def allows(self, action: str, resources: tuple[str, ...]) -> bool:
        """Whether `action` is allowed on something that goes by one of the names `resources`."""
        told = [each.allow for each in self.statements if each.covers(action, resources)]
        return bool(told) and all(told)

    def allows_elsewhere(self, action: str, resources: tuple[str, ...]) -> bool:
        """Whether it allows `action` on something, and has nothing to say of it on `resources`."""
        silent = not any(each.covers(action, resources) for each in self.statements)
        return silent and any(each.allow and _any(each.actions, (action,)) for each in self.statements)

    def document(self) -> dict[str, Any]:
        """The RAM document."""
        return {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow" if each.allow else "Deny",
                    "Action": list(each.actions),
                    "Resource": list(each.resources),
                }
                for each in self.statements
            ],
        }


def instance_names(region_id: str, instance_id: str) -> tuple[str, ...]:
    """The names of an instance in policies; the service's pages show both forms."""
    start = f"acs:mq:{region_id}:{OWNER}:"
    return f"{start}instance/{instance_id}", f"{start}{instance_id}"


def topic_names(region_id: str, instance_id: str, topic: str) -> tuple[str, ...]:
    """The name of a topic in policies."""
    return (f"acs:mq:{region_id}:{OWNER}:topic/{instance_id}/{topic}",)


def _statement(row: Mapping[str, Any]) -> Statement:
    # A condition that was left out of account would give more than it says.
    if not row.keys() <= {"Effect", "Action", "Resource"}:
        raise ValueError("an element that is not modelled")
    return Statement(
        _texts(row["Action"]), _texts(row["Resource"]), {"Allow": True, "Deny": False}[row["Effect"]]
    )


def _texts(value: Any) -> tuple[str, ...]:
    values = (value,) if isinstance(value, str) else tuple(value)
    if not values or not all(isinstance(each, str) and each for each in values):
        raise ValueError("texts are wanted")
    return values


def _any(patterns: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return any(_pattern(pattern).fullmatch(name) for pattern in patterns for name in names)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in text), re.DOTALL)
