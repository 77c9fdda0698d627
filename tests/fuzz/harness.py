"""Run a target on thousands of changed inputs and hold it to the law.

The law of every target: a right result, or a `TriageError` with an exit code that says why in few words and
quotes nobody's text; nothing else escapes, and nothing takes long.
"""

from __future__ import annotations

import contextlib
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from triage.errors import TriageError

from .mutation import Program

CANARY = "zebrafish"
"""Stands in every text of the samples: no message may quote it."""
EACH, SIZE = 8, 40
"""Programs that one example of hypothesis runs, and bytes of each: drawing costs more than running."""
SECONDS = 5.0
"""Of processor time that one execution may take."""


class Target(Protocol):
    """What is fuzzed."""

    name: str

    def run(self, program: Program) -> str:
        """Change an input, give it to what is fuzzed, and check the result; return what came of it in a word."""


class Hang(BaseException):
    """An execution took far too long. No `Exception`, so that nothing that is fuzzed catches it."""


@dataclass
class Tally:
    """What came of a target's executions.

    Attributes:
        outcomes: how often each came.
        slowest: seconds of processor time of the slowest execution.
        slowest_program: what drove it, for `run`.
        seconds: of all, drawing and checking included.
        peak_mb: the most memory that the process had.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_program: bytes = b""
    seconds: float = 0.0
    peak_mb: float = 0.0

    @property
    def executions(self) -> int:
        """How many there were."""
        return self.outcomes.total()


def fuzz(target: Target, executions: int, *, start: int = 0, trace: Path | None = None) -> Tally:
    """Run at least `executions`; the first that breaks the law is shrunk and raised.

    Args:
        target: what is fuzzed.
        executions: how many.
        start: another number gives other inputs.
        trace: a file that always holds the example at hand, for what ends the process.
    """
    tally = Tally()
    list(run(target, bytes(SIZE)))  # what is imported for the first time does not count
    began = time.perf_counter()

    @seed(start)
    @settings(
        max_examples=-(-executions // EACH),
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(st.binary(min_size=EACH * SIZE, max_size=EACH * SIZE))
    def example(data: bytes) -> None:
        if trace is not None:
            trace.write_bytes(data)
        for number, (outcome, seconds) in enumerate(run(target, data)):
            tally.outcomes[outcome] += 1
            if seconds > tally.slowest:
                tally.slowest = seconds
                tally.slowest_program = data[number * SIZE : (number + 1) * SIZE]

    with timed():
        while tally.executions < executions:
            example()
            # Of a target with few ways hypothesis may find no new example before the number is reached.
            start += 1
            example = seed(start)(example)
    tally.seconds = time.perf_counter() - began
    tally.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return tally


def run(target: Target, data: bytes) -> Iterator[tuple[str, float]]:
    """Run the programs in `data`; yield what came of each, and its seconds of processor time."""
    for first in range(0, len(data), SIZE):
        began = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            outcome = target.run(Program(data[first : first + SIZE]))
        except TriageError as error:
            check_message(error)
            outcome = type(error).__name__
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        yield outcome, time.process_time() - began


@contextlib.contextmanager
def timed() -> Iterator[None]:
    """Raise Hang in what runs longer than its timer, while the context lasts."""

    def ring(*_: Any) -> None:
        raise Hang(f"more than {SECONDS:g} seconds of processor time")

    before = signal.signal(signal.SIGVTALRM, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, before)


def check_message(error: TriageError) -> None:
    """Hold an error to its promise: an exit code, few words, and nobody's text."""
    message = str(error)
    assert error.exit_code in (1, 2, 65, 66, 69, 70, 73, 77), error.exit_code
    assert message, f"{type(error).__name__} says nothing"
    # A file without a header has texts where the names of its columns should be: those are named, cut short.
    if "column" not in message:
        assert CANARY not in message, "the message quotes a text"
