"""How the backends of one corpus and split stand: what the page shows of a comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import triage
from triage.plugin_api import comparison, metrics
from triage_reports._tables import groups

__all__ = ["Board", "Interval", "Standing", "boards"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds, and where it lies with 95%; NaN where there was nothing to resample."""

    mean: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class Standing:
    """How a backend stands.

    Attributes:
        name: of the backend, with the options that tell it from others.
        runs: one for each seed, on the whole training part.
        accuracy: over its seeds.
        macro_f1: over its seeds.
        behind: its macro-F1 minus that of the best; None for the best, and where they cannot be compared.
        distinct: whether that difference can be told from chance.
        compared: how many of the runs the scores are of: of seeds that every backend has.
    """

    name: str
    runs: Sequence[triage.Evaluation]
    accuracy: Interval
    macro_f1: Interval
    behind: Interval | None = None
    distinct: bool = False
    compared: int = 0


@dataclass(frozen=True)
class Board:
    """All backends on one corpus with one split.

    Attributes:
        corpus: its name.
        split: how it was divided, or "".
        standings: highest mean macro-F1 first; at least one.
        verdicts: plain sentences about differences.
        skipped: what was left out of the comparison, with the reason.
        curve: for each backend, (documents trained on, macro-F1) in rising order.
    """

    corpus: str
    split: str
    standings: Sequence[Standing]
    verdicts: Sequence[str] = ()
    skipped: Sequence[str] = ()
    curve: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)


def boards(evaluations: Sequence[triage.Evaluation], *, baseline: str) -> list[Board]:
    """Return a board for each corpus and split, in the order in which they come."""
    places: dict[tuple[str, str, str], list[triage.Evaluation]] = {}
    for run in evaluations:
        found = run.metrics
        place = (run.run.corpus, str(found.get("corpus_sha256", "")), str(found.get("split", "")))
        places.setdefault(place, []).append(run)
    return [_board(corpus, split, runs, baseline) for (corpus, _, split), runs in places.items()]


def _board(corpus: str, split: str, runs: Sequence[triage.Evaluation], baseline: str) -> Board:
    judged = [run for run in runs if len(run.codes) == len(run.probabilities) == len(run.groups) > 0]
    found = comparison.compare(judged, baseline=baseline)[0] if judged else None
    compared = {each.backend: each for each in found.standings} if found else {}
    whole = [run for run in runs if run.metrics.get("train_share", 1.0) == 1.0]
    standings = []
    for name, mine in groups(whole or runs).items():
        known = compared.get(name)
        scores = {}
        for key, measure in (("accuracy", metrics.accuracy), ("macro_f1", metrics.macro_f1)):
            if known is not None:
                scores[key] = Interval(known.means[key], *known.intervals[key])
            else:
                scores[key] = Interval(float(np.mean([measure(run.confusion) for run in mine])))
        seeds = known.seeds if known else len(mine)
        standings.append(Standing(name, mine, scores["accuracy"], scores["macro_f1"], compared=seeds))
    standings.sort(key=lambda standing: -np.nan_to_num(standing.macro_f1.mean, nan=-1.0))
    differences = found.differences if found else ()
    apart = {
        each.backend: each
        for each in differences
        if each.metric == "macro_f1" and each.to == standings[0].name
    }
    return Board(
        corpus,
        split,
        [_apart(standing, apart.get(standing.name)) for standing in standings],
        verdicts=found.verdicts() if found and found.standings else (),
        skipped=found.skipped if found else (),
        curve=found.curve if found else {},
    )


def _apart(standing: Standing, difference: comparison.Difference | None) -> Standing:
    if difference is None:
        return standing
    behind = Interval(difference.mean, *difference.interval)
    return replace(standing, behind=behind, distinct=difference.real)
