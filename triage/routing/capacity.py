"""How much people can look at: never exceeded, and spent on the documents where it saves most.

A limit on a day or on a share needs every decision of that day before the first can be final, so all
decisions are held until the input ends: about 1 kB each, without the texts.
"""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from triage.errors import BadOption, DataError
from triage.records import Decision

if TYPE_CHECKING:
    from triage.models.model import Model

__all__ = ["Capacity", "capacity_for"]

_FIRST = frozenset({"unreadable_row", "engine_failed", "empty_after_cleaning", "not_finite", "out_of_scope"})


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """A limit on what goes to people; one of the two is given.

    Attributes:
        per_day: the most documents of one day that people can look at; those without a date count as a day.
        share: the largest share of all rows that may go to people.
        fallback: the queue of what goes by itself although the model has no say on it.
    """

    per_day: int | None = None
    share: float | None = None
    fallback: str

    def __post_init__(self) -> None:
        """Check the limit.

        Raises:
            BadOption: both limits or none, or one out of range.
        """
        if (self.per_day is None) == (self.share is None):
            raise BadOption("capacity is either a number a day or a share, not both")
        if self.per_day is not None and self.per_day < 0:
            raise BadOption(f"a number of reviews a day is at least 0, not {self.per_day}")
        if self.share is not None and not 0 <= self.share <= 1:
            raise BadOption(f"a share of reviews is between 0 and 1, not {self.share!r}")

    def hold(self, decided: Iterable[tuple[datetime.date | None, Decision]]) -> list[Decision]:
        """Return the decisions in the same order, with no more reviews than there is capacity for.

        What the model has no say on, what is out of scope and what a rule sends to a person come first;
        then what saves most: the cost that a policy states, else the chance that the queue is wrong. The
        rest goes to its queue by itself: `over_capacity` stands before the reasons that it had.

        Raises:
            DataError: a limit for each day, and no row has a date.
        """
        pairs = list(decided)
        decisions = [decision for _, decision in pairs]
        if self.per_day is not None and pairs and all(day is None for day, _ in pairs):
            raise DataError(
                "a number of reviews a day needs dates, and no row has one. "
                "Name the column with --date-column, or limit the share with --max-review-share"
            )
        groups: dict[datetime.date | None, list[int]] = defaultdict(list)
        for position, (day, decision) in enumerate(pairs):
            if decision.action == "review":
                groups[day if self.share is None else None].append(position)
        # 0.29 * 100 is 28.999999999999996
        most = math.floor(self.share * len(pairs) + 1e-9) if self.share is not None else self.per_day or 0
        for positions in groups.values():
            # A stable sort: of equals the earlier document is looked at.
            positions.sort(key=lambda position: _urgency(decisions[position]), reverse=True)
            for position in positions[most:]:
                decisions[position] = self._by_itself(decisions[position])
        return decisions

    def _by_itself(self, decision: Decision) -> Decision:
        reasons = ("over_capacity", *decision.reasons)
        return replace(decision, action="route", queue=decision.queue or self.fallback, reasons=reasons)


def capacity_for(model: Model, *, per_day: int | None = None, share: float | None = None) -> Capacity | None:
    """Return the limit on reviews for a model; None where there is none.

    What the model has no answer for goes to the queue of the most frequent label, once the limit is reached.

    Raises:
        BadOption: both limits, or one out of range.
    """
    if per_day is None and share is None:
        return None
    import numpy as np

    codes = [part.codes[part.codes < len(model.classes)] for part in model.held_out.values()]
    counts = np.bincount(np.concatenate([np.zeros(0, dtype=np.int64), *codes]), minlength=1)
    commonest = model.classes[int(counts.argmax())]
    return Capacity(per_day=per_day, share=share, fallback=model.queues[commonest])


def _urgency(decision: Decision) -> tuple[bool, float]:
    first = any(reason in _FIRST or reason.startswith("rule:") for reason in decision.reasons)
    if decision.saves is not None:
        return first, decision.saves
    return first, 1.0 if decision.confidence is None else 1 - decision.confidence
