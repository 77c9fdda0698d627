"""Linear classifiers on tf-idf: learned by scikit-learn, scored by numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from triage import Part
from triage_sklearn._features import TermOptions, TfidfText, by_appearance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.protocols import Watch
    from triage_sklearn._terms import Counts

__all__ = ["LinearText"]

Link = Literal["softmax", "sigmoid"]
Plane = tuple["NDArray[np.float64]", "NDArray[np.float64]", Link]


class LinearText(TfidfText):
    """A text classifier whose scores are sums over terms.

    Attributes:
        coef_: shape (terms, k): what a unit of each term adds to the score of each class.
        intercept_: shape (k,): the scores of a text without a known term.
        link_: "softmax": probabilities are the softmax of the scores; "sigmoid": each score's own
            probability, divided by their sum.
    """

    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    link_: Link

    def __init__(self, name: str, terms: TermOptions, learn: Callable[..., Plane]) -> None:
        super().__init__(name, terms)
        self._learn = learn

    def fit(self, train: Part, tune: Part, *, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn the terms, their weights and the planes between the classes from `train`.

        Raises:
            DataError: fewer than two classes, or a class without a document.
        """
        codes, numbers = by_appearance(train)
        rows = self.learn_rows(train.texts)
        coef, intercept, self.link_ = self._learn(rows, codes, seed=seed)
        self.coef_ = np.ascontiguousarray(coef[: len(self.idf_), numbers])
        self.intercept_ = intercept[numbers]

    def predict_proba(self, texts: Sequence[str], /) -> NDArray[np.float64]:
        """Return shape (len(texts), k); a text's row does not depend on the others.

        Raises:
            NotFitted: before `fit`.
        """
        index = self.index
        scores = [np.empty((0, len(self.intercept_)))]
        scores += (self._scores(counts) for counts in index.count(texts))
        return _probabilities(np.concatenate(scores), self.link_)

    def _scores(self, counts: Counts) -> NDArray[np.float64]:
        parts = self.coef_[counts.terms]
        parts *= self.weights(counts)[:, None]
        scores = np.tile(self.intercept_, (len(counts), 1))
        filled = np.flatnonzero(np.diff(counts.starts))
        if len(filled):
            scores[filled] += np.add.reduceat(parts, counts.starts[filled], axis=0)
        return scores

    def explain(
        self, texts: Sequence[str], codes: Sequence[int], *, most: int
    ) -> list[list[tuple[str, float]]]:
        """Return for each text the terms that raised class `codes[i]` over the mean of the other classes.

        The weight is what the term adds to that difference of scores.
        """
        index, k = self.index, len(self.intercept_)
        wanted = np.asarray(codes, np.int64)
        explained: list[list[tuple[str, float]]] = []
        for counts in index.count(texts):
            size = np.diff(counts.starts)
            own = np.repeat(wanted[len(explained) : len(explained) + len(counts)], size)
            coef = self.coef_[counts.terms]
            chosen = coef[np.arange(len(own)), own]
            gain = self.weights(counts) * (chosen - (coef.sum(axis=1) - chosen) / max(k - 1, 1))
            for start, end in zip(counts.starts[:-1], counts.starts[1:], strict=True):
                best = start + np.argsort(-gain[start:end], kind="stable")[:most]
                explained.append(
                    [
                        (" ".join(index.parts(int(counts.terms[i]))), float(gain[i]))
                        for i in best
                        if gain[i] > 0
                    ]
                )
        return explained


def _probabilities(scores: NDArray[np.float64], link: Link) -> NDArray[np.float64]:
    if link == "softmax":
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores, out=scores)
    else:
        chances = 0.5 * (1 + np.tanh(scores / 2))  # the logistic function without overflow
    chances /= chances.sum(axis=1, keepdims=True)
    return chances
