"""An output must not name what is read: a completion typed too quickly must not cost a corpus."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from triage.errors import UsageError
from triage.io.files import quote_path

__all__ = ["check_outputs"]

_BUNDLE = "MANIFEST.json"


def check_outputs(outputs: Mapping[str, str], inputs: Iterable[str]) -> None:
    """Refuse an output that is an input, lies in a model that is read, or is named twice.

    Files are compared by device and inode, and what is not there yet by its real path: symbolic links, hard
    links and other spellings of a path are one file.

    Args:
        outputs: the path of each output by how the user names it, such as `--out`.
        inputs: paths that are read; those that are not there are ignored.

    Raises:
        UsageError: an output is refused; the message names both.
    """
    read = [path for path in dict.fromkeys(inputs) if _exists(path)]
    taken: dict[str, str] = {}
    for name, path in outputs.items():
        for other in read:
            if _same(path, other):
                raise UsageError(
                    f"{name} {quote_path(path)} is the same file as {quote_path(other)}, which is read: choose another"
                )
            if _replaces_part(path, other):
                raise UsageError(
                    f"{name} {quote_path(path)} lies in {quote_path(other)}, which is read: choose a place outside"
                )
        real = os.path.realpath(path)
        if real in taken:
            raise UsageError(
                f"{name} and {taken[real]} are the same file, {quote_path(path)}: choose another"
            )
        taken[real] = name


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)  # noqa: PTH110 - a path as it was typed
    except (OSError, ValueError):
        return False


def _same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)  # noqa: PTH121
    except (OSError, ValueError):
        return os.path.realpath(path) == os.path.realpath(other)


def _replaces_part(path: str, folder: str) -> bool:
    """Return whether writing `path` would change a folder that is read: a model, or what is there already."""
    if not os.path.isdir(folder):  # noqa: PTH112
        return False
    root, real = os.path.realpath(folder), os.path.realpath(path)
    if not real.startswith(root.rstrip(os.sep) + os.sep):
        return False
    return _is_model(root) or _exists(real)


def _is_model(folder: str) -> bool:
    """Return whether a folder, or one inside it, holds a manifest."""
    with os.scandir(folder) as entries:
        below = [entry.path for entry in entries if entry.is_dir()]
    return any(os.path.isfile(os.path.join(each, _BUNDLE)) for each in (folder, *below))  # noqa: PTH113, PTH118
