"""Operations on tokens."""

from typing import Any

from devcred import topics
from host_tools.twin.api import rights
from host_tools.twin.api.errors import ApiError, bad
from host_tools.twin.api.params import Params, number
from host_tools.twin.api.world import World
from host_tools.twin.broker.filters import is_filter
from host_tools.twin.broker.rules import p2p_target
from host_tools.twin.tokens import MAX_RESOURCES, TYPES

_RIGHTS = {"R": "mq:SUB", "W": "mq:PUB"}


def apply(world: World, params: Params) -> dict[str, Any]:
    """A token for one kind of act on a list of topics, until ExpireTime or 30 days from now."""
    if params["Actions"] not in TYPES:
        raise bad("Actions", "must be R, W or R,W")
    resources = params["Resources"].split(",")
    _check_resources(world, resources)
    expire_ms = number(params, "ExpireTime")
    _check_rights(world, params["Actions"], resources)
    _check_room(world)
    # The token book has the rules for times; its ValueError becomes ParameterCheckFailed.
    return {"Token": world.state.tokens.apply(world.caller, params["Actions"], resources, expire_ms)}


def query(world: World, params: Params) -> dict[str, Any]:
    """Whether a token is good; any text that is none is not."""
    return {"TokenStatus": world.state.tokens.is_valid(params["Token"])}


def revoke(world: World, params: Params) -> dict[str, Any]:
    """Withdraw a token."""
    known = world.state.tokens.revoke(params["Token"])
    if not known and world.settings.revoke_unknown == "failure":
        raise bad("Token", "it is none that was given out")
    return {}


def _check_resources(world: World, resources: list[str]) -> None:
    if len(resources) > MAX_RESOURCES:
        raise bad("Resources", f"at most {MAX_RESOURCES}")
    for each in resources:
        _check_resource(world, each)
    if world.settings.token_resources == "in-order" and resources != sorted(resources):
        raise bad("Resources", "they must be in alphabetical order")


def _check_resource(world: World, text: str) -> None:
    if not is_filter(text) or text.startswith("$"):
        raise bad("Resources", "a resource is a topic, with + and # as in a subscription")
    addressee = p2p_target(text)
    counted = text[: -len(addressee)] if addressee and world.settings.p2p_length_exempt else text
    if len(counted) > topics.TOPIC_MAX_CHARS:
        raise bad("Resources", f"a topic has at most {topics.TOPIC_MAX_CHARS} characters")
    if world.settings.token_topics == "must-exist" and not world.state.has_topic(topics.parent(text)):
        raise bad("Resources", "the parent topic does not exist")


def _check_rights(world: World, actions: str, resources: list[str]) -> None:
    if world.settings.token_rights == "topics":
        account = world.state.accounts[world.caller]
        for kind in actions.split(","):
            for each in resources:
                rights.check_topic(account, _RIGHTS[kind], each, world)


def _check_room(world: World) -> None:
    limit = world.settings.max_tokens
    if limit and world.state.tokens.valid >= limit:
        raise ApiError("ApplyTokenOverFlow", "Too many tokens are valid.")
