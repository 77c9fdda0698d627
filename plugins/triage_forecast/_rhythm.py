"""A level for each queue, in which recent days weigh most, times a weekly rhythm.

Counts of a few a day are mostly chance, so as much as possible is learned from all queues together: the
weekly rhythm is theirs, drawn towards a queue's own only as far as its documents carry it (a gamma prior on
Poisson rates). How fast old days lose their weight is tried out on the past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

import triage
from triage.plugin_api import Watch
from triage_forecast._simple import needs

if TYPE_CHECKING:
    from triage_forecast._volumes import Days, History


__all__ = ["WeeklyRhythm"]

Floats = NDArray[np.float64]
_HALF_LIVES = (14.0, 28.0, 56.0, 112.0, 224.0)  # days until a day weighs half, for the level
_LONG = 728.0  # the same for the rhythm, which changes slowly
_PRIOR = 100.0  # documents that the shared rhythm stands for, against a queue's own
_LEAST = 1e-3  # documents a day: a rate of nothing at all would make one document infinitely surprising
_TRIALS = 26  # weeks of the past on which half-lives are tried


class WeeklyRhythm:
    """Level times rhythm times the share that holidays leave."""

    def __init__(
        self,
        *,
        half_life: Annotated[
            float, "Days until a day weighs half; 0 tries some", triage.Between(0, 3650)
        ] = 0.0,
        prior: Annotated[
            float, "Documents that the shared rhythm stands for", triage.Between(0, 1e9)
        ] = _PRIOR,
    ) -> None:
        self.half_life = half_life
        self.prior = prior

    def fit(self, history: History, *, horizon: int, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Choose the half-life; see `triage.host.protocols.Forecasts`."""
        needs(history, 14)
        self.half_life_ = self.half_life or self._tried(history, horizon)

    def forecast(self, history: History, ahead: Days) -> Floats:
        """Return the mean of each day and queue."""
        return self._ahead(history, ahead, self.half_life_)

    def _tried(self, history: History, horizon: int) -> float:
        """The half-life whose forecasts of the past were likeliest (Poisson), newest weeks first."""
        last = len(history) - horizon
        origins = list(range(last, 27, -7))[:_TRIALS]
        if len(origins) < 4:
            return _HALF_LIVES[2]
        losses = []
        for half_life in _HALF_LIVES:
            loss = 0.0
            for origin in origins:
                rates = self._ahead(history.before(origin), history.after(origin, horizon), half_life)
                true = history.counts[origin : origin + horizon]
                known = np.isfinite(true)
                rates = np.maximum(rates, _LEAST)
                loss += float((rates - np.where(known, true, 0) * np.log(rates))[known].sum())
            losses.append(loss)
        return _HALF_LIVES[int(np.argmin(losses))]

    def _ahead(self, history: History, ahead: Days, half_life: float) -> Floats:
        known = history.known
        age = np.arange(len(history), 0, -1)[known]
        counts, weekdays = history.counts[known], history.days.weekdays[known]
        off = history.days.holidays[known]
        slow, fast = 0.5 ** (age / _LONG), 0.5 ** (age / half_life)
        rhythm, holiday = self._rhythm(counts, weekdays, off, slow)
        share = rhythm[weekdays] * np.where(off, holiday, 1.0)[:, None]
        level = (fast[:, None] * counts).sum(axis=0) / np.maximum((fast[:, None] * share).sum(axis=0), 1e-12)
        found: Floats = level * rhythm[ahead.weekdays] * np.where(ahead.holidays, holiday, 1.0)[:, None]
        return found

    def _rhythm(
        self, counts: Floats, weekdays: NDArray[np.int64], off: NDArray[np.bool_], weights: Floats
    ) -> tuple[Floats, float]:
        """Return the rhythm, shape (7, k) with a mean of 1 for each queue, and the share of holidays."""
        usual = np.where(off, 0.0, weights)
        usual = usual if usual.any() else weights
        days = np.bincount(weekdays, usual, minlength=7)
        total = np.bincount(weekdays, usual * counts.sum(axis=1), minlength=7)
        seen = days > 0
        rates = np.where(seen, total / np.maximum(days, 1e-12), 0.0)
        # A weekday of which nothing is known is like the others.
        rates[~seen] = rates[seen].mean()
        shared = rates / rates.mean() if rates.mean() > 0 else np.ones(7)
        own = np.stack([np.bincount(weekdays, usual * column, minlength=7) for column in counts.T], axis=1)
        expected = shared * days
        level = own.sum(axis=0) / max(expected.sum(), 1e-12)
        # Gamma-Poisson: a queue's own factor on each shared weekday, drawn to 1 by `prior` documents a week.
        pull = self.prior * shared / 7
        factor = (own + pull[:, None]) / np.maximum(np.outer(expected, level) + pull[:, None], 1e-12)
        factor = np.where(np.outer(expected, level) + pull[:, None] > 0, factor, 1.0)
        rhythm = shared[:, None] * factor
        mean = rhythm.mean(axis=0)
        rhythm = np.where(mean > 0, rhythm / np.where(mean > 0, mean, 1.0), 1.0)
        usually = float((weights * off * (rhythm[weekdays] * level).sum(axis=1)).sum())
        came = float((weights * off * counts.sum(axis=1)).sum())
        # Drawn to 1 by what one ordinary day brings, so that a single holiday is not taken for the rule.
        one = float(max(level.sum(), _LEAST))
        return rhythm, (came + one) / (usually + one)
