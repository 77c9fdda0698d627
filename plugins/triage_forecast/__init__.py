"""Forecast how many documents each queue will get: the kind, the built-in forecasters, the command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import triage
import triage_forecast
from triage_forecast._kind import FORECASTERS, Forecaster, Forecasts
from triage_forecast._regression import PoissonTrend
from triage_forecast._rhythm import WeeklyRhythm
from triage_forecast._simple import LastWeek, MovingAverage, WeekdayMean
from triage_forecast._volumes import Days, History

if TYPE_CHECKING:
    import click

__all__ = ["Days", "Forecaster", "Forecasts", "History"]


# Not `_lstm`: a submodule that is imported takes its name in the package.
def _make_holt_winters(
    *,
    damped: Annotated[bool, "Whether the trend fades into the future"] = True,
) -> Any:
    """Exponential smoothing of a level, a trend and a weekly season, for each queue (Winters 1960)."""
    from triage_forecast._holt_winters import HoltWinters

    return HoltWinters(damped=damped)


def _make_lstm(
    *,
    window: Annotated[int, "Days that it looks back on", triage.Between(7, 3650)] = 60,
    units: Annotated[tuple[int, ...], "Units of each LSTM layer, the first nearest to the days"] = (32, 16),
    strategy: Annotated[
        Literal["direct", "recursive"],
        "direct: all days at once; recursive: one day, which becomes part of the window for the next",
    ] = "direct",
    epochs: Annotated[int, "Passes over the windows, at most", triage.Between(1, 10_000)] = 60,
    patience: Annotated[int, "Epochs without a better one before it stops", triage.Between(1, 1000)] = 8,
    batch: Annotated[int, "Windows in one step", triage.Between(1, 4096)] = 64,
    learning_rate: Annotated[float, "0 looks for one by a range test", triage.Between(0, 1)] = 0.0,
    dropout: Annotated[float, "Share of the last layer's units dropped", triage.Between(0, 0.95)] = 0.2,
) -> Any:
    """A stacked LSTM over a window of days, on counts scaled to 0 to 1, all queues together."""
    if not units or min(units) < 1:
        raise triage.BadOption("lstm: units is a list of whole numbers, each at least 1")
    from triage_forecast._lstm import Lstm

    return Lstm(
        window=window,
        units=units,
        strategy=strategy,
        epochs=epochs,
        patience=patience,
        batch=batch,
        learning_rate=learning_rate,
        dropout=dropout,
    )


@triage.hookimpl
def triage_forecasters() -> Iterator[triage_forecast.Forecaster]:
    """Yield the forecasters of this plugin."""
    yield triage_forecast.Forecaster(
        name="last-week",
        summary="What came on the same weekday of last week",
        build=LastWeek,
        called="last week's same day",
    )
    yield triage_forecast.Forecaster(
        name="moving-average",
        summary="The mean of the last four weeks, on every day",
        build=MovingAverage,
        called="the moving average",
    )
    yield triage_forecast.Forecaster(
        name="weekday-mean",
        summary="The mean of the same weekday over eight weeks",
        build=WeekdayMean,
        called="the weekday's mean",
    )
    yield triage_forecast.Forecaster(
        name="weekly-rhythm",
        summary="A level that recent days weigh most in, times a weekly rhythm that all queues share in",
        build=WeeklyRhythm,
        called="the weekly rhythm",
    )
    yield triage_forecast.Forecaster(
        name="poisson",
        summary="Poisson regression on weekday, trend, season and holidays",
        build=PoissonTrend,
        requires=("sklearn",),
        called="the Poisson regression",
    )
    yield triage_forecast.Forecaster(
        name="holt-winters",
        summary="Exponential smoothing of level, trend and weekly season",
        build=_make_holt_winters,
        requires=("statsmodels",),
        called="Holt-Winters",
        fits=3,
    )
    yield triage_forecast.Forecaster(
        name="lstm",
        summary="A stacked LSTM over a window of 60 days, all queues together",
        build=_make_lstm,
        requires=("tensorflow",),
        called="the LSTM",
        fits=3,
        on_request=True,
    )


@triage.hookimpl
def triage_kinds() -> Iterator[triage.Kind]:
    """Yield the kind "forecaster"."""
    yield FORECASTERS


def _build() -> click.Command:
    from triage_forecast._command import command

    return command


@triage.hookimpl
def triage_commands() -> Iterator[triage.Command]:
    """Yield `triage forecast`."""
    yield triage.Command(name="forecast", summary="How many documents each queue will get", build=_build)
