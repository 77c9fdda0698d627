"""Backtests, errors, intervals and the choice: on series whose truth is known."""

import contextlib
import datetime
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
import triage_forecast
from triage.data.sources import load
from triage_forecast._backtest import Backtest, Contender, Trial, origins_of, roll
from triage_forecast._choosing import better, errors_of, live, outlook, standings, unlikely_end
from triage_forecast._intervals import band, coverage_of
from triage_forecast._volumes import Counting, daily

FAST = ("last-week", "moving-average", "weekday-mean", "weekly-rhythm", "poisson")


def history(n=300, k=2, *, seed=1, rate=6.0, weekly=0.0):
    days = triage_forecast.Days(datetime.date(2023, 1, 2), np.zeros(n, dtype=bool))
    means = rate * (1 + weekly * np.cos(2 * np.pi * days.weekdays / 7))
    counts = np.random.default_rng(seed).poisson(means[:, None] / np.arange(1, k + 1)).astype(float)
    return triage_forecast.History(days, counts, tuple(f"queue {i}" for i in range(k)))


def contender(name, plugins):
    record = plugins.extension(triage_forecast.Forecaster, name)
    return Contender(
        name,
        record.called or name,
        lambda: plugins.build(record, {}),
        record.fits,
        lambda: plugins.attribute_errors_to(record),
    )


def tried(past, names, plugins, horizon=14, most=78):
    origins = origins_of(len(past), horizon, most=most)
    trials = [
        roll(contender(name, plugins), past, origins, horizon, seed=42, tell=lambda words: None)
        for name in names
    ]
    return Backtest(past, origins, horizon, tuple(trials))


class Knowing:
    """Counts its fits and remembers how much it was shown."""

    seen = []  # noqa: RUF012

    def fit(self, history, *, horizon, seed, watch):
        watch(triage.Epoch(1, 1, 0.5))
        Knowing.seen.append(("fit", len(history)))

    def forecast(self, history, ahead):
        Knowing.seen.append((ahead.first, len(history)))
        return np.ones((len(ahead), len(history.queues)))


def knowing(fits=None):
    return Contender("knowing", "the knowing", Knowing, fits, contextlib.nullcontext)


@given(st.integers(70, 2000), st.integers(1, 60), st.integers(1, 100))
def test_origins_lie_whole_weeks_before_the_end_and_leave_room(n, horizon, most):
    try:
        origins = origins_of(n, horizon, most=most)
    except triage.DataError:
        assert n < 56 + math.ceil(horizon / 7) * 7 or n // 3 > n - math.ceil(horizon / 7) * 7
        return
    assert len(origins) <= most
    assert all((n - origin) % 7 == 0 for origin in origins)
    assert origins[-1] + horizon <= n
    assert origins[0] >= max(56, n // 3)
    assert list(origins) == sorted(set(origins))


def test_a_forecaster_is_shown_nothing_but_what_lies_before_its_origin():
    past = history(120)
    Knowing.seen.clear()
    origins = origins_of(120, 14)
    trial = roll(knowing(), past, origins, 14, seed=1, tell=lambda words: None)
    asked = [step for step in Knowing.seen if step[0] != "fit"]
    assert asked == [(past.days.dates[origin], origin) for origin in origins]
    assert [step[1] for step in Knowing.seen if step[0] == "fit"] == list(origins)
    assert trial.fits == len(origins)


def test_one_that_learns_slowly_is_fitted_seldom_and_asked_everywhere():
    Knowing.seen.clear()
    told = []
    origins = origins_of(200, 7)
    trial = roll(knowing(fits=3), history(200), origins, 7, seed=1, tell=told.append)
    fits = [step[1] for step in Knowing.seen if step[0] == "fit"]
    assert trial.fits == len(fits) == 3
    assert fits[0] == origins[0]
    assert len(trial.means) == len(origins)
    assert "knowing: fit 3 of 3, epoch 1" in told


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(FAST), st.integers(0, 1000), st.integers(100, 140), st.floats(0, 500))
def test_later_counts_do_not_change_an_earlier_forecast(name, seed, when, later):
    plugins = triage.Plugins.discover()
    past, other = history(154, seed=seed), history(154, seed=seed)
    other.counts[when:] = later
    one, two = (tried(each, [name], plugins).trials[0].means for each in (past, other))
    before = np.array(origins_of(154, 14)) <= when
    assert before.any()
    assert (one[before] == two[before]).all()


@pytest.mark.parametrize(("answer", "said"), [(np.ones((3, 1)), "returned shape"), (np.full((14, 2), np.nan), "no counts"), (np.full((14, 2), -1.0), "no counts")])  # fmt: skip
def test_what_is_no_forecast_is_blamed_on_the_plugin(answer, said):
    class Wrong(Knowing):
        def forecast(self, history, ahead):
            return answer

    wrong = Contender("wrong", "wrong", Wrong, None, contextlib.nullcontext)
    with pytest.raises(triage.PluginFailed, match=said):
        roll(wrong, history(100), origins_of(100, 14), 14, seed=1, tell=lambda words: None)


def test_too_few_days_are_refused_with_how_many_it_takes():
    with pytest.raises(triage.DataError, match="at least 70"):
        origins_of(60, 14)


def test_errors_are_those_of_whole_documents():
    truth = np.array([[[4.0], [2.0]]])
    (errors,) = errors_of(truth, np.array([[[3.6], [1.4]]]), np.array([2.0]))
    assert errors.mae == 0.5  # 4 for 4, and 1 for 2
    assert errors.mape == 0.25
    assert errors.mase == 0.25


def test_a_percentage_needs_counts_and_a_scale_needs_change():
    truth = np.array([[[0.0], [2.0]]])
    (errors,) = errors_of(truth, np.ones((1, 2, 1)), np.array([0.0]))
    assert errors.mape is None
    assert errors.mase is None


def test_gaps_are_no_errors():
    truth = np.array([[[np.nan], [2.0]]])
    (errors,) = errors_of(truth, np.ones((1, 2, 1)), np.array([1.0]))
    assert errors.mae == 1


def test_last_week_again_has_a_scaled_error_near_one_and_no_gain(plugins):
    (found,) = standings(tried(history(500), ["last-week"], plugins))
    assert found.gain == found.gain_together == 0
    assert found.each.mase == pytest.approx(1, abs=0.1)
    assert not found.better


def test_nothing_at_all_does_not_win_on_rare_queues(plugins):
    past = history(500, k=3, rate=0.6)
    backtest = tried(past, ["weekly-rhythm"], plugins)
    zeros = Trial("nothing", "nothing", np.zeros_like(backtest.truth), 1, 0.0)
    both = Backtest(past, backtest.origins, 14, (zeros, *backtest.trials))
    rhythm, nothing = (
        next(s for s in standings(both) if s.trial.name == name) for name in ("weekly-rhythm", "nothing")
    )
    assert rhythm.each.mae <= 1.02 * nothing.each.mae


def test_pure_chance_is_seldom_called_better():
    draw = np.random.default_rng(3)
    found = [better(draw.gamma(2, size=40), draw.gamma(2, size=40), overlap=2) for _ in range(400)]
    assert np.mean(np.array(found) <= 0.05) < 0.09


def test_a_real_difference_is_called_better():
    draw = np.random.default_rng(4)
    yardstick = draw.gamma(2, size=60)
    assert better(yardstick - 0.3 + 0.1 * draw.normal(size=60), yardstick, overlap=2) < 0.001
    assert better(yardstick + 0.3, yardstick, overlap=2) > 0.99
    assert better(yardstick, yardstick, overlap=2) == 1


def test_the_test_is_that_of_the_papers():
    # Diebold-Mariano with the correction for few origins, worked out step by step.
    gained = np.array([0.1, 0.2, 0.4, 0.5, 0.6, 0.3, 0.2, -0.1])
    mean, m = gained.mean(), 8
    off = gained - mean
    variance = ((off**2).sum() + 2 * (off[1:] * off[:-1]).sum()) / m / m
    from scipy.stats import t

    statistic = mean / math.sqrt(variance) * math.sqrt((m + 1 - 4 + 2 / m) / m)
    assert better(-gained, np.zeros(8), overlap=2) == pytest.approx(t.sf(statistic, 7))


@given(st.floats(0.3, 40), st.integers(0, 10**6))
def test_an_interval_holds_its_mean_or_lies_beside_zero(rate, seed):
    draw = np.random.default_rng(seed)
    residuals = (draw.poisson(rate, size=(30, 1, 1)) - rate).astype(float)
    lower, upper = band(residuals, np.full((1, 1), rate))
    assert 0 <= lower[0, 0] <= upper[0, 0]


@pytest.mark.parametrize("rate", [2.0, 8.0, 60.0])
def test_intervals_hold_the_days_that_they_are_to_hold(rate):
    rates = np.linspace(0.5 * rate, 1.5 * rate, 200)[None]
    came = np.random.default_rng(5).poisson(rates, size=(600, 1, 200)).astype(float)
    lower, upper = band(came[:300] - rates, rates)
    inside = (came[300:] >= lower) & (came[300:] <= upper)
    assert 0.77 <= inside.mean() <= 0.83


def test_on_a_rare_queue_the_interval_is_none_and_few_days_lie_beyond():
    draw = np.random.default_rng(6)
    came = draw.poisson(0.1, size=(2000, 1, 1)).astype(float)
    lower, upper = band(came - 0.1, np.full((1, 1), 0.1))
    assert lower[0, 0] == 0
    assert upper[0, 0] < 1


def test_gaps_leave_an_interval():
    residuals = np.full((5, 2, 1), np.nan)
    residuals[:3, 0] = 1.0
    lower, upper = band(residuals, np.full((2, 1), 4.0))
    assert np.isfinite([lower, upper]).all()


def test_coverage_is_measured_with_what_was_known_by_then(plugins):
    past = history(400, k=1)
    backtest = tried(past, ["weekday-mean"], plugins)
    found = coverage_of(backtest, backtest.trials[0])
    changed = history(400, k=1)
    changed.counts[-14:] += 1000  # only the last origins can notice
    later = Backtest(changed, backtest.origins, 14, backtest.trials)
    assert found.origins == coverage_of(later, later.trials[0]).origins == len(backtest.origins) - 21
    worse = coverage_of(later, later.trials[0])
    lost = (found.together - worse.together) * found.origins * 14
    assert 0 < lost <= 3 * 7 + 1e-6  # no day before them is judged otherwise


def test_with_few_origins_nothing_is_said_about_coverage(plugins):
    backtest = tried(history(150), ["last-week"], plugins)
    assert coverage_of(backtest, backtest.trials[0]).together is None
    assert live(backtest) is None


def test_a_choice_made_anew_at_each_origin_is_judged_too(plugins):
    found = live(tried(history(500, weekly=0.6), ["last-week", "weekly-rhythm"], plugins))
    assert found["gain"] > 0.15
    assert found["origins"] > 10


def test_gaps_do_not_stop_a_backtest(plugins):
    past = history(300)
    past.counts[10::17] = np.nan
    backtest = tried(past, FAST, plugins)
    ranking = standings(backtest)
    assert len(ranking) == len(FAST)
    assert all(math.isfinite(standing.each.mae) for standing in ranking)


def test_an_outlook_is_a_forecast_of_the_days_to_come(plugins):
    past = history(300, weekly=0.5)
    backtest = tried(past, ["weekly-rhythm"], plugins)
    ahead = Counting().calendar(past.days.last + datetime.timedelta(days=1), 14)
    found = outlook(backtest, backtest.trials[0], contender("weekly-rhythm", plugins), ahead, seed=1)
    assert found.mean.shape == found.lower.shape == found.upper.shape == (14, 2)
    assert (found.lower <= found.mean).all()
    assert (found.mean <= found.upper).all()
    assert found.together[0] == pytest.approx(found.mean.sum(axis=1))
    narrower = found.together[2] - found.together[1] <= (found.upper - found.lower).sum(axis=1) + 1e-9
    assert narrower.all()  # chance in one queue makes up for chance in another


def test_a_last_day_that_is_not_over_is_noticed():
    past = history(200, k=1, rate=20)
    assert unlikely_end(past) is None
    past.counts[-1] = 3
    came, usual = unlikely_end(past)
    assert came == 3
    assert usual > 15


@pytest.fixture(scope="module")
def complaints():
    plugins = triage.Plugins.discover(strict=True)
    documents = load(plugins, "complaints").documents
    counted, undated = daily(((each.date, each.label) for each in documents), Counting())
    assert undated == 0
    return tried(counted, FAST, plugins)


def test_on_the_embedded_complaints_the_chosen_one_is_far_better_than_last_week(complaints):
    best = standings(complaints)[0]
    assert best.gain >= 0.15
    assert best.gain_together >= 0.15
    assert best.better
    anew = live(complaints)
    assert anew["gain"] >= 0.15


def test_on_the_embedded_complaints_four_of_five_days_lie_in_the_interval(complaints):
    found = coverage_of(complaints, standings(complaints)[0].trial)
    assert found.origins >= 50
    assert 0.75 <= found.together <= 0.85
    assert 0.75 <= found.each <= 0.85
