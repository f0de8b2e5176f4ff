"""How logins with tokens, signatures and rules behave where the service leaves a choice."""

from dataclasses import dataclass

from host_tools.twin.readings import amount, choice, free_text

_SILENT = "the sources are silent"
_TOKENS = "help: client operations with tokens"


@dataclass(frozen=True, kw_only=True)
class TokenSettings:
    """The part of `Settings` that decides what a client may do, and how long."""

    signature_mode: bool = choice(
        False,
        True,
        text="Whether Signature|<AccessKey ID>|<instance ID> logs in, signed with the account's secret",
        tag="documented",
        source="help: signature authentication; off, as it puts that secret on the device",
    )
    device_topics: str = free_text(
        "",
        text="What a device credential may use, as 'RW devcred/up/#, R devcred/{client_id}/+'; empty for "
        "every topic of the instance",
        tag="assumed",
        source=_SILENT,
    )
    token_filters: str = choice(
        "set",
        "text",
        text="How a filter is held against a token's resources: every topic it can mean must be covered, "
        "or it must be listed as it is",
        tag="assumed",
        source=_SILENT,
    )
    hash_covers_parent: bool = choice(
        True,
        False,
        text="Whether the resource Topic1/# covers Topic1 itself",
        tag="assumed",
        source="MQTT-4.7.1-2 has it so; the sources are silent",
    )
    sys_subscriptions: str = choice(
        "accept",
        "close",
        text="In Token mode a subscription to one of the $SYS topics, which needs none: acknowledged with "
        "no effect, or refused",
        tag="assumed",
        source=_SILENT,
    )
    token_expiry: str = choice(
        "timer",
        "next-use",
        "heartbeat",
        text="When the end of a token ends its connection: then, at the next PUBLISH or SUBSCRIBE, or when "
        "the keep-alive is looked at",
        tag="assumed",
        source="help says that it disconnects; the open-source relative looks with the heartbeat",
    )
    revoke_token: str = choice(
        "next-use",
        "at-once",
        text="When a revoked token ends its connection: at the next PUBLISH or SUBSCRIBE, or at once",
        tag="assumed",
        source=_SILENT,
    )
    token_notice_s: float = amount(
        300.0,
        text="Seconds before a token's end at which tokenExpireNotice comes, once",
        tag="documented",
        source=_TOKENS,
    )
    short_token_notice: str = choice(
        "at-once",
        "none",
        text="tokenExpireNotice for a token whose end is nearer than that",
        tag="assumed",
        source=_SILENT,
    )
    token_notices: bool = choice(
        True,
        False,
        text="Whether tokenExpireNotice and tokenInvalidNotice are sent; they are not guaranteed",
        tag="documented",
        source=_TOKENS,
    )
    token_notice_qos: int = choice(0, 1, text="QoS of those notices", tag="assumed", source=_SILENT)
    bad_upload: str = choice(
        "close",
        "puback-first",
        text="A bad token in uploadToken: tokenInvalidNotice and the end, without or after a PUBACK",
        tag="assumed",
        source=_SILENT,
    )
    upload_delay_s: float = amount(
        0.0,
        text="Seconds until an uploaded token is taken and acknowledged; clients must wait for that",
        tag="assumed",
        source="help says that the old token may be in use until the PUBACK",
    )
    black_list: str = choice(
        "refuse",
        "ignore",
        text="A CONNECT of a client ID on the black list, in any mode",
        tag="assumed",
        source="the list belongs to custom authentication; the sources are silent on other modes",
    )
    black_list_connection: str = choice(
        "keep", "close", text="What the black list does to a live connection", tag="assumed", source=_SILENT
    )
