"""The four queries of what happened to connections and messages."""

from collections.abc import Sequence
from typing import Any, TypeVar

from host_tools.twin.api.errors import bad
from host_tools.twin.api.params import MAX_PAGE, Params, number, truth
from host_tools.twin.api.world import World
from host_tools.twin.trace import MessageAction, MessageTrace, TraceEntry

_Entry = TypeVar("_Entry", TraceEntry, MessageTrace)
_MAX_PAGES = 1 << 31
_PUBLISHED = frozenset({MessageAction.PUB_MQTT, MessageAction.PUB_MQ})


def of_device(world: World, params: Params) -> dict[str, Any]:
    """The connections of a client."""
    window = _window(world, params)
    client_id = params["ClientId"]
    found = [each for each in world.trace.entries if each.client_id == client_id and each.time_ms in window]
    rows, paging = _page(params, found)
    infos = [
        {
            "Action": each.action.value,
            "ActionCode": each.code,
            "ActionInfo": each.info.value,
            "ChannelId": each.channel_id,
            "Time": str(each.time_ms),
        }
        for each in rows
    ]
    return {"DeviceInfoList": infos, **paging}


def messages_of_client(world: World, params: Params) -> dict[str, Any]:
    """What a client published and what was sent to it."""
    client_id = params["ClientId"]
    found = [each for each in _messages(world, params) if each.client_id == client_id]
    rows, paging = _page(params, found)
    return {"MessageOfClientList": _steps(rows), **paging}


def published(world: World, params: Params) -> dict[str, Any]:
    """Who published a message."""
    msg_id = params["MsgId"]
    found = [each for each in _messages(world, params) if each.msg_id == msg_id]
    return {"MessageTraceLists": _steps([each for each in found if each.action in _PUBLISHED])}


def received(world: World, params: Params) -> dict[str, Any]:
    """To whom a message was sent; ClientId asks about one receiver alone."""
    msg_id, client_id = params["MsgId"], params.get("ClientId")
    found = [
        each
        for each in _messages(world, params)
        if each.msg_id == msg_id
        and each.action not in _PUBLISHED
        and (not client_id or each.client_id == client_id)
    ]
    rows, paging = _page(params, found)
    return {"MessageTraceLists": _steps(rows), **paging}


def _messages(world: World, params: Params) -> list[MessageTrace]:
    window = _window(world, params)
    return [each for each in world.trace.messages if each.time_ms in window]


def _steps(rows: Sequence[MessageTrace]) -> list[dict[str, Any]]:
    return [
        {
            "Action": each.action.value,
            "ActionCode": each.action.code,
            "ActionInfo": each.action.info,
            "ClientId": each.client_id,
            "MsgId": each.msg_id,
            "Time": str(each.time_ms),
        }
        for each in rows
    ]


def _window(world: World, params: Params) -> range:
    """From BeginTime to EndTime, both included."""
    begin_ms, end_ms = number(params, "BeginTime"), number(params, "EndTime")
    if begin_ms > end_ms:
        raise bad("EndTime", "it is before BeginTime")
    span_ms = world.settings.trace_span_max_s * 1000
    if span_ms and end_ms - begin_ms > span_ms:
        raise bad("EndTime", f"at most {world.settings.trace_span_max_s:g} s after BeginTime")
    return range(begin_ms, end_ms + 1)


def _page(params: Params, found: list[_Entry]) -> tuple[list[_Entry], dict[str, int]]:
    """The rows of the page asked for, none past the end, oldest first unless Reverse; and what pages say."""
    current = number(params, "CurrentPage", 1, _MAX_PAGES)
    size = number(params, "PageSize", 1, MAX_PAGE)
    ordered = found[::-1] if truth(params, "Reverse") else found
    start = (current - 1) * size
    return ordered[start : start + size], {"CurrentPage": current, "PageSize": size, "Total": len(found)}
