"""A client of the control plane: one call at a time, its errors ours, its retries by our rule."""

import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from host_tools.cloud import endpoint as endpoints
from host_tools.cloud.endpoint import Endpoint
from host_tools.cloud.errors import Asked, Failure, translate, unexpected
from host_tools.cloud.proxies import direct
from host_tools.cloud.retry import Policy, Random, wait_ms

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
# They print to stderr: headers and URLs with DEBUG=sdk, tracebacks where no AccessKey is found.
_SDK_LOGGERS = ("alibabacloud-tea", "darabonba-core", "credentials")


@dataclass(frozen=True)
class AccessKey:
    """An account's pair, for callers that hold one; others leave it to the SDK's own chain."""

    access_key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Timeouts:
    """For one attempt."""

    connect_ms: int = 5000
    read_ms: int = 10000


TIMEOUTS = Timeouts()
POLICY = Policy()


class CloudClient:
    """Calls operations of `OnsMqtt` 2020-04-20 on one instance.

    Without an `access_key` the SDK looks for one: ALIBABA_CLOUD_ACCESS_KEY_ID and
    ALIBABA_CLOUD_ACCESS_KEY_SECRET (with ALIBABA_CLOUD_SECURITY_TOKEN), then its profile files
    and the role of the machine; for a loopback endpoint in the environment only. Not to be
    shared between threads.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        instance_id: str,
        access_key: AccessKey | None = None,
        *,
        timeouts: Timeouts = TIMEOUTS,
        policy: Policy = POLICY,
        sleep: Callable[[float], None] = time.sleep,
        rng: Random = random.random,
    ) -> None:
        self.endpoint = endpoint
        self.instance_id = instance_id
        self._access_key = access_key
        self._timeouts = timeouts
        self._policy = policy
        self._sleep = sleep
        self._rng = rng

    def like(self, *, timeouts: Timeouts, policy: Policy) -> "CloudClient":
        """Another client of the same instance, for another thread."""
        return CloudClient(
            self.endpoint, self.instance_id, self._access_key, timeouts=timeouts, policy=policy
        )

    def access_key_id(self) -> str:
        """The ID of the AccessKey that signs the calls. Raises CloudRefusedError where none is found."""
        if self._access_key:
            return self._access_key.access_key_id
        asked = Asked("AccessKey", self.endpoint.address, self.endpoint.loopback)
        try:
            found = _account(self.endpoint).get_credential().access_key_id
        except Exception as raised:  # noqa: BLE001 - as for a call
            raise translate(raised, asked).error from None
        if not isinstance(found, str) or not found:
            raise unexpected(asked)
        return found

    def call(self, operation: str, *, repeatable: bool, **parameters: str | int) -> Any:
        """The body of the answer to `operation`, for example "GetDeviceCredential".

        `repeatable` says that carrying it out twice does no harm; then a fault of the network
        or the service is tried again too. Raises one of the CloudErrors.
        """
        asked = Asked(operation, self.endpoint.address, self.endpoint.loopback)
        attempt = 1
        while isinstance(answer := self._attempt(asked, parameters), Failure):
            pause_ms = wait_ms(
                self._policy,
                attempt,
                answer.error,
                repeatable=repeatable,
                asked_ms=answer.asked_ms,
                random=self._rng,
            )
            if pause_ms is None:
                raise answer.error
            self._sleep(pause_ms / 1000)
            attempt += 1
        return answer

    def _attempt(self, asked: Asked, parameters: dict[str, str | int]) -> Any:
        """The answer's body, or a Failure."""
        try:
            with direct(self.endpoint.loopback):
                body = self._send(asked.operation, parameters)
        except Exception as raised:  # noqa: BLE001 - no text of the SDK may get out, whatever it raises
            return translate(raised, asked)
        return Failure(unexpected(asked)) if body is None else body

    def _send(self, operation: str, parameters: dict[str, str | int]) -> Any:
        from alibabacloud_onsmqtt20200420 import models
        from alibabacloud_tea_util.models import RuntimeOptions

        request = getattr(models, f"{operation}Request")(instance_id=self.instance_id, **parameters)
        method = getattr(self._sdk, f"{_CAPITAL.sub('_', operation).lower()}_with_options")
        return method(request, RuntimeOptions()).body

    @cached_property
    def _sdk(self) -> Any:
        from alibabacloud_onsmqtt20200420.client import Client
        from alibabacloud_tea_openapi.models import Config

        for name in _SDK_LOGGERS:
            logging.getLogger(name).disabled = True
        config = Config(
            endpoint=self.endpoint.address,
            protocol=self.endpoint.scheme,
            connect_timeout=self._timeouts.connect_ms,
            read_timeout=self._timeouts.read_ms,
        )
        if self._access_key:
            config.access_key_id = self._access_key.access_key_id
            config.access_key_secret = self._access_key.secret
        else:
            config.credential = _account(self.endpoint)
        return Client(config)


def _account(endpoint: Endpoint) -> Any:
    """Where the SDK is to find an AccessKey; it looks when the first call is signed."""
    from alibabacloud_credentials.client import Client as Account
    from alibabacloud_credentials.provider import EnvironmentVariableCredentialsProvider

    if endpoint.loopback:
        # Only what was set for it: no real account's profile or role is offered to the twin.
        return Account(provider=EnvironmentVariableCredentialsProvider())
    return Account()


def connect(endpoint: str | None, region: str | None, instance_id: str) -> CloudClient:
    """A client by the user's own words; the AccessKey comes from the SDK's chain.

    Raises UsageError for an endpoint or a region that cannot be one. Nothing is sent yet.
    """
    return CloudClient(endpoints.choose(endpoint, region), instance_id)
