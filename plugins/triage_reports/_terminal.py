"""The report for a person: what was done, how good it is, what goes wrong, and what may go by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import triage
from triage.plugin_api import leaks, metrics
from triage_reports import _curves, _matrix, _tables
from triage_reports._look import Look

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

__all__ = ["Terminal"]

_HEADLINES = (
    ("accuracy", "accuracy"),
    ("macro-F1", "macro_f1"),
    ("weighted-F1", "weighted_f1"),
    ("log loss", "log_loss"),
    ("Brier", "brier"),
    ("ECE", "ece"),
)
_PARTS = ("train", "tune", "calibrate", "test", "quarantined")


class Terminal:
    """Prints a leaderboard where there are several backends, and each one in full."""

    def __init__(self, *, show: Literal["each", "best", "none"], labels: int, pairs: int) -> None:
        self.show = show
        self.labels = labels
        self.pairs = pairs

    def render(self, evaluations: Sequence[triage.Evaluation], *, console: Console) -> None:
        """Print on `console`, never wider than it is; what strangers wrote is made safe first."""
        from rich.text import Text

        look = Look.of(console)
        if not evaluations:
            console.print(look.line("nothing was evaluated"))
            return
        for part in self._parts(evaluations, look):
            if isinstance(part, Text):
                # Rich joins texts before it prints them, and forgets that they were not to be wrapped.
                console.print(part, no_wrap=True, overflow="crop", crop=True)
            else:
                console.print(part)

    def _parts(self, evaluations: Sequence[triage.Evaluation], look: Look) -> Iterator[RenderableType]:
        if len(evaluations) == 1:
            yield from self._one(evaluations[0], look)
            return
        places: dict[tuple[str, str], list[triage.Evaluation]] = {}
        for evaluation in evaluations:
            place = (evaluation.run.corpus, str(evaluation.metrics.get("split", "")))
            places.setdefault(place, []).append(evaluation)
        for (corpus, split), some in places.items():
            split_words = [f"{split} split"] if split else []
            yield from look.wrapped(["leaderboard", corpus, *split_words], style="bold")
            yield look.line("")
            yield _tables.leaderboard(some, look)
            yield from _tables.leaderboard_remarks(some, look)
        if leaking := leaks(evaluations):
            yield look.line("")
            for leak in leaking:
                yield from look.wrapped(leak.sentence().split(), between=" ")
        for some in places.values():
            ranked = sorted(
                _tables.groups(some).items(),
                key=lambda row: -np.nan_to_num(np.mean([_tables.number(e, "macro_f1") for e in row[1]])),
            )
            for name, runs in ranked[: {"each": None, "best": 1, "none": 0}[self.show]]:
                yield look.line("")
                yield from self._one(runs[0], look, name=name, of=len(runs))

    def _one(
        self, evaluation: triage.Evaluation, look: Look, *, name: str = "", of: int = 1
    ) -> Iterator[Text]:
        yield from self._head(evaluation, look, name=name or evaluation.run.backend, of=of)
        if not len(evaluation.codes) and not np.sum(evaluation.confusion):
            yield look.line("\nthe test part is empty: there is nothing to measure")
            return
        yield from self._confusion(evaluation, look)
        yield look.heading("Labels", "those with the most errors" if self._cuts(evaluation) else "")
        yield from _tables.label_lines(evaluation, look, most=self.labels)
        if len(evaluation.probabilities) == len(evaluation.codes) > 0:
            yield look.heading("Reliability", "how sure it was, and how often that was right")
            yield from _curves.reliability_lines(evaluation, look)
            calibration = evaluation.metrics.get("calibration")
            if isinstance(calibration, Mapping) and calibration.get("note"):
                yield from look.wrapped(str(calibration["note"]).split(": ", 1), style="dim")
            yield look.heading("Risk and coverage", "errors among what is sent by itself, surest first")
            yield from _curves.risk_lines(evaluation, look)
        if evaluation.history:
            yield look.heading("Training")
            yield from _curves.history_lines(evaluation.history, look)

    def _cuts(self, evaluation: triage.Evaluation) -> bool:
        return len(evaluation.labels) > self.labels

    def _head(self, evaluation: triage.Evaluation, look: Look, *, name: str, of: int) -> Iterator[Text]:
        found, run = evaluation.metrics, evaluation.run
        seed = f"seed {run.seed}" + (f", the first of {of}" if of > 1 else "")
        split = [f"{found['split']} split"] if found.get("split") else []
        yield from look.wrapped([run.corpus, name, *split, seed], style="bold")
        documents = found.get("documents")
        if isinstance(documents, Mapping):
            # Read back from a file they stand in the order of the alphabet.
            parts = [*(part for part in _PARTS if part in documents), *sorted(set(documents) - set(_PARTS))]
            yield from look.wrapped([f"{part} {_count(documents[part])}" for part in parts])
        else:
            yield from look.wrapped([f"train {run.documents:,}", f"test {len(evaluation.codes):,}"])
        for key, why in (("set_aside", "too few to learn from"), ("unseen", "never seen in training")):
            labels = found.get(key)
            if isinstance(labels, Mapping) and labels:
                counts = [f"{label} {_count(labels[label])}" for label in labels]
                more = [f"{len(counts) - 5} more"] if len(counts) > 5 else []
                yield from look.wrapped([f"labels {why}: {counts[0]}", *counts[1:5], *more])
        yield from look.wrapped(_tables.unseen_words(found), style="dim")
        yield look.line("")
        known = metrics_of(evaluation)
        words = [f"{title} {known[key]:.3f}" for title, key in _HEADLINES if key in known]
        yield from look.wrapped(words, style="bold")
        if line := _routing(evaluation):
            yield from look.wrapped([line])
        if times := _times(evaluation):
            yield from look.wrapped(times)
        for warning in found.get("warnings") or ():
            yield from look.wrapped(str(warning).split(), style="yellow", between=" ")

    def _confusion(self, evaluation: triage.Evaluation, look: Look) -> Iterator[Text]:
        chosen = _matrix.choose(evaluation, look)
        yield look.heading("Confusion", "a row for what it is, a column for what was said")
        yield from _matrix.draw(chosen, look)
        if chosen.hidden:
            shown = len(chosen.labels)
            yield look.line(
                f"the {shown} worst of {shown + chosen.hidden} labels; {chosen.hidden} are not shown"
            )
        yield look.line("")
        yield from _matrix.legend(look)
        if self.pairs and np.sum(evaluation.confusion) > np.trace(evaluation.confusion):
            yield look.heading("Most often confused")
            yield from _tables.pair_lines(evaluation, look, most=self.pairs)


def metrics_of(evaluation: triage.Evaluation) -> dict[str, float]:
    """Return the headline numbers that are known: as they were measured, else from the confusion matrix."""
    matrix = evaluation.confusion
    measured = {
        "accuracy": metrics.accuracy(matrix),
        "macro_f1": metrics.macro_f1(matrix),
        "weighted_f1": metrics.weighted_f1(matrix),
    }
    stated = {key: _tables.number(evaluation, key) for _, key in _HEADLINES}
    known = measured | {key: value for key, value in stated.items() if not math.isnan(value)}
    return {key: float(value) for key, value in known.items() if math.isfinite(value)}


def _routing(evaluation: triage.Evaluation) -> str:
    """Say how much went by itself and how much of that went wrong."""
    found = evaluation.metrics.get("routing")
    if isinstance(found, Mapping) and isinstance(found.get("coverage"), int | float):
        coverage, error = float(found["coverage"]), found.get("realised_error")
        policy = f" by {found['policy']}" if found.get("policy") else ""
    elif evaluation.decisions and len(evaluation.decisions) == len(evaluation.codes):
        routed = [
            (decision.label, evaluation.labels[code])
            for decision, code in zip(evaluation.decisions, evaluation.codes, strict=True)
            if decision.action == "route"
        ]
        coverage = len(routed) / len(evaluation.decisions)
        error = sum(said != true for said, true in routed) / len(routed) if routed else None
        policy = ""
    else:
        return ""
    wrong = f", {error:.1%} of it wrongly" if isinstance(error, int | float) and error == error else ""
    most = found.get("max_error") if isinstance(found, Mapping) else None
    promise = f" (promised: at most {most:.1%})" if wrong and isinstance(most, int | float) else ""
    return f"routed{policy}: {coverage:.1%} by itself{wrong}{promise}; {1 - coverage:.1%} to a person"


def _times(evaluation: triage.Evaluation) -> list[str]:
    fit, predict = (_tables.number(evaluation, f"seconds/{step}") for step in ("fit", "predict"))
    speed = _tables.number(evaluation, "documents_per_second/predict")
    memory = _tables.number(evaluation, "peak_memory_mb")
    words = (
        (fit, f"fit in {fit:,.1f} s"),
        (predict, f"predicted in {predict:,.2f} s"),
        (speed, f"{speed:,.0f} documents/s"),
        (memory, f"peak {memory:,.0f} MB"),
    )
    return [text for value, text in words if math.isfinite(value)]


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | np.integer) else str(value)
