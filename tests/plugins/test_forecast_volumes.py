"""Counting documents by day and queue, and the calendar around them."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
import triage_forecast
from triage_forecast._volumes import Counting, daily, read_holidays

MONDAY = datetime.date(2024, 1, 1)
days = st.dates(datetime.date(2023, 12, 1), datetime.date(2024, 2, 28))


def day(number):
    return MONDAY + datetime.timedelta(days=number)


def test_every_day_from_the_first_to_the_last_is_there():
    history, undated = daily(
        [(day(0), "card"), (day(3), "loan"), (day(3), "card"), (None, "card")], Counting()
    )
    assert undated == 1
    assert history.queues == ("card", "loan")  # the busier first
    assert history.counts.tolist() == [[1, 0], [0, 0], [0, 0], [1, 1]]
    assert history.days.last == day(3)


def test_a_day_without_a_document_is_a_zero_or_a_gap():
    dated = [(day(0), "card"), (day(2), "loan")]
    zeros, _ = daily(dated, Counting(missing="zeros"))
    gaps, _ = daily(dated, Counting(missing="gaps"))
    assert zeros.counts[1].tolist() == [0, 0]
    assert np.isnan(gaps.counts[1]).all()
    assert gaps.known.tolist() == [True, False, True]
    assert gaps.counts[0].tolist() == [1, 0]  # a queue's own empty day is a zero all the same


@given(st.lists(st.tuples(days, st.sampled_from("abc")), min_size=1, max_size=60))
def test_no_document_is_lost_and_none_is_counted_twice(dated):
    history, undated = daily(dated, Counting())
    assert undated == 0
    assert history.counts.sum() == len(dated)
    for date, queue in dated:
        here = history.counts[(date - history.days.first).days, history.queues.index(queue)]
        assert here == dated.count((date, queue))


def test_since_and_until_leave_out_what_lies_outside():
    dated = [(day(number), "card") for number in range(10)]
    history, _ = daily(dated, Counting(since=day(2), until=day(11)))
    assert history.days.first == day(2)
    assert history.days.last == day(11)
    assert history.counts[:, 0].tolist() == [1] * 8 + [0, 0]  # days that are over and brought nothing
    with pytest.raises(triage.UsageError, match="before --since or after --until"):
        daily(dated, Counting(until=day(-1)))


def test_what_has_no_date_or_dates_of_two_centuries_cannot_be_counted():
    with pytest.raises(triage.DataError, match="none of the 2 documents has a date"):
        daily([(None, "card"), (None, "card")], Counting())
    with pytest.raises(triage.DataError, match="mistyped"):
        daily([(datetime.date(1024, 1, 1), "card"), (day(0), "card")], Counting())


def test_a_gap_is_filled_by_the_last_day_of_its_weekday():
    counts = np.arange(21, dtype=float)[:, None]
    counts[[9, 16]] = np.nan
    history = triage_forecast.History(
        triage_forecast.Days(MONDAY, np.zeros(21, dtype=bool)), counts, ("card",)
    )
    assert history.filled[[9, 16], 0].tolist() == [2.0, 2.0]


def test_gaps_on_every_day_of_a_weekday_are_filled_by_the_mean():
    counts = np.full((21, 1), 4.0)
    counts[::7] = np.nan
    history = triage_forecast.History(
        triage_forecast.Days(MONDAY, np.zeros(21, dtype=bool)), counts, ("card",)
    )
    assert (history.filled == 4).all()
    counts[:] = np.nan
    assert (triage_forecast.History(history.days, counts, ("card",)).filled == 0).all()


def test_a_gap_before_all_of_its_weekday_takes_the_next():
    counts = np.arange(14, dtype=float)[:, None]
    counts[2] = np.nan
    history = triage_forecast.History(
        triage_forecast.Days(MONDAY, np.zeros(14, dtype=bool)), counts, ("card",)
    )
    assert history.filled[2, 0] == 9
    assert np.isnan(history.counts[2, 0])


def test_what_is_handed_out_of_the_past_ends_there_and_cannot_be_changed():
    history, _ = daily([(day(number), "card") for number in range(10)], Counting())
    past = history.before(4)
    assert len(past) == 4
    assert past.counts.base is None  # nothing of the future lies behind it
    with pytest.raises(ValueError, match="read-only"):
        past.counts[0] = 7
    ahead = history.after(4, 3)
    assert ahead.dates == [day(4), day(5), day(6)]
    assert ahead.weekdays.tolist() == [4, 5, 6]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="counts of shape"):
        triage_forecast.History(
            triage_forecast.Days(MONDAY, np.zeros(3, dtype=bool)), np.zeros((2, 1)), ("card",)
        )


def test_holidays_come_from_a_file_with_a_column_date(tmp_path):
    path = tmp_path / "holidays.csv"
    path.write_text("date,name,holiday\n2024-01-01,New Year,1\n2024-01-02,,no\n2024-01-06,Epiphany,yes\n")
    holidays = read_holidays(str(path))
    assert holidays == {day(0): "New Year", day(5): "Epiphany"}
    calendar = Counting(holidays=holidays).calendar(day(0), 7)
    assert calendar.holidays.tolist() == [True, False, False, False, False, True, False]


@pytest.mark.parametrize(("text", "said"), [("day\n2024-01-01\n", "must have a column 'date'"), ("date\n2024-01-01\nnext week\n", "line 3: the date must be"), ("date\n03/04/2024\n", "pass --day-first")])  # fmt: skip
def test_a_file_of_holidays_that_is_none_is_refused(tmp_path, text, said):
    path = tmp_path / "holidays.csv"
    path.write_text(text)
    with pytest.raises(triage.DataError, match=said):
        read_holidays(str(path))


@pytest.mark.parametrize(
    "text",
    [
        "date;name\n25.12.2024;Christmas\n26.12.2024;Boxing Day\n",
        "date,name\n12/25/2024,Christmas\n12/26/2024,Boxing Day\n",
        "Our holidays\n\nDate\tName\n25/12/2024\tChristmas\n26/12/2024\tBoxing Day\n",
    ],
)
def test_holidays_are_read_as_spreadsheets_save_them(tmp_path, text):
    path = tmp_path / "holidays.csv"
    path.write_text(text)
    first = datetime.date(2024, 12, 25)
    assert read_holidays(str(path)) == {first: "Christmas", first + datetime.timedelta(days=1): "Boxing Day"}
