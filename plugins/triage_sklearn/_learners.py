"""From tf-idf rows to planes between classes: solvers of scikit-learn, each with what suits text."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from triage import Between, Diverged, Epoch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from triage.plugin_api import Watch

__all__ = ["Lesson", "Plane", "linear_svm", "logistic", "naive_bayes", "sgd"]

logger = logging.getLogger(__name__)

Penalty = Annotated[float, "Inverse of the strength of the L2 penalty", Between(1e-6, 1e6)]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a learner learns from.

    Attributes:
        rows: shape (n, terms), at least one term.
        codes: shape (n,): 0 to k - 1, each at least once.
        k: the number of classes, at least 2.
        seed: of whatever is random.
        watch: told after each epoch.
        tuning: makes the rows of the tune part; and its codes. None where it is empty.
    """

    rows: csr_matrix
    codes: NDArray[np.int64]
    k: int
    seed: int
    watch: Watch
    tuning: tuple[Callable[[], csr_matrix], NDArray[np.int64]] | None = None

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weight of each class: all classes weigh the same, whatever their number of documents."""
        return np.asarray(len(self.codes) / (self.k * np.bincount(self.codes)))


@dataclass(frozen=True)
class Plane:
    """Planes between classes.

    Attributes:
        coef: shape (terms, k).
        intercept: shape (k,).
        link: "softmax" of the scores, or "logistic": each score's own probability, divided by their sum.
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    link: str = "softmax"

    @classmethod
    def of(cls, coef: NDArray[np.float64], intercept: NDArray[np.float64], link: str = "softmax") -> Plane:
        """Return planes as scikit-learn has them: shape (k, terms), or one for two classes."""
        if len(coef) == 1:
            return cls(np.vstack([np.zeros_like(coef), coef]).T, np.append(0.0, intercept))
        return cls(coef.T.copy(), np.array(intercept), link)

    def probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what `scores`, shape (n, k), stand for: rows that sum to 1."""
        chances: NDArray[np.float64]
        if self.link == "softmax":
            chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        else:
            small = np.exp(-np.abs(scores))  # never overflows
            chances = np.where(scores >= 0, 1.0, small) / (1 + small)
        chances /= chances.sum(axis=1, keepdims=True)
        return chances


def logistic(lesson: Lesson, *, c: Penalty = 10.0) -> Plane:
    """Balanced multinomial logistic regression, by Newton steps with conjugate gradients.

    On sparse text this needs a quarter of the time of L-BFGS, at 500 documents as at 200,000, and holds
    nothing but the rows and a few arrays of the planes' size. Beyond 50,000 documents it stops at a
    gradient ten times as large: the sum of so many losses pins the planes down sooner.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(
        C=c,
        class_weight="balanced",
        solver="newton-cg",
        tol=1e-4 if len(lesson.codes) <= 50_000 else 1e-3,
        max_iter=200,
    )
    # The vectors are too short to share: threads wait for each other and take four times as long.
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(lesson.rows, lesson.codes)
    if model.n_iter_.max() >= model.max_iter:
        logger.warning("the solver stopped after %d steps, before it was done", model.max_iter)
    return Plane.of(model.coef_, model.intercept_)


def naive_bayes(
    lesson: Lesson,
    *,
    smoothing: Annotated[float, "Count that every term has in every class", Between(1e-9, 1e3)] = 0.05,
) -> Plane:
    """Multinomial naive Bayes on tf-idf, all classes as likely beforehand (Rennie et al. 2003)."""
    from sklearn.naive_bayes import MultinomialNB

    model = MultinomialNB(alpha=smoothing, fit_prior=False).fit(lesson.rows, lesson.codes)
    return Plane(model.feature_log_prob_.T, model.class_log_prior_)


def linear_svm(
    lesson: Lesson,
    *,
    c: Penalty = 1.0,
    folds: Annotated[int, "Folds of the training part for the probabilities", Between(2, 20)] = 3,
) -> Plane:
    """Balanced linear support vector machine; its margins become probabilities by Platt's sigmoids.

    The sigmoids are fitted on margins of documents that were held out, fold by fold, within the training
    part. A class with a single document cannot be held out: then margins are taken as log odds, and a
    line in the log says so.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=c, class_weight="balanced", random_state=lesson.seed)
    folds = min(folds, int(np.bincount(lesson.codes).min()))
    if folds < 2:
        logger.warning("a class has one document only: margins are taken as log odds, not calibrated")
        machine.fit(lesson.rows, lesson.codes)
        return Plane.of(machine.coef_, machine.intercept_, link="logistic")
    held_out = StratifiedKFold(folds, shuffle=True, random_state=lesson.seed)
    model = CalibratedClassifierCV(machine, cv=held_out, ensemble=False).fit(lesson.rows, lesson.codes)
    (fitted,) = model.calibrated_classifiers_
    slopes = -np.array([sigmoid.a_ for sigmoid in fitted.calibrators])
    shifts = -np.array([sigmoid.b_ for sigmoid in fitted.calibrators])
    coef, intercept = fitted.estimator.coef_, fitted.estimator.intercept_
    return Plane.of(coef * slopes[:, None], intercept * slopes + shifts, link="logistic")


def sgd(
    lesson: Lesson,
    *,
    alpha: Annotated[float, "Strength of the L2 penalty", Between(1e-9, 1.0)] = 1e-5,
    epochs: Annotated[int, "Passes over the training part at most", Between(1, 1000)] = 10,
    patience: Annotated[int, "Passes without a better log loss on the tune part", Between(1, 1000)] = 2,
) -> Plane:
    """Balanced logistic regression, one class against the rest, by averaged stochastic gradient descent.

    Each pass is reported. Where there is a tune part, the pass with the least log loss on it is kept, and
    training ends `patience` passes after it.
    """
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(
        loss="log_loss",
        alpha=alpha,
        average=2 * len(lesson.codes),  # the first passes are still far off
        class_weight=dict(enumerate(lesson.weights)),
        random_state=np.random.RandomState(lesson.seed),
    )
    tuning = (lesson.tuning[0](), lesson.tuning[1]) if lesson.tuning else None
    best, chosen, least = None, 0, np.inf
    for number in range(1, epochs + 1):
        start = time.perf_counter()
        model.partial_fit(lesson.rows, lesson.codes, classes=np.arange(lesson.k))
        seconds = time.perf_counter() - start
        plane = Plane.of(model.coef_, model.intercept_, link="logistic")
        tune_loss = _log_loss(plane, *tuning) if tuning else None
        if best is None or tune_loss is None or tune_loss < least:
            best, chosen, least = plane, number, np.inf if tune_loss is None else tune_loss
        lesson.watch(
            Epoch(
                number=number,
                of=epochs,
                loss=_log_loss(plane, lesson.rows, lesson.codes),
                tune_loss=tune_loss,
                documents_per_second=len(lesson.codes) / max(seconds, 1e-9),
                best=chosen == number,
            )
        )
        if number - chosen >= patience:
            break
    if best is None or not np.isfinite(best.coef).all():
        raise Diverged("sgd ended with weights that are not finite: set a smaller alpha")
    return best


def _log_loss(plane: Plane, rows: csr_matrix, codes: NDArray[np.int64]) -> float:
    chances = plane.probabilities(rows @ plane.coef + plane.intercept)
    return float(-np.log(np.maximum(chances[np.arange(len(codes)), codes], 1e-300)).mean())
