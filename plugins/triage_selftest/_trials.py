"""What a fault is, what can come of it, and how all of them are tried."""

from __future__ import annotations

import pathlib
import shutil
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from triage_selftest._place import Place, Shared

__all__ = ["OUTCOMES", "Fault", "Outcome", "Trial", "run", "tally"]

Outcome = Literal["held", "lost", "silent", "let_in", "skipped"]
OUTCOMES: tuple[Outcome, ...] = ("held", "lost", "silent", "let_in", "skipped")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One fault, tried once.

    Attributes:
        what: which variant of the fault, such as "byte 117 of table.bin flipped".
        outcome: "held" where what must happen did. "lost": data, a model or a row is gone or changed.
            "silent": a wrong answer, a wrong exit code, a traceback, a hang, or no clear message. "let_in":
            something ran, was read, written or revealed that must not be. "skipped": this machine cannot
            try it.
        detail: what was seen instead, or why it was skipped; never the text of a document.
    """

    what: str
    outcome: Outcome = "held"
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A kind of fault.

    Attributes:
        name: how users call it.
        does: one line: what is done to triage.
        must: one line: what must happen.
        trials: tries it in a place of its own and yields a trial for each variant.
    """

    name: str
    does: str
    must: str
    trials: Callable[[Place], Iterator[Trial]]


def run(
    faults: Iterable[Fault],
    *,
    seed: int,
    folder: pathlib.Path,
    watch: Callable[[Fault, int], None] | None = None,
) -> Iterator[tuple[Fault, list[Trial]]]:
    """Try every fault and yield it with its trials, as each ends.

    A fault that raises, or that tries nothing, has failed: it counts as one silent trial more. Of an
    exception only its type and its line in the battery are kept, as its message may quote a text.

    Args:
        faults: what to try.
        seed: of everything random; with the fault's name it decides what is tried.
        folder: an empty directory; each fault gets one of its own in it, removed when it has ended.
        watch: called before a fault's first trial and after each, with the number of its trials so far.
    """
    shared = Shared(folder / "shared")
    for fault in faults:
        place = Place(folder / fault.name, seed=f"{seed}/{fault.name}", shared=shared)
        place.folder.mkdir()
        trials: list[Trial] = []
        if watch is not None:
            watch(fault, 0)
        try:
            for trial in fault.trials(place):
                trials.append(trial)
                if watch is not None:
                    watch(fault, len(trials))
            if not trials:
                trials.append(Trial(what="the whole fault", outcome="silent", detail="nothing was tried"))
        except Exception as error:
            trials.append(Trial(what="the rest of the fault", outcome="silent", detail=_whereabouts(error)))
        finally:
            shared.stop()
            shutil.rmtree(place.folder, ignore_errors=True)
        yield fault, trials


def tally(trials: Iterable[Trial]) -> Counter[str]:
    """Return how many trials had each outcome, and as "tried" how many were not skipped."""
    counts = Counter[str](dict.fromkeys(OUTCOMES, 0))
    counts.update(trial.outcome for trial in trials)
    counts["tried"] = sum(counts[outcome] for outcome in OUTCOMES if outcome != "skipped")
    return counts


def _whereabouts(error: Exception) -> str:
    here = str(pathlib.Path(__file__).parent)
    lines = [
        f"{pathlib.Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(here) and frame.filename != __file__
    ]
    return f"{type(error).__name__}{' at ' + lines[-1] if lines else ''}"
