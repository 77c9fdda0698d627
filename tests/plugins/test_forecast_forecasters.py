"""The built-in forecasters: each does what its name says, on series whose future is known."""

import datetime

import numpy as np
import pytest

import triage
import triage_forecast
from triage_forecast._lessons import Lessons, Scale, in_order
from triage_forecast._range_test import chosen_rate

RECORDS = {record.name: record for record in triage_forecast.triage_forecasters()}
WEEK = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 2.0, 1.0])


def history(n=280, *, trend=0.0, seed=None, holidays=(), start=datetime.date(2023, 1, 2)):
    """Days of one queue and of one half as busy, a Monday first, with chance where a seed is given."""
    days = triage_forecast.Days(start, np.isin(np.arange(n), holidays))
    rate = WEEK[days.weekdays] * (1 + trend * np.arange(n) / 365)
    rate[days.holidays] *= 0.25
    rates = np.stack([rate, rate / 2], axis=1)
    counts = rates if seed is None else np.random.default_rng(seed).poisson(rates).astype(float)
    return triage_forecast.History(days, counts, ("busy", "calm"))


def ahead(past, horizon=14, holidays=()):
    first = past.days.first + datetime.timedelta(days=len(past))
    return triage_forecast.Days(first, np.isin(np.arange(horizon), holidays))


def forecast(name, past, days=None, **options):
    days = days or ahead(past)
    forecaster = triage.Plugins.discover().build(RECORDS[name], options)
    forecaster.fit(past, horizon=len(days), seed=42, watch=lambda epoch: None)
    return forecaster.forecast(past, days)


def test_last_week_is_said_again_and_again():
    past = history(60, seed=1)
    found = forecast("last-week", past)
    assert (found[:7] == past.counts[-7:]).all()
    assert (found[7:] == past.counts[-7:]).all()


def test_the_moving_average_knows_no_weekday():
    found = forecast("moving-average", history(60), weeks=2)
    assert found[:, 0] == pytest.approx(WEEK.mean())


@pytest.mark.parametrize(
    ("name", "near"), [("weekday-mean", 1e-9), ("weekly-rhythm", 0.03), ("poisson", 0.15)]
)
def test_a_weekly_rhythm_goes_on(name, near):
    past = history(203)
    expected = WEEK[ahead(past).weekdays]
    assert forecast(name, past)[:, 0] == pytest.approx(expected, rel=near)
    assert forecast(name, past)[:, 1] == pytest.approx(expected / 2, rel=near)


def test_holt_winters_goes_on_with_rhythm_and_trend():
    pytest.importorskip("statsmodels")
    past = history(280, trend=1.0)
    expected = WEEK[ahead(past).weekdays] * (1 + 280 / 365)
    assert forecast("holt-winters", past, damped=False)[:, 0] == pytest.approx(expected, rel=0.2)


def test_a_trend_is_followed():
    past = history(700, trend=1.0, seed=3)
    after = history(714, trend=1.0).counts[-14:].sum()
    assert forecast("poisson", past).sum() == pytest.approx(after, rel=0.1)
    assert forecast("weekly-rhythm", past).sum() == pytest.approx(after, rel=0.15)


@pytest.mark.parametrize("name", ["weekly-rhythm", "poisson"])
def test_holidays_bring_less_where_they_brought_less(name):
    past = history(700, holidays=(100, 200, 300, 400, 500, 600), seed=4)
    usual, off = (forecast(name, past, ahead(past, 14, days)) for days in ((), (3,)))
    assert off[3, 0] < 0.6 * usual[3, 0]
    assert np.delete(off, 3, axis=0) == pytest.approx(np.delete(usual, 3, axis=0))


def test_the_rhythm_of_a_rare_queue_is_that_of_all():
    past = history(140, seed=5)
    counts = past.counts.copy()
    counts[:, 1] = 0
    counts[[3, 40, 77], 1] = 1  # three documents, none of them on a Monday
    rare = triage_forecast.History(past.days, counts, past.queues)
    found = forecast("weekly-rhythm", rare)
    monday, sunday = found[rare_day(rare, 0), 1], found[rare_day(rare, 6), 1]
    assert monday > 2 * sunday > 0


def rare_day(past, weekday):
    return int(np.flatnonzero(ahead(past).weekdays == weekday)[0])


def test_a_half_life_that_is_given_is_not_tried_out():
    past = history(140, seed=6)
    forecaster = triage.Plugins.discover().build(RECORDS["weekly-rhythm"], {"half-life": 33})
    forecaster.fit(past, horizon=7, seed=1, watch=lambda epoch: None)
    assert forecaster.half_life_ == 33


def test_after_a_jump_recent_days_count_for_more():
    past = history(400, seed=7)
    past.counts[330:] = np.random.default_rng(8).poisson(4 * past.counts.mean(axis=0), size=(70, 2))
    forecaster = triage.Plugins.discover().build(RECORDS["weekly-rhythm"], {})
    forecaster.fit(past, horizon=14, seed=1, watch=lambda epoch: None)
    assert forecaster.half_life_ == 14.0


def test_a_regression_does_not_believe_in_a_trend_without_end():
    past = history(60, seed=9)
    past.counts[:] = np.round(1.15 ** np.arange(60))[:, None]
    assert forecast("poisson", past, ahead(past, 120)).max() <= 3 * past.counts.max()


@pytest.mark.parametrize("name", ["last-week", "weekly-rhythm", "poisson", "holt-winters", "lstm"])
def test_what_is_too_short_says_how_many_days_it_takes(name):
    if name == "lstm":
        pytest.importorskip("keras")
    with pytest.raises(triage.DataError, match=r"3 days, and it takes at least \d+"):
        forecast(name, history(3))


def test_scaled_counts_come_back_as_they_were():
    counts = history(40, seed=1).counts
    scale = Scale.of(counts)
    assert scale.down(counts).min() == 0
    assert scale.down(counts).max() == 1
    assert scale.up(scale.down(counts)) == pytest.approx(counts)


def test_windows_hold_the_days_before_and_nothing_of_what_is_asked():
    past = history(40)
    marked = np.arange(40.0)[:, None] * np.ones((1, 2))
    lessons = Lessons.of(marked, past.days, window=10, steps=3)
    assert lessons.windows.shape == (28, 10, 2 + 8)
    for number, (window, target) in enumerate(zip(lessons.windows, lessons.targets, strict=True)):
        assert window[:, 0].tolist() == list(range(number, number + 10))
        assert target[::2].tolist() == list(range(number + 10, number + 13))
    train, tune = lessons.divided()
    assert train.targets.max() < tune.targets.min()


def test_the_order_of_the_queues_is_that_of_their_counts():
    counts = history(40, seed=1).counts
    assert (counts[:, in_order(counts)] == counts[:, ::-1][:, in_order(counts[:, ::-1])]).all()


def test_the_range_test_stays_below_the_rate_at_which_the_loss_rises():
    rates = np.geomspace(1e-5, 1, 60)
    losses = np.where(rates < 1e-2, 1 - 20 * rates, 50 * rates)
    assert 5e-4 < chosen_rate(rates, losses) < 2e-3
    assert chosen_rate(rates[:3], np.array([1.0, np.nan, np.nan])) == 1e-4


def test_they_are_found_again_after_they_were_used():
    for name in RECORDS:
        with pytest.raises(triage.DataError):
            forecast(name, history(3))
    assert set(triage.Plugins.discover(strict=True).names(triage_forecast.Forecaster)) >= set(RECORDS)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_an_lstm_learns_a_rhythm(strategy):
    pytest.importorskip("keras")
    past = history(280, seed=2)
    options = {"window": 14, "units": "16,8", "epochs": 60, "patience": 10, "strategy": strategy}
    found = forecast("lstm", past, **options)
    true = WEEK[ahead(past).weekdays]
    flat = np.abs(true - WEEK.mean()).mean()
    assert np.abs(found[:, 0] - true).mean() < 0.6 * flat


@pytest.mark.slow
def test_an_lstm_is_told_of_holidays_to_come():
    pytest.importorskip("keras")
    past = history(300, holidays=tuple(range(10, 300, 11)))
    options = {"window": 14, "units": "16", "epochs": 60, "strategy": "recursive"}
    usual, off = (forecast("lstm", past, ahead(past, 7, days), **options) for days in ((), (2,)))
    assert off[2, 0] < usual[2, 0]
