"""Notices a backend whose columns stand in another order than the classes: the quietest of all mistakes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["misplaced"]

_CHANCE = 1e-6  # of an alarm where the order is right
_FACTOR = 2  # how much more often the other order must be right: a pair of mixed-up labels is no order


def misplaced(probabilities: NDArray[np.float64], codes: NDArray[np.int64]) -> bool:
    """Tell whether the columns would serve far better in another order.

    The order is chosen on one half of the documents and judged on the other, both ways: with many classes
    and few documents the best order for a document is always another one. It is judged by the documents
    that only one of the two orders gets right (McNemar 1947), with an exact binomial test.

    Args:
        probabilities: shape (n, k), finite: a classifier's answers to documents it was not fitted on.
        codes: shape (n,): their true classes, below k.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.stats import binomtest

    k = probabilities.shape[1]
    answers = probabilities.argmax(axis=1)
    # Each class is divided between the halves.
    half = np.empty(len(codes), dtype=np.int64)
    half[np.argsort(codes, kind="stable")] = np.arange(len(codes)) % 2
    gained = lost = right = 0
    for side in (0, 1):
        counts = np.zeros((k, k))
        np.add.at(counts, (answers[half == side], codes[half == side]), 1)
        columns, classes = linear_sum_assignment(counts, maximize=True)
        meant = classes[np.argsort(columns)][answers[half != side]]
        now, then = answers[half != side] == codes[half != side], meant == codes[half != side]
        gained, lost = gained + int((then & ~now).sum()), lost + int((now & ~then).sum())
        right += int(now.sum())
    if gained + lost == 0 or right + gained - lost < _FACTOR * right:
        return False
    return bool(binomtest(gained, gained + lost, alternative="greater").pvalue < _CHANCE)
