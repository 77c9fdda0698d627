"""Faults while a model is saved."""

from __future__ import annotations

from triage.selftest.trials import Fault

FAULTS: tuple[Fault, ...] = ()
