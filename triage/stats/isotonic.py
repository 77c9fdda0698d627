"""Rising step functions from a score to a probability: isotonic regression and Venn-Abers prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Steps", "isotonic", "venn_abers", "venn_abers_bounds"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """A rising function that is constant between its places and may have a value of its own on each.

    Attributes:
        places: m scores, rising.
        at: the value at each place, m numbers.
        between: below the first place, between each two, above the last: m + 1 numbers.
    """

    places: tuple[float, ...]
    at: tuple[float, ...]
    between: tuple[float, ...]

    def __post_init__(self) -> None:
        """Take lists too, as JSON gives them."""
        for name in ("places", "at", "between"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if len(self.at) != len(self.places) or len(self.between) != len(self.places) + 1:
            raise ValueError(f"{len(self.places)} places, {len(self.at)} and {len(self.between)} values")

    def __call__(self, scores: Floats) -> Floats:
        """Return the value at each score; NaN where a score is not finite."""
        places, at, between = (np.asarray(each) for each in (self.places, self.at, self.between))
        left = np.searchsorted(places, scores, side="left")
        on = np.searchsorted(places, scores, side="right") > left
        found: Floats = np.where(on, at[np.minimum(left, len(at) - 1)] if len(at) else 0.0, between[left])
        return np.where(np.isfinite(scores), found, np.nan)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as lists."""
        return {"places": list(self.places), "at": list(self.at), "between": list(self.between)}


def isotonic(scores: Floats, hits: NDArray[np.bool_]) -> Steps:
    """Fit the best rising function to whether a document of a score belongs to a class.

    A fitted 0 or 1 would be certainty from a few documents, so values stay 1 / (n + 2) away from both.

    Args:
        scores: shape (n,), n at least 1.
        hits: shape (n,).
    """
    from scipy.optimize import isotonic_regression

    places, counts, totals = _grouped(scores, hits)
    fitted = isotonic_regression(totals / counts, weights=counts).x
    edge = 1 / (len(scores) + 2)
    values = np.clip(fitted, edge, 1 - edge)
    # A score between two places takes the value of the lower one's block: nothing was seen there.
    return _merged(places, values, np.append(values[:1], values))


def venn_abers(scores: Floats, hits: NDArray[np.bool_]) -> Steps:
    """Fit an inductive Venn-Abers predictor and merge its two probabilities into p1 / (1 - p0 + p1).

    Vovk and Petej (2014), "Venn-Abers predictors", arXiv 1211.0025; the merge minimises the worst regret in
    log loss. All values lie strictly between 0 and 1.

    Args:
        scores: shape (n,), n at least 1.
        hits: shape (n,).
    """
    places, low, high = venn_abers_bounds(scores, hits)

    def merged(p0: Floats, p1: Floats) -> Floats:
        return p1 / (1 - p0 + p1)

    # Between two places, a document of class 1 joins the upper one's block and one of class 0 the lower's.
    between = merged(np.append(0.0, low), np.append(high, 1.0))
    return _merged(places, merged(low, high), between)


def venn_abers_bounds(scores: Floats, hits: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Return the distinct scores and, for a new document at each, the probabilities p0 and p1.

    p1 is the value there of the isotonic regression to all n documents and the new one, if it belonged to the
    class; p0 if it did not. O(n log n), by Algorithms 1 and 2 of Vovk, Petej and Fedorova (2015), "Large-
    scale probabilistic predictors with and without guarantees of validity", arXiv 1511.00213.
    """
    places, counts, totals = _grouped(scores, hits)
    high = _joined(counts, totals)
    # Turned around, a document outside the class is one inside it.
    low = 1 - _joined(counts[::-1], (counts - totals)[::-1])[::-1]
    return places, low, high


def _joined(counts: Floats, totals: Floats) -> Floats:
    """The isotonic value at each place if one more hit were there.

    A hit more at place i moves the cumulative sums of all places before i one down and one left. The corners
    of their greatest convex minorant are kept on a stack while i goes up.
    """
    x = np.concatenate([[-1.0], [0.0], np.cumsum(counts)]).tolist()
    y = np.concatenate([[-1.0], [0.0], np.cumsum(totals)]).tolist()
    stack: list[tuple[float, float]] = []
    for point in zip(x, y, strict=True):
        while len(stack) > 1 and _not_left(stack[-2], stack[-1], point):
            stack.pop()
        stack.append(point)
    stack.reverse()
    found = np.empty(len(counts))
    moved = (x[0], y[0])
    for i in range(len(counts)):
        top, after = stack[-1], stack[-2]
        found[i] = (after[1] - top[1]) / (after[0] - top[0])
        # The place just passed loses the extra hit: its point becomes the one before it plus its own step.
        moved = (moved[0] + x[i + 2] - x[i + 1], moved[1] + y[i + 2] - y[i + 1])
        if (moved[1] - top[1]) * (after[0] - top[0]) >= (after[1] - top[1]) * (moved[0] - top[0]):
            continue
        stack.pop()
        while len(stack) > 1 and _not_left(moved, stack[-1], stack[-2]):
            stack.pop()
        stack.append(moved)
    return found


def _not_left(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) <= 0


def _grouped(scores: Floats, hits: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Return the distinct scores, how many documents have each, and how many of those are hits."""
    places, which = np.unique(scores, return_inverse=True)
    counts = np.bincount(which, minlength=len(places)).astype(np.float64)
    totals = np.bincount(which, weights=hits, minlength=len(places)).astype(np.float64)
    return places, counts, totals


def _merged(places: Floats, at: Floats, between: Floats) -> Steps:
    """Leave out the places at which nothing changes."""
    changes = (between[:-1] != between[1:]) | (at != between[:-1])
    kept = np.append(True, changes)
    return Steps(tuple(places[changes].tolist()), tuple(at[changes].tolist()), tuple(between[kept].tolist()))
