"""The laws that every plugin must keep, as part of the product; neither pytest nor TensorFlow is needed.

    import triage.testing
    import my_plugin

    for backend in my_plugin.triage_backends():
        triage.testing.check_backend(backend, module=my_plugin)

Each law is a small function named for what it states. All laws of a kind are run, the number of checks is
printed, and what is broken comes out together in one ExceptionGroup.
"""

from triage.testing.kit import (
    check,
    check_backend,
    check_cleaner,
    check_corpus,
    check_policy,
    check_reader,
    check_report,
    laws_of,
    parametrize_with_checks,
    run_checks,
)
from triage.testing.laws import Card, Check, Law, LawBroken, Outcome, hold
from triage.testing.subjects import COMMON, Subject, once

__all__ = [
    "COMMON",
    "Card",
    "Check",
    "Law",
    "LawBroken",
    "Outcome",
    "Subject",
    "check",
    "check_backend",
    "check_cleaner",
    "check_corpus",
    "check_policy",
    "check_reader",
    "check_report",
    "hold",
    "laws_of",
    "once",
    "parametrize_with_checks",
    "run_checks",
]
