"""Linear classifiers on tf-idf: learned by scikit-learn, scored by numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from triage import DataError, Part
from triage_sklearn._features import TfidfText, by_appearance
from triage_sklearn._learners import Lesson, Plane
from triage_sklearn._options import TermOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.plugin_api import Watch
    from triage_sklearn._terms import Counts

__all__ = ["LinearText"]

_COEFFICIENTS = 50_000_000  # 400 MB
_SCORES = 250_000_000  # documents times classes: solvers hold several matrices of this size, 2 GB each
_BLOCK = 4_000_000  # coefficients gathered at a time: 32 MB


class LinearText(TfidfText):
    """A text classifier whose scores are sums over terms.

    Memory while training: the rows (12 bytes an entry) and a few matrices of documents x classes and of
    terms x classes; beyond a limit for the second, fewer terms are learned, those in the most texts.

    Attributes:
        coef_: shape (terms, k): what a unit of each term adds to the score of each class.
        intercept_: shape (k,): the scores of a text without a known term.
        link_: "softmax" of the scores, or "logistic": each score's own probability, divided by their sum.
    """

    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    link_: str

    def __init__(self, name: str, terms: TermOptions, learn: Callable[[Lesson], Plane]) -> None:
        super().__init__(name, terms)
        self._learn = learn

    def fit(self, train: Part, tune: Part, *, seed: int, watch: Watch) -> None:
        """Learn the terms, their weights and the planes between the classes.

        Raises:
            DataError: fewer than two classes, a class without a document, or too many of both at once.
        """
        self.forget()
        codes, numbers = by_appearance(train)
        if len(train) * train.k > _SCORES:
            raise DataError(
                f"{len(train)} documents of {train.k} classes are too many at once: join classes, or train "
                f"on a sample"
            )
        rows = self.learn_rows(train.texts, most=max(_COEFFICIENTS // train.k, 1))
        if rows.shape[1]:
            tuning = (lambda: self.rows(tune.texts), numbers[tune.codes]) if len(tune) else None
            lesson = Lesson(rows=rows, codes=codes, k=train.k, seed=seed, watch=watch, tuning=tuning)
            plane = self._learn(lesson)
        else:
            plane = Plane(np.empty((0, train.k)), np.log(np.bincount(codes) / len(codes)))
        self.link_ = plane.link
        self.intercept_ = plane.intercept[numbers]
        self.coef_ = np.ascontiguousarray(plane.coef[:, numbers])

    def predict_proba(self, texts: Sequence[str], /) -> NDArray[np.float64]:
        """Return shape (len(texts), k); a text's row does not depend on the others.

        Raises:
            NotFitted: before `fit`.
            DataError: the state does not fit together.
        """
        self.check_fitted("coef_")
        if self.coef_.shape != (len(self.index), len(self.intercept_)):
            raise DataError(f"{len(self.index)} terms do not fit coefficients of shape {self.coef_.shape}")
        scores = [np.empty((0, len(self.intercept_)))]
        scores.extend(self._scores(counts) for counts in self.index.count(texts))
        return Plane(self.coef_, self.intercept_, self.link_).probabilities(np.concatenate(scores))

    def _scores(self, counts: Counts) -> NDArray[np.float64]:
        scores = np.tile(self.intercept_, (len(counts), 1))
        weights = self.weights(counts)
        for texts, entries in _blocks(counts.starts, _BLOCK // len(self.intercept_)):
            parts = self.coef_[counts.terms[entries]]
            parts *= weights[entries, None]
            scores[texts] += np.add.reduceat(parts, counts.starts[texts] - entries.start, axis=0)
        return scores

    def explain(
        self, texts: Sequence[str], codes: Sequence[int], *, most: int
    ) -> list[list[tuple[str, float]]]:
        """Return for each text the terms that raised class `codes[i]` over the mean of the other classes.

        The weight is what the term adds to that difference of scores: only terms that raise it are listed.
        """
        self.check_fitted("coef_")
        mean = self.coef_.sum(axis=1)
        k = len(self.intercept_)
        wanted = iter(codes)
        explained: list[list[tuple[str, float]]] = []
        for counts in self.index.count(texts):
            weights = self.weights(counts)
            for start, end in zip(counts.starts[:-1].tolist(), counts.starts[1:].tolist(), strict=True):
                terms = counts.terms[start:end]
                own = self.coef_[terms, next(wanted)]
                gain = weights[start:end] * (own - (mean[terms] - own) / (k - 1))
                best = [i for i in np.argsort(-gain, kind="stable")[:most].tolist() if gain[i] > 0]
                explained.append([(self.index.name(int(terms[i])), float(gain[i])) for i in best])
        return explained


def _blocks(starts: NDArray[np.int64], size: int) -> Iterator[tuple[NDArray[np.intp], slice]]:
    """Yield texts that have entries, and their entries: about `size` at a time, at least one text."""
    filled = np.flatnonzero(np.diff(starts))
    first = 0
    while first < len(filled):
        begin = int(starts[filled[first]])
        after = max(int(np.searchsorted(starts[filled], begin + size)), first + 1)
        texts = filled[first:after]
        yield texts, slice(begin, int(starts[texts[-1] + 1]))
        first = after
