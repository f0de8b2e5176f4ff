"""The command behind `twin_process`: a twin until stdin ends, and nothing imported beside it.

`python -m tests.conformance.serving '{"settings": {...}, "credentials": 3}'` prints one JSON line: ports,
instance ID, and as many client IDs that may log in.
"""

import json
import sys
from typing import Any

from devcred import signing
from host_tools.twin import Settings, TwinThread

GROUP = "GID_test"


def serve(settings: dict[str, Any], credentials: int) -> None:
    """Run a twin until stdin ends."""
    with TwinThread(groups=[GROUP], settings=Settings(**settings)) as twin:
        facts = {
            "port": twin.mqtt_port,
            "tls_port": twin.tls_port,
            "api_port": twin.api_port,
            "instance_id": twin.instance_id,
            "credentials": twin.call(_credentials, twin, credentials),
        }
        print(json.dumps(facts), flush=True)  # noqa: T201 - the result of this command
        sys.stdin.read()


def _credentials(twin: TwinThread, count: int) -> list[tuple[str, str, str]]:
    """Client IDs that may log in, each with its user name and password."""
    made = [twin.twin.state.new_credential(f"{GROUP}@@@abuse{n}") for n in range(count)]
    return [
        (
            each.client_id,
            signing.device_username(each.key_id, twin.instance_id),
            signing.password(each.client_id, each.secret),
        )
        for each in made
    ]


if __name__ == "__main__":
    serve(**json.loads(sys.argv[1]))
