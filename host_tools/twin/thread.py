"""The twin for callers without an event loop."""

from typing import Any

from host_tools.loop_thread import LoopThread
from host_tools.twin.accounts import Account
from host_tools.twin.complaints import Complaints
from host_tools.twin.twin import Twin

_FORWARDED = frozenset(
    {
        "access_key_id",
        "access_key_secret",
        "api_port",
        "ca_der",
        "endpoint",
        "faults",
        "groups",
        "host_name",
        "instance_id",
        "message_trace",
        "mqtt_port",
        "tls_port",
        "topics",
        "trace",
        "ws_port",
        "wss_port",
    }
)


class TwinThread(LoopThread):
    """`with TwinThread(...) as twin:` takes what Twin takes, and runs it on a loop in a thread.

    It has the Twin's attributes: ports, names, keys, trace. `twin` is the Twin itself; touch its state or
    broker through `call` only, which runs on its loop.
    """

    def __init__(self, **options: Any) -> None:
        self.twin = Twin(**options)
        super().__init__(self.twin, "devcred-twin", Complaints())

    def new_account(self, **options: Any) -> Account:
        """What Twin.new_account gives."""
        made = self.call(lambda: self.twin.new_account(**options))
        assert isinstance(made, Account)
        return made

    def __getattr__(self, name: str) -> Any:
        if name in _FORWARDED:
            return getattr(self.twin, name)
        raise AttributeError(name)
