"""The option --plugin FILE.py of every command: one more plugin, for this call and the processes that it starts."""

from __future__ import annotations

import os
from pathlib import Path

import click

from triage.errors import NoInput

__all__ = ["plugin_option"]

_VARIABLE = "TRIAGE_PLUGINS"


def plugin_option() -> click.Option:
    """Return the option; it sets the environment variable TRIAGE_PLUGINS until the call ends."""
    return click.Option(
        ["--plugin"],
        multiple=True,
        metavar="FILE.py",
        expose_value=False,
        is_eager=True,
        callback=_set,
        help="One more plugin, for this call; repeatable.",
    )


def _set(ctx: click.Context, param: click.Parameter, paths: tuple[str, ...]) -> None:  # noqa: ARG001
    if not paths or ctx.resilient_parsing:
        return
    for path in paths:
        if not Path(path).is_file():
            raise NoInput(f"--plugin must name a Python file, and there is no file {path!r}")
    before = os.environ.get(_VARIABLE)
    known = before.split(os.pathsep) if before else []
    os.environ[_VARIABLE] = os.pathsep.join([*known, *(str(Path(path).absolute()) for path in paths)])

    def restore() -> None:
        os.environ.pop(_VARIABLE, None)
        if before is not None:
            os.environ[_VARIABLE] = before

    ctx.find_root().call_on_close(restore)
