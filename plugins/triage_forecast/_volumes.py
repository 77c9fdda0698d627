"""How many documents came on each day: what a forecaster learns from, and how it is counted."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from triage import DataError, UsageError
from triage.plugin_api import quote_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ALL", "Counting", "Days", "History", "daily", "read_holidays"]

ALL = "all"
"""The name of the one queue where documents are not told apart."""
_MOST_DAYS = 36_525  # a century: more is a date that somebody mistyped
_NONE: Mapping[datetime.date, str] = MappingProxyType({})


@dataclass(frozen=True)
class Days:
    """Days in a row.

    Attributes:
        first: the first of them.
        holidays: shape (n,): which of the n days are holidays.
    """

    first: datetime.date
    holidays: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.holidays)

    @property
    def last(self) -> datetime.date:
        """The last of them."""
        return self.first + datetime.timedelta(days=len(self) - 1)

    @property
    def dates(self) -> list[datetime.date]:
        """All of them, in order."""
        return [self.first + datetime.timedelta(days=i) for i in range(len(self))]

    @property
    def weekdays(self) -> NDArray[np.int64]:
        """Shape (n,): 0 for Monday to 6 for Sunday."""
        return (self.first.weekday() + np.arange(len(self), dtype=np.int64)) % 7

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Shape (n,): days since the first day of the year 1, for trends."""
        return self.first.toordinal() + np.arange(len(self), dtype=np.int64)


@dataclass(frozen=True)
class History:
    """What is known of the past: how many documents each queue got on each day.

    Attributes:
        days: n days.
        counts: shape (n, k), float64: documents of each queue on each day. A day of which nothing is known, a
            gap, is NaN in every queue; all else is finite and not negative.
        queues: the k names of the queues, in the order of the columns.
    """

    days: Days
    counts: NDArray[np.float64]
    queues: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the shapes.

        Raises:
            ValueError: they do not fit together.
        """
        if self.counts.shape != (len(self.days), len(self.queues)):
            raise ValueError(
                f"counts of shape {self.counts.shape} for {len(self.days)} days and {len(self.queues)} queues"
            )

    def __len__(self) -> int:
        return len(self.days)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Shape (n,): which days are no gaps."""
        found: NDArray[np.bool_] = np.asarray(np.isfinite(self.counts).all(axis=1))
        return found

    @cached_property
    def filled(self) -> NDArray[np.float64]:
        """Shape (n, k): `counts` without gaps, for forecasters that cannot do with them.

        A gap takes what the last known day of its weekday had, else the next one, else the mean of all
        known days, else 0.
        """
        counts, known, weekdays = self.counts.copy(), self.known, self.days.weekdays
        if known.all():
            return counts
        mean = counts[known].mean(axis=0) if known.any() else np.zeros(counts.shape[1])
        for day in np.flatnonzero(~known):
            alike = np.flatnonzero(known & (weekdays == weekdays[day]))
            before, after = alike[alike < day], alike[alike > day]
            nearest = before[-1] if len(before) else after[0] if len(after) else None
            counts[day] = mean if nearest is None else self.counts[nearest]
        return counts

    def before(self, day: int) -> History:
        """Return the first `day` days alone, in arrays of their own that cannot be written to."""
        counts, holidays = self.counts[:day].copy(), self.days.holidays[:day].copy()
        counts.flags.writeable = holidays.flags.writeable = False
        return History(Days(self.days.first, holidays), counts, self.queues)

    def after(self, day: int, horizon: int) -> Days:
        """Return the calendar of `horizon` days from day number `day` on, all of them in this history."""
        holidays = self.days.holidays[day : day + horizon].copy()
        return Days(self.days.first + datetime.timedelta(days=day), holidays)


@dataclass(frozen=True, kw_only=True)
class Counting:
    """How days are counted.

    Attributes:
        missing: what a day without a single document is: "zeros" for a day on which nothing came, "gaps" for
            one of which nothing is known.
        since: earlier documents are left out; None for none.
        until: later documents are left out; None for none.
        holidays: their names by date; may reach into the future.
    """

    missing: Literal["zeros", "gaps"] = "zeros"
    since: datetime.date | None = None
    until: datetime.date | None = None
    holidays: Mapping[datetime.date, str] = field(default_factory=lambda: _NONE)

    def calendar(self, first: datetime.date, days: int) -> Days:
        """Return `days` days from `first` on, with the holidays among them."""
        dates = (first + datetime.timedelta(days=i) for i in range(days))
        return Days(first, np.array([date in self.holidays for date in dates], dtype=np.bool_))


def daily(dated: Iterable[tuple[datetime.date | None, str]], counting: Counting) -> tuple[History, int]:
    """Count documents by day and queue; every day from the first to the last is there.

    Args:
        dated: the day of each document, or None where it has none, and its queue.
        counting: how.

    Returns:
        The history, its queues from the busiest to the least busy, and how many documents had no date.

    Raises:
        DataError: not one document has a date, or they lie more than a century apart.
        UsageError: no document lies between `since` and `until`.
    """
    found: dict[str, dict[datetime.date, int]] = {}
    undated = outside = 0
    for date, queue in dated:
        if date is None:
            undated += 1
        elif (counting.since and date < counting.since) or (counting.until and date > counting.until):
            outside += 1
        else:
            counts = found.setdefault(queue, {})
            counts[date] = counts.get(date, 0) + 1
    if not found and outside:
        raise UsageError(f"all {outside:,} dated documents lie before --since or after --until")
    if not found:
        raise DataError(
            f"none of the {undated:,} documents has a date: name the column that holds it, --date-column NAME"
        )
    first = min(min(counts) for counts in found.values())
    last = counting.until or max(max(counts) for counts in found.values())
    n = (last - first).days + 1
    if n > _MOST_DAYS:
        raise DataError(
            f"dates from {first} to {last}: leave out what is mistyped, --since DATE --until DATE"
        )
    queues = sorted(found, key=lambda queue: (-sum(found[queue].values()), queue))
    table = np.zeros((n, len(queues)))
    for column, queue in enumerate(queues):
        for date, count in found[queue].items():
            table[(date - first).days, column] = count
    if counting.missing == "gaps":
        table[table.sum(axis=1) == 0] = np.nan
    return History(counting.calendar(first, n), table, tuple(queues)), undated


def read_holidays(path: str) -> dict[datetime.date, str]:
    """Read a table with the columns `date` and, where they are there, `name` and `holiday`.

    A row in which `holiday` is empty, 0, no or false is a day like any other. Days are written in any way that
    `triage.io.dates` reads; the whole column decides the order of day and month.

    Raises:
        NoInput: no such file.
        DataError: no column `date`, or a line without a date that can be read; it is named.
    """
    from triage.plugin_api import DateOrder, Days, read_table

    rows = list(read_table(path, needs=["date"], known=["name", "holiday"], what="a file of holidays"))
    days = Days(DateOrder.of(cells["date"] for _, cells in rows))
    found = {}
    for line, cells in rows:
        date = days.read(cells["date"])
        if date is None:
            raise DataError(
                f"{quote_path(path)}, line {line:,}: the date must be a day such as 2024-12-25"
                + (f"; {days.order.why}" if not days.order.full and days.order.why else "")
            )
        if cells.get("holiday", "1").strip().casefold() not in ("", "0", "no", "false"):
            found[date] = cells.get("name", "").strip()
    return found
