"""May this account do this here? The rules of RAM, and the two ways to say no."""

from host_tools.twin.accounts import Account
from host_tools.twin.api.errors import ApiError
from host_tools.twin.api.world import REGION_ID, World
from host_tools.twin.policy import instance_names, topic_names

ACCESS = "mq:MqttInstanceAccess"
"""Needed for every operation, beside its own."""


def check(account: Account, actions: tuple[str, ...], instance_id: str, code: str) -> None:
    """ApiError unless the account has access to the instance and one of `actions` on it, if there are any.

    `code` is the setting `permission_code`: whether the product refuses, or the gateway before it.
    """
    names = instance_names(REGION_ID, instance_id)
    for wanted in filter(None, ((ACCESS,), actions)):
        if not any(account.allows(action, names) for action in wanted):
            raise _refusal(account, wanted, names, code)


def check_topic(account: Account, action: str, topic: str, world: World) -> None:
    """ApiError unless the account has the right `action` on a topic."""
    names = topic_names(REGION_ID, world.state.instance_id, topic)
    if not account.allows(action, names):
        raise _refusal(account, (action,), names, world.settings.permission_code)


def _refusal(account: Account, wanted: tuple[str, ...], names: tuple[str, ...], code: str) -> ApiError:
    if code == "Forbidden.RAM":
        return ApiError(code, "The account is not authorized to do this.", denied=wanted[0])
    policy = account.policy
    if policy is not None and any(policy.allows_elsewhere(action, names) for action in wanted):
        return ApiError(
            "InstancePermissionCheckFailed", f"The account may not use the instance: {wanted[0]} is missing."
        )
    return ApiError("PermissionCheckFailed", f"The account may not do this: {wanted[0]} is missing.")
