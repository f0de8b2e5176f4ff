"""Device credentials of an instance: register, get, refresh, unregister, list."""

from dataclasses import dataclass, field
from typing import Any

from devcred import topics
from devcred.credential import Credential
from host_tools.cloud import codes
from host_tools.cloud.client import CloudClient
from host_tools.cloud.errors import Asked, unexpected
from host_tools.errors import (
    CloudError,
    CloudFaultError,
    CloudRefusedError,
    CloudUnreachableError,
    UsageError,
)

_PAGE = 100
# No page states the code for a client ID without a credential. Among those listed for the
# operations this one fits, where the client ID has passed our own check; a code that no page
# lists is taken for it as well.
_ABSENT = "ParameterCheckFailed"


@dataclass(frozen=True)
class DeviceCredential:
    """A credential as the service keeps it; times in ms since 1970."""

    client_id: str
    key_id: str
    secret: str = field(repr=False)
    instance_id: str
    created_ms: int
    updated_ms: int

    def for_device(self) -> Credential:
        """As the device and `devcred image build` take it."""
        return Credential(self.client_id, self.instance_id, self.key_id, secret=self.secret)


def register(client: CloudClient, client_id: str) -> DeviceCredential:
    """A new credential for a client ID that has none.

    The service itself would give a second one and void the first, so this asks first, and
    raises CloudRefusedError if there is one. A lost answer is looked up, never repeated.
    """
    if find(client, client_id):
        raise CloudRefusedError(
            f"{client_id} has a credential already; nothing was changed",
            where="register",
            do="read it with `get`, or replace it with `refresh`",
        )
    try:
        return _one(client, "RegisterDeviceCredential", client_id, repeatable=False)
    except (CloudUnreachableError, CloudFaultError) as lost:
        return _settled(client, client_id, None, lost)


def get(client: CloudClient, client_id: str) -> DeviceCredential:
    """The credential of a client ID, its secret included; CloudRefusedError if there is none."""
    found = find(client, client_id)
    if found is None:
        raise CloudRefusedError(
            f"{client_id} has no credential on {client.instance_id}",
            where="get",
            do="register it, or check the client ID and the instance",
        )
    return found


def find(client: CloudClient, client_id: str) -> DeviceCredential | None:
    """As `get`, but None when there is no credential."""
    try:
        return _one(client, "GetDeviceCredential", client_id, repeatable=True)
    except CloudRefusedError as refused:
        if _means_absent(refused):
            return None
        raise


def refresh(client: CloudClient, client_id: str) -> DeviceCredential:
    """A fresh credential in place of the present one, which is void from then on.

    A lost answer is looked up, never repeated: a second refresh would void the first one's.
    """
    before = get(client, client_id)
    try:
        return _one(client, "RefreshDeviceCredential", client_id, repeatable=False)
    except (CloudUnreachableError, CloudFaultError) as lost:
        return _settled(client, client_id, before, lost)


def unregister(client: CloudClient, client_id: str) -> None:
    """Deletes a client ID's credential. A connection that is open stays until it ends.

    Raises CloudRefusedError when there is none.
    """
    get(client, client_id)
    try:
        client.call("UnRegisterDeviceCredential", repeatable=True, client_id=client_id)
    except CloudRefusedError as refused:
        # It was there a moment ago: an earlier attempt, whose answer was lost, has deleted it.
        if not _means_absent(refused):
            raise


def client_ids(client: CloudClient, group_id: str) -> list[str]:
    """The client IDs of a group that hold a credential, as the service orders them."""
    try:
        topics.check_group_id(group_id)
    except ValueError as broken:
        raise UsageError(str(broken)) from None
    found: list[str] = []
    page, token = 1, ""
    while True:
        more, token = _page(client, group_id, page, token)
        found += more
        if not token or not more:
            return found
        page += 1


def _means_absent(refused: CloudRefusedError) -> bool:
    return bool(refused.code) and (refused.code == _ABSENT or not codes.is_known(refused.code))


def _page(client: CloudClient, group_id: str, page: int, token: str) -> tuple[list[str], str]:
    operation = "ListDeviceCredentialClientId"
    asked = {"group_id": group_id, "page_no": str(page), "page_size": str(_PAGE)}
    if token:
        asked["next_token"] = token
    body = client.call(operation, repeatable=True, **asked)
    listed = getattr(body, "device_credential_client_id_list", None)
    if listed is None:
        raise unexpected(Asked(operation, client.endpoint.address))
    return list(listed.client_id_list or []), listed.next_token or ""


def _settled(
    client: CloudClient, client_id: str, before: DeviceCredential | None, lost: CloudError
) -> DeviceCredential:
    """What is there after an answer was lost: the new credential, or else the loss itself."""
    try:
        now = find(client, client_id)
    except CloudError:
        raise lost from None
    if now is None or now == before:
        raise lost
    return now


def _one(client: CloudClient, operation: str, client_id: str, *, repeatable: bool) -> DeviceCredential:
    body = client.call(operation, repeatable=repeatable, client_id=_checked(client_id))
    found = getattr(body, "device_credential", None)
    if found is None or found.client_id != client_id:
        raise unexpected(Asked(operation, client.endpoint.address))
    return _read(found, Asked(operation, client.endpoint.address))


def _read(found: Any, asked: Asked) -> DeviceCredential:
    texts = (found.device_access_key_id, found.device_access_key_secret, found.instance_id)
    if not all(isinstance(text, str) and text for text in texts):
        raise unexpected(asked)
    key_id, secret, instance_id = texts
    return DeviceCredential(
        client_id=found.client_id,
        key_id=key_id,
        secret=secret,
        instance_id=instance_id,
        created_ms=int(found.create_time or 0),
        updated_ms=int(found.update_time or 0),
    )


def _checked(client_id: str) -> str:
    """Before anything is sent: the service takes what it later cannot connect."""
    try:
        topics.check_client_id(client_id)
    except ValueError as broken:
        raise UsageError(str(broken)) from None
    return client_id
