"""Count a week of decisions, by queue, beside the week before."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import triage
from triage.plugin_api import Audit, Promise, Seen, upper_bound

__all__ = ["Counts", "Report", "report_of", "week_of"]

NO_QUEUE = "(no queue)"
_CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What happened in one queue, or in all, during a week and the week before.

    Attributes:
        queue: the name of the queue.
        received: how many documents came in; those held for review count for the queue that was suggested.
        routed: how many were routed automatically.
        reviewed: how many were held for review.
        before: how many came in during the week before, or None where nothing is known of it.
        reviewed_before: how many of those were held for review.
        audited: how many of the routed ones a person has judged.
        wrong: how many of those belonged in another queue.
    """

    queue: str
    received: int
    routed: int
    reviewed: int
    before: int | None
    reviewed_before: int | None
    audited: int
    wrong: int

    @property
    def change(self) -> float | None:
        """The change of what came in against the week before, as a share; None where it is unknown or from 0."""
        return None if not self.before else self.received / self.before - 1

    @property
    def error(self) -> float | None:
        """The share of audited documents that were routed to a wrong queue; None without audits."""
        return self.wrong / self.audited if self.audited else None

    @property
    def error_bound(self) -> float | None:
        """The upper end of an exact 95% bound on the error (Clopper and Pearson 1934); None without audits."""
        return upper_bound(self.wrong, self.audited, _CONFIDENCE) if self.audited else None

    def to_json(self) -> dict[str, Any]:
        """Return the counts and what follows from them."""
        return {**asdict(self), "change": self.change, "error": self.error, "error_bound": self.error_bound}


@dataclass(frozen=True, kw_only=True)
class Report:
    """A week of routing.

    Attributes:
        first: the Monday.
        total: all queues together.
        queues: by queue, the one with most documents first.
        reasons: how many documents were held for review for each reason, most first.
        promise: the promise of the model, in words, or "" where it has none or is not given.
        undated: how many decisions have no date and are left out.
    """

    first: datetime.date
    total: Counts
    queues: tuple[Counts, ...]
    reasons: Mapping[str, int]
    promise: str
    undated: int

    @property
    def last(self) -> datetime.date:
        """The Sunday."""
        return self.first + datetime.timedelta(days=6)

    def to_json(self) -> dict[str, Any]:
        """Return the report as `triage weekly --json` prints it."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "total": self.total.to_json(),
            "queues": [each.to_json() for each in self.queues],
            "reasons": dict(self.reasons),
            "promise": self.promise,
            "undated": self.undated,
        }


def week_of(text: str | None, decisions: Sequence[Seen]) -> datetime.date:
    """Return the Monday of the week that is meant.

    Args:
        text: a day, as "2026-11-26", or a week, as "2026-W48"; None for the week of the last decision.
        decisions: what was decided.

    Raises:
        UsageError: `text` is neither.
        DataError: no decision has a date.
    """
    if text is None:
        days = [seen.date for seen in decisions if seen.date is not None]
        if not days:
            raise triage.DataError("no decision has a date: route a file with dates again")
        day = max(days)
    else:
        try:
            day = (
                datetime.date.fromisoformat(f"{text}-1") if "W" in text else datetime.date.fromisoformat(text)
            )
        except ValueError:
            raise triage.UsageError(
                f"--week must be a week as 2026-W48 or a day as 2026-11-26, got {text[:20]!r}"
            ) from None
    return day - datetime.timedelta(days=day.weekday())


def report_of(
    decisions: Sequence[Seen],
    first: datetime.date,
    *,
    audits: Sequence[Audit] = (),
    promise: Promise | None = None,
) -> Report:
    """Count a week.

    Args:
        decisions: of this week and of the week before; others are left out.
        first: the Monday of the week.
        audits: routed documents of the week that a person has judged.
        promise: of the model.

    Raises:
        DataError: no decision lies in the week.
    """
    this, before = _within(decisions, first), _within(decisions, first - datetime.timedelta(days=7))
    if not this:
        raise triage.DataError(f"no decision lies in the week of {first}")
    names = sorted({_queue(seen) for seen in this})
    queues = [
        _counts(
            name,
            [seen for seen in this if _queue(seen) == name],
            [seen for seen in before if _queue(seen) == name] if before else None,
            [audit for audit in audits if audit.said == name],
        )
        for name in names
    ]
    reasons: dict[str, int] = {}
    for seen in this:
        if seen.action == "review":
            for reason in seen.reasons:
                reasons[reason] = reasons.get(reason, 0) + 1
    return Report(
        first=first,
        total=_counts("all queues", this, before or None, audits),
        queues=tuple(sorted(queues, key=lambda each: (-each.received, each.queue))),
        reasons=dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
        promise=_promise(promise),
        undated=sum(seen.date is None for seen in decisions),
    )


def _within(decisions: Sequence[Seen], first: datetime.date) -> list[Seen]:
    last = first + datetime.timedelta(days=6)
    return [seen for seen in decisions if seen.date is not None and first <= seen.date <= last]


def _queue(seen: Seen) -> str:
    return seen.queue or NO_QUEUE


def _counts(
    name: str, this: Sequence[Seen], before: Sequence[Seen] | None, audits: Sequence[Audit]
) -> Counts:
    reviewed = sum(seen.action == "review" for seen in this)
    return Counts(
        queue=name,
        received=len(this),
        routed=len(this) - reviewed,
        reviewed=reviewed,
        before=None if before is None else len(before),
        reviewed_before=None if before is None else sum(seen.action == "review" for seen in before),
        audited=len(audits),
        wrong=sum(audit.said != audit.true for audit in audits),
    )


def _promise(promise: Promise | None) -> str:
    if promise is None or not promise.kept:
        return ""
    certificate = promise.overall or promise.certificates[0]
    return (
        f"at most {certificate.max_error:.0%} of what is routed goes to a wrong queue, "
        f"with {certificate.confidence:.0%} confidence"
    )
