"""How the control plane behaves where the service leaves a choice, and its limits."""

from dataclasses import dataclass

from host_tools.twin.readings import amount, choice

_SILENT = "the sources are silent"
_GATEWAY = "help: gateway error codes"


@dataclass(frozen=True, kw_only=True)
class ControlSettings:
    """The part of `Settings` that the broker does not read."""

    register_again: str = choice(
        "new-pair",
        "same-pair",
        text="Register for a client ID that has a credential",
        tag="assumed",
        source="help: the one returned last is valid, which allows both",
    )
    register_needs_group: bool = choice(
        True,
        False,
        text="Whether Register refuses a client ID whose group does not exist",
        tag="assumed",
        source=_SILENT,
    )
    refresh: str = choice(
        "new-pair",
        "secret-only",
        text="What Refresh replaces; CreateTime stays",
        tag="assumed",
        source=_SILENT,
    )
    refresh_connection: str = choice(
        "keep",
        "close",
        text="What Refresh does to a live connection",
        tag="assumed",
        source="help: Unregister leaves it alone",
    )
    missing_credential_http: int = choice(
        400,
        404,
        text="HTTP number of ParameterCheckFailed for a client ID without a credential",
        tag="assumed",
        source=_SILENT,
    )
    close_absent: str = choice(
        "success",
        "failure",
        text="CloseConnection for a client that is not online: Success true or false",
        tag="assumed",
        source=_SILENT,
    )
    date_window_s: float = amount(
        900.0,
        text="Seconds that a request's date may differ",
        tag="documented",
        source=_GATEWAY,
    )
    check_replay: bool = choice(
        True,
        False,
        text="Whether date and nonce of a request are checked",
        tag="documented",
        source=_GATEWAY,
    )
    rpc_format: str = choice(
        "json",
        "xml",
        text="Form of an answer to a request of signature version 1.0 that names no Format",
        tag="documented",
        source="help: common parameters; one page says JSON, another XML",
    )
    throttle: bool = choice(
        False,
        True,
        text="Whether calls above the documented number per second and account answer Throttling.User",
        tag="documented",
        source="help: limits on calls per second",
    )
    permission_code: str = choice(
        "PermissionCheckFailed",
        "Forbidden.RAM",
        text="What a call without the right to it answers: the product's code with 400, or the "
        "gateway's with 403 and AccessDeniedDetail",
        tag="documented",
        source="help: error codes; the SDK knows AccessDeniedDetail",
    )
    token_resources: str = choice(
        "in-order",
        "any-order",
        text="Whether ApplyToken refuses resources that are not in alphabetical order",
        tag="documented",
        source="help: ApplyToken wants the order; what happens without is not said",
    )
    token_topics: str = choice(
        "unchecked",
        "must-exist",
        text="Whether ApplyToken refuses a resource whose parent topic does not exist",
        tag="assumed",
        source=_SILENT,
    )
    token_rights: str = choice(
        "instance",
        "topics",
        text="Whether ApplyToken asks for mq:SUB and mq:PUB on each resource, as a topic, beside the "
        "rights on the instance",
        tag="assumed",
        source="help: RAM authorisation names the rights, not when they are asked for",
    )
    max_tokens: int = amount(
        0,
        text="Tokens that may be good at one time, 0 for no limit; above it ApplyToken answers "
        "ApplyTokenOverFlow",
        tag="assumed",
        source="help: error codes; the figure is not published",
    )
    revoke_unknown: str = choice(
        "success",
        "failure",
        text="RevokeToken for a token that is none: as if revoked, or ParameterCheckFailed",
        tag="assumed",
        source=_SILENT,
    )
    batch_query_age_s: float = amount(
        0.0,
        text="Seconds for which BatchQuerySessionByClientIds repeats what it said of a client",
        tag="documented",
        source="help: BatchQuerySessionByClientIds answers from a cache; its age is not published",
    )
    black_list_max: int = amount(
        10_000,
        text="Client IDs of the black list; above it Customauth.over.capacity",
        tag="assumed",
        source="help: custom authentication; the figure is not published",
    )
    black_list_again: str = choice(
        "success",
        "failure",
        text="Adding a client ID that is on the black list, or taking off one that is not",
        tag="assumed",
        source=_SILENT,
    )
    trace_span_max_s: float = amount(
        0.0,
        text="Seconds from BeginTime to EndTime that a trace query may span, 0 for no limit",
        tag="assumed",
        source="the console allows one day; no page says so of the API",
    )
