"""Where a model lies, and the hidden names beside it that only its writers use."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Place", "find"]


@dataclass(frozen=True)
class Place:
    """A model's place, whether there is a model or not.

    Attributes:
        parent: the absolute path of the directory that holds it, without symbolic links.
        name: its name there.
        asked: the path as the user gave it.
    """

    parent: Path
    name: str
    asked: str

    @property
    def model(self) -> Path:
        """The model's directory."""
        return self.parent / self.name

    @property
    def previous(self) -> Path:
        """Where the last model waits while the next one takes its place."""
        return self.parent / f".{self.name}.previous"

    @property
    def lock(self) -> Path:
        """The file that says who is writing."""
        return self.parent / f".{self.name}.lock"

    def scratch(self, kind: str) -> Path:
        """Return a name that nobody uses, for a directory that is "new" or "old"."""
        return self.parent / f".{self.name}.{secrets.token_hex(4)}.{kind}"

    def is_scratch(self, name: str) -> bool:
        """Tell whether `name` could have come from `scratch`."""
        return re.fullmatch(rf"\.{re.escape(self.name)}\.[0-9a-f]{{8}}\.(new|old)", name) is not None


def find(path: str | os.PathLike[str]) -> Place:
    """Return the place that `path` means; a symbolic link means what it points to.

    Raises:
        OSError: it is not a path, or it is relative and there is no working directory any more.
    """
    asked = os.fspath(path)
    try:
        possible = asked != "" and b"\0" not in os.fsencode(asked)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise OSError(None, "not a possible path")
    try:
        target = os.path.realpath(asked)
    except FileNotFoundError:
        raise OSError(None, "the working directory is gone: give an absolute path") from None
    parent, name = os.path.split(target)
    if not name:
        raise OSError(None, "it is the root of the file system")
    return Place(Path(parent), name, asked)
