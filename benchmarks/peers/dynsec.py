"""Configuration of mosquitto's dynamic security plugin: one client for each credential, one role."""

import base64
import glob
import hashlib
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.accounts import TOPIC, Account

_PLUGINS = (
    "/usr/lib/*/mosquitto_dynamic_security.so",
    "/usr/lib/mosquitto_dynamic_security.so",
    "/usr/local/lib/mosquitto_dynamic_security.so",
)
_ITERATIONS = 101
"""The plugin's own default."""
_ROLE = "device"


def plugin() -> str | None:
    """The plugin's file."""
    return next((found for pattern in _PLUGINS for found in sorted(glob.glob(pattern))), None)


def server(port: int, plugin_file: str, rules: Path) -> str:
    """mosquitto.conf. Without `set_tcp_nodelay` a client that waits for its answer waits 40 ms for it."""
    lines = (
        f"listener {port} 127.0.0.1",
        "allow_anonymous false",
        "set_tcp_nodelay true",
        "log_dest none",
        "persistence false",
        "user root",  # only heeded when root starts it: it could not read the rules as another user
        f"plugin {plugin_file}",
        f"plugin_opt_config_file {rules}",
    )
    return "\n".join(lines) + "\n"


def configuration(accounts: Sequence[Account]) -> str:
    """The plugin's file of clients and roles."""
    topics = [{"acltype": kind, "topic": f"{TOPIC}/#", "allow": True} for kind in _ALLOWED]
    access = dict.fromkeys(("publishClientSend", "subscribe"), False)
    allowed = dict.fromkeys(("publishClientReceive", "unsubscribe"), True)
    return json.dumps(
        {
            "defaultACLAccess": access | allowed,
            "clients": [_client(account) for account in accounts],
            "groups": [],
            "roles": [{"rolename": _ROLE, "acls": topics}],
        }
    )


_ALLOWED = ("publishClientSend", "publishClientReceive", "subscribePattern")


def _client(account: Account) -> dict[str, Any]:
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", account.password.encode(), salt, _ITERATIONS)
    return {
        "username": account.username,
        "clientid": account.client_id,
        "roles": [{"rolename": _ROLE}],
        "password": base64.b64encode(digest).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }
