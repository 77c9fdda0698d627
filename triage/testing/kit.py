"""What plugin authors call: all laws of one kind about one extension, or everything that a module offers."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from triage.errors import CheckFailed, UsageError, near
from triage.host.extensions import Backend, Cleaner, Corpus, Extension, Forecaster, Policy, Report
from triage.testing import backends, cleaners, corpora, forecasters, policies, readers, reports
from triage.testing.laws import Card, Check, Law, checks_of, judge, raise_broken
from triage.testing.subjects import Host, Subject

__all__ = [
    "KINDS",
    "check_backend",
    "check_cleaner",
    "check_corpus",
    "check_forecaster",
    "check_policy",
    "check_reader",
    "check_report",
    "laws_of",
    "parametrize_with_checks",
    "run_checks",
]

F = TypeVar("F", bound=Callable[..., Any])
Module: TypeAlias = types.ModuleType | str

_SUBJECTS: dict[type[Extension], tuple[type[Subject], tuple[Law, ...]]] = {
    Backend: (backends.Trained, backends.LAWS),
    Cleaner: (cleaners.Cleaned, cleaners.LAWS),
    Corpus: (corpora.Reading, corpora.LAWS),
    Policy: (policies.Deciding, policies.LAWS),
    Report: (reports.Rendering, reports.LAWS),
    Forecaster: (forecasters.Foretelling, forecasters.LAWS),
}
KINDS = ("backend", "corpus", "cleaner", "policy", "report", "forecaster", "reader")
"""What there are laws for."""


def laws_of(kind: str) -> tuple[Law, ...]:
    """Return the laws of a kind, in the order in which they are checked.

    Raises:
        UsageError: there is no such kind.
    """
    found = {extension.kind: laws for extension, (_, laws) in _SUBJECTS.items()} | {"reader": readers.LAWS}
    if kind not in found:
        raise UsageError(f"there is no kind {kind!r}.{near(kind, found)}")
    return found[kind]


def check_backend(
    backend: Backend,
    *,
    module: Module | None = None,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Card:
    """Run every law of a backend, print how many were run, and raise all that is broken together.

    Args:
        backend: the record.
        module: the plugin that yields it, so that it can be found in a fresh process; by default where its
            `build` was defined.
        options: for building it, such as {"epochs": 1}.
        expected_failures: laws that it is known to break, by name, each with the reason. One that is kept
            after all is a failure too.

    Raises:
        ExceptionGroup: of `LawBroken`, one for each law that is broken.
        UsageError: an unknown law, a reason that is missing, or a module that cannot be imported.
    """
    return _check(backend, module, options, expected_failures)


def check_corpus(
    corpus: Corpus,
    *,
    module: Module | None = None,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Card:
    """Run every law of a corpus; arguments and errors as in `check_backend`."""
    return _check(corpus, module, options, expected_failures)


def check_cleaner(
    cleaner: Cleaner,
    *,
    module: Module | None = None,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Card:
    """Run every law of a cleaner or a preset; arguments and errors as in `check_backend`.

    The module of a preset must be given: its `build` tells nothing.
    """
    return _check(cleaner, module, options, expected_failures)


def check_policy(
    policy: Policy,
    *,
    module: Module | None = None,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Card:
    """Run every law of a policy; arguments and errors as in `check_backend`."""
    return _check(policy, module, options, expected_failures)


def check_report(
    report: Report,
    *,
    module: Module | None = None,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Card:
    """Run every law of a report; arguments and errors as in `check_backend`."""
    return _check(report, module, options, expected_failures)


def check_forecaster(
    forecaster: Forecaster,
    *,
    module: Module | None = None,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Card:
    """Run every law of a forecaster; arguments and errors as in `check_backend`."""
    return _check(forecaster, module, options, expected_failures)


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
    tell: Callable[[Card], None] | None = None,
) -> list[Card]:
    """Check everything that a plugin offers, and return one report card for each thing; raises for none.

    Args:
        module: the plugin, or its name.
        sample: a file for the reader, where it has one.
        options: for building, by the extension's name.
        expected_failures: reasons by law, by the extension's name.
        tell: told of each card as soon as it is there.

    Raises:
        UsageError: it cannot be imported, it offers nothing, a reader without a sample, or a name in
            `options` or `expected_failures` that it does not offer.
        CheckFailed: something that it yields cannot be used at all.
    """
    cards = []
    for kind, name, checks in _all_checks(Host(module), sample, options or {}, expected_failures or {}):
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

    FLOOR = {"it_beats_the_floor_on_what_can_be_told_apart": "it is the floor"}


    @triage.testing.parametrize_with_checks(triage_majority, expected_failures={"majority": FLOOR})
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


def _check(
    extension: Extension,
    module: Module | None,
    options: Mapping[str, Any] | None,
    expected: Mapping[str, str] | None,
) -> Card:
    host = Host(module if module is not None else extension.build.__module__)
    return raise_broken(judge(extension.kind, extension.name, _checks(extension, host, options, expected)))


def _checks(
    extension: Extension,
    host: Host,
    options: Mapping[str, Any] | None,
    expected: Mapping[str, str] | None,
) -> list[Check]:
    if type(extension) not in _SUBJECTS:
        raise UsageError(f"there are no laws for {type(extension).__name__}")
    subject, laws = _SUBJECTS[type(extension)]
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
) -> Sequence[tuple[str, str, list[Check]]]:
    if host.failures:
        raise CheckFailed(f"{host.name} cannot be used: {'; '.join(host.failures)}")
    reads = hasattr(host.module, "triage_open_corpus")
    names = [extension.name for extension in host.extensions] + (["reader"] if reads else [])
    if not names:
        raise UsageError(f"{host.name} offers nothing that there are laws for")
    for name in [*options, *expected]:
        if name not in names:
            raise UsageError(f"{host.name} offers no {name!r}.{near(name, names)}")
    found = [
        (each.kind, each.name, _checks(each, host, options.get(each.name), expected.get(each.name)))
        for each in host.extensions
    ]
    if reads and sample is None:
        raise UsageError(f"{host.name} reads files: give one that it reads as `sample`")
    if reads and sample is not None:
        checks = _reader_checks(host, Path(sample), options.get("reader"), expected.get("reader"))
        found.append(("reader", "reader", checks))
    return found
