"""Bounds on the error of what is routed automatically, proven with documents that the answers were not learned from.

The threshold comes from fixed-sequence testing ("Learn then Test", Angelopoulos et al. 2021, arXiv 2110.01052):
thresholds are tried in an order that was fixed beforehand, from the strictest to the loosest, and the first that
cannot be proven ends the search. What is bounded is the selective risk (Geifman and El-Yaniv 2017): the share of wrong
routes among what is routed.

There are two proofs. "held-out" uses documents that nothing was learned from: the order comes from other documents,
and the bound is exact (Clopper and Pearson 1934). "folds" uses out-of-fold answers about all documents, as
cross-validation risk control does (Cohen et al. 2024, arXiv 2401.11974): the order comes from the stated probabilities
alone. The written model learned from more documents than the models of the folds and is a little surer of its answers.
How much surer a model becomes with more documents is measured in training, and the threshold is raised by it, so that
the written model routes about as much as was proven. The bound assumes that it errs no more often at the same coverage.

Near-duplicates are no independent draws. The bound must hold twice: with each family as one draw, and with documents as
draws whose number is divided by the design effect of families (Korn and Graubard 1998).

A promise assumes that new documents come from where these came from.
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
    "asked_of",
    "can_be_proven",
    "certify",
    "documents_needed",
    "draws_of",
    "expected_errors",
    "not_proven",
    "promise_of",
    "promising",
    "prove",
    "realised",
    "renewed",
    "scores_of",
    "scores_of_part",
    "tried_seeds",
    "upper_bound",
]

Score = Literal["probability", "margin", "entropy"]
Proof = Literal["folds", "held-out"]
_STEPS = 24
_ATTEMPTS, _MOST_ATTEMPTS = "attempts", 200


@dataclass(frozen=True, slots=True)
class Step:
    """One threshold that was tried.

    Attributes:
        threshold: the least score of what would be routed.
        coverage: the share of the documents that would be routed.
        accepted: how many documents that is.
        errors: how many of them would go wrong.
        upper_bound: on the true error, at the stated confidence, for this threshold alone.
        p_value: of the hypothesis that the true error is above the promise.
        proven: whether the hypothesis was rejected, here and at every threshold before.
        families: how many families of near-duplicates the accepted documents are of; 0 in older models.
    """

    threshold: float
    coverage: float
    accepted: int
    errors: int
    upper_bound: float
    p_value: float
    proven: bool
    families: int = 0


@dataclass(frozen=True)
class Certificate:
    """What was promised, and what it was proven with.

    Attributes:
        max_error: the promised bound on the share of wrong routes among what is routed.
        confidence: the probability, over the documents that prove it, that the promise holds.
        score: what is compared with the threshold.
        threshold: the least score that is routed; None where nothing could be proven.
        documents: how many documents prove it.
        accepted: of these, how many reach the threshold.
        errors: of these, how many would go wrong.
        coverage: accepted / documents.
        upper_bound: on the true error at the threshold, at the stated confidence.
        needed: where nothing could be proven, how many more documents it takes if they are like these; 0 where no
            number of them helps.
        table: every threshold that was tried, in order.
        proof: "folds" for out-of-fold answers, "held-out" for documents that nothing was learned from.
        families: how many families of near-duplicates the documents are of; 0 in older models.
        margin: by how many log odds the threshold is above the one that was proven, because the written model is surer
            of its answers than the models of the folds.
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
    proof: Proof = "held-out"
    families: int = 0
    margin: float = 0.0

    @property
    def kept(self) -> bool:
        """Whether there is anything to promise."""
        return self.threshold is not None

    def raised(self, margin: float) -> Certificate:
        """Return the certificate with its threshold raised by `margin` log odds."""
        if not self.threshold or not margin:
            return self
        threshold = min(self.threshold, 1 - 1e-15)
        odds = math.log(threshold / (1 - threshold)) + margin
        return replace(self, threshold=1 / (1 + math.exp(-odds)), margin=margin)

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

    def raised(self, margin: float) -> Promise:
        """Return the promise with each threshold raised by `margin` log odds; one of 0 routes everything and stays."""
        overall = None if self.overall is None else self.overall.raised(margin)
        queues = {queue: certificate.raised(margin) for queue, certificate in self.queues.items()}
        return replace(self, overall=overall, queues=queues)

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


def can_be_proven(held_out: Mapping[str, HeldOut]) -> bool:
    """Return whether there is anything to prove a promise with."""
    return "folds" in held_out or {"tune", "calibrate"} <= set(held_out)


def prove(
    model: Model,
    *,
    max_error: float,
    confidence: float = 0.95,
    score: Score = "probability",
    per_queue: bool = False,
) -> Promise:
    """Find what can be promised for a model, with what was kept of its training.

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
    if not can_be_proven(parts):
        raise DataError(
            "the model holds no answers to prove a promise with: train it again on more documents"
        )
    queues = [model.queues[label] for label in model.classes]
    ordering = parts.get("tune", parts.get("folds")) if "calibrate" in parts else None
    promise = promise_of(
        ordering,
        parts["folds" if ordering is None else "calibrate"],
        queues,
        max_error=max_error,
        confidence=confidence,
        score=score,
        per_queue=per_queue,
    )
    return promise if ordering is not None else promise.raised(float(model.trained.get("surer", 0.0)))


def promising(model: Model, promise: Promise, plugins: Plugins) -> Model:
    """Return the model, not saved yet, with the attempt noted and, where it is kept, with the promise.

    A promise that is kept brings the policy that keeps it: in its old place, or as the last. One that is not kept
    leaves the former promise in place.
    """
    attempt = {
        "corpus_sha256": model.trained.get("corpus_sha256", ""),
        "seed": model.experiment.seed,
        "max_error": promise.max_error,
        "confidence": promise.confidence,
        "kept": promise.kept,
    }
    attempts = [each for each in _attempts(model.extra) if each != attempt]
    extra = {**model.extra, _ATTEMPTS: {"made": [*attempts, attempt][-_MOST_ATTEMPTS:]}}
    if not promise.kept:
        return replace(model, extra=extra, sha256="", path="")
    keeper = (
        plugins.role(Policy, "promise"),
        {"max_error": promise.max_error, "confidence": promise.confidence},
    )
    policies = model.experiment.policies
    if any(name == keeper[0] for name, _ in policies):
        policies = tuple(keeper if step[0] == keeper[0] else step for step in policies)
    else:
        policies = (*policies[:-1], keeper)
    experiment = model.experiment.changed(policies=policies)
    extra["promise"] = promise.to_json()
    return replace(model, experiment=experiment, extra=extra, sha256="", path="")


def renewed(
    model: Model, former: Mapping[str, Mapping[str, Any]], plugins: Plugins, *, again: bool
) -> tuple[Model, Promise | None]:
    """Prove for a model fresh from training what its experiment asks for, or what the model before it promised.

    Args:
        model: fresh from training.
        former: the further records of the model that it replaces.
        plugins: where the policy that keeps a promise is looked up; an experiment that has it asks for its promise.
        again: whether to prove the promise of the model before, where the experiment asks for none.

    Returns:
        The model, with the promise where it is kept, and the promise; None where none is asked for.
    """
    kept = {"made": [dict(each) for each in _attempts(former)]}
    model = replace(model, extra={**model.extra, _ATTEMPTS: kept}) if kept["made"] else model
    asked: dict[str, Any] = {}
    for name, options in model.experiment.policies:
        if name == plugins.role(Policy, "promise"):
            asked = asked_of(options)
    if not asked and again and "promise" in former:
        before = Promise.from_json(former["promise"])
        asked = {"max_error": before.max_error, "confidence": before.confidence, "score": before.score}
        asked["per_queue"] = before.overall is None
    if not asked or not can_be_proven(model.held_out):
        return model, None
    promise = prove(model, **asked)
    return promising(model, promise, plugins), promise


def asked_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return `max_error` and `confidence` of a policy that keeps a promise, given its options."""
    given = {name.replace("-", "_"): value for name, value in options.items()}
    return {
        "max_error": float(given.get("max_error", 0.05)),
        "confidence": float(given.get("confidence", 0.95)),
    }


def tried_seeds(model: Model, promise: Promise) -> tuple[int, int]:
    """Return with how many seeds this promise was asked for on this corpus, and with how many it was refused."""
    corpus = model.trained.get("corpus_sha256", "")
    same = [
        each
        for each in _attempts(model.extra)
        if (each["corpus_sha256"], each["max_error"], each["confidence"])
        == (corpus, promise.max_error, promise.confidence)
    ]
    return len({each["seed"] for each in same}), len({each["seed"] for each in same if not each["kept"]})


def _attempts(extra: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list(extra.get(_ATTEMPTS, {}).get("made", ()))


def not_proven(promise: Promise) -> str:
    """Return why nothing can be promised, and what would help, with figures of this model."""
    worst = min(promise.certificates, key=lambda each: each.needed or 1 << 62)
    intro = (
        f"no promise can be made: an error of at most {promise.max_error:g} at {promise.confidence:g} cannot be proven "
        f"with {worst.documents:,} documents in {worst.families:,} families"
    )
    bounds = [step.upper_bound for each in promise.certificates for step in each.table]
    weaker = f"; an error of at most {min(bounds):.1%} can be" if bounds and min(bounds) < 1 else ""
    if worst.needed:
        return (
            f"{intro}. At the present error about {worst.needed:,} more labelled documents are needed{weaker}"
        )
    rates = [
        step.errors / step.accepted for each in promise.certificates for step in each.table if step.accepted
    ]
    return (
        f"{intro}. More documents alone do not help: at no threshold are fewer than {min(rates, default=1):.1%} wrong. "
        f"A better backend, fewer or merged labels, or cleaner labels would{weaker}"
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
    ordering: HeldOut | None,
    proving: HeldOut,
    queues: Sequence[str],
    *,
    max_error: float,
    confidence: float = 0.95,
    score: Score = "probability",
    per_queue: bool = False,
) -> Promise:
    """Find what can be promised.

    Args:
        ordering: documents that fix the order of the thresholds; None for out-of-fold answers, whose order comes from
            their stated probabilities.
        proving: documents that prove them.
        queues: the queue of each class, in column order.
        max_error: the bound, between 0 and 1.
        confidence: that it holds; with `per_queue`, that all hold together (Bonferroni over the queues that
            have enough documents to prove anything).
        score: what is compared with a threshold.
        per_queue: whether each queue gets a promise of its own.

    Raises:
        BadOption: a bound or a confidence that is not between 0 and 1, or an unknown score.
    """
    names = np.asarray(queues)
    fixing = proving if ordering is None else ordering
    stated = expected_errors(fixing.probabilities, queues) if ordering is None else fixing.wrong_queue(queues)
    order = (scores_of_part(fixing, score), stated.astype(np.float64))
    scores, wrong = scores_of_part(proving, score), proving.wrong_queue(queues)
    groups = np.arange(len(wrong)) if proving.groups is None else proving.groups
    settings: dict[str, Any] = {
        "max_error": max_error,
        "score": score,
        "proof": "folds" if ordering is None else "held-out",
    }
    if not per_queue:
        overall = certify(order, scores, wrong, groups, confidence=confidence, **settings)
        return Promise(max_error, confidence, score, overall)
    fixed_for, said = (names[part.probabilities.argmax(axis=1)] for part in (fixing, proving))
    distinct = sorted(set(queues))
    needed = documents_needed(max_error, confidence)
    enough = sum(len(np.unique(groups[said == queue])) >= needed for queue in distinct)
    shared = 1 - (1 - confidence) / max(1, enough)
    certificates = {}
    for queue in distinct:
        ours, chosen = (array[fixed_for == queue] for array in order), said == queue
        certificates[queue] = certify(
            tuple(ours),
            scores[chosen],
            wrong[chosen],
            groups[chosen],
            confidence=shared,
            **settings,
        )
    return Promise(max_error, confidence, score, None, certificates)


def expected_errors(probabilities: NDArray[np.float64], queues: Sequence[str]) -> NDArray[np.float64]:
    """Return shape (n,): the stated probability that the likeliest class's queue is not the right one."""
    names = np.unique(np.asarray(queues), return_inverse=True)[1]
    said = names[probabilities.argmax(axis=1)]
    right = np.where(names[None, :] == said[:, None], probabilities, 0.0).sum(axis=1)
    found: NDArray[np.float64] = np.clip(1 - right, 0.0, 1.0)
    return found


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


def upper_bound(errors: float, accepted: float, confidence: float) -> float:
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
    ordering: tuple[NDArray[np.float64], NDArray[np.float64]],
    scores: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    groups: NDArray[np.int64] | None = None,
    *,
    max_error: float,
    confidence: float = 0.95,
    score: Score = "probability",
    proof: Proof = "held-out",
) -> Certificate:
    """Find the largest coverage at which the error is proven to be at most `max_error`.

    Args:
        ordering: scores of m documents, and the error that is expected of each, both of shape (m,): they fix the
            thresholds, their order, and the one to begin with.
        scores: scores of the n documents that prove, shape (n,).
        wrong: whether each of them would go to a wrong queue, shape (n,).
        groups: their families, shape (n,); None where each is a family of its own.
        max_error: the promise, between 0 and 1.
        confidence: the probability with which the promise holds.
        score: what the scores are, for the record.
        proof: what the documents are, for the record.

    Returns:
        A certificate; one without a threshold where nothing could be proven.

    Raises:
        BadOption: a promise or a confidence that is not between 0 and 1.
    """
    for name, value in (("max-error", max_error), ("confidence", confidence)):
        if not 0 < value < 1:
            raise BadOption(f"{name} must be between 0 and 1, got {value!r}")
    n = len(scores)
    groups = np.arange(n) if groups is None else groups
    families = len(np.unique(groups))
    bare = Certificate(max_error, confidence, score, None, n, proof=proof, families=families)
    fewest = documents_needed(max_error, confidence)
    if families < fewest or not len(ordering[0]):
        return replace(bare, needed=max(1, math.ceil((fewest - families) * n / max(families, 1))))
    thresholds = _thresholds(*ordering, families)
    table = _walk(thresholds, scores, wrong, groups, max_error, confidence)
    proven = [step for step in table if step.proven]
    if not proven:
        return replace(bare, needed=_still_needed(table, n, max_error, confidence), table=table)
    best = max(proven, key=lambda step: step.accepted)
    return replace(
        bare,
        threshold=best.threshold,
        accepted=best.accepted,
        errors=best.errors,
        coverage=best.coverage,
        upper_bound=best.upper_bound,
        table=table,
    )


def _thresholds(scores: NDArray[np.float64], expected: NDArray[np.float64], n: int) -> list[float]:
    """Return the thresholds in the order in which they are tried.

    The first is the one whose error looks smallest when few documents count against it: a stricter one
    accepts too few to prove much, a looser one makes more errors. From there they go down to routing
    everything. None of this depends on the promise, so a weaker promise never routes less.
    """
    from scipy.special import betaincinv

    scored = np.isfinite(scores)
    n, scores, expected = round(n * float(scored.mean())), scores[scored], expected[scored]
    if not len(scores):
        return [0.0]
    order = np.argsort(-scores, kind="stable")
    accepted = np.arange(1, len(scores) + 1)
    # One error more than was seen: the surest few documents of a small part prove little about its error.
    rate = (np.cumsum(expected[order]) + 1) / (accepted + 1)
    drawn = n * accepted / len(scores)
    bounds = betaincinv(rate * drawn + 1, np.maximum(drawn * (1 - rate), 1e-9), 0.95)
    first = int(np.argmin(bounds))
    positions = np.unique(np.linspace(first, len(scores) - 1, _STEPS).astype(int))
    thresholds = scores[order][positions].tolist()
    return [*dict.fromkeys(thresholds), 0.0]  # the last routes everything


def _walk(
    thresholds: Sequence[float],
    scores: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    groups: NDArray[np.int64],
    max_error: float,
    confidence: float,
) -> tuple[Step, ...]:
    steps: list[Step] = []
    going = True
    for threshold in thresholds:
        taken = scores >= threshold
        accepted, errors = int(taken.sum()), int(wrong[taken].sum())
        evidence = draws_of(wrong[taken], groups[taken])
        p_value = max(p_value_of(*each, max_error) for each in evidence)
        bound = max(upper_bound(*each, confidence) for each in evidence)
        going = going and p_value <= 1 - confidence
        families = round(evidence[0][1])
        steps.append(
            Step(
                threshold, accepted / len(scores), accepted, errors, bound, p_value, going, families=families
            )
        )
    return tuple(steps)


def draws_of(
    wrong: NDArray[np.bool_], groups: NDArray[np.int64]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return errors and independent draws of n documents: by family, and by document.

    By family each family is one draw, and its mean error counts. By document the mean error counts, and the number of
    draws is divided by the design effect: the variance of the mean error over families, as it is found, over that of
    independent documents, never below 1 (Korn and Graubard 1998). Both are the plain counts where every family has one
    document.
    """
    if not len(wrong):
        return (0.0, 0.0), (0.0, 0.0)
    member = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(member).astype(np.float64)
    errors = np.bincount(member, wrong.astype(np.float64))
    n, rate = float(sizes.sum()), float(errors.sum() / sizes.sum())
    independent = n * rate * (1 - rate)
    effect = max(1.0, float(((errors - rate * sizes) ** 2).sum()) / independent) if independent else 1.0
    return (float((errors / sizes).sum()), float(len(sizes))), (rate * n / effect, n / effect)


def p_value_of(errors: float, draws: float, max_error: float) -> float:
    """Return the probability of at most so many errors where the true error is `max_error`: 1 without a draw."""
    from scipy.special import betainc

    if draws <= errors:
        return 1.0
    return float(betainc(draws - errors, errors + 1, 1 - max_error))


def _still_needed(table: Sequence[Step], n: int, max_error: float, confidence: float) -> int:
    """Return how many more documents it takes if they are like those seen so far; 0 where no number of them helps."""
    if not any(step.accepted for step in table):
        return documents_needed(max_error, confidence)
    needed = []
    for step in table:
        rate = step.errors / step.accepted if step.accepted else 1.0
        if rate >= max_error:
            continue
        low, high = step.families, 1 << 33
        while low < high:  # draws at this error that prove it
            middle = (low + high) // 2
            if p_value_of(math.ceil(rate * middle), middle, max_error) <= 1 - confidence:
                high = middle
            else:
                low = middle + 1
        needed.append(max(1, math.ceil((low / step.families - 1) * n)))
    return min(needed, default=0)
