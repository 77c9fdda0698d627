"""The kinds of extension: one row each. A plugin adds a kind with the hook `triage_kinds`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triage.host import hookspecs
from triage.host.extensions import Backend, Cleaner, Command, Corpus, Engine, Extension, Kind, Policy, Report

__all__ = ["KINDS"]


def _core(record: type[Extension], hook: Callable[..., Any], laws: str, try_it: str) -> Kind:
    template = f"triage/testing/templates/{record.kind}.py.txt"
    return Kind(record=record, hook=hook, laws=f"triage.testing.{laws}", template=template, try_it=try_it)


KINDS: tuple[Kind, ...] = (
    _core(Backend, hookspecs.triage_backends, "backends", "triage evaluate {demo} --backend {name},{floor}"),
    _core(Corpus, hookspecs.triage_corpora, "corpora", "triage corpora describe {name}"),
    _core(
        Cleaner, hookspecs.triage_cleaners, "cleaners", "triage evaluate {demo} --cleaners {name},{cleaner}"
    ),
    _core(Policy, hookspecs.triage_policies, "policies", "triage plugins describe {name}"),
    _core(
        Report,
        hookspecs.triage_reports,
        "reports",
        "triage evaluate {demo} && triage report runs --format {name}",
    ),
    _core(Engine, hookspecs.triage_engines, "engines", "triage plugins describe {name}"),
    Kind(record=Command, hook=hookspecs.triage_commands, try_it="triage {name} --help"),
)
"""The kinds of the core."""
