"""What can go wrong, as one tree; each error knows the exit code of the command line.

    TriageError                 70  a bug, unless a subclass says otherwise
    ├── UsageError               2  a wrong name or option
    │   ├── UnknownName             nothing of that name; the near ones are suggested
    │   └── BadOption               an option that the factory's signature does not allow
    ├── CheckFailed              1  a stated check did not hold: a floor, a promise, a contract
    ├── DataError               65  input that cannot be used
    │   └── CleaningTimeout         a cleaning rule ran out of its time budget (`triage.data.cleaning`)
    ├── NoInput                 66  no such input
    ├── Unavailable             69  a plugin or a library that is not there
    │   └── PluginFailed            a plugin raised, or returned what it must not
    ├── Diverged                70  training ended without a usable model
    ├── NotFitted               70  predict was called before fit
    ├── CannotWrite             73  a file or a directory that cannot be written
    └── Refused                 77  a model whose manifest does not hold

An error says what was asked, what was found and what to do. It never holds the text of a document.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BadOption",
    "CannotWrite",
    "CheckFailed",
    "DataError",
    "Diverged",
    "NoInput",
    "NotFitted",
    "PluginFailed",
    "Refused",
    "TriageError",
    "Unavailable",
    "UnknownName",
    "UsageError",
    "did_you_mean",
]


class TriageError(Exception):
    """The root of the tree: catching it catches every error that triage raises on purpose."""

    exit_code = 70


class UsageError(TriageError):
    """A command or a call that cannot mean anything."""

    exit_code = 2


class UnknownName(UsageError):
    """Nothing of that name is known."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, remedy: str = "") -> None:
        """Say which `kind` of thing was asked for by `name`, and what there is instead."""
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(
            f"there is no {kind} {name!r}.{did_you_mean(name, self.known)}{' ' + remedy if remedy else ''}"
        )


class BadOption(UsageError):
    """An option that does not exist, or a value of the wrong type or size."""


class CheckFailed(TriageError):
    """Everything ran, and a stated check did not hold."""

    exit_code = 1


class DataError(TriageError):
    """Input that was found and read, and cannot be used."""

    exit_code = 65


class NoInput(TriageError):
    """No such file, or nothing in it."""

    exit_code = 66


class Unavailable(TriageError):
    """A plugin or a library that this needs is not installed, or does not load."""

    exit_code = 69


class PluginFailed(Unavailable):
    """A plugin raised an exception or broke its contract; the message names it."""


class Diverged(TriageError):
    """Training produced numbers that are not finite, and no good weights are left."""


class NotFitted(TriageError):
    """A classifier was asked to predict before it was fitted."""


class CannotWrite(TriageError):
    """A file or a directory cannot be written; what stood there before still stands."""

    exit_code = 73


class Refused(TriageError):
    """A model bundle that does not hold what its manifest says."""

    exit_code = 77


def did_you_mean(name: str, known: Iterable[str], *, most: int = 8) -> str:
    """Return a sentence with the known names most like `name`, or with all where they are few."""
    known = sorted(known)
    folded = {other.casefold(): other for other in known}
    close = [folded[match] for match in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    if close:
        return f" Did you mean {', '.join(close)}?"
    if not known:
        return ""
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return f" There is: {', '.join(known[:most])}{more}."
