"""Laws and how they are run: each on its own, all of them, and what is broken comes out together."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from triage.errors import UsageError, did_you_mean
from triage.io.terminal import safe_text

__all__ = ["Card", "Check", "Law", "LawBroken", "Outcome", "checks_of", "hold", "judge", "raise_broken"]

Law: TypeAlias = Callable[[Any], None]
"""A function of one subject that raises `LawBroken`; its name and its docstring state what must hold."""


class LawBroken(AssertionError):
    """A plugin does not do what its kind promises."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one law.

    Attributes:
        law: its name.
        states: what must hold, in a sentence.
        state: "kept"; "broken"; "expected" where it is broken and that was announced.
        reason: why it is broken, or why it was expected to be; "" where it is kept.
        seconds: how long the check took.
    """

    law: str
    states: str
    state: Literal["kept", "broken", "expected"]
    reason: str
    seconds: float
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """The report card of one extension.

    Attributes:
        kind: "backend", "corpus", "cleaner", "policy", "report", "forecaster" or "reader".
        name: the extension's.
        outcomes: one for each law of its kind, in order.
    """

    kind: str
    name: str
    outcomes: tuple[Outcome, ...]

    @property
    def broken(self) -> tuple[Outcome, ...]:
        """What failed without having been announced, or was announced and did not fail."""
        return tuple(outcome for outcome in self.outcomes if outcome.state == "broken")

    @property
    def seconds(self) -> float:
        """How long all checks took."""
        return sum(outcome.seconds for outcome in self.outcomes)

    def __str__(self) -> str:
        """Return one line with the number of checks that were run."""
        expected = sum(outcome.state == "expected" for outcome in self.outcomes)
        kept = len(self.outcomes) - expected - len(self.broken)
        parts = [f"{kept} kept"]
        parts += [f"{len(self.broken)} broken"] if self.broken else []
        parts += [f"{expected} broken as expected"] if expected else []
        return (
            f"{self.kind} {self.name}: {len(self.outcomes)} checks run, {', '.join(parts)} "
            f"in {self.seconds:.1f} s"
        )


@dataclass(frozen=True)
class Check:
    """One law about one subject; calling it runs it.

    Attributes:
        law: the law's function.
        subject: what it is about, shared by all laws so that each thing is trained once.
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
        """
        outcome = self.outcome()
        if outcome.state == "broken":
            raise LawBroken(outcome.reason) from outcome.error

    def outcome(self) -> Outcome:
        """Run the check and say what became of it; only an interrupt of the user's passes."""
        started = time.perf_counter()
        error: BaseException | None = None
        try:
            self.law(self.subject)
        except LawBroken as broken:
            error, reason = broken, str(broken)
        except KeyboardInterrupt:
            raise
        except BaseException as other:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
            error, reason = other, f"{type(other).__name__}: {other}".strip()
        seconds = time.perf_counter() - started
        states = " ".join((self.law.__doc__ or "").partition("\n\n")[0].split())
        if error is None and self.expected:
            reason = f"it was expected to be broken ({self.expected}) and is kept: take it off the list"
            return Outcome(self.name, states, "broken", reason, seconds)
        if error is None:
            return Outcome(self.name, states, "kept", "", seconds)
        if self.expected:
            return Outcome(self.name, states, "expected", self.expected, seconds, error)
        return Outcome(self.name, states, "broken", f"{self.name}: {reason}", seconds, error)


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
        UsageError: an expectation about no law, or without a reason.
    """
    expected = dict(expected_failures or {})
    known = [law.__name__ for law in laws]
    for name, reason in expected.items():
        if name not in known:
            raise UsageError(f"there is no law {name!r}.{did_you_mean(name, known)}")
        if not isinstance(reason, str) or not reason.strip():
            raise UsageError(f"{name}: an expected failure needs a reason")
    return [Check(law, subject, expected.get(law.__name__, "")) for law in laws]


def judge(kind: str, name: str, checks: Sequence[Check]) -> Card:
    """Run every check, whatever the others gave, and return the report card."""
    return Card(kind, name, tuple(check.outcome() for check in checks))


def raise_broken(card: Card) -> Card:
    """Print how many checks were run; then raise everything that is broken, together.

    Raises:
        ExceptionGroup: of `LawBroken`, one for each law.
    """
    for line in str(card).splitlines():
        sys.stdout.write(safe_text(line) + "\n")
    failures = []
    for outcome in card.broken:
        failure = LawBroken(f"{outcome.states} {outcome.reason}")
        failure.__cause__ = outcome.error
        failures.append(failure)
    if failures:
        raise ExceptionGroup(
            f"the {card.kind} {card.name!r} breaks {len(failures)} of {len(card.outcomes)} laws", failures
        )
    return card
