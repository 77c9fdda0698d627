"""Which labels look wrong: out-of-fold probabilities and confident learning.

Northcutt, Jiang and Chuang (2021), "Confident learning: estimating uncertainty in dataset labels",
arXiv 1911.00068. No document is judged by a model that has seen it, or a near-duplicate of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.config import Experiment
from triage.data.corrections import COLUMNS, identifiers
from triage.data.defaults import with_defaults
from triage.data.splitting import assign_folds
from triage.host.manager import Plugins
from triage.io.files import csv_line
from triage.models.folds import Folds, run_folds
from triage.models.preparing import prepare
from triage.records import Dataset, Part

__all__ = ["Suspect", "confident_errors", "suspects", "suspects_csv"]

_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that looks wrong.

    Attributes:
        id: the document's own, or `#ROW` where it has none or shares it with another.
        given: its label.
        suggested: the label that it looks like.
        confidence: how much likelier the suggested label is than the given one: the first's share of the
            two's probability, above 0.5 and at most 1.
    """

    id: str
    given: str
    suggested: str
    confidence: float


def suspects(
    dataset: Dataset, experiment: Experiment, plugins: Plugins, *, folds: int = _FOLDS
) -> list[Suspect]:
    """Return the labels that look wrong, the most suspicious first.

    Args:
        dataset: with labels.
        experiment: says how to clean, which labels to leave out, and which backend judges.
        plugins: where they are looked up.
        folds: how many models are fitted, each on all other folds; families of near-duplicates stay together.

    Raises:
        DataError: nothing to learn from.
    """
    whole = prepare(
        dataset, experiment.changed(folds=folds, proof="folds"), plugins, test_share=0.0
    ).splits.train
    probabilities = _out_of_fold(whole, experiment, plugins, folds)
    chosen = confident_errors(whole.codes, probabilities)
    rows = np.arange(len(whole))
    given, best = probabilities[rows, whole.codes], probabilities[rows, chosen]
    found = np.flatnonzero(chosen != whole.codes)
    confidence = best / np.maximum(given + best, 1e-300)
    order = found[np.argsort(-confidence[found], kind="stable")]
    ids = identifiers(dataset.documents)
    return [
        Suspect(
            ids[int(whole.rows[i])],
            whole.classes[whole.codes[i]],
            whole.classes[chosen[i]],
            float(confidence[i]),
        )
        for i in order
    ]


def confident_errors(codes: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return shape (n,): the class that each document confidently belongs to, or its own where none does.

    A document confidently belongs to a class if its probability is at least the mean probability of that
    class over the documents that carry it; of several such classes the likeliest counts.
    """
    k = probabilities.shape[1]
    totals = np.bincount(codes, minlength=k)
    own = probabilities[np.arange(len(codes)), codes]
    thresholds = np.where(totals > 0, np.bincount(codes, own, minlength=k) / np.maximum(totals, 1), np.inf)
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    best = confident.argmax(axis=1)
    # A class that is no likelier than the given one is no reason to doubt it.
    doubtful = confident.max(axis=1) > own
    return np.where(doubtful, best, codes)


def _out_of_fold(whole: Part, experiment: Experiment, plugins: Plugins, folds: int) -> NDArray[np.float64]:
    fold_of = assign_folds(whole.codes, whole.groups, folds=folds, seed=experiment.seed)
    answers = run_folds(Folds(whole, fold_of, with_defaults(experiment, plugins)), plugins)
    found = np.empty((len(whole), whole.k))
    for fold, each in enumerate(answers):
        found[fold_of == fold] = each.raw
    return found


def suspects_csv(found: Sequence[Suspect]) -> str:
    """Return a CSV file for a person to work through, its cells safe to open in a spreadsheet."""
    rows = ((each.id, each.given, each.suggested, f"{each.confidence:.4f}") for each in found)
    return "".join(csv_line(cells, end="\n") for cells in (COLUMNS, *rows))
