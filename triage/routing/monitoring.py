"""Has the world moved since training, and is what was promised still kept?

Scores, label mix and vocabulary of a stream of decisions are compared with those of the calibrate and test
parts that are stored with the model. These are tests for one look at one stream. Whether the promise is kept
is tested on audited cases by betting against it: an e-process, which may be looked at after every case
(Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", arXiv 2010.09686).
The level is divided by the number of tests, so that all together raise a false alarm as rarely as stated.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from triage.errors import DataError
from triage.models.model import HeldOut, Model
from triage.routing.promises import Promise

__all__ = ["Audit", "Finding", "Seen", "e_process", "look", "moved_mix", "moved_numbers"]

Floats = NDArray[np.float64]

LEVEL = 0.05
_FEWEST = 20  # of a stream: fewer show nothing
_EXPECTED = 5  # the least expected count of a cell, or chi-squared is not what its name says


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one decision, as `triage route` wrote it."""

    row: int
    id: str
    action: str
    queue: str | None
    label: str | None
    confidence: float | None
    reasons: tuple[str, ...]
    familiarity: float | None = None
    date: datetime.date | None = None

    @property
    def promised(self) -> bool:
        """Whether a promise covers it: routed on the model's word, by no rule and not for want of people."""
        return self.action == "route" and not any(
            reason == "over_capacity" or reason.startswith("rule:") for reason in self.reasons
        )


@dataclass(frozen=True, slots=True)
class Audit:
    """A decision that a person has looked at: the queue it went to, and the one it belonged in."""

    said: str
    true: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one test found.

    Attributes:
        what: "scores", "labels", "vocabulary" or "promise".
        size: how far: the largest difference of two distributions' shares, or the realised error.
        p_value: of the test; for "promise" the inverse of the largest e-value, valid at every look.
        documents: how many were looked at.
        words: what it means, and what to do about it.
        level: p-values at or below this are an alarm.
    """

    what: Literal["scores", "labels", "vocabulary", "promise"]
    size: float
    p_value: float
    documents: int
    words: str
    level: float = 0.0

    @property
    def alarm(self) -> bool:
        """Whether it can no longer be explained by chance."""
        return self.p_value <= self.level

    def to_json(self) -> dict[str, Any]:
        """Return the fields, and whether it is an alarm."""
        return {**asdict(self), "alarm": self.alarm}


def look(
    model: Model,
    stream: Sequence[Seen],
    audits: Sequence[Audit] = (),
    *,
    max_error: float | None = None,
    level: float = LEVEL,
) -> list[Finding]:
    """Return what every test found that there is data for.

    Args:
        model: with what it said of its calibrate and test parts.
        stream: the decisions.
        audits: of decisions that the promise covers, in the order in which they were looked at.
        max_error: what is tested on the audits; None for the model's own promise.
        level: the chance of any false alarm.

    Raises:
        DataError: no test can be made: the model has no held-out part, or the stream is too short.
    """
    parts = [model.held_out[name] for name in ("calibrate", "test") if name in model.held_out]
    found: list[Finding] = []
    if parts:
        found += _of_stream(model, parts, stream)
    found += _of_promise(model, audits, max_error)
    if not found:
        raise DataError(
            f"nothing can be tested: it takes {_FEWEST} decisions and a model with held-out parts, "
            "or audited cases and a promise"
        )
    return [replace(finding, level=level / len(found)) for finding in found]


def _of_stream(model: Model, parts: Sequence[HeldOut], stream: Sequence[Seen]) -> list[Finding]:
    found: list[Finding] = []
    known = {label: code for code, label in enumerate(model.classes)}
    said = [seen for seen in stream if seen.confidence is not None and seen.label in known]
    if len(said) >= _FEWEST:
        before = np.concatenate([part.probabilities.max(axis=1) for part in parts])
        now = np.array([seen.confidence for seen in said], dtype=np.float64)
        size, p_value = moved_numbers(before, now)
        words = (
            f"mean probability of the likeliest label {before.mean():.3f} to {now.mean():.3f}. "
            "If it fell, label recent documents and train again"
        )
        found.append(Finding("scores", size, p_value, len(said), words))
        then = np.concatenate([part.probabilities.argmax(axis=1) for part in parts])
        codes = np.array([known[seen.label] for seen in said if seen.label is not None])
        size, p_value, most = moved_mix(then, codes, len(known))
        words = (
            f"{model.classes[most]!r} went from {np.mean(then == most):.1%} to {np.mean(codes == most):.1%} "
            "of what is said. If that is real, train again with recent documents: a promise assumes it stays"
        )
        found.append(Finding("labels", size, p_value, len(said), words))
    familiar = [part.familiarity for part in parts if part.familiarity is not None]
    now = np.array([seen.familiarity for seen in said if seen.familiarity is not None], dtype=np.float64)
    if familiar and len(now) >= _FEWEST:
        before = np.concatenate(familiar)
        size, p_value = moved_numbers(before, now)
        words = (
            f"median familiarity {np.median(before):.2f} to {np.median(now):.2f}. If it fell, look at texts "
            "with the reason out_of_scope: new products, another language, another form"
        )
        found.append(Finding("vocabulary", size, p_value, len(now), words))
    return found


def _of_promise(model: Model, audits: Sequence[Audit], max_error: float | None) -> list[Finding]:
    promise = Promise.from_json(model.extra["promise"]) if "promise" in model.extra else None
    if max_error is None and promise is not None:
        max_error = promise.max_error
    if max_error is None or not audits:
        return []
    counts = Counter(audit.said for audit in audits)
    # With a promise for each queue, each may be broken by itself: they share the level.
    alone = sorted(counts) if promise is not None and promise.overall is None else [None]
    largest, error = 0.0, 0.0
    for queue in alone:
        wrong = np.array([a.said != a.true for a in audits if queue is None or a.said == queue])
        value = float(e_process(wrong, max_error).max(initial=1.0)) / len(alone)
        if value > largest:
            largest, error = value, float(wrong.mean())
    of = "" if largest == 0 or alone == [None] else " in its worst queue"
    words = (
        f"{error:.1%} of the audited went to a wrong queue{of}, at most {max_error:.1%} was promised. If "
        "that is broken, route with a stricter policy now, and train and promise again on recent documents"
    )
    return [Finding("promise", error, min(1.0, 1 / max(largest, 1e-300)), len(audits), words)]


def e_process(wrong: NDArray[np.bool_], max_error: float) -> Floats:
    """Return shape (n,): the capital, after each case, of one who bets that more than `max_error` is wrong.

    He begins with 1 and spreads it over bets that would be best at errors above `max_error`. While the true
    error is at most that, his capital ever reaches c with a probability of at most 1 / c (Ville 1939), in
    whatever order and however often one looks.

    Args:
        wrong: whether each case went wrong, in order.
        max_error: between 0 and 1.
    """
    rates = max_error + (1 - max_error) * np.geomspace(0.01, 0.9, 40)
    hits = np.cumsum(wrong)[:, None]
    cases = np.arange(1, len(wrong) + 1)[:, None]
    logs = hits * np.log(rates / max_error) + (cases - hits) * np.log((1 - rates) / (1 - max_error))
    top = logs.max(axis=1, keepdims=True, initial=-np.inf)
    capital: Floats = np.exp(np.minimum(top[:, 0] + np.log(np.exp(logs - top).mean(axis=1)), 700.0))
    return capital


def moved_numbers(before: Floats, now: Floats) -> tuple[float, float]:
    """Return the largest difference of two cumulated distributions and its p-value (Kolmogorov-Smirnov)."""
    from scipy.stats import ks_2samp

    found = ks_2samp(before[np.isfinite(before)], now[np.isfinite(now)], method="asymp")
    return float(found.statistic), float(found.pvalue)


def moved_mix(before: NDArray[np.int64], now: NDArray[np.int64], k: int) -> tuple[float, float, int]:
    """Compare two mixes of k classes by chi-squared, rare classes taken together.

    Returns:
        The total variation distance, the p-value, and the class that moved most.
    """
    from scipy.stats import chi2_contingency

    table = np.array([np.bincount(codes, minlength=k) for codes in (before, now)])
    shares = table / table.sum(axis=1, keepdims=True)
    expected = table.sum(axis=0) * (table.sum(axis=1).min() / table.sum())
    rare = expected < _EXPECTED
    cells = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    cells = cells[:, cells.sum(axis=0) > 0]
    p_value = float(chi2_contingency(cells, correction=False).pvalue) if cells.shape[1] > 1 else 1.0
    moved = np.abs(shares[1] - shares[0])
    return float(moved.sum() / 2), p_value, int(moved.argmax())
