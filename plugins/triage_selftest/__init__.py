"""Cause faults on purpose and check that each is handled: the command `triage selftest`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import triage

if TYPE_CHECKING:
    import click


def _build() -> click.Command:
    from triage_selftest._command import command

    return command


@triage.hookimpl
def triage_commands() -> Iterator[triage.Command]:
    """Yield `triage selftest`."""
    yield triage.Command(
        name="selftest",
        summary="Cause the faults that happen in the field, and check that each is handled",
        build=_build,
    )
