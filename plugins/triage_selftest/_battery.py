"""The fault battery: what can go wrong with a text classifier in use, done on purpose, on the user's machine.

Every module here holds faults of one kind: something is done to triage that happens in the field, and what
comes of it is held against what must. Nothing is simulated: files are damaged, processes are killed and
commands are run, in a folder that is thrown away.
"""

from __future__ import annotations

import importlib

from triage_selftest._place import Done, Place, two_at_a_time
from triage_selftest._trials import Fault, Trial, run, tally

__all__ = ["Done", "Fault", "Place", "Trial", "battery", "run", "tally", "two_at_a_time"]


_MODULES = (
    "saves",
    "models",
    "foreign",
    "vocabulary",
    "surroundings",
    "terminal",
    "pages",
    "tables_out",
    "tables_in",
    "resources",
    "patterns",
    "lookalikes",
    "labels",
    "numbers",
    "plugins",
    "privacy",
    "network",
    "schemas",
)


def battery() -> tuple[Fault, ...]:
    """Return every fault, in the order in which they are tried."""
    modules = [importlib.import_module(f"{__package__}._{name}") for name in _MODULES]
    return tuple(fault for module in modules for fault in module.FAULTS)
