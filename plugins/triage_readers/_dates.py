"""Days as exports write them; what could be two different days is not guessed at."""

from __future__ import annotations

import datetime
import re

__all__ = ["Days"]

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_END = r"(?![\d/.\-])"
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _END)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
_SLASHES = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})" + _END)
_DOTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})" + _END)
_DAY_MONTH = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(\d{1,2})[\s-]([a-z]{3})[a-z]*\.?,?[\s-](\d{4})" + _END, re.IGNORECASE
)
_MONTH_DAY = re.compile(
    r"(?:[a-z]{3,9},?\s+)?([a-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})" + _END, re.IGNORECASE
)
_TWITTER = re.compile(r"(?i)[a-z]{3} ([a-z]{3}) (\d{1,2}) [\d:]{5,8} \S+ (\d{4})$")


class Days:
    """Reads dates, and counts those that it cannot read.

    Read are `2015-02-24`, with / or . too, and whatever follows; `20150224`; `02/24/2015` and `2/24/15`
    as month/day/year; `24.02.2015` as day.month.year; `24 Feb 2015`, `Feb 24, 2015` and
    `Tue Feb 24 11:35:52 +0000 2015`. The day is the one that is written, whatever the time zone.

    Attributes:
        day_first: whether `03/04/2015` means the third of April.
        bad: how many values were there and could not be read.
    """

    def __init__(self, *, day_first: bool = False) -> None:
        self.day_first = day_first
        self.bad = 0
        self._known: dict[str, datetime.date | None] = {}

    def read(self, value: str) -> datetime.date | None:
        """Return the day that `value` names; None where it is blank or cannot be read."""
        if value in self._known:
            day = self._known[value]
        else:
            day = self._parse(value.strip())
            if len(self._known) < 20_000 and len(value) < 64:
                self._known[value] = day
        if day is None and value.strip():
            self.bad += 1
        return day

    def _parse(self, value: str) -> datetime.date | None:
        value = value[:64]
        for pattern, order in (
            (_ISO, "ymd"),
            (_COMPACT, "ymd"),
            (_SLASHES, "dmy" if self.day_first else "mdy"),
            (_DOTS, "dmy"),
            (_DAY_MONTH, "dmy"),
            (_MONTH_DAY, "mdy"),
            (_TWITTER, "mdy"),
        ):
            if match := pattern.match(value):
                return _day(dict(zip(order, match.groups(), strict=True)))
        return None


def _day(parts: dict[str, str]) -> datetime.date | None:
    month = parts["m"]
    year = int(parts["y"])
    if len(parts["y"]) == 2:
        year += 1900 if year >= 70 else 2000
    try:
        return datetime.date(
            year, int(month) if month.isdecimal() else _MONTHS.get(month.casefold(), 0), int(parts["d"])
        )
    except ValueError:
        return None


def writes_day_first(values: list[str]) -> bool:
    """Whether a sample of dates with slashes can only be day/month/year."""
    matches = [match for value in values if (match := _SLASHES.match(value.strip()))]
    firsts = [int(match[1]) for match in matches]
    seconds = [int(match[2]) for match in matches]
    return bool(matches) and max(firsts) > 12 and max(seconds) <= 12
