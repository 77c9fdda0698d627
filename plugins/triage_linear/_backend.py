"""The linear classifier on hashed features: learned by scikit-learn, scored and explained by numpy."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from triage import Between, DataError, NotFitted, Part
from triage_linear._features import Entries, Features, counted, learn_features
from triage_linear._hashing import Batch, Grams
from triage_linear._solver import solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.host.protocols import Watch

__all__ = ["HashedLinear", "linear"]

logger = logging.getLogger(__name__)

_COEFFICIENTS = 50_000_000  # 200 MB
_GATHERED = 1_000_000  # coefficients at a time: 4 MB stay in the cache


class HashedLinear:
    """A linear classifier on words, word pairs and character n-grams, hashed: it stores no word.

    Attributes:
        buckets_: shape (m,), uint32: the hash buckets that are known, rising.
        idf_: shape (m,), float32: the inverse document frequency of each.
        coef_: shape (m, k), float32: what a unit of each adds to the score of each class.
        intercept_: shape (k,), float32: the scores of a text without a known feature.
    """

    buckets_: NDArray[np.uint32]
    idf_: NDArray[np.float32]
    coef_: NDArray[np.float32]
    intercept_: NDArray[np.float32]

    def __init__(self, *, loss: str, c: float, balance: float, min_documents: int) -> None:
        self._loss, self._c, self._balance, self._min_documents = loss, c, balance, min_documents
        self._features: Features | None = None

    def fit(self, train: Part, tune: Part, *, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn the features, their weights and the planes between the classes.

        Raises:
            DataError: fewer than two classes, or a class without a document.
        """
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        if missing := [name for name, n in zip(train.classes, train.counts, strict=True) if not n]:
            raise DataError(
                f"every class must have a document to learn from; none of: {', '.join(missing[:5])}"
            )
        if train.k < 2:
            raise DataError("a classifier must have two classes or more to tell apart, found one")
        buckets, idf = learn_features(
            train.texts, min_documents=self._min_documents, max_features=_COEFFICIENTS // train.k
        )
        if not len(buckets):
            logger.warning("no feature is in %d texts: only class shares are learned", self._min_documents)
        features = Features(buckets, idf)
        coef, intercept = solve(features, train, loss=self._loss, c=self._c, balance=self._balance, seed=seed)
        self._features = features
        self.buckets_, self.idf_, self.coef_, self.intercept_ = buckets, idf, coef, intercept

    @property
    def features(self) -> Features:
        """The features, ready to be found.

        Raises:
            NotFitted: before `fit`.
            DataError: the state does not fit together.
        """
        if not hasattr(self, "intercept_"):
            raise NotFitted("linear has not been fitted: call fit first, or load a model")
        if self._features is None or self._features.idf is not self.idf_:
            if self.coef_.shape != (len(self.buckets_), len(self.intercept_)):
                raise DataError(f"{len(self.buckets_)} buckets do not fit planes of shape {self.coef_.shape}")
            self._features = Features(self.buckets_, self.idf_)
        return self._features

    def predict_proba(self, texts: Sequence[str], /) -> NDArray[np.float64]:
        """Return shape (len(texts), k); a text's row does not depend on the others.

        Raises:
            NotFitted: before `fit`.
            DataError: the state does not fit together.
        """
        features = self.features
        scores = [np.empty((0, len(self.intercept_)))]
        scores.extend(self._scores(features, entries) for entries in features.entries(texts))
        chances = np.concatenate(scores)
        chances -= chances.max(axis=1, keepdims=True)
        np.exp(chances, out=chances)
        chances /= chances.sum(axis=1, keepdims=True)
        return chances

    def _scores(self, features: Features, entries: Entries) -> NDArray[np.float64]:
        """Return shape (n, k): the sums over the entries of each text."""
        weights = features.weights(entries)
        scores = np.tile(self.intercept_.astype(np.float64), (entries.n, 1))
        starts = np.searchsorted(entries.text, np.arange(entries.n + 1))
        step = max(_GATHERED * entries.n // max(len(weights) * len(self.intercept_), 1), 1)
        for first in range(0, entries.n, step):
            chosen = slice(starts[first], starts[min(first + step, entries.n)])
            rows, begin = np.unique(entries.text[chosen], return_index=True)
            if len(rows):
                parts = self.coef_[entries.column[chosen]]
                parts *= weights[chosen, None]
                scores[rows] += np.add.reduceat(parts, begin, axis=0)
        return scores

    def explain(
        self, texts: Sequence[str], codes: Sequence[int], *, most: int
    ) -> list[list[tuple[str, float]]]:
        """Return for each text the terms that raised class `codes[i]` over the mean of the other classes.

        Terms are read from the text itself: words, pairs of words, and for character n-grams the word that
        they are in. The weight is what they add to that difference of scores; only terms that raise it are
        listed.
        """
        features = self.features
        return [self._explained(features, text, code, most) for text, code in zip(texts, codes, strict=True)]

    def _explained(self, features: Features, text: str, code: int, most: int) -> list[tuple[str, float]]:
        batch = Batch([text])
        found = features.found_in(batch)
        columns = np.concatenate([column for _, column in found])
        columns = columns[columns >= 0]
        entries = counted(np.zeros_like(columns), columns, n=1, columns=len(features))
        own = self.coef_[entries.column, code]
        others = (self.coef_[entries.column].sum(axis=1) - own) / (len(self.intercept_) - 1)
        gain = features.weights(entries) * (own - others) / entries.count
        gains: Counter[str] = Counter()
        for grams, column in found:
            known = column >= 0
            each = gain[np.searchsorted(entries.column, column[known])]
            for name, value in zip(_names(batch, grams, known), each.tolist(), strict=True):
                gains[name] += value
        return [(name, value) for name, value in gains.most_common(most) if value > 0]


def _names(batch: Batch, grams: Grams, chosen: NDArray[np.bool_]) -> list[str]:
    """Return what each of the chosen features is called: its text, widened to the word it lies within."""
    start, end = grams.start[chosen], grams.end[chosen]
    inner = start + (batch.codes[start] == ord(" "))
    token = np.maximum(np.searchsorted(batch.tokens, inner, side="right") - 1, 0)
    within = (batch.ends[token] >= end - (batch.codes[end - 1] == ord(" "))) if len(batch.tokens) else end < 0
    start = np.where(within, batch.tokens[token], start) if len(batch.tokens) else start
    end = np.where(within, batch.ends[token], end) if len(batch.tokens) else end
    return [batch.text[a:b].strip("\0 ") for a, b in zip(start.tolist(), end.tolist(), strict=True)]


def linear(
    *,
    loss: Annotated[
        Literal["squared-hinge", "logistic"], "squared-hinge is faster and has the better accuracy"
    ] = "squared-hinge",
    c: Annotated[
        float, "Inverse of the strength of the L2 penalty; 0 for one that suits the classes", Between(0, 1e6)
    ] = 0.0,
    balance: Annotated[
        float, "How far rare classes weigh more: 0 not at all, 1 as much as common ones", Between(0, 1)
    ] = 0.75,
    min_documents: Annotated[int, "Words in fewer training texts are not learned", Between(1)] = 1,
) -> HashedLinear:
    """Words, word pairs and character n-grams, hashed: no word is stored."""
    return HashedLinear(loss=loss, c=c, balance=balance, min_documents=min_documents)
