"""What plugin authors call: check one extension, or everything that a plugin offers."""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from triage.errors import CheckFailed, UsageError, did_you_mean
from triage.host.extensions import Extension, Kind
from triage.host.manager import Plugins
from triage.testing import readers
from triage.testing.laws import Card, Check, Law, checks_of, judge, raise_broken
from triage.testing.subjects import Host, Subject

__all__ = [
    "READER",
    "check",
    "check_backend",
    "check_cleaner",
    "check_corpus",
    "check_policy",
    "check_reader",
    "check_report",
    "laws_of",
    "parametrize_with_checks",
    "run_checks",
    "subject_of",
]

F = TypeVar("F", bound=Callable[..., Any])
Module: TypeAlias = types.ModuleType | str

READER = "reader"
"""The name of what has laws but no record: a plugin with the hook `triage_open_corpus`."""


def subject_of(kind: Kind) -> tuple[type[Subject], tuple[Law, ...]]:
    """Return the subject and the laws of a kind.

    Raises:
        UsageError: the kind has no laws.
    """
    if not kind.laws:
        raise UsageError(f"there are no laws for the kind {kind.name!r}")
    module = importlib.import_module(kind.laws)
    return module.SUBJECT, module.LAWS


def laws_of(kind: str, *, plugins: Plugins | None = None) -> tuple[Law, ...]:
    """Return the laws of a kind, in the order in which they are checked.

    Args:
        kind: its name, such as "backend", or "reader".
        plugins: where the kinds are looked up; by default the installed plugins.

    Raises:
        UsageError: there is no such kind, or it has no laws.
    """
    if kind == READER:
        return readers.LAWS
    kinds = (plugins or Plugins.discover()).kinds
    if kind not in kinds:
        raise UsageError(f"there is no kind {kind!r}.{did_you_mean(kind, kinds)}")
    return subject_of(kinds[kind])[1]


def check(
    extension: Extension,
    *,
    module: Module | None = None,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Card:
    """Run every law of one extension, print how many were run, and raise all that are broken together.

    Args:
        extension: the record.
        module: the plugin that yields it, so that it can be found in a fresh process; by default where its
            `build` was defined. The module of a preset must be given: its `build` tells nothing.
        options: for building it, such as {"epochs": 1}.
        expected_failures: laws that it is known to break, by name, each with the reason. One that is kept
            after all is a failure too.

    Raises:
        ExceptionGroup: of `LawBroken`, one for each law that is broken.
        UsageError: an unknown law, a reason that is missing, or a module that cannot be imported.
    """
    host = Host(module if module is not None else extension.build.__module__)
    return raise_broken(
        judge(extension.kind, extension.name, _checks(extension, host, options, expected_failures))
    )


check_backend = check_corpus = check_cleaner = check_policy = check_report = check
"""Names for `check` that say what is checked."""


def check_reader(
    module: Module,
    sample: str | Path,
    *,
    options: Mapping[str, str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Card:
    """Run every law of a reader.

    Args:
        module: the plugin that implements `triage_open_corpus`.
        sample: a file that it reads, with a few documents in it.
        options: what a user would say about its columns, such as {"label_column": "team"}.
        expected_failures: as in `check_backend`.

    Raises:
        ExceptionGroup, UsageError: as in `check_backend`.
    """
    checks = _reader_checks(Host(module), Path(sample), options, expected_failures)
    return raise_broken(judge("reader", Path(sample).name, checks))


def run_checks(
    module: Module,
    *,
    sample: str | Path | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    expected_failures: Mapping[str, Mapping[str, str]] | None = None,
    only: str = "",
    tell: Callable[[Card], None] | None = None,
) -> list[Card]:
    """Check everything that a plugin offers and return a report card for each; a broken law raises nothing.

    Args:
        module: the plugin's module, or its name.
        sample: a file for the plugin's reader, if it has one.
        options: for building, by the extension's name.
        expected_failures: reasons by law, by the extension's name.
        only: the name of the one extension to check; "" for all.
        tell: called with each card as soon as it is complete.

    Raises:
        UsageError: the module cannot be imported or offers nothing, its reader gets no sample, or `options` or
            `expected_failures` name an extension that it does not offer.
        CheckFailed: something that it yields cannot be used at all.
    """
    cards = []
    for kind, name, checks in _all_checks(
        Host(module), sample, options or {}, expected_failures or {}, only=only
    ):
        cards.append(judge(kind, name, checks))
        if tell is not None:
            tell(cards[-1])
    return cards


def parametrize_with_checks(
    module: Module,
    *,
    sample: str | Path | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    expected_failures: Mapping[str, Mapping[str, str]] | None = None,
) -> Callable[[F], F]:
    """Return a pytest mark that gives a test its argument `check`, once for each law and extension.

    ```python
    import triage.testing
    import triage_majority


    @triage.testing.parametrize_with_checks(triage_majority)
    def test_it_keeps_the_contract(check):
        check()
    ```

    Arguments and errors are those of `run_checks`. What is trained is trained once for all checks.
    """
    import pytest

    params = [
        pytest.param(check, id=f"{name}-{check.name}")
        for _, name, checks in _all_checks(Host(module), sample, options or {}, expected_failures or {})
        for check in checks
    ]
    mark: Callable[[F], F] = pytest.mark.parametrize("check", params)
    return mark


def _checks(
    extension: Extension,
    host: Host,
    options: Mapping[str, Any] | None,
    expected: Mapping[str, str] | None,
) -> list[Check]:
    subject, laws = subject_of(host.plugins.kinds[extension.kind])
    return checks_of(subject(extension, host, options), laws, expected)


def _reader_checks(
    host: Host, sample: Path, options: Mapping[str, str] | None, expected: Mapping[str, str] | None
) -> list[Check]:
    if not hasattr(host.module, "triage_open_corpus"):
        raise UsageError(f"{host.name} has no hook triage_open_corpus")
    return checks_of(readers.Opening(host, sample, dict(options or {})), readers.LAWS, expected)


def _all_checks(
    host: Host,
    sample: str | Path | None,
    options: Mapping[str, Mapping[str, Any]],
    expected: Mapping[str, Mapping[str, str]],
    *,
    only: str = "",
) -> Sequence[tuple[str, str, list[Check]]]:
    if host.failures:
        raise CheckFailed(f"{host.name} cannot be used: {'; '.join(host.failures)}")
    reads = hasattr(host.module, "triage_open_corpus")
    reads = reads and only in ("", READER)
    offered = [each for each in host.extensions if only in ("", each.name)]
    names = [extension.name for extension in offered] + ([READER] if reads else [])
    if not names:
        raise UsageError(f"{host.name} offers nothing that has laws: does it have a hook (@triage.hookimpl)?")
    for name in [*options, *expected]:
        if name not in names:
            raise UsageError(f"{host.name} offers no {name!r}.{did_you_mean(name, names)}")
    found = [
        (each.kind, each.name, _checks(each, host, options.get(each.name), expected.get(each.name)))
        for each in offered
        if host.plugins.kinds[each.kind].laws
    ]
    if reads and sample is None:
        raise UsageError(f"{host.name} reads files: name one with --sample FILE (in Python: sample=)")
    if reads and sample is not None:
        checks = _reader_checks(host, Path(sample), options.get("reader"), expected.get("reader"))
        found.append(("reader", "reader", checks))
    return found
