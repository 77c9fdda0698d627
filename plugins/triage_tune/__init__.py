"""Search for better options of a backend: the command `triage tune`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import triage

if TYPE_CHECKING:
    import click


def _build() -> click.Command:
    from triage_tune._command import command

    return command


@triage.hookimpl
def triage_commands() -> Iterator[triage.Command]:
    """Yield `triage tune`."""
    yield triage.Command(
        name="tune",
        summary="Search for better options of a backend",
        build=_build,
        requires=("optuna",),
    )
