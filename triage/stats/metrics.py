"""How good a model is: confusion, F1, calibration error, and the risk of what it would route by itself.

Shapes: n documents, k classes. `codes` has shape (n,) and holds true classes as 0..k-1; `probabilities` has
shape (n, k). Whatever is a share lies in [0, 1]; where there is nothing to measure the answer is NaN.
Ties are never broken by the order of the documents: shuffling them changes no number here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.errors import Diverged

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = [
    "ACCURACIES",
    "PerLabel",
    "Reliability",
    "RiskCoverage",
    "accuracy",
    "augrc",
    "aurc",
    "brier",
    "confusion",
    "coverage_at_accuracy",
    "ece",
    "log_loss",
    "macro_f1",
    "per_label",
    "reliability",
    "risk_coverage",
    "score",
    "top_label",
    "weighted_f1",
]

ACCURACIES = (0.90, 0.95, 0.98, 0.99)
"""The accuracies at which `score` states the coverage."""

_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class PerLabel:
    """One number for each class; shapes (..., k).

    Attributes:
        precision: correct among predicted; 0 where nothing was predicted.
        recall: correct among true; 0 where the class has no documents.
        f1: their harmonic mean; 0 where both are 0.
        support: the number of documents that truly belong to it.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    support: Integers


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was promised and what came true, in bins of rising confidence; shapes (b,), b at most `bins`.

    Attributes:
        confidence: mean probability of the predicted label.
        accuracy: share of predictions that are right.
        count: documents in the bin; never 0.
    """

    confidence: Floats
    accuracy: Floats
    count: Integers


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """The error among accepted documents for every threshold, strictest first; shapes (m,), m at most n.

    Attributes:
        threshold: accept documents whose score is at least this; falling.
        coverage: share of all documents accepted; rising, the last is 1.
        risk: share of the accepted that are wrong (selective risk).
    """

    threshold: Floats
    coverage: Floats
    risk: Floats


def confusion(codes: ArrayLike, predicted: ArrayLike, k: int) -> Integers:
    """Return shape (k, k): how many documents of the row's class were predicted as the column's.

    Raises:
        ValueError: the lengths differ, or a code is outside 0..k-1.
    """
    true, said = _codes(codes, k), _codes(predicted, k)
    if len(true) != len(said):
        raise ValueError(f"{len(true)} true labels and {len(said)} predicted ones")
    return np.bincount(true * k + said, minlength=k * k).reshape(k, k).astype(np.int64)


def accuracy(matrix: ArrayLike) -> Any:
    """Return the share on the diagonal of `matrix`, shape (..., k, k)."""
    counts = np.asarray(matrix)
    right = np.trace(counts, axis1=-2, axis2=-1)
    return _scalar(_divide(right, counts.sum(axis=(-2, -1)), empty=np.nan))


def per_label(matrix: ArrayLike) -> PerLabel:
    """Return precision, recall, F1 and support of each class of `matrix`, shape (..., k, k)."""
    counts = np.asarray(matrix)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    predicted, support = counts.sum(axis=-2), counts.sum(axis=-1)
    return PerLabel(
        precision=_divide(right, predicted, empty=0.0),
        recall=_divide(right, support, empty=0.0),
        f1=_divide(2 * right, predicted + support, empty=0.0),
        support=support,
    )


def macro_f1(matrix: ArrayLike) -> Any:
    """Return the mean F1 over the classes that occur in `matrix`, shape (..., k, k).

    A class occurs when a document belongs to it or was predicted as it; one that does neither is left out.
    This is scikit-learn's `f1_score(..., average="macro", zero_division=0)`, which takes its classes from
    `y_true` and `y_pred`.
    """
    counts = np.asarray(matrix)
    occurs = counts.sum(axis=-1) + counts.sum(axis=-2) > 0
    return _scalar(_divide(per_label(counts).f1.sum(axis=-1), occurs.sum(axis=-1), empty=np.nan))


def weighted_f1(matrix: ArrayLike) -> Any:
    """Return the mean F1 weighted by support, of `matrix`, shape (..., k, k)."""
    table = per_label(matrix)
    return _scalar(_divide((table.f1 * table.support).sum(axis=-1), table.support.sum(axis=-1), empty=np.nan))


def top_label(probabilities: ArrayLike) -> tuple[Integers, Floats]:
    """Return the likeliest class of each document and its probability, both of shape (n,).

    Of equally likely classes the first is taken.

    Raises:
        Diverged: a probability is NaN or infinite. `numpy.argmax` would answer with a class all the same.
    """
    numbers = _probabilities(probabilities)
    predicted = numbers.argmax(axis=1)
    return predicted, numbers[np.arange(len(numbers)), predicted]


def log_loss(codes: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean of -ln P(true class), in nats; probabilities are clipped at 2.2e-16.

    Raises:
        Diverged: a probability is not finite.
        ValueError: the shapes do not fit.
    """
    true, numbers = _pair(codes, probabilities)
    return _mean(-np.log(np.maximum(numbers[np.arange(len(true)), true], _SMALLEST)))


def brier(codes: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean squared distance between probabilities and the truth, summed over classes: 0 to 2.

    Brier (1950), "Verification of forecasts expressed in terms of probability".

    Raises:
        Diverged: a probability is not finite.
        ValueError: the shapes do not fit.
    """
    true, numbers = _pair(codes, probabilities)
    right = numbers[np.arange(len(true)), true]
    return _mean((numbers**2).sum(axis=1) - 2 * right + 1)


def reliability(codes: ArrayLike, probabilities: ArrayLike, *, bins: int = 15) -> Reliability:
    """Sort documents by the confidence in their predicted label into bins of equal mass.

    Documents of one confidence share a bin, so there may be fewer bins than asked for.

    Raises:
        Diverged: a probability is not finite.
        ValueError: the shapes do not fit.
    """
    confidence, wrong = _confidence(codes, probabilities)
    _, which, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    place = np.minimum((middle * bins / max(len(wrong), 1)).astype(np.int64), bins - 1)[which]
    count = np.bincount(place, minlength=bins)
    used = count > 0
    return Reliability(
        confidence=np.bincount(place, confidence, minlength=bins)[used] / count[used],
        accuracy=np.bincount(place, ~wrong, minlength=bins)[used] / count[used],
        count=count[used],
    )


def ece(codes: ArrayLike, probabilities: ArrayLike, *, bins: int = 15) -> float:
    """Return the expected calibration error of the predicted label, over bins of equal mass.

    The mean over documents of |accuracy - confidence| of their bin. Guo et al. (2017), arXiv 1706.04599;
    equal mass rather than equal width as in Nixon et al. (2019), arXiv 1904.01685, since confidences crowd
    near 1.

    Raises:
        Diverged: a probability is not finite.
        ValueError: the shapes do not fit.
    """
    found = reliability(codes, probabilities, bins=bins)
    return _mean(np.abs(found.accuracy - found.confidence), weights=found.count)


def risk_coverage(scores: ArrayLike, wrong: ArrayLike) -> RiskCoverage:
    """Return the error among the accepted as the threshold on `scores` falls.

    Geifman and El-Yaniv (2017), "Selective classification for deep neural networks", arXiv 1705.08500.

    Args:
        scores: shape (n,); higher means surer, such as the probability of the predicted label.
        wrong: shape (n,); whether each prediction is wrong.

    Raises:
        Diverged: a score is not finite.
        ValueError: the lengths differ.
    """
    sure, accepted, errors = _accepted(scores, wrong)
    total = accepted[-1] if len(accepted) else 0
    return RiskCoverage(threshold=sure, coverage=accepted / max(total, 1), risk=errors / accepted)


def aurc(scores: ArrayLike, wrong: ArrayLike) -> float:
    """Return the area under the risk-coverage curve: the mean selective risk over coverages 1/n, 2/n, ..., 1.

    Documents of one score come in every order at once: the expectation over random orders is taken.
    Geifman, Uziel and El-Yaniv (2019), "Bias-reduced uncertainty estimation", arXiv 1805.08206.

    Raises:
        Diverged: a score is not finite.
        ValueError: the lengths differ.
    """
    _, accepted, errors = _accepted(scores, wrong)
    first = np.arange(1, len(np.asarray(scores)) + 1)
    return _mean(np.interp(first, np.append(0, accepted), np.append(0, errors)) / first)


def augrc(scores: ArrayLike, wrong: ArrayLike) -> float:
    """Return the area under the generalised risk-coverage curve: lower is better, 0 to 1/2.

    The generalised risk at a threshold is the share of all documents that are accepted and wrong, so the
    area is the mean rate of silent failures over coverages. It equals
    (1 - AUROC) * accuracy * error + error**2 / 2, AUROC being that of `scores` at telling right from wrong.
    Traub et al. (2024), "Overcoming common flaws in the evaluation of selective classification systems",
    arXiv 2407.01032.

    Raises:
        Diverged: a score is not finite.
        ValueError: the lengths differ.
    """
    _, accepted, errors = _accepted(scores, wrong)
    if not len(accepted):
        return float("nan")
    area = np.trapezoid(np.append(0, errors), np.append(0, accepted))
    return float(area / accepted[-1] ** 2)


def coverage_at_accuracy(scores: ArrayLike, wrong: ArrayLike, *, least: float) -> float:
    """Return the largest share that a threshold could accept with an accuracy of at least `least`, or 0.

    The threshold is chosen with the answers at hand: what was possible, not what can be promised.

    Raises:
        Diverged: a score is not finite.
        ValueError: the lengths differ.
    """
    curve = risk_coverage(scores, wrong)
    if not len(curve.coverage):
        return float("nan")
    # 1 - 0.9 is not 0.1 in binary: without the tolerance one error in ten would miss 90%.
    return float(curve.coverage[curve.risk <= 1 - least + 1e-12].max(initial=0.0))


def score(codes: ArrayLike, probabilities: ArrayLike, classes: Sequence[str]) -> dict[str, Any]:
    """Return the metrics of `triage evaluate --json` in plain Python numbers.

    Raises:
        Diverged: a probability is not finite.
        ValueError: the shapes do not fit.
    """
    true, numbers = _pair(codes, probabilities)
    if numbers.shape[1] != len(classes):
        raise ValueError(f"{len(classes)} classes and {numbers.shape[1]} columns of probabilities")
    predicted, confidence = top_label(numbers)
    wrong = predicted != true
    matrix = confusion(true, predicted, len(classes))
    found = per_label(matrix)
    return {
        "accuracy": accuracy(matrix),
        "macro_f1": macro_f1(matrix),
        "weighted_f1": weighted_f1(matrix),
        "per_label": {
            label: {
                "precision": float(found.precision[code]),
                "recall": float(found.recall[code]),
                "f1": float(found.f1[code]),
                "support": int(found.support[code]),
            }
            for code, label in enumerate(classes)
        },
        "log_loss": log_loss(true, numbers),
        "brier": brier(true, numbers),
        "ece": ece(true, numbers),
        "aurc": aurc(confidence, wrong),
        "augrc": augrc(confidence, wrong),
        "coverage_at_accuracy": {
            f"{least:.2f}": coverage_at_accuracy(confidence, wrong, least=least) for least in ACCURACIES
        },
        "confusion": {"labels": list(classes), "matrix": matrix.tolist()},
    }


def _codes(codes: ArrayLike, k: int) -> Integers:
    found = np.asarray(codes, dtype=np.int64)
    if found.ndim != 1:
        raise ValueError(f"codes have one dimension, not {found.ndim}")
    if len(found) and not 0 <= found.min() <= found.max() < k:
        raise ValueError(f"codes run from 0 to {k - 1}, not from {found.min()} to {found.max()}")
    return found


def _probabilities(probabilities: ArrayLike) -> Floats:
    numbers = np.asarray(probabilities, dtype=np.float64)
    if numbers.ndim != 2 or not numbers.shape[1]:
        raise ValueError(f"probabilities have one row a document and one column a class, not {numbers.shape}")
    finite = np.asarray(np.isfinite(numbers).all(axis=1))
    if not finite.all():
        raise Diverged(
            f"the probabilities of {len(finite) - finite.sum()} of {len(finite)} documents are not finite "
            f"(the first is number {finite.argmin() + 1}): the model's weights are not usable"
        )
    return numbers


def _pair(codes: ArrayLike, probabilities: ArrayLike) -> tuple[Integers, Floats]:
    numbers = _probabilities(probabilities)
    true = _codes(codes, numbers.shape[1])
    if len(true) != len(numbers):
        raise ValueError(f"{len(true)} labels and {len(numbers)} rows of probabilities")
    return true, numbers


def _confidence(codes: ArrayLike, probabilities: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    true, numbers = _pair(codes, probabilities)
    predicted, confidence = top_label(numbers)
    return confidence, np.asarray(predicted != true)


def _accepted(scores: ArrayLike, wrong: ArrayLike) -> tuple[Floats, Integers, Integers]:
    """Return each distinct score, falling, how many documents reach it, and how many of those are wrong."""
    values, errors = np.asarray(scores, dtype=np.float64), np.asarray(wrong, dtype=bool)
    if values.ndim != 1 or values.shape != errors.shape:
        raise ValueError(f"scores of shape {values.shape} and errors of shape {errors.shape}")
    if not np.isfinite(values).all():
        raise Diverged(f"{np.count_nonzero(~np.isfinite(values))} of {len(values)} scores are not finite")
    sure, which = np.unique(-values, return_inverse=True)
    accepted = np.cumsum(np.bincount(which, minlength=len(sure)))
    return -sure, accepted, np.cumsum(np.bincount(which, errors, minlength=len(sure))).astype(np.int64)


def _divide(above: Any, below: Any, *, empty: float) -> Floats:
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below)
    quotient = np.full(above.shape, empty, dtype=np.float64)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient


def _mean(values: Floats, *, weights: NDArray[Any] | None = None) -> float:
    return float(np.average(values, weights=weights)) if len(values) else float("nan")


def _scalar(value: Floats) -> Any:
    """Return a Python number for one matrix, an array for a stack of them."""
    return value.item() if value.ndim == 0 else value
