"""Windows of days as a network reads them: scaled counts, weekday, holiday, and what came next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from triage_forecast._volumes import Days


__all__ = ["Lessons", "Scale", "in_order"]

Floats = NDArray[np.float64]
_TUNE = 0.15  # share of the windows, the newest, that stop the training


def in_order(counts: Floats) -> NDArray[np.intp]:
    """Return an order of the columns that depends on what is in them and not on where they stand."""
    keys = [(column.sum(), tuple(column)) for column in counts.T]
    return np.array(sorted(range(len(keys)), key=lambda queue: keys[queue]), dtype=np.intp)


@dataclass(frozen=True)
class Scale:
    """From counts to 0 to 1 and back, each queue by its own least and greatest count.

    Attributes:
        low: shape (k,): the least.
        span: shape (k,): the greatest less the least; 0 where a queue never changes and is forecast so.
    """

    low: Floats
    span: Floats

    @classmethod
    def of(cls, counts: Floats) -> Self:
        """Take the measure of counts, shape (n, k)."""
        low = counts.min(axis=0)
        return cls(low, counts.max(axis=0) - low)

    def down(self, counts: Floats) -> Floats:
        """Return counts scaled to 0 to 1; later ones may lie outside."""
        return np.where(self.span > 0, (counts - self.low) / np.where(self.span > 0, self.span, 1.0), 0.0)

    def up(self, scaled: Floats) -> Floats:
        """Return scaled counts as counts."""
        return self.low + scaled * self.span


@dataclass(frozen=True)
class Lessons:
    """Windows, and what is to be said of the days after each.

    Attributes:
        windows: shape (m, window, k + 8): scaled counts, one of seven weekdays, holiday.
        holidays: shape (m, steps): which of the days to be forecast are holidays.
        targets: shape (m, steps * k): their scaled counts.
    """

    windows: NDArray[np.float32]
    holidays: NDArray[np.float32]
    targets: NDArray[np.float32]

    @staticmethod
    def inputs(
        scaled: Floats, weekdays: NDArray[np.int64], holidays: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return shape (n, k + 8): what a network reads of each day."""
        return np.concatenate([scaled, np.eye(7)[weekdays], holidays[:, None]], axis=1).astype(np.float32)

    @classmethod
    def of(cls, scaled: Floats, days: Days, *, window: int, steps: int) -> Self:
        """Return every window of the days that has `steps` days after it, the oldest first."""
        read = cls.inputs(scaled, days.weekdays, days.holidays)
        starts = range(len(scaled) - window - steps + 1)
        ends = [start + window for start in starts]
        return cls(
            np.stack([read[start : start + window] for start in starts]),
            np.stack([days.holidays[end : end + steps] for end in ends]).astype(np.float32),
            np.stack([scaled[end : end + steps].ravel() for end in ends]).astype(np.float32),
        )

    @property
    def pair(self) -> list[NDArray[np.float32]]:
        """What the network takes."""
        return [self.windows, self.holidays]

    def divided(self) -> tuple[Self, Self]:
        """Return what is learned from and, newer, what stops it; no day is to be forecast in both."""
        total = len(self.windows)
        tune = max(round(total * _TUNE), 1)
        apart = min(self.holidays.shape[1] - 1, total - tune - 1)
        return self._part(slice(0, total - tune - apart)), self._part(slice(total - tune, total))

    def _part(self, rows: slice) -> Self:
        return type(self)(self.windows[rows], self.holidays[rows], self.targets[rows])
