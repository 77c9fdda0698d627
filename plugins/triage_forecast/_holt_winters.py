"""Holt-Winters by statsmodels: a level, a damped trend and a weekly season for each queue, all additive.

Holt (1957), Winters (1960); the damped trend is that of Gardner and McKenzie (1985). The parameters are
fitted seldom; on later days the same ones run over the longer series.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from triage.plugin_api import Watch
from triage_forecast._simple import needs

if TYPE_CHECKING:
    from triage_forecast._volumes import Days, History


__all__ = ["HoltWinters"]

Floats = NDArray[np.float64]


class HoltWinters:
    """One exponential smoothing for each queue; a queue that never changes is forecast as it is."""

    def __init__(self, *, damped: bool) -> None:
        from statsmodels.tsa.holtwinters import ExponentialSmoothing

        self._smoothing = ExponentialSmoothing
        self.damped = damped

    def fit(self, history: History, *, horizon: int, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn the parameters of each queue; see `triage.host.protocols.Forecasts`."""
        needs(history, 28)
        self.parameters_: list[dict[str, Any] | None] = []
        for column in history.filled.T:
            if np.ptp(column) == 0:
                self.parameters_.append(None)
                continue
            scale = float(column.max())
            found = self._model(column / scale).fit().params
            names = ("smoothing_level", "smoothing_trend", "smoothing_seasonal", "damping_trend")
            starts = ("initial_level", "initial_trend", "initial_seasons")
            self.parameters_.append({**{name: found[name] for name in (*names, *starts)}, "scale": scale})

    def forecast(self, history: History, ahead: Days) -> Floats:
        """Return the mean of each day and queue."""
        found = np.empty((len(ahead), len(history.queues)))
        for queue, (column, known) in enumerate(zip(history.filled.T, self.parameters_, strict=True)):
            found[:, queue] = column[-1] if known is None else self._ahead(column, known, len(ahead))
        return np.clip(found, 0.0, None)

    def _ahead(self, column: Floats, known: dict[str, Any], horizon: int) -> Floats:
        model = self._model(
            column / known["scale"],
            initialization_method="known",
            initial_level=known["initial_level"],
            initial_trend=known["initial_trend"],
            initial_seasonal=known["initial_seasons"],
        )
        fixed = {name: known[name] for name in ("smoothing_level", "smoothing_trend", "smoothing_seasonal")}
        if self.damped:
            fixed["damping_trend"] = known["damping_trend"]
        found: Floats = model.fit(**fixed, optimized=False).forecast(horizon) * known["scale"]
        return found

    def _model(self, column: Floats, **start: Any) -> _Quiet:
        start = start or {"initialization_method": "estimated"}
        return _Quiet(self._smoothing, column, damped=self.damped, start=start)


class _Quiet:
    """`ExponentialSmoothing` that does not warn: where it did not converge, the backtest shows it."""

    def __init__(self, smoothing: Any, column: Floats, *, damped: bool, start: dict[str, Any]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._model = smoothing(
                column, trend="add", damped_trend=damped, seasonal="add", seasonal_periods=7, **start
            )

    def fit(self, **how: Any) -> Any:
        """Fit it as statsmodels does."""
        from threadpoolctl import threadpool_limits

        # Small matrices: threads would wait for each other longer than they work.
        with warnings.catch_warnings(), threadpool_limits(limits=1):
            warnings.simplefilter("ignore")
            return self._model.fit(**how)
