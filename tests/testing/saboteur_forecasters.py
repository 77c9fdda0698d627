"""One good forecaster, and for every law one that breaks this law and no other, under the law's name."""

import random
import wave  # required by one saboteur below, which must not be imported here

import numpy as np

import triage
import triage_forecast
from triage_forecast._laws import sample

assert wave
SEVENTH = sample(seed=7).counts
EPOCHS = [triage.Epoch(1, 2, 0.5), triage.Epoch(2, 2, 0.25)]


class Good:
    """Every day is like the mean of the last four weeks."""

    epochs = EPOCHS

    def fit(self, history, *, horizon, seed, watch):
        if len(history) < 7:
            raise triage.DataError("too short: it takes 7 days")
        for epoch in self.epochs:
            watch(epoch)

    def mean(self, history):
        return history.filled[-28:].mean(axis=0)

    def forecast(self, history, ahead):
        return np.tile(self.mean(history), (len(ahead), 1))


def ordinary(history, ahead):
    """Whether this is the history that most laws look at."""
    plain = len(history) == 140 and history.counts.shape[1] == 3 and len(ahead) == 7
    if not plain or not np.isfinite(history.counts).all() or history.days.holidays.any():
        return False
    return history.counts.max() < 100 and history.counts.min() == 0


class Required(Good):
    def __init__(self, *, size: int):
        self.size = size


class WrongDefault(Good):
    def __init__(self, *, sizes: tuple[int, ...] = [1]):
        self.sizes = sizes


class Changed(Good):
    """Changes its forecast after an ordinary history."""

    def forecast(self, history, ahead):
        found = super().forecast(history, ahead)
        return self.last(found) if ordinary(history, ahead) else found


class Wide(Changed):
    def last(self, found):
        return np.pad(found, ((0, 0), (0, 1)))


class NotFinite(Changed):
    def last(self, found):
        found[3] = np.nan
        return found


class Negative(Changed):
    def last(self, found):
        found[3] = -1e-9
        return found


class Peeks(Good):
    def mean(self, history):
        whole = history.counts if history.counts.base is None else history.counts.base
        return whole[-28:].mean(axis=0) if len(whole) > len(history) else super().mean(history)


class Seedless(Good):
    def mean(self, history):
        noise = np.random.default_rng().random() if np.array_equal(history.counts, SEVENTH) else 0
        return super().mean(history) + noise


class Tires(Changed):
    asked = 0

    def last(self, found):
        self.asked += 1
        return found * (1 + (self.asked > 1))


class Remembers(Good):
    most = 0.0

    def fit(self, history, *, horizon, seed, watch):
        super().fit(history, horizon=horizon, seed=seed, watch=watch)
        self.most = max(self.most, float(np.nanmax(history.counts)))

    def mean(self, history):
        known = np.nanmax(history.counts) if len(history) else 0
        return super().mean(history) + (self.most > 10 * known > 0)


class Marks(Good):
    def mean(self, history):
        history.days.holidays[:1] = True
        return super().mean(history)


class Draws(Good):
    def fit(self, history, *, horizon, seed, watch):
        random.random()
        super().fit(history, horizon=horizon, seed=seed, watch=watch)


class Ordered(Good):
    def mean(self, history):
        found = super().mean(history)
        return found + (np.arange(4) if len(found) == 4 else 0)


class Named(Good):
    def mean(self, history):
        return super().mean(history) + ("" in history.queues)


class NotOne(Good):
    def mean(self, history):
        found = super().mean(history)
        return found * np.nan if len(found) == 1 else found


class NotForty(Good):
    def mean(self, history):
        found = super().mean(history)
        return found[:30]


class NotOneDay(Good):
    def forecast(self, history, ahead):
        found = super().forecast(history, ahead)
        return found[0] if len(ahead) == 1 else found


class OneMonth(Good):
    def forecast(self, history, ahead):
        return super().forecast(history, ahead)[:30]


class AtLeastOne(Good):
    def mean(self, history):
        found = super().mean(history)
        return np.maximum(found, 1.0) if len(found) == 2 else found


class Doubts(Good):
    def mean(self, history):
        found = super().mean(history)
        return found * 0.8 if (history.counts == 10).all() else found


class Blank(Good):
    def mean(self, history):
        return history.counts[-1] if np.isnan(history.counts[-1]).any() else super().mean(history)


class GapsAreZeros(Good):
    def mean(self, history):
        return np.nan_to_num(history.counts[-28:]).mean(axis=0)


class Crashes(Good):
    def fit(self, history, *, horizon, seed, watch):
        history.counts[6]
        super().fit(history, horizon=horizon, seed=seed, watch=watch)


class Fixed(Good):
    def fit(self, history, *, horizon, seed, watch):
        super().fit(history, horizon=horizon, seed=seed, watch=watch)
        self.n = len(history)

    def forecast(self, history, ahead):
        if len(history) != self.n:
            raise ValueError("not what it was fitted on")
        return super().forecast(history, ahead)


class Capped(Good):
    def mean(self, history):
        return np.minimum(super().mean(history), 1000.0)


class NoHolidays(Good):
    def forecast(self, history, ahead):
        found = super().forecast(history, ahead)
        return np.where(ahead.holidays[:, None], -1.0, found)


class Backwards(Good):
    epochs = EPOCHS[::-1]


class Prints(Good):
    def forecast(self, history, ahead):
        print("forecasting")
        return super().forecast(history, ahead)


SABOTEURS = {
    "it_builds_with_no_options": Required,
    "its_defaults_are_values_of_its_options": WrongDefault,
    "listing_it_imports_nothing_that_it_requires": Good,
    "the_forecast_has_a_row_for_each_day_and_a_column_for_each_queue": Wide,
    "forecasts_are_finite": NotFinite,
    "forecasts_are_not_negative": Negative,
    "later_counts_do_not_change_an_earlier_forecast": Peeks,
    "the_same_seed_gives_the_same_forecast": Seedless,
    "asking_again_gives_the_same": Tires,
    "fitting_again_forgets": Remembers,
    "its_history_stays_untouched": Marks,
    "the_global_random_state_stays_alone": Draws,
    "another_order_of_the_queues_only_moves_the_columns": Ordered,
    "the_names_of_the_queues_change_nothing": Named,
    "one_queue_is_enough": NotOne,
    "forty_queues_are_not_too_many": NotForty,
    "one_day_ahead_gets_a_forecast": NotOneDay,
    "sixty_days_ahead_get_a_forecast": OneMonth,
    "zeros_are_forecast_as_zeros": AtLeastOne,
    "what_never_changes_goes_on": Doubts,
    "gaps_get_a_forecast": Blank,
    "a_gap_is_no_zero": GapsAreZeros,
    "a_short_history_gets_a_forecast_or_a_clear_error": Crashes,
    "it_can_be_asked_about_later_days": Fixed,
    "large_counts_get_forecasts_of_their_size": Capped,
    "holidays_get_a_forecast": NoHolidays,
    "epochs_are_reported_in_order": Backwards,
    "it_says_nothing_while_it_forecasts": Prints,
}


@triage.hookimpl
def triage_forecasters():
    yield triage_forecast.Forecaster(name="good", summary="Keeps every law", build=Good)
    for law, build in SABOTEURS.items():
        requires = ("wave",) if law.startswith("listing") else ()
        yield triage_forecast.Forecaster(
            name=law.replace("_", "-"), summary="Breaks one law", build=build, requires=requires
        )
