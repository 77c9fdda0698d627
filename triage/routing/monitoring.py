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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from triage.errors import DataError
from triage.models.held_out import HeldOut
from triage.models.model import Model
from triage.routing.promises import Promise

__all__ = [
    "Audit",
    "AuditBound",
    "AuditedCase",
    "Finding",
    "Seen",
    "audit_bound",
    "e_process",
    "look",
    "moved_mix",
    "moved_numbers",
    "outcomes_in_order",
]

Floats = NDArray[np.float64]

LEVEL = 0.05
_FEWEST = 20  # of a stream: fewer show nothing
_EXPECTED = 5  # the least expected count of a cell, or chi-squared is not what its name says
# Shares of the capital at stake. Small ones suit a small promise that is broken, and find 10% instead of 5% after
# a median of 134 cases; even ones suit the proof that it is kept, which takes 88 cases without an error.
_BETS: Floats = np.geomspace(0.02, 0.5, 40)
_PROOF_BETS: Floats = np.linspace(0.01, 0.99, 50)
_MAX_NEEDED = 1_000_000


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
        model: with its out-of-fold answers, or what it said of its calibrate and test parts.
        stream: the decisions.
        audits: of decisions that the promise covers, in the order in which they were looked at.
        max_error: what is tested on the audits; None for the model's own promise.
        level: the chance of any false alarm.

    Raises:
        DataError: no test can be made: the model has no held-out part, or the stream is too short.
    """
    parts = [model.held_out[name] for name in ("folds", "calibrate", "test") if name in model.held_out]
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
            "of the answers. If that is real, train again with recent documents: a promise assumes it stays"
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
    worst = min(
        (
            audit_bound([a.said != a.true for a in audits if queue is None or a.said == queue], max_error)
            for queue in alone
        ),
        key=lambda bound: bound.p_value,
    )
    error = worst.error or 0.0
    of = "" if alone == [None] else " in its worst queue"
    words = (
        f"{error:.1%} of the audited went to a wrong queue{of}, at most {max_error:.1%} was promised. If "
        "that is broken, route with a stricter policy now, and train and promise again on recent documents"
    )
    return [Finding("promise", error, min(1.0, worst.p_value * len(alone)), len(audits), words)]


def e_process(wrong: NDArray[np.bool_], max_error: float) -> Floats:
    """Return shape (n,): the capital, after each case, of a gambler who bets that more than `max_error` is wrong.

    The capital begins at 1 and is spread over bets that would be best at errors above `max_error`. While the true
    error is at most that, it ever reaches c with a probability of at most 1 / c (Ville 1939), in whatever order
    and however often it is read.

    Args:
        wrong: whether each case went wrong, in order.
        max_error: between 0 and 1.
    """
    return _capital(wrong, max_error, _BETS)


def _capital(wrong: NDArray[np.bool_], max_error: float, bets: Floats) -> Floats:
    capital: Floats = np.exp(_log_capital(np.cumsum(wrong), np.arange(1, len(wrong) + 1), max_error, bets))
    return capital


def _log_capital(wrong: NDArray[Any], cases: NDArray[Any], max_error: float, bets: Floats) -> Floats:
    """Return the logarithm of the capital after `wrong` of `cases` went wrong, at most 700."""
    up, down = np.log1p((1 - max_error) / max_error * bets), np.log1p(-bets)
    logs = wrong[:, None] * up + (cases - wrong)[:, None] * down
    top = logs.max(axis=1, keepdims=True, initial=-np.inf)
    capital: Floats = np.minimum(top[:, 0] + np.log(np.exp(logs - top).mean(axis=1)), 700.0)
    return capital


@dataclass(frozen=True, slots=True)
class AuditedCase:
    """A document that was routed automatically and drawn for an audit.

    Attributes:
        at: when it was drawn, in seconds.
        wrong: whether it went to a wrong queue; None where that cannot be told, or was not told in time.
        pending: whether the answer may still come.
        family: what names its near-duplicates; "" for none.
    """

    at: float
    wrong: bool | None
    pending: bool = False
    family: str = ""


def outcomes_in_order(cases: Iterable[AuditedCase], *, window: float = 30 * 86_400) -> list[bool | None]:
    """Return the outcomes that a bound may rest on: in the order of the draw, up to the first pending one.

    Easy audits are answered first, so whatever is read in the order of the answers flatters the figure. Of
    near-duplicates, whose outcomes are one outcome, the first of each window counts.

    Args:
        cases: in the order in which they were drawn.
        window: how long a family counts once, in seconds.

    >>> drawn = [AuditedCase(0, False), AuditedCase(1, True, family="a"), AuditedCase(2, True, family="a")]
    >>> outcomes_in_order([*drawn, AuditedCase(3, None, pending=True), AuditedCase(4, False)])
    [False, True]
    """
    counted: dict[str, float] = {}
    outcomes: list[bool | None] = []
    for case in cases:
        if case.family and case.at - counted.get(case.family, -np.inf) < window:
            continue
        if case.pending:
            break
        if case.family:
            counted[case.family] = case.at
        outcomes.append(case.wrong)
    return outcomes


@dataclass(frozen=True, slots=True)
class AuditBound:
    """What audits show about the error of everything that was routed automatically.

    Attributes:
        error: the share of wrong ones among the outcomes that are known, or None.
        lower: a lower bound on the error; unknown outcomes count as right.
        upper: an upper bound on the error; unknown outcomes count as wrong.
        audits: how many outcomes there are.
        needed: about how many more it takes until the promise is confirmed, at the present share of wrong ones;
            0 where it is confirmed, None where it would not be.
        verdict: "kept" and "broken" are proven at `level`; "open" is neither; "no_promise" where there is none.
        p_value: of the hypothesis that the promise is kept, valid at every look; 1.0 without a promise.
    """

    error: float | None
    lower: float
    upper: float
    audits: int
    needed: int | None
    verdict: Literal["kept", "broken", "open", "no_promise"]
    p_value: float


def audit_bound(
    outcomes: Sequence[bool | None], max_error: float | None, *, level: float = LEVEL
) -> AuditBound:
    """Return bounds on the error of what was routed, which hold at every look with a chance of 1 - `level` each.

    Both come from betting as in `e_process`: an error that the bets refute is out of bounds. Where the error
    changes on the way, the lower bound may end above the upper one; either was true when it was reached.

    Args:
        outcomes: whether each audited case went wrong, in the order in which they were drawn; None is unknown.
        max_error: the promise, or None.
        level: the chance that the lower bound is ever above the true error, and the same for the upper bound.
    """
    low = np.array([wrong is True for wrong in outcomes], dtype=bool)
    right = np.array([wrong is False for wrong in outcomes], dtype=bool)
    known = int(low.sum() + right.sum())

    def broken(bound: float) -> float:
        return float(e_process(low, bound).max(initial=1.0))

    def kept(bound: float) -> float:
        return float(_capital(right, 1 - bound, _PROOF_BETS).max(initial=1.0))

    verdict: Literal["kept", "broken", "open", "no_promise"] = "no_promise"
    if max_error is not None:
        verdict = "open"
        if broken(max_error) >= 1 / level:
            verdict = "broken"
        elif kept(max_error) >= 1 / level:
            verdict = "kept"
    return AuditBound(
        error=int(low.sum()) / known if known else None,
        lower=_crossing(lambda bound: broken(bound) < 1 / level),
        upper=_crossing(lambda bound: kept(bound) >= 1 / level),
        audits=len(outcomes),
        needed=None if max_error is None else _needed(right, max_error, level, verdict),
        verdict=verdict,
        p_value=1.0 if max_error is None else 1 / broken(max_error),
    )


def _crossing(holds: Callable[[float], bool]) -> float:
    """Return where `holds` becomes true between 0 and 1, as it rises; 1.0 where it never does."""
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return 1.0 if high > 1 - 1e-5 else 0.0 if low == 0.0 else high


def _needed(right: NDArray[np.bool_], max_error: float, level: float, verdict: str) -> int | None:
    """Return how many more audits confirm the promise if the share of right ones stays as it is."""
    if verdict == "kept":
        return 0
    n, hits = len(right), int(right.sum())
    share = hits / n if n else 1.0
    if verdict == "broken" or share <= 1 - max_error:
        return None
    low, high = 0, _MAX_NEEDED
    while low < high:
        middle = (low + high) // 2
        after = np.array([hits + share * middle]), np.array([n + middle])
        if _log_capital(*after, 1 - max_error, _PROOF_BETS)[0] >= np.log(1 / level):
            high = middle
        else:
            low = middle + 1
    return low if low < _MAX_NEEDED else None


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
