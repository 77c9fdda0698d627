"""From a backtest to a forecast: errors, which forecaster is best, whether it is by chance, what to expect.

A forecast is a mean. Errors are those of the whole number nearest to it: complaints come whole, absolute
error is least at the median, and on a queue that gets one a week "none, ever" would win otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from triage import DataError
from triage_forecast._backtest import WEEK, Backtest, Contender, Trial, ask
from triage_forecast._intervals import LEVEL, WARM, band, together
from triage_forecast._volumes import Days, History

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Errors",
    "Outlook",
    "Standing",
    "better",
    "errors_of",
    "live",
    "outlook",
    "standings",
    "unlikely_end",
]

_SURE = 0.05
_UNLIKELY = 0.01


@dataclass(frozen=True)
class Errors:
    """How far off a forecaster was, on average over the days of the backtest.

    Attributes:
        mae: mean absolute error, in documents a day.
        mape: mean absolute percentage error, as a share; None where a day brought nothing, which is no
            divisor.
        mase: `mae` in units of what last week's same day was off by before the first origin (Hyndman and
            Koehler 2006, "Another look at measures of forecast accuracy"); None where that was nothing.
    """

    mae: float
    mape: float | None
    mase: float | None


@dataclass(frozen=True)
class Standing:
    """How one forecaster did.

    Attributes:
        trial: what it said.
        each: over all queues and days; its `mase` is the mean over the queues.
        together: of the sum of all queues.
        queues: of each queue.
        gain: by which share its `each.mae` lies below that of last week's same day.
        gain_together: the same of `together.mae`.
        p_value: how likely it would look so much better than last week's same day if it was not.
    """

    trial: Trial
    each: Errors
    together: Errors
    queues: tuple[Errors, ...]
    gain: float
    gain_together: float
    p_value: float

    @property
    def better(self) -> bool:
        """Whether it is better than last week's same day, and not by chance."""
        return self.p_value <= _SURE


@dataclass(frozen=True)
class Outlook:
    """What to expect.

    Attributes:
        days: h days.
        mean: shape (h, k): how many documents each queue will get.
        lower: shape (h, k): the lower end of the interval.
        upper: shape (h, k): its upper end.
        together: shape (3, h): mean, lower and upper end for the sum of all queues.
    """

    days: Days
    mean: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    together: NDArray[np.float64]


def errors_of(
    truth: NDArray[np.float64], means: NDArray[np.float64], scale: NDArray[np.float64]
) -> tuple[Errors, ...]:
    """Return the errors of each queue.

    Args:
        truth: shape (m, h, k), NaN on gaps.
        means: shape (m, h, k).
        scale: shape (k,): what last week's same day was off by before; 0 or NaN where nobody can say.
    """
    found = []
    for queue in range(truth.shape[-1]):
        came, off = truth[..., queue], np.abs(truth[..., queue] - np.rint(means[..., queue]))
        known = np.isfinite(came)
        mae = float(off[known].mean()) if known.any() else math.nan
        counts = bool(known.any()) and bool((came[known] > 0).all())
        unit = float(scale[queue])
        found.append(
            Errors(
                mae,
                float((off[known] / came[known]).mean()) if counts else None,
                mae / unit if math.isfinite(unit) and unit > 0 else None,
            )
        )
    return tuple(found)


def _scale(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shape (k,): the mean difference of a day from the one a week before it."""
    steps = np.abs(counts[WEEK:] - counts[:-WEEK])
    known = np.isfinite(steps).all(axis=1)
    return steps[known].mean(axis=0) if known.any() else np.full(counts.shape[1], math.nan)


def _losses(truth: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shape (m,): the mean absolute error from each origin; NaN where all of its days are gaps."""
    off = np.abs(truth - np.rint(means))
    known = np.isfinite(off)
    number = known.sum(axis=(1, 2))
    total = np.where(known, off, 0.0).sum(axis=(1, 2))
    return np.where(number > 0, total / np.maximum(number, 1), math.nan)


def better(losses: NDArray[np.float64], yardstick: NDArray[np.float64], *, overlap: int) -> float:
    """Return the p-value of "these losses are no lower": small where they are, and not by chance.

    The test of Diebold and Mariano (1995) on losses paired by origin, with the correction of Harvey,
    Leybourne and Newbold (1997) for few origins; one-sided.

    Args:
        losses: shape (m,).
        yardstick: shape (m,).
        overlap: how many origins in a row have a day in common.
    """
    from scipy.stats import t

    gained = yardstick - losses
    gained = gained[np.isfinite(gained)]
    m = len(gained)
    if m < 3 or not gained.any():
        return 1.0
    overlap = min(overlap, m - 1)
    centred = gained - gained.mean()
    spread = [float((centred[lag:] * centred[: m - lag]).sum()) / m for lag in range(overlap)]
    variance = (spread[0] + 2 * sum(spread[1:])) / m
    if variance <= 0:
        variance, overlap = spread[0] / m, 1
    if variance <= 0:
        return 0.0 if gained.mean() > 0 else 1.0
    few = (m + 1 - 2 * overlap + overlap * (overlap - 1) / m) / m
    return float(t.sf(gained.mean() / math.sqrt(variance) * math.sqrt(max(few, 1 / m)), m - 1))


def standings(backtest: Backtest) -> list[Standing]:
    """Return how every forecaster did, the best first: the one with the lowest error over queues and days.

    Raises:
        DataError: there is no forecaster.
    """
    truth, before = backtest.truth, backtest.history.counts[: backtest.origins[0]]
    scale, scale_together = _scale(before), _scale(together(before))
    yardstick = _losses(truth, backtest.naive)
    base = _mean(errors_of(truth, backtest.naive, scale))
    (base_together,) = errors_of(together(truth), together(backtest.naive), scale_together)
    found = []
    for trial in backtest.trials:
        queues = errors_of(truth, trial.means, scale)
        (whole,) = errors_of(together(truth), together(trial.means), scale_together)
        each = _mean(queues)
        p_value = better(_losses(truth, trial.means), yardstick, overlap=math.ceil(backtest.horizon / WEEK))
        gains = (_gain(each.mae, base.mae), _gain(whole.mae, base_together.mae))
        found.append(Standing(trial, each, whole, queues, *gains, p_value))
    if not found:
        raise DataError("no forecaster is left: the history is too short for each of them")
    return sorted(found, key=lambda standing: standing.each.mae)


def _gain(mae: float, base: float) -> float:
    return 1 - mae / base if base > 0 else 0.0


def _mean(errors: tuple[Errors, ...]) -> Errors:
    """Return the errors over all queues; a share that one queue lacks is lacking."""
    mapes = [each.mape for each in errors if each.mape is not None]
    mases = [each.mase for each in errors if each.mase is not None]
    return Errors(
        float(np.mean([each.mae for each in errors])),
        float(np.mean(mapes)) if len(mapes) == len(errors) else None,
        float(np.mean(mases)) if mases else None,
    )


def live(backtest: Backtest) -> dict[str, Any] | None:
    """Return how the rule "take the best so far" would have done: the choice is part of what is judged.

    At each origin the forecaster is chosen by the losses that were known by then.

    Returns:
        "mae", "last_week_mae", "gain" and "origins", or None where there are too few origins.
    """
    losses = np.stack([_losses(backtest.truth, trial.means) for trial in backtest.trials])
    yardstick = _losses(backtest.truth, backtest.naive)
    taken, base = [], []
    for origin in range(len(backtest.origins)):
        known = backtest.known_at(origin)
        if len(known) < WARM or not math.isfinite(yardstick[origin]):
            continue
        best = int(np.nanmean(losses[:, known], axis=1).argmin())
        taken.append(losses[best, origin])
        base.append(yardstick[origin])
    if not taken:
        return None
    mae, naive = float(np.mean(taken)), float(np.mean(base))
    return {"mae": mae, "last_week_mae": naive, "gain": _gain(mae, naive), "origins": len(taken)}


def outlook(
    backtest: Backtest, trial: Trial, contender: Contender, ahead: Days, *, seed: int, level: float = LEVEL
) -> Outlook:
    """Fit the chosen forecaster on all days, and forecast those to come.

    Args:
        backtest: for the residuals of every step.
        trial: what the chosen forecaster said in it.
        contender: the chosen forecaster.
        ahead: the days after the last of the history.
        seed: of the fit.
        level: of the intervals.

    Raises:
        PluginFailed: as in `triage_forecast._backtest.roll`.
    """
    past = backtest.history.before(len(backtest.history))
    with contender.guard():
        forecaster = contender.make()
        forecaster.fit(past, horizon=backtest.horizon, seed=seed, watch=lambda _: None)
    mean = ask(contender, forecaster, past, ahead)
    left = backtest.truth - trial.means
    lower, upper = band(left, mean, level=level)
    whole = together(mean)
    ends = band(together(left), whole, level=level)
    return Outlook(ahead, mean, lower, upper, np.stack([each[:, 0] for each in (whole, *ends)]))


def unlikely_end(history: History) -> tuple[float, float] | None:
    """Return what the last day brought and what its weekday brings, where so few are no chance; else None.

    The last day of an export is often not over. Under a Poisson distribution with the mean of the last eight
    weeks fewer than one such day in a hundred bring so few.
    """
    from scipy.stats import poisson

    counts = history.counts.sum(axis=1)
    alike = counts[-1 - WEEK :: -WEEK][:8]
    alike = alike[np.isfinite(alike)]
    if len(alike) < 4 or not math.isfinite(counts[-1]):
        return None
    usual = float(alike.mean())
    return (float(counts[-1]), usual) if poisson.cdf(counts[-1], usual) < _UNLIKELY else None
