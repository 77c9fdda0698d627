"""What `triage plugins check NAME` means by NAME: a file, a module, an extension or a distribution."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from triage.errors import NoInput, UsageError, did_you_mean
from triage.host.manager import Plugins
from triage.io.files import quote_path

__all__ = ["Target", "find_target"]


@dataclass(frozen=True)
class Target:
    """What is to be checked.

    Attributes:
        modules: the names of the plugins' modules, importable.
        only: the name of the one extension to check, or "" for everything that the modules offer.
    """

    modules: tuple[str, ...]
    only: str = ""


def find_target(name: str, plugins: Plugins) -> Target:
    """Return what a name stands for; the first that fits, in the order of the arguments below.

    Args:
        name: a file `NAME.py`, the module of an installed plugin, an extension (`tfidf`), a distribution
            (`nlp-triage`) or its entry point, or a module in the working directory or on the import path.
        plugins: the installed plugins, in which extensions are looked up.

    Raises:
        NoInput: the file does not exist.
        UsageError: the name is none of these.
    """
    if name.endswith(".py"):
        return Target((_module_of_file(Path(name)),))
    points = list(importlib.metadata.entry_points(group="triage"))
    if any(name == point.value for point in points):
        return Target((name,))
    found = dict.fromkeys(each.origin.module for each in plugins if each.extension.name == name)
    if found:
        return Target(tuple(found), only=name)
    shipped = [point.value for point in points if _same(name, point.dist.name if point.dist else "")]
    shipped = shipped or [point.value for point in points if point.name == name]
    if shipped:
        return Target(tuple(dict.fromkeys(shipped)))
    sys.path.insert(0, str(Path.cwd()))
    try:
        importable = importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        importable = False
    if importable:
        return Target((name,))
    known = {each.extension.name for each in plugins} | {point.value for point in points}
    raise UsageError(
        f"no file, module, extension or distribution is called {name!r}.{did_you_mean(name, known)} "
        "Is it installed (pip install -e .)? A file needs its ending: ./my_idea.py"
    )


def _module_of_file(path: Path) -> str:
    """Make a file importable and return its module's name."""
    if not path.is_file():
        raise NoInput(f"there is no file {quote_path(path)}")
    sys.path.insert(0, str(path.resolve().parent))
    return path.stem


def _same(one: str, other: str) -> bool:
    """Whether two names of distributions are equal, as PEP 503 compares them."""
    return re.sub(r"[-_.]+", "-", one).lower() == re.sub(r"[-_.]+", "-", other).lower()
