"""A proxy that plays the twin's faults in front of any broker: `async with Proxy(("127.0.0.1", 1883))`."""

from host_tools.twin.proxy.proxy import Proxy
from host_tools.twin.proxy.thread import ProxyThread

__all__ = ["Proxy", "ProxyThread"]
