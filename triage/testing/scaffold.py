"""`triage plugins new`: a small distribution that is complete from the start."""

from __future__ import annotations

import importlib.util
import re
from importlib import resources
from pathlib import Path
from string import Template

from triage.errors import CannotWrite, UsageError, did_you_mean
from triage.host.extensions import Backend, Cleaner, Corpus
from triage.host.manager import Plugins
from triage.io.files import write_file

__all__ = ["starts", "write_plugin"]

_TEMPLATES = "triage/testing/templates"
_OTHERS = {
    "keras": (f"{_TEMPLATES}/keras.py.txt", "triage evaluate {demo} --backend {name},{floor}"),
    "reader": (f"{_TEMPLATES}/reader.py.txt", "triage corpora describe sample.{module}"),
}
"""What can be begun and is no kind of its own: the template and the command that tries it out."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_EVALUATION = """
[testenv:evaluate]
description = beside the built-ins
commands = triage evaluate {demo} --backend {name},{floor} {{posargs}}
"""


def starts(plugins: Plugins) -> dict[str, tuple[str, str]]:
    """Return what a new plugin can start as: its template and the command that tries it out, by name."""
    return {
        kind.name: (kind.template, kind.try_it) for kind in plugins.kinds.values() if kind.template
    } | _OTHERS


def write_plugin(name: str, kind: str, folder: Path, *, plugins: Plugins) -> list[Path]:
    """Write the distribution `name` into the new directory `folder`; return the files.

    Args:
        name: lower-case words joined by hyphens: the distribution's, and how users call the extension.
        kind: one of `starts(plugins)`.
        folder: must not exist yet.
        plugins: their kinds can be begun.

    Raises:
        UsageError: an unknown kind, a name that cannot be, or one that a module has already.
        CannotWrite: something stands at `folder`, or it cannot be written.
    """
    known = starts(plugins)
    if kind not in known:
        raise UsageError(f"there is no kind {kind!r}.{did_you_mean(kind, known)}")
    start, try_it = known[kind]
    if not _NAME.fullmatch(name):
        raise UsageError(f"the name {name!r} is not made of lower-case words joined by hyphens")
    module = name.replace("-", "_")
    if importlib.util.find_spec(module) is not None:
        raise UsageError(f"there is a module {module!r} already: choose another name")
    reads = kind == "reader"
    names = {
        "name": name,
        "module": module,
        "demo": plugins.role(Corpus, "demo"),
        "floor": plugins.role(Backend, "floor"),
        "cleaner": plugins.role(Cleaner, "default"),
    }
    words = {
        "name": name,
        "module": module,
        "kind": "backend" if kind == "keras" else kind,
        "requires": "nlp-triage[train]" if kind == "keras" else "nlp-triage",
        "imports": "\nimport pathlib\n" if reads else "",
        "sample": f', sample=pathlib.Path(__file__).with_name("sample.{module}")' if reads else "",
        "flags": f" --sample sample.{module}" if reads else "",
        "try_it": try_it.format(**names),
        "evaluation": _EVALUATION.format(**names) if kind in ("backend", "keras") else "",
    }
    files = {
        f"{module}.py": start,
        f"test_{module}.py": f"{_TEMPLATES}/test.py.txt",
        "pyproject.toml": f"{_TEMPLATES}/pyproject.toml.txt",
        "README.md": f"{_TEMPLATES}/README.md.txt",
        "tox.ini": f"{_TEMPLATES}/tox.ini.txt",
        **({f"sample.{module}": f"{_TEMPLATES}/sample.txt"} if reads else {}),
    }
    written = []
    try:
        folder.mkdir(parents=True)
        for file, template in files.items():
            package, _, path = template.partition("/")
            text = resources.files(package).joinpath(path).read_text(encoding="utf-8")
            write_file(folder / file, (Template(text).substitute(words).rstrip("\n") + "\n").encode())
            written.append(folder / file)
    except OSError as error:
        raise CannotWrite(f"cannot write {str(folder)!r}: {error.strerror}") from error
    return written
