"""Measure backends beside what one would use instead: the command `triage bench`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import triage

if TYPE_CHECKING:
    import click


def _build() -> click.Command:
    from triage_bench._command import command

    return command


@triage.hookimpl
def triage_commands() -> Iterator[triage.Command]:
    """Yield `triage bench`."""
    yield triage.Command(
        name="bench",
        summary="Backends beside scikit-learn, fastText, Vowpal Wabbit, spaCy and the tutorials' LSTM",
        build=_build,
    )
