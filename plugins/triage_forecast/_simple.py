"""What every other forecaster must beat: last week again, the last weeks' mean, the weekday's mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

import triage
from triage.plugin_api import Watch

if TYPE_CHECKING:
    from triage_forecast._volumes import Days, History


__all__ = ["LastWeek", "MovingAverage", "WeekdayMean", "needs"]

Weeks = Annotated[int, "How many weeks it looks back", triage.Between(1, 520)]


def needs(history: History, days: int) -> None:
    """Refuse a history with fewer than `days` days of which anything is known.

    Raises:
        DataError: it is too short.
    """
    known = int(history.known.sum())
    if known < days:
        raise triage.DataError(f"too short: {known} days, and it takes at least {days}")


class LastWeek:
    """Every day is like the same weekday of the last week (the seasonal naive forecast)."""

    def fit(self, history: History, *, horizon: int, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn nothing; see `triage.host.protocols.Forecasts`."""
        needs(history, 7)

    def forecast(self, history: History, ahead: Days) -> NDArray[np.float64]:
        """Return the last week again and again."""
        return history.filled[-7:][np.arange(len(ahead)) % 7]


class MovingAverage:
    """Every day is like the mean of the last weeks."""

    def __init__(self, *, weeks: Weeks = 4) -> None:
        self.weeks = weeks

    def fit(self, history: History, *, horizon: int, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn nothing; see `triage.host.protocols.Forecasts`."""
        needs(history, 7)

    def forecast(self, history: History, ahead: Days) -> NDArray[np.float64]:
        """Return the same mean for each day."""
        return np.tile(history.filled[-7 * self.weeks :].mean(axis=0), (len(ahead), 1))


class WeekdayMean:
    """Every day is like the mean of its weekday over the last weeks."""

    def __init__(self, *, weeks: Weeks = 8) -> None:
        self.weeks = weeks

    def fit(self, history: History, *, horizon: int, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn nothing; see `triage.host.protocols.Forecasts`."""
        needs(history, 7)

    def forecast(self, history: History, ahead: Days) -> NDArray[np.float64]:
        """Return the mean of each day's weekday."""
        recent, weekdays = history.filled[-7 * self.weeks :], history.days.weekdays[-7 * self.weeks :]
        means = np.stack([recent[weekdays == weekday].mean(axis=0) for weekday in range(7)])
        found: NDArray[np.float64] = means[ahead.weekdays]
        return found
