"""Days as exports write them: the whole column decides the order of day and month, and nothing else is guessed.

`03/04/2024` is two days, and `24-03-01` is three. Which is meant is told by the other dates of the column
(`DateOrder`), by what was learned from, or by the user.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from triage.errors import BadOption

__all__ = ["DateOrder", "Days", "check_format", "could_be_several"]

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_END = r"(?![\d/.\-])"
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _END)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
_FULL_YEAR = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})" + _END)
_SHORT_YEAR = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{2})" + _END)
_DOTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})" + _END)
_DAY_MONTH = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(\d{1,2})[\s-]([a-z]{3})[a-z]*\.?,?[\s-](\d{4})" + _END, re.IGNORECASE
)
_MONTH_DAY = re.compile(
    r"(?:[a-z]{3,9},?\s+)?([a-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})" + _END, re.IGNORECASE
)
_TWITTER = re.compile(r"(?i)[a-z]{3} ([a-z]{3}) (\d{1,2}) [\d:]{5,8} \S+ (\d{4})$")
_NAMED: Final = (
    (_ISO, "ymd"),
    (_COMPACT, "ymd"),
    (_DOTS, "dmy"),
    (_DAY_MONTH, "dmy"),
    (_MONTH_DAY, "mdy"),
    (_TWITTER, "mdy"),
)
_WORDS: Final = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day"}
# An order is taken against dates that do not fit it where these are at most one in ten: misspelt ones.
_MISFITS: Final = 0.1


@dataclass(frozen=True)
class DateOrder:
    """The order of day, month and year in the dates of one column that could be several days.

    Attributes:
        full: "dmy" or "mdy" for dates with a year of four digits, or "" where it is not known.
        short: "dmy", "mdy" or "ymd" for dates with a year of two digits, or "".
        format: of `datetime.datetime.strptime`, for every date; then nothing else is tried.
        why: what told the order, for a message; "" where nothing had to be told.
    """

    full: str = ""
    short: str = ""
    format: str = ""
    why: str = ""

    @classmethod
    def given(cls, day_first: str, format: str) -> DateOrder | None:  # noqa: A002 - the field's name
        """Return the order that a user named: `day_first` is "yes" or "no"; None where both are empty."""
        if not day_first and not format:
            return None
        order = {"yes": "dmy", "no": "mdy", "": ""}[day_first]
        return cls(full=order, short=order, format=format)

    @classmethod
    def of(cls, values: Iterable[str], *, learned: str = "") -> DateOrder:
        """Return the order that a whole column tells.

        Args:
            values: every date of the column, as it was written.
            learned: "dmy" or "mdy" where a model or an experiment knows it: used where the column does not tell.
        """
        full, short = _Fits(("dmy", "mdy")), _Fits(("dmy", "mdy", "ymd"))
        for value in values:
            value = value.strip()[:64]
            if match := _FULL_YEAR.match(value):
                full.add(match[1], match[2], match[3])
            elif match := _SHORT_YEAR.match(value):
                short.add(match[1], match[3], match[4], but="mdy" if match[2] == "." else "")
        told = full.told()
        order = told or learned
        brief = short.told(among=order)
        why = []
        if full.total:
            why.append(full.words(told, learned))
        if short.total:
            why.append(short.words(brief, learned if learned in short.possible() else ""))
        return cls(
            full=order if full.total else learned,
            short=brief or (learned if learned in short.possible() else ""),
            why="; ".join(filter(None, why)),
        )


class _Fits:
    """Counts how many dates each order fits."""

    def __init__(self, orders: tuple[str, ...]) -> None:
        self.total = 0
        self._fits = Counter(dict.fromkeys(orders, 0))
        self._decisive = 0

    def add(self, *parts: str, but: str = "") -> None:
        self.total += 1
        fitting = [order for order in self._fits if order != but and _in_order(parts, order)]
        self._fits.update(fitting)
        self._decisive += len(fitting) < len(self._fits)

    def possible(self) -> list[str]:
        """Return the orders that fit all dates, or all but a few where none fits all."""
        most = max(self._fits.values())
        if not most:
            return []
        return [
            order
            for order, count in self._fits.items()
            if count == most and count >= (1 - _MISFITS) * self.total
        ]

    def told(self, *, among: str = "") -> str:
        """Return the one order that fits, or `among` where it is one of several that do; "" for no order."""
        possible = self.possible()
        if len(possible) == 1:
            return possible[0]
        return among if among in possible else ""

    def words(self, told: str, learned: str) -> str:
        """Return what is to be said about the choice."""
        if told:
            misfits = self.total - self._fits[told]
            more = f"; {misfits:,} do not fit" if misfits else ""
            return f"dates are read as {_WORDS[told]}: {self._decisive:,} of {self.total:,} can only be that{more}"
        if learned:
            return (
                f"dates are read as {_WORDS[learned]}, as in what was learned from: nothing here decides it"
            )
        what = "could be several days" if self.possible() else "do not agree on the order of day and month"
        return (
            f"{self.total:,} dates {what} and are not read: pass --day-first, --month-first or "
            "--date-format, such as %d/%m/%Y"
        )


class Days:
    """Reads dates, and counts those that it cannot read.

    Read are `2015-02-24`, with / or . too, and whatever follows; `20150224`; `24.02.2015` as day.month.year;
    `24 Feb 2015`, `Feb 24, 2015` and `Tue Feb 24 11:35:52 +0000 2015`; `02/24/2015`, `24-02-2015` and dates
    with a year of two digits where the order is known or the date can only be one day. The day is the one
    that is written, whatever the time zone.

    Attributes:
        order: of day, month and year, where a date does not tell it.
        bad: how many values were there and could not be read.
    """

    def __init__(self, order: DateOrder | None = None) -> None:
        self.order = order or DateOrder()
        self.bad = 0
        self._known: dict[str, datetime.date | None] = {}

    def read(self, value: str) -> datetime.date | None:
        """Return the day that `value` names; None where it is blank or cannot be read."""
        if value in self._known:
            day = self._known[value]
        else:
            day = self._parse(value.strip()[:64])
            if len(self._known) < 20_000 and len(value) < 64:
                self._known[value] = day
        if day is None and value.strip():
            self.bad += 1
        return day

    def _parse(self, value: str) -> datetime.date | None:
        if self.order.format:
            try:
                return datetime.datetime.strptime(value, self.order.format).date()  # noqa: DTZ007 - a day
            except ValueError:
                return None
        for pattern, order in _NAMED:
            if match := pattern.match(value):
                return _day(dict(zip(order, match.groups(), strict=True)))
        if match := _FULL_YEAR.match(value):
            return _chosen(match.groups(), self.order.full, ("dmy", "mdy"))
        if match := _SHORT_YEAR.match(value):
            return _chosen((match[1], match[3], match[4]), self.order.short, ("dmy", "mdy", "ymd"))
        return None


def could_be_several(value: str) -> bool:
    """Return whether a date as it was written could be several days."""
    value = value.strip()[:64]
    return bool(_FULL_YEAR.match(value) or _SHORT_YEAR.match(value))


def check_format(text: str) -> None:
    """Refuse a date format that cannot read a day.

    Raises:
        BadOption: it lacks year, month or day, or is not a format of `strptime`.
    """
    day = datetime.datetime(2024, 11, 25)  # noqa: DTZ001 - a day
    try:
        read = datetime.datetime.strptime(day.strftime(text), text)  # noqa: DTZ007 - a day
    except ValueError:
        read = None
    if read is None or read.date() != day.date():
        raise BadOption(f"date-format must hold year, month and day, such as %d/%m/%Y, got {text[:40]!r}")


def _chosen(parts: tuple[str, ...], order: str, orders: tuple[str, ...]) -> datetime.date | None:
    """Return the day in that order; without one, the day where all orders that fit give the same."""
    days = {_in_order(parts, each) for each in ((order,) if order else orders)} - {None}
    return days.pop() if len(days) == 1 else None


def _in_order(parts: tuple[str, ...], order: str) -> datetime.date | None:
    if order == "ymd" and len(parts[0]) != 2:
        return None  # nobody writes a year of one digit
    return _day(dict(zip(order, parts, strict=True)))


def _day(parts: dict[str, str]) -> datetime.date | None:
    month = parts["m"]
    year = int(parts["y"])
    if len(parts["y"]) <= 2:
        year += 1900 if year >= 70 else 2000
    try:
        return datetime.date(
            year, int(month) if month.isdecimal() else _MONTHS.get(month.casefold(), 0), int(parts["d"])
        )
    except ValueError:
        return None
