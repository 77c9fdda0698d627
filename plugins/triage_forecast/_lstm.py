"""The recurrent forecaster: a stacked LSTM over a window of days, on counts scaled to 0 to 1.

One network reads all queues of a day at once, with the day's weekday and whether it is a holiday, and says
the scaled counts of the days ahead: all of them at once (direct), or of one day that then becomes a part of
the window for the next (recursive). The newest windows stop the training early; a range test finds the
learning rate (Smith 2017, "Cyclical learning rates for training neural networks", section 3.3).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

import triage
from triage.plugin_api import Watch
from triage_forecast._lessons import Lessons, Scale, in_order
from triage_forecast._range_test import rate_of
from triage_forecast._simple import needs

if TYPE_CHECKING:
    from triage_forecast._volumes import Days, History


__all__ = ["Lstm"]

_CLIP = 1.0  # norm of the gradients of one step, at most
_SPARE = 28  # days beyond a window and a horizon: fewer windows than weeks teach nothing


@dataclass(kw_only=True)
class Lstm:
    """A network for all queues; see `triage plugins describe lstm` for the options."""

    window: int
    units: tuple[int, ...]
    strategy: Literal["direct", "recursive"]
    epochs: int
    patience: int
    batch: int
    learning_rate: float
    dropout: float

    def fit(self, history: History, *, horizon: int, seed: int, watch: Watch) -> None:
        """Train on every window of the history; see `triage.host.protocols.Forecasts`."""
        needs(history, self.window + horizon + _SPARE)
        self.order_ = in_order(history.filled)
        self.scale_ = Scale.of(history.filled[:, self.order_])
        self.steps_ = horizon if self.strategy == "direct" else 1
        lessons = Lessons.of(
            self.scale_.down(history.filled[:, self.order_]),
            history.days,
            window=self.window,
            steps=self.steps_,
        )
        train, tune = lessons.divided()
        with _seeded(seed):
            self.model_ = self._network(lessons)
            self.rate_ = self.learning_rate or rate_of(self.model_, train, batch=self.batch)
            self._train(train, tune, watch)

    def forecast(self, history: History, ahead: Days) -> NDArray[np.float64]:
        """Return the mean of each day and queue."""
        counts = self.scale_.down(history.filled[-self.window :][:, self.order_])
        weekdays = history.days.weekdays[-self.window :]
        holidays = history.days.holidays[-self.window :]
        scaled = np.empty((0, counts.shape[1]))
        # One turn for the direct strategy, one for each day for the recursive one.
        while len(scaled) < len(ahead):
            begin = len(scaled)
            coming = np.zeros(self.steps_)
            known = ahead.holidays[begin : begin + self.steps_]
            coming[: len(known)] = known
            inputs = Lessons.inputs(counts, weekdays, holidays)[None]
            found = self.model_.predict_on_batch([inputs, coming[None].astype(np.float32)])
            found = found.reshape(self.steps_, -1)[: len(known)].astype(np.float64)
            scaled = np.concatenate([scaled, found])
            counts = np.concatenate([counts, found])[-self.window :]
            next_days = ahead.weekdays[begin : begin + len(known)]
            weekdays = np.concatenate([weekdays, next_days])[-self.window :]
            holidays = np.concatenate([holidays, known])[-self.window :]
        answer = np.empty_like(scaled)
        answer[:, self.order_] = self.scale_.up(scaled)
        return np.clip(answer, 0.0, None)

    def _network(self, lessons: Lessons) -> Any:
        import keras

        days = keras.Input(lessons.windows.shape[1:], name="window")
        holidays = keras.Input(lessons.holidays.shape[1:], name="holidays_ahead")
        x = days
        for layer, units in enumerate(self.units, start=1):
            x = keras.layers.LSTM(units, return_sequences=layer < len(self.units), name=f"lstm_{layer}")(x)
        x = keras.layers.Dropout(self.dropout)(x)
        x = keras.layers.Concatenate()([x, holidays])
        model = keras.Model([days, holidays], keras.layers.Dense(lessons.targets.shape[1], name="ahead")(x))
        model.compile(optimizer=keras.optimizers.Adam(1e-3, clipnorm=_CLIP), loss="mse")
        return model

    def _train(self, train: Lessons, tune: Lessons, watch: Watch) -> None:
        best, waited, kept = np.inf, 0, self.model_.get_weights()
        self.model_.optimizer.learning_rate.assign(self.rate_)
        for number in range(1, self.epochs + 1):
            told = self.model_.fit(
                train.pair, train.targets, batch_size=self.batch, epochs=1, shuffle=True, verbose=0
            )
            loss = float(told.history["loss"][0])
            said = self.model_.predict_on_batch(tune.pair)
            tune_loss = float(np.mean((said - tune.targets) ** 2))
            if not np.isfinite(loss):
                break
            better = tune_loss < best
            best, waited = (tune_loss, 0) if better else (best, waited + 1)
            if better:
                kept = self.model_.get_weights()
            watch(
                triage.Epoch(
                    number, self.epochs, loss, tune_loss=tune_loss, learning_rate=self.rate_, best=better
                )
            )
            if waited >= self.patience:
                break
        if not np.isfinite(best):
            raise triage.Diverged(
                f"the LSTM's loss is not finite at the learning rate {self.rate_:.2g}: try a lower one, "
                "--set learning-rate=0.001"
            )
        self.model_.set_weights(kept)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed everything that Keras draws from, and give Python's and numpy's states back afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        import keras

        keras.utils.set_random_seed(seed)
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
