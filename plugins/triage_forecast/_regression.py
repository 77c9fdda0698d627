"""Poisson regression on the calendar: weekday, trend, the seasons of the year, holidays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

import triage
from triage.plugin_api import Watch
from triage_forecast._simple import needs

if TYPE_CHECKING:
    from triage_forecast._volumes import Days, History


__all__ = ["PoissonTrend"]

Floats = NDArray[np.float64]
_YEAR = 365.25
_FULL = 730  # days from which on a season of the year can be told from a trend: two of each
_STEEPEST = 3.0  # times the largest count ever seen: a trend that leads further is not believed


class PoissonTrend:
    """The logarithm of a queue's mean is linear in the calendar (McCullagh and Nelder 1989, chapter 6)."""

    def __init__(
        self,
        *,
        penalty: Annotated[float, "Pull of the coefficients to 0 (ridge)", triage.Between(0, 1e6)] = 1e-3,
        half_life: Annotated[float, "Days until a day weighs half", triage.Between(1, 1e5)] = 365.0,
    ) -> None:
        from sklearn.linear_model import PoissonRegressor

        self._regressor = PoissonRegressor
        self.penalty = penalty
        self.half_life = half_life

    def fit(self, history: History, *, horizon: int, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn one regression for each queue; see `triage.host.protocols.Forecasts`."""
        from threadpoolctl import threadpool_limits

        needs(history, 28)
        known = history.known
        self.origin_ = int(history.days.numbers[-1])
        self.seasons_ = len(history) >= _FULL
        table, counts = self._table(history.days)[known], history.counts[known]
        weights = 0.5 ** ((self.origin_ - history.days.numbers[known]) / self.half_life)
        self.top_ = _STEEPEST * counts.max(axis=0)
        self.coefficients_ = np.zeros((table.shape[1] + 1, counts.shape[1]))
        for queue, column in enumerate(counts.T):
            scale = column.max()
            if scale == 0:
                continue
            # Scaled, so that the penalty means the same for one a day and for a million.
            model = self._regressor(alpha=self.penalty, max_iter=1000, solver="newton-cholesky")
            # Small matrices: threads would wait for each other longer than they work.
            with threadpool_limits(limits=1):
                model.fit(table, column / scale, sample_weight=weights)
            self.coefficients_[:, queue] = [*model.coef_, model.intercept_ + np.log(scale)]

    def forecast(self, history: History, ahead: Days) -> Floats:  # noqa: ARG002
        """Return the mean of each day and queue."""
        powers = self._table(ahead) @ self.coefficients_[:-1] + self.coefficients_[-1]
        found: Floats = np.where(self.top_ > 0, np.exp(np.minimum(powers, 50.0)), 0.0)
        capped: Floats = np.minimum(found, self.top_)
        return capped

    def _table(self, days: Days) -> Floats:
        """Return a row for each day: six weekdays, holiday, years since the last day of the fit, seasons."""
        age = (days.numbers - self.origin_) / _YEAR
        weekdays = np.eye(7)[days.weekdays][:, 1:]
        columns = [*weekdays.T, days.holidays.astype(np.float64), age]
        if self.seasons_:
            columns += [np.sin(2 * np.pi * age), np.cos(2 * np.pi * age)]
        return np.stack(columns, axis=1)
