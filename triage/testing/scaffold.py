"""`triage plugins new`: a small distribution that is complete from the start."""

from __future__ import annotations

import importlib.util
import re
from importlib import resources
from pathlib import Path
from string import Template

from triage.errors import CannotWrite, UsageError, near
from triage.io.files import write_file

__all__ = ["KINDS", "write_plugin"]

KINDS = ("backend", "keras", "corpus", "cleaner", "policy", "report", "forecaster", "reader")
"""What can be begun."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TRY = {
    "backend": "triage evaluate complaints --backend {name},tfidf",
    "keras": "triage evaluate complaints --backend {name},tfidf",
    "corpus": "triage corpora describe {name}",
    "cleaner": "triage evaluate complaints --cleaners {name},general",
    "policy": "triage plugins describe {name}",
    "report": "triage evaluate complaints && triage report runs --format {name}",
    "forecaster": "triage forecast complaints --forecaster {name}",
    "reader": "triage corpora describe sample.{module}",
}
_EVALUATION = """
[testenv:evaluate]
description = beside the built-ins
commands = triage evaluate complaints --backend {name},tfidf {{posargs}}
"""


def write_plugin(name: str, kind: str, folder: Path) -> list[Path]:
    """Write the distribution `name` into the new directory `folder`; return the files.

    Args:
        name: lower-case words joined by hyphens: the distribution's, and how users call the extension.
        kind: one of `KINDS`.
        folder: must not exist yet.

    Raises:
        UsageError: an unknown kind, a name that cannot be, or one that a module has already.
        CannotWrite: something stands at `folder`, or it cannot be written.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no kind {kind!r}.{near(kind, KINDS)}")
    if not _NAME.fullmatch(name):
        raise UsageError(f"the name {name!r} is not made of lower-case words joined by hyphens")
    module = name.replace("-", "_")
    if importlib.util.find_spec(module) is not None:
        raise UsageError(f"there is a module {module!r} already: choose another name")
    reads = kind == "reader"
    words = {
        "name": name,
        "module": module,
        "kind": "backend" if kind == "keras" else kind,
        "requires": "nlp-triage[train]" if kind == "keras" else "nlp-triage",
        "imports": "\nimport pathlib\n" if reads else "",
        "sample": f', sample=pathlib.Path(__file__).with_name("sample.{module}")' if reads else "",
        "flags": f" --sample sample.{module}" if reads else "",
        "try_it": _TRY[kind].format(name=name, module=module),
        "evaluation": _EVALUATION.format(name=name) if kind in ("backend", "keras") else "",
    }
    files = {
        f"{module}.py": f"{kind}.py.txt",
        f"test_{module}.py": "test.py.txt",
        "pyproject.toml": "pyproject.toml.txt",
        "README.md": "README.md.txt",
        "tox.ini": "tox.ini.txt",
        **({f"sample.{module}": "sample.txt"} if reads else {}),
    }
    templates = resources.files("triage.testing") / "templates"
    written = []
    try:
        folder.mkdir(parents=True)
        for file, template in files.items():
            text = (templates / template).read_text(encoding="utf-8")
            write_file(folder / file, (Template(text).substitute(words).rstrip("\n") + "\n").encode())
            written.append(folder / file)
    except OSError as error:
        raise CannotWrite(f"cannot write {str(folder)!r}: {error.strerror}") from error
    return written
