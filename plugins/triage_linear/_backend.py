"""The linear classifier on hashed features: learned by scikit-learn, scored and explained by numpy."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from triage import Between, DataError, NotFitted, Part
from triage_linear._features import Entries, Features, check_buckets, counted
from triage_linear._hashing import Batch, Grams
from triage_linear._learning import all_entries, learn_buckets, learn_weights
from triage_linear._solver import solve

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from triage.plugin_api import Watch

__all__ = ["HashedLinear", "linear"]

logger = logging.getLogger(__name__)

_COEFFICIENTS = 50_000_000  # 200 MB
_GATHERED = 1_000_000  # coefficients at a time: 4 MB stay in the cache


class HashedLinear:
    """A linear classifier on words, word pairs and character n-grams, hashed: it stores no word.

    Attributes:
        buckets_: shape (m,), uint32: the hash buckets that are known, rising.
        weight_: shape (m,), float32: the weight of each.
        coef_: shape (m, k), float32: what a unit of each adds to the score of each class.
        intercept_: shape (k,), float32: the scores of a text without a known feature.
        dense_coef_: shape (d, k), float32: the same as `coef_` for the further features of `dense`.
    """

    name = "linear"

    buckets_: NDArray[np.uint32]
    weight_: NDArray[np.float32]
    coef_: NDArray[np.float32]
    intercept_: NDArray[np.float32]
    dense_coef_: NDArray[np.float32]

    def __init__(self, *, loss: str, c: float, balance: float, min_documents: int) -> None:
        self._loss, self._c, self._balance, self._min_documents = loss, c, balance, min_documents
        self._features: Features | None = None

    def fit(self, train: Part, tune: Part, *, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn the features, their weights and the planes between the classes.

        Raises:
            DataError: fewer than two classes, or a class without a document.
        """
        self.forget()
        if missing := [name for name, n in zip(train.classes, train.counts, strict=True) if not n]:
            raise DataError(
                f"every class must have a document to learn from; none of: {', '.join(missing[:5])}"
            )
        if train.k < 2:
            raise DataError("a classifier must have two classes or more to tell apart, found one")
        buckets = learn_buckets(
            train.texts, min_documents=self._min_documents, max_buckets=_COEFFICIENTS // train.k
        )
        if not len(buckets):
            logger.warning("no feature is in %d texts: only class shares are learned", self._min_documents)
        entries = all_entries(Features(buckets, np.ones(len(buckets), np.float32)), train.texts)
        weight = learn_weights(entries, train.codes, columns=len(buckets), k=train.k)
        self._features = Features(buckets, weight)
        dense = self.dense(train.texts)
        coef, intercept = solve(
            _rows(self._features, entries, dense),
            train.codes,
            k=train.k,
            loss=self._loss,
            c=self._c,
            balance=self._balance,
            seed=seed,
        )
        m = len(buckets)
        self.buckets_, self.weight_, self.coef_, self.intercept_ = buckets, weight, coef[:m], intercept
        self.dense_coef_ = coef[m:]

    def dense(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return further features of `texts`, shape (n, d): none here, for backends that add some."""
        return np.empty((len(texts), 0), np.float32)

    def forget(self) -> None:
        """Drop what was learned, so that a training that is interrupted leaves nothing half-way."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)

    @property
    def features(self) -> Features:
        """The features, ready to be found.

        Raises:
            NotFitted: before `fit`.
            DataError: the state does not fit together.
        """
        if not hasattr(self, "intercept_"):
            raise NotFitted(f"{self.name} has not been fitted: call fit first, or load a model")
        if self._features is None or self._features.weight is not self.weight_:
            m = len(self.buckets_)
            if self.weight_.shape != (m,) or self.coef_.shape != (m, len(self.intercept_)):
                raise DataError(
                    f"{m} buckets do not fit weights of shape {self.weight_.shape} and planes of shape "
                    f"{self.coef_.shape}"
                )
            check_buckets(self.buckets_)
            self._features = Features(self.buckets_, self.weight_)
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
        chances += self.dense(texts) @ self.dense_coef_
        chances -= chances.max(axis=1, keepdims=True)
        np.exp(chances, out=chances)
        chances /= chances.sum(axis=1, keepdims=True)
        return chances

    def _scores(self, features: Features, entries: Entries) -> NDArray[np.float64]:
        """Return shape (n, k): the sums over the entries of each text."""
        weights = features.weights(entries)
        scores = np.tile(self.intercept_.astype(np.float64), (entries.n, 1))
        starts = entries.starts
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


def _rows(features: Features, entries: Entries, dense: NDArray[np.float32]) -> csr_matrix:
    from scipy.sparse import csr_matrix, hstack

    starts = entries.starts
    if len(entries.column) < 2**31:
        starts = starts.astype(np.int32)  # the solvers take no other
    weights = features.weights(entries).astype(np.float64)
    rows = csr_matrix((weights, entries.column, starts), shape=(entries.n, len(features)))
    return hstack([rows, csr_matrix(dense, dtype=np.float64)], format="csr") if dense.shape[1] else rows


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
