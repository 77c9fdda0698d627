"""How sure the scores are: 95% intervals by resampling families, and distances to the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

import triage
from triage import metrics
from triage_reports._tables import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Interval", "Standing", "standings"]

_DRAWS = 1000
_CHUNK = 4_000_000  # numbers held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds, and where it lies with 95%; NaN where there is nothing to resample."""

    mean: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class Standing:
    """How a backend stands.

    Attributes:
        name: of the backend, with the options that tell it from others.
        runs: one for each seed.
        accuracy: over its seeds.
        macro_f1: over its seeds.
        behind: the best backend's macro-F1 minus its own, over the seeds that both have and on the same
            resamples; None for the best.
    """

    name: str
    runs: Sequence[triage.Evaluation]
    accuracy: Interval
    macro_f1: Interval
    behind: Interval | None = None


def standings(named: Mapping[str, Sequence[triage.Evaluation]]) -> list[Standing]:
    """Return how the backends stand on one corpus and split, highest mean macro-F1 first.

    Whole families of near-duplicates are drawn with replacement, the same for every backend and seed, so
    that two backends are compared on the same documents (paired bootstrap; Efron and Tibshirani 1993, ch. 8
    and 16). The draws are seeded: the same runs give the same intervals.
    """
    every = [run for runs in named.values() for run in runs]
    draws = {id(run): drawn for run, drawn in zip(every, _draws(every), strict=True)}
    found = [
        Standing(
            name,
            runs,
            accuracy=_interval(_stated(runs, "accuracy"), _mean([draws[id(run)][0] for run in runs])),
            macro_f1=_interval(_stated(runs, "macro_f1"), _mean([draws[id(run)][1] for run in runs])),
        )
        for name, runs in named.items()
    ]
    found.sort(key=lambda standing: -np.nan_to_num(standing.macro_f1.mean, nan=-1.0))
    return [
        replace(standing, behind=_behind(found[0].runs, standing.runs, draws)) if place else standing
        for place, standing in enumerate(found)
    ]


def _behind(
    best: Sequence[triage.Evaluation], other: Sequence[triage.Evaluation], draws: Mapping[int, Floats]
) -> Interval:
    """Return the macro-F1 of the one minus that of the other, over the seeds that both have."""
    seeds = {run.run.seed for run in best} & {run.run.seed for run in other}
    ours, theirs = ([run for run in runs if run.run.seed in seeds or not seeds] for runs in (best, other))
    return _interval(
        _stated(ours, "macro_f1") - _stated(theirs, "macro_f1"),
        _mean([draws[id(run)][1] for run in ours]) - _mean([draws[id(run)][1] for run in theirs]),
    )


def _mean(draws: Sequence[Floats]) -> Floats:
    mean: Floats = np.mean(draws, axis=0)
    return mean


def _stated(runs: Sequence[triage.Evaluation], key: str) -> float:
    measure = metrics.accuracy if key == "accuracy" else metrics.macro_f1
    known = [number(run, key) for run in runs]
    values = [
        float(measure(run.confusion)) if math.isnan(value) else value
        for run, value in zip(runs, known, strict=True)
    ]
    return float(np.mean(values)) if values else math.nan


def _interval(mean: float, draws: Floats) -> Interval:
    if not np.isfinite(draws).all():
        return Interval(mean)
    low, high = np.quantile(draws, (0.025, 0.975))
    return Interval(mean, float(low), float(high))


def _draws(runs: Sequence[triage.Evaluation]) -> Floats:
    """Return shape (runs, 2, draws): accuracy and macro-F1 of every run on every resample."""
    found = np.full((len(runs), 2, _DRAWS), np.nan)
    usable = [place for place, run in enumerate(runs) if _complete(run)]
    if not usable:
        return found
    families = np.unique(np.concatenate([runs[place].groups for place in usable]))
    tables = {place: _table(runs[place], families) for place in usable}
    rng = np.random.default_rng(0)
    step = max(_CHUNK // max(len(families), 1), 1)
    for first in range(0, _DRAWS, step):
        last = min(first + step, _DRAWS)
        weights = np.stack(
            [
                np.bincount(rng.integers(0, len(families), len(families)), minlength=len(families))
                for _ in range(first, last)
            ],
            axis=1,
        ).astype(np.float64)
        for place, table in tables.items():
            found[place, :, first:last] = _scores(table @ weights)
    return found


def _complete(run: triage.Evaluation) -> bool:
    return len(run.codes) == len(run.probabilities) == len(run.groups) > 0


def _table(run: triage.Evaluation, families: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a sparse (3k, families): right answers, predictions and documents of each class and family."""
    from scipy import sparse

    k = len(run.labels)
    predicted, _ = metrics.top_label(run.probabilities)
    family = np.searchsorted(families, run.groups)
    right = run.codes == predicted
    rows = np.concatenate([run.codes[right], k + predicted, 2 * k + run.codes])
    columns = np.concatenate([family[right], family, family])
    table: NDArray[np.float64] = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, columns)), shape=(3 * k, len(families))
    )
    return table


def _scores(counts: Floats) -> Floats:
    """Return shape (2, draws) of counts of shape (3k, draws)."""
    right, predicted, support = np.split(counts, 3)
    occurs = predicted + support
    documents = np.maximum(support.sum(axis=0), 1)
    f1 = np.divide(2 * right, occurs, out=np.zeros_like(right), where=occurs > 0)
    macro_f1 = f1.sum(axis=0) / np.maximum((occurs > 0).sum(axis=0), 1)
    return np.stack([right.sum(axis=0) / documents, macro_f1])
