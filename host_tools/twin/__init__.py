"""A local stand-in for ApsaraMQ for MQTT: `async with Twin() as twin`, or `with TwinThread() as twin`."""

from host_tools.twin.settings import Settings
from host_tools.twin.thread import TwinThread
from host_tools.twin.trace import TraceEntry
from host_tools.twin.twin import Twin

__all__ = ["Settings", "TraceEntry", "Twin", "TwinThread"]
