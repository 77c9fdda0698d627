"""Laws and how they are run: one at a time or all of a kind, with all broken laws reported together."""

from __future__ import annotations

import inspect
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from unittest import SkipTest

from triage.errors import UsageError, did_you_mean
from triage.host.guard import aside
from triage.io.terminal import safe_text

__all__ = [
    "Card",
    "Check",
    "Law",
    "LawBroken",
    "LawSkipped",
    "Outcome",
    "checks_of",
    "hold",
    "judge",
    "raise_broken",
]

Law: TypeAlias = Callable[[Any], None]
"""A function of one subject that raises `LawBroken`.

The first paragraph of its docstring states what must hold, the second what usually causes a failure.
"""


class LawBroken(AssertionError):
    """A plugin does not do what its kind promises."""


class LawSkipped(Exception):
    """A law does not apply, or needs something that failed in an earlier law."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of checking one law.

    Attributes:
        law: its name.
        states: what must hold, in a sentence.
        state: "kept"; "broken"; "expected" where it is broken and listed as an expected failure; "skipped"
            where it does not apply, or needs something that failed in an earlier law.
        reason: why it is broken, expected to be broken or skipped; "" where it is kept.
        seconds: how long the check took.
        error: what the check raised, if anything.
        cause: what usually causes a failure, in a sentence; "" where that is not known.
    """

    law: str
    states: str
    state: Literal["kept", "broken", "expected", "skipped"]
    reason: str
    seconds: float
    error: BaseException | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """The report card of one extension.

    Attributes:
        kind: "backend", "corpus", "cleaner", "policy", "report", "forecaster" or "reader".
        name: the extension's name.
        outcomes: one for each law of its kind, in the order in which they are checked.
    """

    kind: str
    name: str
    outcomes: tuple[Outcome, ...]

    @property
    def broken(self) -> tuple[Outcome, ...]:
        """The laws that failed and were not expected to, or were expected to fail and did not."""
        return tuple(outcome for outcome in self.outcomes if outcome.state == "broken")

    @property
    def seconds(self) -> float:
        """Return how long all checks took together."""
        return sum(outcome.seconds for outcome in self.outcomes)

    def __str__(self) -> str:
        """Return one line with the number of checks that were run."""
        counts: Counter[str] = Counter(outcome.state for outcome in self.outcomes)
        parts = [f"{counts['kept']} kept"]
        for state, words in (
            ("broken", "broken"),
            ("expected", "broken as expected"),
            ("skipped", "skipped"),
        ):
            parts += [f"{counts[state]} {words}"] if counts[state] else []
        return (
            f"{self.kind} {self.name}: {len(self.outcomes)} checks run, {', '.join(parts)} "
            f"in {self.seconds:.1f} s"
        )


@dataclass(frozen=True)
class Check:
    """One law about one subject; calling it runs it.

    Attributes:
        law: the function.
        subject: what is checked, shared by all laws so that each thing is trained once.
        expected: why this law is expected to be broken, or "".
    """

    law: Law
    subject: Any
    expected: str = ""

    @property
    def name(self) -> str:
        """The law's name."""
        return self.law.__name__

    def __call__(self) -> None:
        """Run the check.

        Raises:
            LawBroken: the law does not hold, or it holds and was expected not to.
            unittest.SkipTest: it is skipped; pytest and unittest report that as such.
        """
        outcome = self.outcome()
        if outcome.state == "skipped":
            raise SkipTest(outcome.reason)
        if outcome.state == "broken":
            raise LawBroken(outcome.reason) from outcome.error

    def outcome(self) -> Outcome:
        """Run the check and return its outcome; only KeyboardInterrupt is raised."""
        started = time.perf_counter()
        error: BaseException | None = None
        states, _, more = inspect.cleandoc(self.law.__doc__ or "").partition("\n\n")
        states, cause = " ".join(states.split()), " ".join(more.partition("\n\n")[0].split())
        try:
            with aside():
                self.law(self.subject)
        except LawSkipped as skipped:
            return Outcome(self.name, states, "skipped", str(skipped), time.perf_counter() - started)
        except LawBroken as broken:
            error, reason = broken, str(broken)
        except KeyboardInterrupt:
            raise
        except BaseException as other:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
            error, reason = other, f"{type(other).__name__}: {other}".strip()
        seconds = time.perf_counter() - started
        if error is None and self.expected:
            reason = f"it was expected to be broken ({self.expected}) and is kept: remove it from the list"
            return Outcome(self.name, states, "broken", reason, seconds)
        if error is None:
            return Outcome(self.name, states, "kept", "", seconds)
        if self.expected:
            return Outcome(self.name, states, "expected", self.expected, seconds, error)
        return Outcome(self.name, states, "broken", reason, seconds, error, cause)


def hold(condition: Any, message: str) -> None:
    """Raise `LawBroken` with the message unless the condition is true."""
    if not condition:
        raise LawBroken(message)


def checks_of(subject: Any, laws: Sequence[Law], expected_failures: Mapping[str, str] | None) -> list[Check]:
    """Return one check for each law, in order.

    Args:
        subject: what the laws are about.
        laws: of its kind.
        expected_failures: for each law that is expected to be broken the reason, in words.

    Raises:
        UsageError: an expected failure of an unknown law, or without a reason.
    """
    expected = dict(expected_failures or {})
    known = [law.__name__ for law in laws]
    for name, reason in expected.items():
        if name not in known:
            raise UsageError(f"there is no law {name!r}.{did_you_mean(name, known)}")
        if not isinstance(reason, str) or not reason.strip():
            raise UsageError(
                f"{name}: an expected failure needs a reason, which must be a text that is not empty"
            )
    return [Check(law, subject, expected.get(law.__name__, "")) for law in laws]


def judge(kind: str, name: str, checks: Sequence[Check]) -> Card:
    """Run every check and return the report card; a failed check stops none of the others."""
    return Card(kind, name, tuple(check.outcome() for check in checks))


def raise_broken(card: Card) -> Card:
    """Print how many checks were run; then raise all broken laws together.

    Raises:
        ExceptionGroup: of `LawBroken`, one for each law.
    """
    for line in str(card).splitlines():
        sys.stdout.write(safe_text(line) + "\n")
    failures = []
    for outcome in card.broken:
        cause = f" {outcome.cause}" if outcome.cause else ""
        failure = LawBroken(f"{outcome.law}: {outcome.reason}. {outcome.states}{cause}")
        failure.__cause__ = outcome.error
        failures.append(failure)
    if failures:
        raise ExceptionGroup(
            f"the {card.kind} {card.name!r} breaks {len(failures)} of {len(card.outcomes)} laws", failures
        )
    return card
