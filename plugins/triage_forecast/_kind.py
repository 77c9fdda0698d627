"""The kind of plugin that this package adds: the record, what its `build` returns, and the hook."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from triage import Extension, Kind, hookspec
from triage.plugin_api import Watch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from triage_forecast._volumes import Days, History

__all__ = ["FORECASTERS", "Forecaster", "Forecasts"]


@runtime_checkable
class Forecasts(Protocol):
    """What the `build` of a `Forecaster` returns."""

    def fit(self, history: History, *, horizon: int, seed: int, watch: Watch) -> object:
        """Learn from the days there are. What is returned is ignored.

        Args:
            history: all that is known; the arrays may not be changed.
            horizon: how many days `forecast` will be asked for, at most.
            seed: the same seed and the same history give the same forecasts.
            watch: to be called after each epoch, where there are epochs.

        Raises:
            DataError: the history is too short; the message says how many days it takes.
        """
        ...

    def forecast(self, history: History, ahead: Days) -> NDArray[np.float64]:
        """Return shape (len(ahead), k): how many documents to expect, a mean; finite and not negative.

        Args:
            history: ends on the day before `ahead` begins; may be longer than what was fitted on.
            ahead: the days that are asked for, at most `horizon` of them.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Forecaster(Extension):
    """Says how many documents each queue will get on the days to come.

    Attributes:
        called: how a sentence calls it, such as "the LSTM"; by default its name.
        fits: how often one backtest fits it at most, for those that learn slowly; in between, the last fit
            is asked about later days. None fits it at every origin.
        on_request: whether it takes part only where it is named, because it takes minutes.
    """

    kind: ClassVar[str] = "forecaster"

    build: Callable[..., Forecasts]
    called: str = ""
    fits: int | None = None
    on_request: bool = False

    def __post_init__(self) -> None:
        """Check `called` and `fits` too."""
        super().__post_init__()
        if not isinstance(self.called, str) or "\n" in self.called:
            raise ValueError(f"{self.name}: called is one line of text")
        if self.fits is not None and (not isinstance(self.fits, int) or self.fits < 1):
            raise ValueError(f"{self.name}: fits is a number of at least 1, or None, not {self.fits!r}")


@hookspec
def triage_forecasters() -> Iterable[Forecaster]:
    '''Yield the forecasters that this plugin adds.

    ```python
    """Expect on every day what came on a day of the last four weeks, on average."""
    import numpy as np
    import triage
    import triage_forecast


    class FourWeeks:
        def fit(self, history, *, horizon, seed, watch):
            if not len(history):
                raise triage.DataError("no day to learn from")

        def forecast(self, history, ahead):
            return np.tile(history.filled[-28:].mean(axis=0), (len(ahead), 1))


    @triage.hookimpl
    def triage_forecasters():
        yield triage_forecast.Forecaster(name="four-weeks", summary="The mean of 28 days", build=FourWeeks)
    ```
    '''
    raise NotImplementedError


FORECASTERS = Kind(
    record=Forecaster,
    hook=triage_forecasters,
    laws="triage_forecast._laws",
    template="triage_forecast/templates/forecaster.py.txt",
    try_it="triage forecast complaints --forecaster {name}",
)
