"""How far a coverage at a stated accuracy may be chance: intervals over families of near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["coverage_intervals", "score_intervals"]

_DRAWS = 500
_CELLS = 4_000_000  # documents times draws at once: 32 MB


def coverage_intervals(
    scores: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    groups: NDArray[np.int64],
    *,
    least: Sequence[float],
    draws: int = _DRAWS,
    seed: int = 0,
    level: float = 0.95,
) -> list[tuple[float, float]]:
    """Return for each accuracy in `least` an interval of `metrics.coverage_at_accuracy`.

    Percentiles of a bootstrap (Efron and Tibshirani 1993) that draws whole families: copies of one letter are
    one piece of evidence.

    Args:
        scores: shape (n,), finite, n at least 1; higher is surer.
        wrong: shape (n,).
        groups: shape (n,): documents of one number are drawn together.
        least: accuracies, between 0 and 1.
        draws: how many.
        seed: of the draws.
        level: what the interval covers.
    """
    order = np.argsort(-scores, kind="stable")
    ordered, errors = scores[order], wrong[order]
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))  # a threshold divides no ties
    families, member = np.unique(groups[order], return_inverse=True)
    generator = np.random.default_rng(seed)
    found = []
    for start in range(0, draws, size := max(1, _CELLS // len(scores))):
        count = min(size, draws - start)
        weights = generator.multinomial(len(families), np.full(len(families), 1 / len(families)), count)
        drawn = weights[:, member]
        accepted = drawn.cumsum(axis=1)[:, ends]
        failed = (drawn * errors).cumsum(axis=1)[:, ends]
        coverage = accepted / np.maximum(accepted[:, -1:], 1)
        found.append(
            np.stack(
                [
                    np.where(failed <= (1 - share + 1e-12) * accepted, coverage, 0.0).max(axis=1)
                    for share in least
                ]
            )
        )
    tails = [(1 - level) / 2, (1 + level) / 2]
    ranges = np.quantile(np.concatenate(found, axis=1), tails, axis=1).T
    return [(float(low), float(high)) for low, high in ranges]


def score_intervals(
    codes: NDArray[np.int64],
    predicted: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    k: int,
    draws: int = _DRAWS,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the intervals of accuracy and of macro-F1 by a bootstrap that draws whole families.

    Args:
        codes: shape (n,), n at least 1: the true class of each document.
        predicted: shape (n,): the predicted one.
        groups: shape (n,): documents of one number are drawn together.
        k: the number of classes; those that are neither true nor predicted do not count.
        draws: how many.
        seed: of the draws.
        level: what the intervals cover.
    """
    families, member = np.unique(groups, return_inverse=True)
    generator = np.random.default_rng(seed)
    right = codes == predicted
    accuracy, macro_f1 = np.empty(draws), np.empty(draws)
    for draw in range(draws):
        weights = np.bincount(generator.integers(len(families), size=len(families)), minlength=len(families))
        drawn = weights[member].astype(np.float64)
        hits = np.bincount(codes, drawn * right, minlength=k)
        total = np.bincount(codes, drawn, minlength=k) + np.bincount(predicted, drawn, minlength=k)
        present = total > 0
        accuracy[draw] = hits.sum() / max(drawn.sum(), 1)
        macro_f1[draw] = (2 * hits[present] / total[present]).mean() if present.any() else 0.0
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(np.stack([accuracy, macro_f1]), tails, axis=1).tolist()
    return (low[0], high[0]), (low[1], high[1])
