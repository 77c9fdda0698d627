"""Forecasting the past: from one origin after the other, each time with nothing but what lay before it.

The origins lie whole weeks before the end, so that a step falls on the weekday on which it will fall in the
forecast itself. A forecaster that learns slowly is fitted at a few origins and asked at all of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from triage import DataError, Epoch, PluginFailed
from triage_forecast._kind import Forecasts
from triage_forecast._volumes import Days, History

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WEEK", "Backtest", "Contender", "Trial", "ask", "origins_of", "roll"]

WEEK = 7
MOST_ORIGINS = 78  # a year and a half: enough for quantiles, recent enough to be like tomorrow
_LEAST_DAYS = 56  # before the first origin
_SHARE = 3  # the first origin has at least this part of the history before it: one third


@dataclass(frozen=True)
class Contender:
    """A forecaster that takes part.

    Attributes:
        name: how users call it.
        called: how sentences call it.
        make: returns a new one.
        fits: how often it may be fitted in one backtest; None for at every origin.
        guard: a context that blames the plugin for what it raises.
    """

    name: str
    called: str
    make: Callable[[], Forecasts]
    fits: int | None
    guard: Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Trial:
    """What one forecaster said at every origin.

    Attributes:
        name: of the forecaster.
        called: how sentences call it.
        means: shape (m, h, k): the means that it expected.
        fits: how often it was fitted.
        seconds: how long it took.
    """

    name: str
    called: str
    means: NDArray[np.float64]
    fits: int
    seconds: float


@dataclass(frozen=True)
class Backtest:
    """What came, and what was expected of it.

    Attributes:
        history: of n days and k queues.
        origins: m day numbers, rising: each forecast begins on that day and knows only those before it.
        horizon: h days.
        trials: one for each forecaster.
    """

    history: History
    origins: tuple[int, ...]
    horizon: int
    trials: tuple[Trial, ...]

    @cached_property
    def truth(self) -> NDArray[np.float64]:
        """Shape (m, h, k): what came; NaN on gaps."""
        return np.stack([self.history.counts[day : day + self.horizon] for day in self.origins])

    @cached_property
    def naive(self) -> NDArray[np.float64]:
        """Shape (m, h, k): last week's same day, the yardstick."""
        steps = np.arange(self.horizon) % WEEK
        return np.stack([self.history.before(day).filled[-WEEK:][steps] for day in self.origins])

    def known_at(self, origin: int) -> NDArray[np.int64]:
        """Return the numbers of the origins whose forecasts had all come true or not when `origin` came."""
        ends = np.array(self.origins) + self.horizon
        return np.flatnonzero(ends <= self.origins[origin])


def origins_of(days: int, horizon: int, *, most: int = MOST_ORIGINS) -> tuple[int, ...]:
    """Return the origins of a backtest, the oldest first.

    Args:
        days: how many there are.
        horizon: how many are forecast each time.
        most: how many origins there may be.

    Raises:
        DataError: there is no room for one origin.
    """
    first = max(_LEAST_DAYS, days // _SHARE)
    last = days - WEEK * math.ceil(horizon / WEEK)
    found = list(range(last, first - 1, -WEEK))[:most]
    if not found:
        raise DataError(
            f"{days} days are too few to forecast {horizon} days and to see how good that is: it takes "
            f"at least {_LEAST_DAYS + WEEK * math.ceil(horizon / WEEK)}; a shorter --horizon takes fewer"
        )
    return tuple(found[::-1])


def roll(
    contender: Contender,
    history: History,
    origins: tuple[int, ...],
    horizon: int,
    *,
    seed: int,
    tell: Callable[[str], None],
) -> Trial:
    """Let one forecaster forecast from every origin.

    Args:
        contender: who.
        history: of all days; of each origin only those before it are handed out, as copies.
        origins: as of `origins_of`.
        horizon: days to be forecast each time.
        seed: of every fit.
        tell: told how far it is.

    Raises:
        DataError: what lies before the first origin is too short for it.
        PluginFailed: it raised something else, or returned what is no forecast.
    """
    started = time.perf_counter()
    fits = len(origins) if contender.fits is None else min(contender.fits, len(origins))
    fitted_at = {round(place * len(origins) / fits) for place in range(fits)}
    means, done, forecaster = [], 0, None
    for number, origin in enumerate(origins):
        past = history.before(origin)
        if forecaster is None or number in fitted_at:
            done += 1
            doing = f"{contender.name}: fit {done} of {fits}"
            tell(doing)
            with contender.guard():
                forecaster = contender.make()
                forecaster.fit(past, horizon=horizon, seed=seed, watch=_watch(tell, doing))
        means.append(ask(contender, forecaster, past, history.after(origin, horizon)))
    return Trial(contender.name, contender.called, np.stack(means), done, time.perf_counter() - started)


def _watch(tell: Callable[[str], None], doing: str) -> Callable[[Epoch], None]:
    return lambda epoch: tell(f"{doing}, epoch {epoch.number}")


def ask(contender: Contender, forecaster: Forecasts, past: History, ahead: Days) -> NDArray[np.float64]:
    """Return shape (len(ahead), k): what a fitted forecaster expects, checked.

    Raises:
        PluginFailed: it raised, or returned what is no forecast.
    """
    with contender.guard():
        found = np.asarray(forecaster.forecast(past, ahead), dtype=np.float64)
    shape = (len(ahead), len(past.queues))
    if found.shape != shape:
        raise PluginFailed(
            f"the forecaster {contender.name!r} returned shape {found.shape}, where {shape} was asked for"
        )
    if not np.isfinite(found).all() or (found < 0).any():
        raise PluginFailed(f"the forecaster {contender.name!r} returned numbers that are no counts to expect")
    return found
