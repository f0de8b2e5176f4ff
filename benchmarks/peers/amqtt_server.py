"""Runs amqtt, in its own environment: `amqtt_server.py PORT SECRETS`."""

import asyncio
import json
import logging
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "firmware")]

from amqtt.broker import Broker  # noqa: E402 - the paths come first


async def serve(port: int, secrets: str) -> None:
    """Until the process is ended."""
    known = json.loads(Path(secrets).read_text())
    configuration = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt_plugin.DeviceCredentials": {"known": known}, "amqtt_plugin.OwnTopics": {}},
    }
    await Broker(configuration).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
