"""The plugin under test, and what the subjects of all kinds share: loading, building and three laws."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import json
import logging
import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from triage.errors import UsageError
from triage.host.extensions import Extension
from triage.host.manager import Origin, Plugins
from triage.host.options import options_of, resolve
from triage.testing.laws import LawSkipped, hold

__all__ = ["COMMON", "Heard", "Host", "Subject", "fresh_process", "listening", "once"]


class Host:
    """A plugin's module beside the plugins that are installed.

    Args:
        module: the module, or its name.

    Raises:
        UsageError: it cannot be imported.
    """

    def __init__(self, module: types.ModuleType | str) -> None:
        if isinstance(module, str):
            try:
                module = importlib.import_module(module)
            except Exception as error:
                raise UsageError(
                    f"cannot import {module!r} ({type(error).__name__}: {error}). Is it installed (pip install -e .)?"
                ) from error
        self.module = module
        self.name = module.__name__

    @cached_property
    def plugins(self) -> Plugins:
        """The installed plugins and this one."""
        plugins = Plugins.discover(strict=False)
        if self.name not in {point.value for point in importlib.metadata.entry_points(group="triage")}:
            plugins.register(self.module, origin=Origin(self.name, self.name))
        return plugins

    @property
    def extensions(self) -> list[Extension]:
        """What the module yields, by kind and name."""
        return [each.extension for each in self.plugins if each.origin.module == self.name]

    @property
    def failures(self) -> list[str]:
        """What of the module cannot be used, and why."""
        return [failure.reason for failure in self.plugins.failures if failure.origin.module == self.name]

    @cached_property
    def imported(self) -> frozenset[str]:
        """The modules that listing the plugin imports, in a fresh process, beyond those of triage itself."""
        code = (
            "import sys, json, triage\n"
            "before = set(sys.modules)\n"
            f"import {self.name} as module\n"
            "triage.Plugins().register(module)\n"
            "print(json.dumps(sorted(set(sys.modules) - before)))"
        )
        return frozenset(json.loads(fresh_process(["-c", code]).splitlines()[-1]))


def fresh_process(arguments: list[str], *, given: str = "", environment: Mapping[str, str] = {}) -> str:
    """Run Python anew with this process's import path and return its stdout.

    Raises:
        AssertionError: it failed; its last words are in the message.
    """
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 - as sys.path means it
    done = subprocess.run(  # noqa: S603 - this interpreter, and what the author asked to be checked
        [sys.executable, *arguments],
        input=given,
        capture_output=True,
        encoding="ascii",
        errors="backslashreplace",
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore", **environment},
        timeout=300,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    hold(done.returncode == 0, f"in a fresh process: {last[0]}")
    return done.stdout


class once(property):  # noqa: N801 - used as `property` is
    """A property that is computed once.

    What it raises the first time is the failure of the law that asked first; every later law that needs the
    value is skipped (`LawSkipped`), so that one mistake of a plugin is reported once.
    """

    def __init__(self, get: Callable[[Any], Any]) -> None:
        def remembered(it: Any) -> Any:
            kept = it.kept
            if get.__name__ not in kept:
                try:
                    kept[get.__name__] = True, get(it)
                except Exception as error:
                    kept[get.__name__] = False, error
                    raise
            fine, value = kept[get.__name__]
            if not fine:
                raise LawSkipped(f"it needs what failed before: {value}") from value
            return value

        super().__init__(remembered, doc=get.__doc__)


class Subject:
    """One extension, the plugin that yields it and the options that it is built with.

    Args:
        extension: the record.
        host: the plugin it belongs to.
        options: for building it, as users would write them; laws about the defaults ignore them.
    """

    def __init__(self, extension: Any, host: Host, options: Mapping[str, Any] | None = None) -> None:
        self.extension = extension
        self.host = host
        self.options = dict(options or {})
        self.kept: dict[str, tuple[bool, Any]] = {}

    @property
    def preset(self) -> bool:
        """Whether it stands for other extensions and has no `build` of its own."""
        return bool(getattr(self.extension, "steps", ()))

    def make(self) -> Any:
        """Build it with its options."""
        chosen = resolve(self.extension.build, self.options, owner=self.extension.name)
        return self.extension.build(**{name.replace("-", "_"): value for name, value in chosen.items()})


class Heard:
    """What was said while somebody listened.

    Attributes:
        printed: on stdout and stderr, from Python.
        logged: through `logging`, of every level, arguments filled in.
    """

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.records: list[logging.LogRecord] = []

    @property
    def printed(self) -> str:
        """All that was printed."""
        return self.out.getvalue()

    @property
    def logged(self) -> str:
        """All that was logged, a line each."""
        return "\n".join(record.getMessage() for record in self.records)


class _Keeping(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(level=0)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextlib.contextmanager
def listening() -> Iterator[Heard]:
    """Catch what is printed and logged while the context lasts."""
    heard = Heard()
    handler = _Keeping(heard.records)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(heard.out), contextlib.redirect_stderr(heard.out):
            yield heard
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def it_builds_with_no_options(subject: Subject) -> None:
    """Built without options it works: every option has a default.

    Usual cause: a keyword-only parameter of `build` without a default.
    """
    required = [option.name for option in options_of(subject.extension.build).values() if option.required]
    hold(not required, f"these options have no default: {', '.join(required)}")
    if not subject.preset:
        subject.extension.build()


def its_defaults_are_values_of_its_options(subject: Subject) -> None:
    """Each default has its option's type, lies in its range, and is the same after being stored as JSON.

    Usual cause: a list as the default of a tuple, or a float as the default of an int.
    """
    for option in options_of(subject.extension.build).values():
        if option.required:
            continue
        stored = json.loads(json.dumps(option.default))
        for value in (option.default, stored):
            back = option.convert(value)
            hold(back == option.default, f"{option.name}: the default {option.default!r} becomes {back!r}")


def listing_it_imports_nothing_that_it_requires(subject: Subject) -> None:
    """Importing the plugin does not import the modules that `requires` names: listing plugins stays fast.

    Usual cause: an import at the top of the module that belongs inside `build` or a method.
    """
    early = sorted(
        required
        for required in subject.extension.requires
        if any(name == required or name.startswith(f"{required}.") for name in subject.host.imported)
    )
    hold(not early, f"importing the plugin imports {', '.join(early)}; import it inside `build`")


COMMON = (
    it_builds_with_no_options,
    its_defaults_are_values_of_its_options,
    listing_it_imports_nothing_that_it_requires,
)
"""The laws of every kind."""
