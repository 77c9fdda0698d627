"""Bounds on the error of what is routed by itself, proven on documents that nothing was learned from.

The threshold comes from fixed-sequence testing ("Learn then Test", Angelopoulos et al. 2021, arXiv
2110.01052) with exact binomial p-values: thresholds are tried in an order that was fixed beforehand, from
the strictest to the loosest, and the first that cannot be proven ends the search. The order, and where it
begins, come from the tune part, so the calibrate part is used for proving alone. What is bounded is the
selective risk (Geifman and El-Yaniv 2017): the share of wrong routes among what is routed.

A promise assumes that tomorrow's documents come from where the calibrate part came from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from triage.errors import BadOption, DataError
from triage.host.extensions import Policy
from triage.host.manager import Plugins
from triage.models.held_out import HeldOut
from triage.models.model import Model

__all__ = [
    "Certificate",
    "Promise",
    "Step",
    "certify",
    "documents_needed",
    "not_proven",
    "promise_of",
    "promising",
    "prove",
    "realised",
    "scores_of",
    "scores_of_part",
    "upper_bound",
]

Score = Literal["probability", "margin", "entropy"]
_STEPS = 24


@dataclass(frozen=True, slots=True)
class Step:
    """One threshold that was tried.

    Attributes:
        threshold: the least score of what would be routed.
        coverage: the share of the calibrate part that would be routed.
        accepted: how many documents that is.
        errors: how many of them would go wrong.
        upper_bound: on the true error, at the stated confidence, for this threshold alone.
        p_value: of the hypothesis that the true error is above the promise.
        proven: whether the hypothesis was rejected, here and at every threshold before.
    """

    threshold: float
    coverage: float
    accepted: int
    errors: int
    upper_bound: float
    p_value: float
    proven: bool


@dataclass(frozen=True)
class Certificate:
    """What was promised, and what it was proven with.

    Attributes:
        max_error: the promised bound on the share of wrong routes among what is routed.
        confidence: the probability, over calibrate parts, that the promise holds.
        score: what is compared with the threshold.
        threshold: the least score that is routed; None where nothing could be proven.
        documents: in the calibrate part.
        accepted: of these, how many reach the threshold.
        errors: of these, how many would go wrong.
        coverage: accepted / documents.
        upper_bound: on the true error at the threshold, at the stated confidence.
        needed: where nothing could be proven, how many more documents it takes at least.
        table: every threshold that was tried, in order.
    """

    max_error: float
    confidence: float
    score: Score
    threshold: float | None
    documents: int
    accepted: int = 0
    errors: int = 0
    coverage: float = 0.0
    upper_bound: float | None = None
    needed: int = 0
    table: tuple[Step, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether there is anything to promise."""
        return self.threshold is not None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Certificate:
        """Take back what `to_json` returned."""
        return cls(**{**record, "table": tuple(Step(**step) for step in record["table"])})


@dataclass(frozen=True)
class Promise:
    """What a model may promise: one certificate for all that is routed, or one for each queue.

    Attributes:
        max_error: the promised bound.
        confidence: that the promise, or all promises together, hold.
        score: what is compared with the thresholds.
        overall: the certificate for everything, or None where each queue has its own.
        queues: the certificates by queue; a queue without a threshold has too few documents.
    """

    max_error: float
    confidence: float
    score: Score
    overall: Certificate | None = None
    queues: Mapping[str, Certificate] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether anything could be promised."""
        return any(certificate.kept for certificate in self.certificates)

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """All certificates."""
        return (self.overall,) if self.overall else tuple(self.queues.values())

    def threshold(self, queue: str) -> float | None:
        """The least score that is routed to `queue`; None where nothing is."""
        certificate = self.overall or self.queues.get(queue)
        return certificate.threshold if certificate else None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Promise:
        """Take back what `to_json` returned."""
        overall = record["overall"]
        queues = {queue: Certificate.from_json(each) for queue, each in record["queues"].items()}
        return cls(
            **{**record, "overall": Certificate.from_json(overall) if overall else None, "queues": queues}
        )


def prove(
    model: Model,
    *,
    max_error: float,
    confidence: float = 0.95,
    score: Score = "probability",
    per_queue: bool = False,
) -> Promise:
    """Find what can be promised for a model, with the held-out answers that it keeps.

    Args:
        model: with its held-out answers.
        max_error: the bound, between 0 and 1.
        confidence: as in `promise_of`.
        score: what is compared with a threshold.
        per_queue: whether each queue gets a promise of its own.

    Raises:
        BadOption: a bound or a confidence that is not between 0 and 1, or an unknown score.
        DataError: the model was trained without documents to prove anything with.
    """
    parts = model.held_out
    if not {"tune", "calibrate"} <= set(parts):
        raise DataError(
            "the model was trained without a tune and a calibrate part; train it on more documents"
        )
    return promise_of(
        parts["tune"],
        parts["calibrate"],
        [model.queues[label] for label in model.classes],
        max_error=max_error,
        confidence=confidence,
        score=score,
        per_queue=per_queue,
    )


def promising(model: Model, promise: Promise, plugins: Plugins) -> Model:
    """Return the model, not saved yet, with the certificate and with the policy that keeps it as the last."""
    options = {"max_error": promise.max_error, "confidence": promise.confidence}
    policies = (*model.experiment.policies[:-1], (plugins.role(Policy, "promise"), options))
    experiment = model.experiment.changed(policies=policies)
    extra = {**model.extra, "promise": promise.to_json()}
    return replace(model, experiment=experiment, extra=extra, sha256="", path="")


def not_proven(promise: Promise) -> str:
    """Return why nothing can be promised, and what it takes."""
    needed = min(certificate.needed for certificate in promise.certificates)
    return (
        f"nothing can be promised: an error of at most {promise.max_error:g} at {promise.confidence:g} cannot be "
        f"proven with {sum(each.documents for each in promise.certificates)} calibrate documents. About "
        f"{needed:,} more are needed ({10 * needed:,} labelled documents at the usual split), or a weaker promise"
    )


def realised(promise: Promise, model: Model) -> dict[str, Any] | None:
    """Return how the promise does on the test part, which took no part in making it; None without one."""
    test = model.held_out.get("test")
    if test is None or not promise.kept:
        return None
    queues = [model.queues[label] for label in model.classes]
    said = test.probabilities.argmax(axis=1)
    thresholds = np.array([np.inf if (t := promise.threshold(queue)) is None else t for queue in queues])
    routed = scores_of_part(test, promise.score) >= thresholds[said]
    errors = int(test.wrong_queue(queues)[routed].sum())
    count = int(routed.sum())
    return {
        "documents": len(routed),
        "routed": count,
        "errors": errors,
        "coverage": count / len(routed),
        "error": errors / count if count else None,
        "upper_bound": upper_bound(errors, count, promise.confidence),
    }


def promise_of(
    tune: HeldOut,
    calibrate: HeldOut,
    queues: Sequence[str],
    *,
    max_error: float,
    confidence: float = 0.95,
    score: Score = "probability",
    per_queue: bool = False,
) -> Promise:
    """Find what can be promised.

    Args:
        tune: fixes the order of the thresholds.
        calibrate: proves them.
        queues: the queue of each class, in column order.
        max_error: the bound.
        confidence: that it holds; with `per_queue`, that all hold together (Bonferroni over the queues that
            have enough documents to prove anything).
        score: what is compared with a threshold.
        per_queue: whether each queue gets a promise of its own.

    Raises:
        BadOption: a bound or a confidence that is not between 0 and 1, or an unknown score.
    """
    names = np.asarray(queues)
    parts = [(part, scores_of_part(part, score), part.wrong_queue(queues)) for part in (tune, calibrate)]
    settings: dict[str, Any] = {"max_error": max_error, "score": score}
    if not per_queue:
        (_, ordering, tune_wrong), (_, scores, wrong) = parts
        overall = certify((ordering, tune_wrong), scores, wrong, confidence=confidence, **settings)
        return Promise(max_error, confidence, score, overall)
    said = [names[part.probabilities.argmax(axis=1)] for part, _, _ in parts]
    distinct = sorted(set(queues))
    least = documents_needed(max_error, confidence)
    enough = sum(int((said[1] == queue).sum()) >= least for queue in distinct)
    shared = 1 - (1 - confidence) / max(1, enough)
    certificates = {}
    for queue in distinct:
        (ordering, tune_wrong), (scores, wrong) = (
            (values[chosen == queue], errors[chosen == queue])
            for (_, values, errors), chosen in zip(parts, said, strict=True)
        )
        certificates[queue] = certify((ordering, tune_wrong), scores, wrong, confidence=shared, **settings)
    return Promise(max_error, confidence, score, None, certificates)


def scores_of(probabilities: NDArray[np.float64], score: Score = "probability") -> NDArray[np.float64]:
    """Return shape (n,): how sure each row is, higher is surer; NaN where a row is not finite.

    "probability" is the top one, "margin" its distance to the runner-up, "entropy" 1 minus the entropy over
    its largest value, all in [0, 1].
    """
    if score not in ("probability", "margin", "entropy"):
        raise BadOption(f"score is probability, margin or entropy, not {score!r}")
    finite = np.isfinite(probabilities).all(axis=1)
    found = np.full(len(probabilities), np.nan)
    rows = probabilities[finite]
    if score == "probability":
        found[finite] = rows.max(axis=1, initial=0.0)
    elif score == "margin":
        two = np.partition(rows, -2, axis=1)[:, -2:]
        found[finite] = two[:, 1] - two[:, 0]
    else:
        logs = np.log(np.clip(rows, 1e-300, None))
        found[finite] = 1 + (rows * logs).sum(axis=1) / math.log(probabilities.shape[1])
    return found


def scores_of_part(part: HeldOut, score: Score = "probability") -> NDArray[np.float64]:
    """Return `scores_of` a part, NaN too where a document is out of scope: it is never routed."""
    found = scores_of(part.probabilities, score)
    return found if part.out_of_scope is None else np.where(part.out_of_scope, np.nan, found)


def upper_bound(errors: int, accepted: int, confidence: float) -> float:
    """Return the one-sided Clopper-Pearson bound on the error: 1 where nothing was accepted."""
    from scipy.special import betaincinv

    if accepted == 0 or errors >= accepted:
        return 1.0
    return float(betaincinv(errors + 1, accepted - errors, confidence))


def documents_needed(max_error: float, confidence: float, *, errors: int = 0) -> int:
    """Return how many accepted documents prove `max_error` when `errors` of them go wrong.

    59 for 5% at 95% with none; see the table of exact binomial bounds in any textbook.
    """
    from scipy.special import bdtr  # the binomial distribution function

    low, high = errors + 1, errors + 2
    while bdtr(errors, high, max_error) > 1 - confidence:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if bdtr(errors, middle, max_error) > 1 - confidence:
            low = middle + 1
        else:
            high = middle
    return high


def certify(
    ordering: tuple[NDArray[np.float64], NDArray[np.bool_]],
    scores: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    *,
    max_error: float,
    confidence: float = 0.95,
    score: Score = "probability",
) -> Certificate:
    """Find the largest coverage at which the error is proven to be at most `max_error`.

    Args:
        ordering: scores of the tune part, and whether each of its documents would go wrong, both of shape
            (m,): they fix the thresholds, their order, and the one to begin with.
        scores: scores of the calibrate part, shape (n,).
        wrong: whether each document of the calibrate part would go to a wrong queue, shape (n,).
        max_error: the promise, between 0 and 1.
        confidence: the probability with which the promise holds.
        score: what the scores are, for the record.

    Returns:
        A certificate; one without a threshold where nothing could be proven.

    Raises:
        BadOption: a promise or a confidence that is not between 0 and 1.
    """
    for name, value in (("max-error", max_error), ("confidence", confidence)):
        if not 0 < value < 1:
            raise BadOption(f"{name} is between 0 and 1, not {value!r}")
    n = len(scores)
    least = documents_needed(max_error, confidence)
    if n < least or not len(ordering[0]):
        return Certificate(max_error, confidence, score, None, n, needed=max(1, least - n))
    thresholds = _thresholds(*ordering, n)
    table = _walk(thresholds, scores, wrong, max_error, confidence)
    proven = [step for step in table if step.proven]
    if not proven:
        first = table[0]
        return Certificate(
            max_error,
            confidence,
            score,
            None,
            n,
            needed=_still_needed(first, n, max_error, confidence),
            table=table,
        )
    best = max(proven, key=lambda step: step.accepted)
    return Certificate(
        max_error,
        confidence,
        score,
        best.threshold,
        n,
        accepted=best.accepted,
        errors=best.errors,
        coverage=best.coverage,
        upper_bound=best.upper_bound,
        table=table,
    )


def _thresholds(scores: NDArray[np.float64], wrong: NDArray[np.bool_], n: int) -> list[float]:
    """The thresholds in the order in which they are tried, from the tune part alone.

    The first is the one whose error looks smallest when few documents count against it: a stricter one
    accepts too few to prove much, a looser one makes more errors. From there they go down to routing
    everything. None of this depends on the promise, so a weaker promise never routes less.
    """
    from scipy.special import betaincinv

    scored = np.isfinite(scores)
    n, scores, wrong = round(n * float(scored.mean())), scores[scored], wrong[scored]
    if not len(scores):
        return [0.0]
    order = np.argsort(-scores, kind="stable")
    accepted = np.arange(1, len(scores) + 1)
    # One error more than was seen: the surest few documents of a small part prove little about its error.
    rate = (np.cumsum(wrong[order]) + 1) / (accepted + 1)
    expected = n * accepted / len(scores)
    bounds = betaincinv(rate * expected + 1, np.maximum(expected * (1 - rate), 1e-9), 0.95)
    first = int(np.argmin(bounds))
    positions = np.unique(np.linspace(first, len(scores) - 1, _STEPS).astype(int))
    thresholds = scores[order][positions].tolist()
    return [*dict.fromkeys(thresholds), 0.0]  # the last routes everything


def _walk(
    thresholds: Sequence[float],
    scores: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    max_error: float,
    confidence: float,
) -> tuple[Step, ...]:
    from scipy.special import bdtr

    steps: list[Step] = []
    going = True
    for threshold in thresholds:
        taken = scores >= threshold
        accepted, errors = int(taken.sum()), int(wrong[taken].sum())
        p_value = float(bdtr(errors, accepted, max_error)) if accepted else 1.0
        going = going and p_value <= 1 - confidence
        bound = upper_bound(errors, accepted, confidence)
        steps.append(Step(threshold, accepted / len(scores), accepted, errors, bound, p_value, going))
    return tuple(steps)


def _still_needed(first: Step, n: int, max_error: float, confidence: float) -> int:
    """How many more documents the first step would take, if they are like those seen so far."""
    if not first.accepted:
        return documents_needed(max_error, confidence)
    rate = first.errors / first.accepted
    if rate >= max_error:  # more of the same proves nothing: say what a better model would take
        return documents_needed(max_error, confidence, errors=first.errors + 1)
    accepted = first.accepted
    while accepted < 10_000_000:
        accepted = math.ceil(accepted * 1.05) + 1
        if documents_needed(max_error, confidence, errors=math.ceil(rate * accepted)) <= accepted:
            break
    return max(1, math.ceil((accepted - first.accepted) * n / first.accepted))
