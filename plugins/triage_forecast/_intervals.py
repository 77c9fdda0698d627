"""Intervals of residuals, and how many days lay in them that came later.

What is left over of the forecasts of the past makes the interval around those of the future. How well that
works is measured as it would have gone: at each origin an interval is made of what had come true by then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage_forecast._backtest import Backtest, Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEVEL", "WARM", "Coverage", "band", "coverage_of", "together"]

LEVEL = 0.8
"""The share of days that an interval is to hold."""
WARM = 20
"""Origins that must have come to their end before intervals, or a choice, are made of their residuals."""
_PARTS = 20  # into which the unit around a whole number is cut, where quantiles of residuals are taken


@dataclass(frozen=True)
class Coverage:
    """How many days lay in intervals that were made before they came.

    Attributes:
        level: what was asked for.
        each: the share over all queues and days, or None where there were too few origins to see.
        together: the share for the sum of all queues, or None.
        queues: the share in each queue.
        origins: on how many origins it was measured.
    """

    level: float
    each: float | None
    together: float | None
    queues: tuple[float | None, ...]
    origins: int


def together(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of all queues as one queue: shape (..., k) becomes (..., 1)."""
    found: NDArray[np.float64] = counts.sum(axis=-1, keepdims=True)
    return found


def band(
    residuals: NDArray[np.float64], means: NDArray[np.float64], *, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper end of an interval around means, each of shape (h, k).

    The ends are quantiles of what was left over at the same step of earlier forecasts, as many days beyond
    one as beyond the other. Counts are whole, so each residual stands for the unit around it (the continuity
    correction). Where the lower end would lie below 0, no day can lie beyond it, and the upper end may leave
    out all that is to be left out.

    Args:
        residuals: shape (n, h, k): what came less the mean; NaN on gaps.
        means: shape (h, k).
        level: the share of days that are to lie within.
    """
    parts = (np.arange(_PARTS) + 0.5) / _PARTS - 0.5
    smooth = (residuals[:, None] + parts[None, :, None, None]).reshape(-1, *means.shape)
    # A step that was a gap every time has no residual: nothing is left out there.
    smooth = np.where(np.isfinite(smooth).any(axis=0), smooth, 0.0)
    low, one_sided, high = np.nanquantile(smooth, [(1 - level) / 2, level, (1 + level) / 2], axis=0)
    lower = means + low
    upper = means + np.where(lower <= 0, one_sided, high)
    return np.maximum(lower, 0.0), np.maximum(upper, 0.0)


def coverage_of(backtest: Backtest, trial: Trial, *, level: float = LEVEL) -> Coverage:
    """Return how often intervals held that were made, at each origin, of what was known by then."""
    each = _within(backtest, backtest.truth, trial.means, level)
    whole = _within(backtest, together(backtest.truth), together(trial.means), level)
    queues = tuple(_share(each[..., queue]) for queue in range(each.shape[-1]))
    return Coverage(level, _share(each), _share(whole), queues, len(each))


def _within(
    backtest: Backtest, truth: NDArray[np.float64], means: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """Return shape (origins, h, k): 1 within the interval, 0 without, NaN on gaps."""
    found = [np.empty((0, *truth.shape[1:]))]
    for origin in range(len(backtest.origins)):
        known = backtest.known_at(origin)
        if len(known) >= WARM:
            lower, upper = band(truth[known] - means[known], means[origin], level=level)
            inside = (truth[origin] >= lower) & (truth[origin] <= upper)
            found.append(np.where(np.isfinite(truth[origin]), inside, math.nan)[None])
    return np.concatenate(found)


def _share(inside: NDArray[np.float64]) -> float | None:
    known = np.isfinite(inside)
    return float(inside[known].mean()) if known.any() else None
