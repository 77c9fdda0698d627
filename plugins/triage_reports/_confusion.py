"""What of a confusion matrix is worth a look: the worst classes, the rest folded, the commonest mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import triage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

__all__ = ["Confusion", "confused_pairs", "reviewed", "worst"]


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix with some classes folded into one.

    Attributes:
        labels: the names of the classes shown, in the order of the rows.
        hidden: how many classes are folded into the last row and column; 0 where all are shown.
        cells: shape (r, r): row = true, column = predicted; r = len(labels), plus 1 where some are hidden.
        review: shape (r,): how many documents of each row went to a person, or None.
    """

    labels: tuple[str, ...]
    hidden: int
    cells: Integers
    review: Integers | None = None

    @property
    def support(self) -> Integers:
        """Shape (r,): the documents of each row."""
        support: Integers = self.cells.sum(axis=1)
        return support

    @classmethod
    def fold(
        cls,
        matrix: Integers,
        labels: Sequence[str],
        *,
        shown: Sequence[int],
        review: Integers | None = None,
    ) -> Confusion:
        """Keep the classes `shown`, in that order, and fold the others into one.

        Args:
            matrix: shape (k, k).
            labels: the k names.
            shown: positions of the classes to keep, each once.
            review: shape (k,): documents of each true class that went to a person, or None.
        """
        hidden = len(labels) - len(shown)
        size = len(shown) + (hidden > 0)
        group = np.full(len(labels), size - 1)
        group[np.asarray(shown, dtype=np.intp)] = np.arange(len(shown))
        rows, columns = np.nonzero(matrix)
        cells = np.zeros((size, size), dtype=np.int64)
        np.add.at(cells, (group[rows], group[columns]), np.asarray(matrix)[rows, columns])
        folded = None
        if review is not None:
            folded = np.zeros(size, dtype=np.int64)
            np.add.at(folded, group, review)
        return cls(labels=tuple(labels[code] for code in shown), hidden=hidden, cells=cells, review=folded)


def worst(matrix: Integers) -> list[int]:
    """Return the classes with the worst first: many errors, and a low F1.

    A class's errors, its misses and its false alarms, are weighted by 1 - F1: a huge class with a few errors
    in a hundred does not push out a small one that is seldom found. Ties keep the order of the classes.
    """
    counts = np.asarray(matrix)
    size = counts.sum(axis=0) + counts.sum(axis=1)
    errors = size - 2 * np.diagonal(counts)
    order: list[int] = np.argsort(-(errors**2 / np.maximum(size, 1)), kind="stable").tolist()
    return order


def confused_pairs(matrix: Integers, *, most: int) -> list[tuple[int, int, int]]:
    """Return (true, predicted, count) of the commonest confusions, commonest first, none with 0."""
    errors = np.array(matrix, dtype=np.int64)
    np.fill_diagonal(errors, 0)
    true, said = np.nonzero(errors)
    counts = errors[true, said]
    order = np.argsort(-counts, kind="stable")[:most]
    return [(int(true[place]), int(said[place]), int(counts[place])) for place in order]


def reviewed(evaluation: triage.Evaluation) -> Integers | None:
    """Return shape (k,): how many documents of each true label went to a person; None without decisions."""
    decisions, codes = evaluation.decisions, np.asarray(evaluation.codes)
    if not decisions or len(decisions) != len(codes):
        return None
    sent = np.array([decision.action == "review" for decision in decisions])
    return np.bincount(codes[sent], minlength=len(evaluation.labels)).astype(np.int64)
