"""Decisions before the end of a text: thresholds at several lengths, proven together.

A rule has a least probability at each length and one for the end. A text is decided at the first length at
which its likeliest class reaches it. How sure a probability is at each length is learned on the tune part:
the first words of a text promise more than they keep. One level of sureness then gives all thresholds of a
rule, so rules stand in one order, from strict to loose. The calibrate part proves them by fixed-sequence
testing (Angelopoulos et al. 2021, arXiv 2110.01052): each rule is tried as a whole, with every length at
which it looks, so that looking several times costs no correction; the first rule that cannot be proven ends
the search. What is proven of a rule is two things at once, each with an exact binomial test: of what it
decides early at most the promised share goes wrong, and of all that it decides. A claim of both holds with
the confidence of each (intersection-union test, Berger 1982).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import BadOption
from triage.models.held_out import HeldOut, PrefixScores
from triage.routing.promises import documents_needed, scores_of_part, upper_bound

__all__ = ["EarlyPromise", "EarlyStep", "Outcome", "bounds_of", "early_promise_of", "outcome_of"]

_LEVELS = 1 - np.geomspace(0.005, 0.6, 40)
"""Least probabilities of being right, from strict to loose."""

_NEVER = 2.0  # no probability reaches it


@dataclass(frozen=True)
class EarlyStep:
    """One rule that was tried.

    Attributes:
        thresholds: the least probability at each length; above 1 where nothing is decided.
        final: the same at the end of a text.
        accepted: how many calibrate documents would be decided, early or at the end.
        errors: how many of these would go wrong.
        early: how many would be decided early.
        early_errors: how many of these would go wrong.
        p_value: the larger of the two, of the hypotheses that the error is above the promise.
        proven: whether both were rejected, here and for every rule before.
    """

    thresholds: tuple[float, ...]
    final: float
    accepted: int
    errors: int
    early: int
    early_errors: int
    p_value: float
    proven: bool


@dataclass(frozen=True)
class EarlyPromise:
    """What was promised about early decisions, and what it was proven with.

    Attributes:
        max_error: the bound on the share of wrong routes, among what is decided early and among all.
        confidence: the probability, over calibrate parts, that both bounds hold.
        lengths: after so many words, cleaned, a decision may be made.
        rule: the rule that was proven, or None.
        documents: in the calibrate part.
        needed: where nothing could be proven, how many more documents like these it takes; 0 where no number
            of them would prove it.
        table: every rule that was tried, in order.
    """

    max_error: float
    confidence: float
    lengths: tuple[int, ...]
    rule: EarlyStep | None
    documents: int
    needed: int = 0
    table: tuple[EarlyStep, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether there is anything to promise."""
        return self.rule is not None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> EarlyPromise:
        """Take back what `to_json` returned."""
        rule, table = record["rule"], tuple(_step(step) for step in record["table"])
        fields = {"lengths": tuple(record["lengths"]), "rule": rule and _step(rule), "table": table}
        return cls(**{**record, **fields})


@dataclass(frozen=True)
class Outcome:
    """What a rule does to n documents.

    Attributes:
        place: shape (n,): at which of the lengths each is decided; their number for the end, -1 for never.
        wrong: shape (n,): whether it goes to a wrong queue there.
    """

    place: NDArray[np.int64]
    wrong: NDArray[np.bool_]

    def counts(self, lengths: int) -> tuple[int, int, int, int]:
        """Return how many are decided, go wrong, are decided early, and go wrong of these."""
        decided, early = self.place >= 0, (self.place >= 0) & (self.place < lengths)
        return (
            int(decided.sum()),
            int(self.wrong[decided].sum()),
            int(early.sum()),
            int(self.wrong[early].sum()),
        )


@dataclass(frozen=True)
class _Views:
    """Scores and errors of n documents at each length and, in the last column, at the end."""

    scores: NDArray[np.float64]
    wrong: NDArray[np.bool_]

    def outcome(self, thresholds: Sequence[float]) -> Outcome:
        reached = self.scores >= np.asarray(thresholds)  # NaN reaches nothing
        place = np.where(reached.any(axis=1), reached.argmax(axis=1), -1)
        return Outcome(place, self.wrong[np.arange(len(place)), place])


def early_promise_of(
    tune: tuple[HeldOut, PrefixScores],
    calibrate: tuple[HeldOut, PrefixScores],
    queues: Sequence[str],
    *,
    max_error: float,
    confidence: float = 0.95,
) -> EarlyPromise:
    """Find what can be promised about early decisions.

    Args:
        tune: fixes the rules and their order.
        calibrate: proves them.
        queues: the queue of each class, in column order.
        max_error: the bound.
        confidence: that it holds.

    Raises:
        BadOption: a bound or a confidence that is not between 0 and 1.
    """
    for name, value in (("max-error", max_error), ("confidence", confidence)):
        if not 0 < value < 1:
            raise BadOption(f"{name} is between 0 and 1, not {value!r}")
    lengths = tuple(calibrate[1].lengths.tolist())
    ordering, views = _views(*tune, queues), _views(*calibrate, queues)
    n, least = len(views.scores), documents_needed(max_error, confidence)
    table: list[EarlyStep] = []
    going = True
    for thresholds in _rules(ordering, n):
        step = _tried(views, thresholds, max_error)
        going = going and step.p_value <= 1 - confidence
        table.append(EarlyStep(**{**vars(step), "proven": going}))
    proven = [step for step in table if step.proven]
    best = max(proven, key=lambda step: (step.early, step.accepted), default=None)
    needed = 0
    if best is None:
        needed = _needed(table[0], n, max_error, confidence) if table else max(1, least - n)
    return EarlyPromise(max_error, confidence, lengths, best, n, needed, tuple(table))


def outcome_of(promise: EarlyPromise, part: HeldOut, looks: PrefixScores, queues: Sequence[str]) -> Outcome:
    """Return what the promised rule does to documents; nothing where there is no rule."""
    views = _views(part, looks, queues)
    rule = promise.rule
    never = [_NEVER] * views.scores.shape[1]
    return views.outcome(never if rule is None else [*rule.thresholds, rule.final])


def bounds_of(promise: EarlyPromise) -> dict[str, float]:
    """Return the bounds, at the stated confidence, on the error of what is decided early, and of all."""
    rule = promise.rule
    if rule is None:
        return {}
    return {
        "early": upper_bound(rule.early_errors, rule.early, promise.confidence),
        "all": upper_bound(rule.errors, rule.accepted, promise.confidence),
    }


def _step(record: Mapping[str, Any]) -> EarlyStep:
    return EarlyStep(**{**record, "thresholds": tuple(record["thresholds"])})


def _views(part: HeldOut, looks: PrefixScores, queues: Sequence[str]) -> _Views:
    names = np.unique(np.asarray(queues), return_inverse=True)[1]
    known = part.codes < len(queues)
    truth = np.where(known, names[np.where(known, part.codes, 0)], -1)
    early = names[looks.codes.astype(np.int64)] != truth[:, None]
    return _Views(
        np.column_stack([looks.scores, scores_of_part(part)]),
        np.column_stack([early, part.wrong_queue(queues)]),
    )


def _rules(tune: _Views, n: int) -> list[tuple[float, ...]]:
    """The rules in the order in which they are tried, from the tune part alone.

    The first is the one whose larger error looks smallest when few documents count against it; from there
    they get looser. None of this depends on the promise, so a weaker promise never decides less.
    """
    from scipy.special import betaincinv, expit, logit

    lengths = tune.scores.shape[1] - 1
    fits = [_sureness(tune.scores[:, each], tune.wrong[:, each]) for each in range(lengths + 1)]
    rules, bounds = [], []
    for level in logit(_LEVELS):
        rule = tuple(float(expit((level - shift) / slope)) for shift, slope in fits)
        accepted, errors, early, early_errors = tune.outcome(rule).counts(lengths)
        if not early:
            continue
        worst = 0.0
        for count, wrong in ((accepted, errors), (early, early_errors)):
            # One error more than was seen: the surest few of a small part prove little about their error.
            rate, size = (wrong + 1) / (count + 1), n * count / len(tune.scores)
            worst = max(worst, float(betaincinv(rate * size + 1, max(size * (1 - rate), 1e-9), 0.95)))
        rules.append(rule)
        bounds.append(worst)
    return rules[int(np.argmin(bounds)) :] if rules else []


def _sureness(scores: NDArray[np.float64], wrong: NDArray[np.bool_]) -> tuple[float, float]:
    """Shift and slope from the log-odds of a score to those of being right (Platt 1999).

    A score is pulled towards meaning what it says, so that few documents do not change it much.
    """
    from scipy.optimize import minimize
    from scipy.special import logit

    scored = np.isfinite(scores)
    x = logit(np.clip(scores[scored], 1e-6, 1 - 1e-6))
    sign = np.where(wrong[scored], -1.0, 1.0)

    def loss(fit: NDArray[np.float64]) -> float:
        lost = np.logaddexp(0, -sign * (fit[0] + fit[1] * x)).sum()
        return float(lost + (fit[0] ** 2 + (fit[1] - 1) ** 2) / 2)

    found = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B", bounds=[(-5, 5), (0.2, 5)])
    return float(found.x[0]), float(found.x[1])


def _needed(first: EarlyStep, n: int, max_error: float, confidence: float) -> int:
    """How many more documents the first rule would take, if they are like those seen so far; 0 for never."""
    most = 1
    for count, wrong in ((first.accepted, first.errors), (first.early, first.early_errors)):
        if not count:
            return max(1, documents_needed(max_error, confidence) - n)
        if wrong / count >= max_error:
            return 0
        size = count
        while documents_needed(max_error, confidence, errors=math.ceil(wrong * size / count)) > size:
            size = math.ceil(size * 1.05) + 1
        most = max(most, math.ceil((size - count) * n / count))
    return most


def _tried(views: _Views, rule: Sequence[float], max_error: float) -> EarlyStep:
    from scipy.special import bdtr  # the binomial distribution function

    accepted, errors, early, early_errors = views.outcome(rule).counts(len(rule) - 1)
    p_values = [
        float(bdtr(wrong, count, max_error)) if count else 1.0
        for wrong, count in ((errors, accepted), (early_errors, early))
    ]
    *thresholds, final = rule
    return EarlyStep(
        tuple(thresholds), final, accepted, errors, early, early_errors, max(p_values), proven=False
    )
