"""What the control plane does with no switch."""

from host_tools.twin.readings import Behaviour

_CODES = "help: error codes"
_GATEWAY = "help: gateway error codes"
_MODELS = "SDK 1.7.1, models"

GATEWAY: tuple[Behaviour, ...] = (
    Behaviour(
        "A request is signed with ACS3-HMAC-SHA256 over host, x-acs-* and content-type",
        "observed",
        "requests recorded from SDK 1.7.1",
    ),
    Behaviour(
        "Or with RPC signature version 1.0, HMAC-SHA1 over all parameters, of the query and of a form "
        "body, by GET or POST",
        "documented",
        "help: common parameters",
    ),
    Behaviour(
        "An answer in XML is only for version 1.0 and its Format", "documented", "help: common parameters"
    ),
    Behaviour(
        "In XML a list is its name repeated, one element for each item", "assumed", "no page shows one"
    ),
    Behaviour(
        "A request with no signature that can be read answers 400 IncompleteSignature",
        "assumed",
        "general code of Alibaba Cloud gateways",
    ),
    Behaviour(
        "Of a signature of version 1.0, whatever is not there answers 400 Missing and its name",
        "documented",
        _GATEWAY,
    ),
    Behaviour(
        "A parameter that comes twice answers 400 InvalidParameter and its name",
        "assumed",
        "it could mean either",
    ),
    Behaviour(
        "A number, truth value or list that cannot be read answers 400 InvalidParameter and its name; one "
        "that is out of its range ParameterCheckFailed",
        "assumed",
        "help: error codes has both; PageSize and PageNo of ListDeviceCredentialClientId are text to the SDK",
    ),
    Behaviour(
        "The message of SignatureDoesNotMatch does not repeat what was signed, as the service's does",
        "assumed",
        "it would put parameters into logs",
    ),
    Behaviour(
        "A temporary key without its security token answers 400 MissingSecurityToken",
        "observed",
        "users' reports",
    ),
    Behaviour(
        "A security token that cannot be one, is another key's, or is past its time answers 400 "
        "InvalidSecurityToken.Malformed, .MismatchWithAccessKey or .Expired",
        "documented",
        _GATEWAY,
    ),
    Behaviour(
        "AssumeRole (STS, 2015-04-01) gives temporary keys to an account that may do everything; any role "
        "will do",
        "assumed",
        "the twin has no roles; the shape is the STS page's",
    ),
    Behaviour(
        "Throttled calls answer x-acs-retry-after with the milliseconds left of their second",
        "observed",
        "SDK 1.7.1 reads that header",
    ),
    Behaviour(
        "The limit of 300 calls per second for one source address is not modelled",
        "assumed",
        "help: limits on calls per second",
    ),
)

PRODUCT: tuple[Behaviour, ...] = (
    Behaviour(
        "A call needs mq:MqttInstanceAccess on the instance and, for most operations, the right of its own "
        "name",
        "documented",
        "help: RAM authorisation",
    ),
    Behaviour(
        "The four trace queries and CloseConnection have rights of their own names, ListInstances has none",
        "assumed",
        "no page names them",
    ),
    Behaviour(
        "A right that the account has, but not on this instance, answers InstancePermissionCheckFailed",
        "assumed",
        "help: error codes has it beside PermissionCheckFailed",
    ),
    Behaviour("A policy with conditions is not taken", "assumed", "not modelled"),
    Behaviour("An instance ID that is not the twin's answers 400 InstanceNotFound", "assumed", _CODES),
    Behaviour(
        "Operations of the SDK that the twin does not model answer 404 ApiNotSupport", "documented", _CODES
    ),
    Behaviour(
        "What breaks down answers 417: SendMessageFailed, CreateGroupIdError, DeleteGroupIdError, else "
        "InternalError",
        "documented",
        "help: change of HTTP status codes",
    ),
    Behaviour(
        "A token lives 60 seconds at least and 30 days at most; a later ExpireTime counts as 30 days",
        "documented",
        "help: ApplyToken",
    ),
    Behaviour(
        "A token is for 1 to 100 resources, with + and # as in subscriptions, up to 64 characters each",
        "documented",
        "help: ApplyToken, limits",
    ),
    Behaviour("QueryToken for a text that is no token answers false", "assumed", "no page says so"),
    Behaviour("PageNo, PageSize and Total of ListDeviceCredentialClientId are text", "documented", _MODELS),
    Behaviour(
        "Code and Success of ListInstances, and Time of the trace queries, are text", "documented", _MODELS
    ),
    Behaviour("The client IDs of a page are sorted by their characters", "assumed", "no page names an order"),
    Behaviour("Tags of groups are accepted and not kept; the instance has none", "assumed", "not modelled"),
    Behaviour(
        "Trace queries include BeginTime and EndTime; MqttRegionId must be there and is not compared",
        "assumed",
        "no page says so",
    ),
    Behaviour("A trace page past the end is empty; oldest first, unless Reverse", "documented", _MODELS),
    Behaviour(
        "The black list names its clients with Effect DENY and PermitAction CONNECT",
        "assumed",
        "help: QueryCustomAuthConnectBlack; its sample shows ALLOW",
    ),
)
