"""Faults on demand: `twin.faults.add(where="out", what="drop", packet="PUBACK")`, and what came of it."""

from host_tools.twin.faults.book import FaultBook
from host_tools.twin.faults.rules import Fault

__all__ = ["Fault", "FaultBook"]
