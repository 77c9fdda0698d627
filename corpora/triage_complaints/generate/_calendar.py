"""How many complaints come on each day: a weekly rhythm, a trend, the seasons, holidays and chance."""

from __future__ import annotations

import datetime
import math

from triage_complaints.generate._grammar import Chooser

FIRST_DAY = datetime.date(2021, 1, 1)
LAST_DAY = datetime.date(2023, 12, 31)

_BASE = 3.15  # complaints on an average day of the first year
_WEEKDAYS = (1.32, 1.26, 1.2, 1.16, 1.05, 0.55, 0.46)  # Monday to Sunday
_GROWTH = 0.2  # a year, of the first year's volume
_SEASON = 0.08  # more in early spring, fewer in autumn
_HOLIDAYS = {(1, 1), (7, 4), (11, 11), (12, 24), (12, 25), (12, 31)}
_HOLIDAY_SHARE = 0.35


def expected(day: datetime.date) -> float:
    """The mean number of complaints on ``day``, before chance."""
    age = (day - FIRST_DAY).days / 365.25
    season = 1 + _SEASON * math.cos(2 * math.pi * (day.timetuple().tm_yday - 75) / 365.25)
    holiday = _HOLIDAY_SHARE if (day.month, day.day) in _HOLIDAYS else 1.0
    return _BASE * _WEEKDAYS[day.weekday()] * (1 + _GROWTH * age) * season * holiday


def arrivals(choose: Chooser) -> list[datetime.date]:
    """The date of every complaint, in order: a Poisson number on each day, with busier and calmer weeks."""
    dates: list[datetime.date] = []
    week = 1.0
    day = FIRST_DAY
    while day <= LAST_DAY:
        if day.weekday() == 0:
            week = 0.92 + 0.16 * choose.real()
        dates += [day] * _poisson(expected(day) * week, choose)
        day += datetime.timedelta(days=1)
    return dates


def _poisson(mean: float, choose: Chooser) -> int:
    # Rounded, so that the last bit of a platform's exp and cos cannot change a day's count.
    limit = round(math.exp(-mean), 9)
    count, product = 0, choose.real()
    while product > limit:
        count += 1
        product *= choose.real()
    return count
