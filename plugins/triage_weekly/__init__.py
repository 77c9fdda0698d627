"""One page about a week of routing, for management: the command `triage weekly`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import triage

if TYPE_CHECKING:
    import click


def _build() -> click.Command:
    from triage_weekly._command import command

    return command


@triage.hookimpl
def triage_commands() -> Iterator[triage.Command]:
    """Yield `triage weekly`."""
    yield triage.Command(name="weekly", summary="One page about a week of routing", build=_build)
