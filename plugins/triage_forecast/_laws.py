"""The laws of a forecaster: what `triage.Forecaster` and its protocol `Forecasts` promise, one by one."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage import DataError, Epoch
from triage.testing.laws import hold
from triage.testing.subjects import COMMON, Heard, Subject, listening, once
from triage_forecast._kind import Forecasts
from triage_forecast._volumes import Days, History

__all__ = ["LAWS", "SUBJECT", "Foretelling", "sample"]

Floats = NDArray[np.float64]

SEED = 42
HORIZON = 7
LENGTH = 140
_RHYTHM = np.array([1.4, 1.2, 1.1, 1.0, 1.1, 0.7, 0.5])


def sample(n: int = LENGTH, k: int = 3, *, seed: int = 5) -> History:
    """Return n days of k queues with a weekly rhythm; the same days in the longer and the shorter."""
    days = Days(datetime.date(2024, 1, 1), np.zeros(n, dtype=np.bool_))
    draw = np.random.default_rng(seed)
    rates = 9.0 / np.arange(1, k + 1)
    counts = draw.poisson(_RHYTHM[np.arange(1000) % 7][:, None] * rates, size=(1000, k))[:n]
    return History(days, counts.astype(np.float64), tuple(f"queue {i:02}" for i in range(k)))


def steady(value: float, *, gaps: bool = False) -> History:
    """Return days on which nothing ever changes, some of them unknown."""
    counts = np.full((LENGTH, 2), value)
    if gaps:
        counts[4::9] = np.nan
    return replace(sample(k=2), counts=counts)


def ahead_of(history: History, horizon: int = HORIZON) -> Days:
    """Return the days after a history, none of them a holiday."""
    first = history.days.first + datetime.timedelta(days=len(history))
    return Days(first, np.zeros(horizon, dtype=np.bool_))


class Foretelling(Subject):
    """A forecaster under test."""

    def learn(
        self,
        history: History,
        horizon: int = HORIZON,
        *,
        forecaster: Forecasts | None = None,
        epochs: list[Epoch] | None = None,
    ) -> Forecasts:
        """Fit a new forecaster, or `forecaster` again."""
        found: Forecasts = forecaster or self.make()
        watch = ([] if epochs is None else epochs).append
        found.fit(history, horizon=horizon, seed=SEED, watch=watch)
        return found

    def answer(self, history: History, horizon: int = HORIZON) -> Floats:
        """Fit a new forecaster and ask it about the days that follow."""
        return np.asarray(self.learn(history, horizon).forecast(history, ahead_of(history, horizon)))

    @once
    def lesson(self) -> tuple[Floats, Heard, list[Epoch], bool]:
        """What most laws look at: a forecast, what was said meanwhile, the epochs, and whether it drew."""
        history, epochs, made = sample(), list[Epoch](), self.make()
        states = repr((random.getstate(), np.random.get_state()))
        with listening() as heard:
            forecaster = self.learn(history, forecaster=made, epochs=epochs)
            found = np.asarray(forecaster.forecast(history, ahead_of(history)))
        return found, heard, epochs, states != repr((random.getstate(), np.random.get_state()))

    @property
    def given(self) -> Floats:
        """Its forecast after `sample()`."""
        found: Floats = self.lesson[0]
        return found


def numbers_hold(found: Any, days: int, queues: int) -> None:
    """Check that `found` is a forecast of so many days and queues; says nothing about how good it is."""
    found = np.asarray(found)
    hold(found.shape == (days, queues), f"shape {found.shape} for {days} days and {queues} queues")
    hold(np.isfinite(found).all() and (found >= 0).all(), "numbers that are no counts to expect")


def the_forecast_has_a_row_for_each_day_and_a_column_for_each_queue(it: Foretelling) -> None:
    """Seven days of three queues are an array of shape (7, 3)."""
    hold(it.given.shape == (HORIZON, 3), f"shape {it.given.shape}")


def forecasts_are_finite(it: Foretelling) -> None:
    """No NaN and no infinity: a plan cannot be made with them."""
    hold(np.isfinite(it.given).all(), "numbers that are not finite")


def forecasts_are_not_negative(it: Foretelling) -> None:
    """Fewer than none cannot come."""
    hold(not (it.given < 0).any(), f"a forecast of {np.nanmin(it.given):.3g}")


def later_counts_do_not_change_an_earlier_forecast(it: Foretelling) -> None:
    """No peeking: what came after the last day that it was given changes nothing, by no path."""
    answers = []
    for later in (0.0, 500.0):
        longer = sample(LENGTH + 28)
        longer.counts[LENGTH:] = later
        it.learn(longer)  # another forecaster that has seen the future must not pass it on
        past = History(
            sample().days, longer.counts[:LENGTH], longer.queues
        )  # a view: the rest lies behind it
        answers.append(it.answer(past))
    hold(np.array_equal(answers[0], answers[1], equal_nan=True), "it knows what came later")


def the_same_seed_gives_the_same_forecast(it: Foretelling) -> None:
    """A forecast can be repeated."""
    first, second = (it.answer(sample(seed=7)) for _ in range(2))
    hold(np.array_equal(first, second, equal_nan=True), "the second forecast is another")


def asking_again_gives_the_same(it: Foretelling) -> None:
    """Asking changes nothing in the forecaster."""
    history = sample()
    forecaster = it.learn(history)
    first, second = (np.asarray(forecaster.forecast(history, ahead_of(history))) for _ in range(2))
    hold(np.array_equal(first, second, equal_nan=True), "the second answer is another")


def fitting_again_forgets(it: Foretelling) -> None:
    """Fitted on other days first, it forecasts as if it had never seen them."""
    other = sample(seed=6)
    other.counts[:] *= 50
    history = sample()
    forecaster = it.learn(history, forecaster=it.learn(other))
    again = np.asarray(forecaster.forecast(history, ahead_of(history)))
    hold(np.array_equal(again, it.given, equal_nan=True), "it remembers what it was fitted on before")


def its_history_stays_untouched(it: Foretelling) -> None:
    """Other forecasters are given the same arrays: they stay as they are."""
    history, before = sample(), sample()
    forecaster = it.learn(history)
    forecaster.forecast(history, ahead_of(history))
    same = np.array_equal(history.counts, before.counts)
    hold(same and np.array_equal(history.days.holidays, before.days.holidays), "it changed what it was given")


def the_global_random_state_stays_alone(it: Foretelling) -> None:
    """Other code that draws random numbers draws the same ones as without it."""
    hold(not it.lesson[3], "the global random state of Python or numpy is another than before")


def another_order_of_the_queues_only_moves_the_columns(it: Foretelling) -> None:
    """Which queue stands first is chance: turning the columns around turns the forecast around."""
    history = sample(k=4)
    turned = History(history.days, history.counts[:, ::-1].copy(), history.queues[::-1])
    far = np.abs(it.answer(turned)[:, ::-1] - it.answer(history)).max()
    hold(far <= 1e-6, f"in another order a queue gets a forecast that differs by {far:.3g}")


def the_names_of_the_queues_change_nothing(it: Foretelling) -> None:
    """A queue is what came into it, whatever it is called."""
    renamed = replace(sample(), queues=("\u202ecards\x1b[31m", "", "[/b]"))
    hold(np.array_equal(it.answer(renamed), it.given, equal_nan=True), "other names, another forecast")


def one_queue_is_enough(it: Foretelling) -> None:
    """A desk with one queue gets a forecast."""
    numbers_hold(it.answer(sample(k=1)), HORIZON, 1)


def forty_queues_are_not_too_many(it: Foretelling) -> None:
    """A desk with forty queues, most of them nearly empty, gets a forecast."""
    numbers_hold(it.answer(sample(k=40)), HORIZON, 40)


def one_day_ahead_gets_a_forecast(it: Foretelling) -> None:
    """Tomorrow alone is a horizon too."""
    numbers_hold(it.answer(sample(), 1), 1, 3)


def sixty_days_ahead_get_a_forecast(it: Foretelling) -> None:
    """So are two months."""
    numbers_hold(it.answer(sample(210), 60), 60, 3)


def zeros_are_forecast_as_zeros(it: Foretelling) -> None:
    """Where nothing ever came, nothing is expected."""
    most = float(np.max(it.answer(steady(0.0))))
    hold(most <= 0.1, f"it expects {most:.3g} where nothing ever came")


def what_never_changes_goes_on(it: Foretelling) -> None:
    """Ten a day in the past are ten a day in the future, within one."""
    off = float(np.abs(it.answer(steady(10.0)) - 10).max())
    hold(off <= 1, f"it is {off:.3g} off")


def gaps_get_a_forecast(it: Foretelling) -> None:
    """Days of which nothing is known are NaN in the history, and no day of the forecast is."""
    history = sample()
    history.counts[4::9] = np.nan
    history.counts[-1] = np.nan
    numbers_hold(it.answer(history), HORIZON, 3)


def a_gap_is_no_zero(it: Foretelling) -> None:
    """Ten on every day that is known are ten a day, however many days are not known."""
    off = float(np.abs(it.answer(steady(10.0, gaps=True)) - 10).max())
    hold(not off > 1, f"it is {off:.3g} off")


def a_short_history_gets_a_forecast_or_a_clear_error(it: Foretelling) -> None:
    """A few days are enough, or there is a `DataError` that says how many it takes."""
    for n in (0, 1, 3, 8, 20):
        try:
            found = it.answer(sample(n))
        except DataError as error:
            hold(str(error).strip(), f"an error without a word after {n} days")
        else:
            numbers_hold(found, HORIZON, 3)


def it_can_be_asked_about_later_days(it: Foretelling) -> None:
    """Between two fits it is asked with a history that has grown."""
    longer = sample(LENGTH + 17)
    forecaster = it.learn(longer.before(LENGTH))
    numbers_hold(forecaster.forecast(longer, ahead_of(longer)), HORIZON, 3)


def large_counts_get_forecasts_of_their_size(it: Foretelling) -> None:
    """Millions a day are forecast as millions."""
    history = sample()
    history.counts[:] = 1e6 * (history.counts + 1)
    found = it.answer(history)
    numbers_hold(found, HORIZON, 3)
    share = found.sum() / (history.counts[-28:].mean(axis=0).sum() * HORIZON)
    hold(0.2 <= share <= 5, f"the forecast is {share:.3g} times what came of late")


def holidays_get_a_forecast(it: Foretelling) -> None:
    """Holidays in the past and in the future are days too."""
    history = sample()
    history.days.holidays[::31] = True
    days = Days(ahead_of(history).first, np.ones(HORIZON, dtype=np.bool_))
    numbers_hold(it.learn(history).forecast(history, days), HORIZON, 3)


def epochs_are_reported_in_order(it: Foretelling) -> None:
    """Where there are epochs, their numbers rise, to no more than was announced."""
    numbers: Sequence[int] = [epoch.number for epoch in it.lesson[2]]
    hold(numbers == sorted(set(numbers)), f"epochs in the order {numbers[:5]}")
    hold(all(1 <= epoch.number <= epoch.of for epoch in it.lesson[2]), "more epochs than were announced")


def it_says_nothing_while_it_forecasts(it: Foretelling) -> None:
    """It neither prints nor logs: the host shows how far it is."""
    heard = it.lesson[1]
    hold(not heard.printed, "it prints")
    hold(not heard.logged, "it logs")


LAWS = (
    *COMMON,
    the_forecast_has_a_row_for_each_day_and_a_column_for_each_queue,
    forecasts_are_finite,
    forecasts_are_not_negative,
    later_counts_do_not_change_an_earlier_forecast,
    the_same_seed_gives_the_same_forecast,
    asking_again_gives_the_same,
    fitting_again_forgets,
    its_history_stays_untouched,
    the_global_random_state_stays_alone,
    another_order_of_the_queues_only_moves_the_columns,
    the_names_of_the_queues_change_nothing,
    one_queue_is_enough,
    forty_queues_are_not_too_many,
    one_day_ahead_gets_a_forecast,
    sixty_days_ahead_get_a_forecast,
    zeros_are_forecast_as_zeros,
    what_never_changes_goes_on,
    gaps_get_a_forecast,
    a_gap_is_no_zero,
    a_short_history_gets_a_forecast_or_a_clear_error,
    it_can_be_asked_about_later_days,
    large_counts_get_forecasts_of_their_size,
    holidays_get_a_forecast,
    epochs_are_reported_in_order,
    it_says_nothing_while_it_forecasts,
)
"""In the order in which they are checked."""

SUBJECT = Foretelling
"""What the laws are about."""
