"""What the commands of the desk share: the database option, and a store that is closed again."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from triage_service._store import Store

__all__ = ["DEFAULT", "opened", "operator", "with_database"]

DEFAULT = "sqlite:///desk.db"

with_database = click.option(
    "--db",
    metavar="URL",
    default=DEFAULT,
    show_default=True,
    help="sqlite:///PATH or postgresql://USER@HOST/NAME.",
)


@contextmanager
def opened(url: str, *, must_exist: bool = True) -> Iterator[Store]:
    """Open a database and close it again.

    Raises:
        NoInput: no such SQLite file, where it must exist: a mistyped path would be a new, empty desk.
    """
    from triage import NoInput
    from triage_service._store import open_store

    path = url.removeprefix("sqlite:///")
    if must_exist and path != url and not os.path.exists(path):  # noqa: PTH110 - "" is no Path
        raise NoInput("there is no database at --db; `triage serve` or `triage desk token add` makes one")
    with open_store(url) as store:
        yield store


def operator() -> str:
    """Return who the log says did it: the account at this terminal."""
    try:
        return f"terminal:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as in a container
        return "terminal"
