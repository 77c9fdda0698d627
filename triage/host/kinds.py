"""The kinds of extension: one row each. A plugin adds a kind with the hook `triage_kinds`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from triage.host import hookspecs
from triage.host.extensions import Backend, Cleaner, Command, Corpus, Engine, Extension, Policy, Report

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of extension.

    Attributes:
        record: the record that plugins yield; its `kind` is the name.
        hook: the hook specification that collects it.
        laws: the module with `SUBJECT` and `LAWS` of the kind (see `triage.testing`); "" for none.
        template: what `triage plugins new` starts with, "package/path"; "" for nothing.
        try_it: the command that tries a new extension out; `{name}` is its name.
    """

    record: type[Extension]
    hook: Callable[..., Any]
    laws: str = ""
    template: str = ""
    try_it: str = ""

    @property
    def name(self) -> str:
        """The name of the kind, such as "backend"."""
        return self.record.kind


def _core(record: type[Extension], hook: Callable[..., Any], laws: str, try_it: str) -> Kind:
    template = f"triage/testing/templates/{record.kind}.py.txt"
    return Kind(record=record, hook=hook, laws=f"triage.testing.{laws}", template=template, try_it=try_it)


KINDS: tuple[Kind, ...] = (
    _core(
        Backend, hookspecs.triage_backends, "backends", "triage evaluate complaints --backend {name},majority"
    ),
    _core(Corpus, hookspecs.triage_corpora, "corpora", "triage corpora describe {name}"),
    _core(
        Cleaner, hookspecs.triage_cleaners, "cleaners", "triage evaluate complaints --cleaners {name},general"
    ),
    _core(Policy, hookspecs.triage_policies, "policies", "triage plugins describe {name}"),
    _core(
        Report,
        hookspecs.triage_reports,
        "reports",
        "triage evaluate complaints && triage report runs --format {name}",
    ),
    _core(Engine, hookspecs.triage_engines, "engines", "triage plugins describe {name}"),
    Kind(record=Command, hook=hookspecs.triage_commands, try_it="triage {name} --help"),
)
"""The kinds of the core."""
