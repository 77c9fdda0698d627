"""Texts as tf-idf rows: sublinear counts, smooth inverse document frequencies, unit length."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from triage import DataError, NotFitted, Part
from triage_sklearn._learning import learn_terms
from triage_sklearn._options import TermOptions
from triage_sklearn._terms import Counts, Terms

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

__all__ = ["TfidfText", "by_appearance"]

logger = logging.getLogger(__name__)


class TfidfText:
    """The part that all text classifiers here share: terms and their weights, learned from the training part.

    A text's weight for a term that occurs c times is (1 + ln c)(1 + ln((1 + n) / (1 + d))), where d of the n
    training texts hold the term; each row is then divided by its length (Salton and Buckley 1988). These are
    the numbers of scikit-learn's `TfidfVectorizer(sublinear_tf=True)` with the same words and vocabulary.

    Attributes:
        vocabulary_: the words.
        runs_: shape (r, 2): see `Terms`.
        idf_: shape (len(vocabulary_) + r,): the weight of each term.
    """

    vocabulary_: list[str]
    runs_: NDArray[np.int64]
    idf_: NDArray[np.float64]

    def __init__(self, name: str, terms: TermOptions) -> None:
        self.name = name
        self.terms = terms
        self._index: Terms | None = None

    def forget(self) -> None:
        """Drop what was learned, so that a training that is interrupted leaves nothing half-way."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)

    def check_fitted(self, last: str) -> None:
        """See whether the attribute that `fit` sets `last` is there.

        Raises:
            NotFitted: it is not.
        """
        if not hasattr(self, last):
            raise NotFitted(f"{self.name} has not been fitted: call fit first, or load a model")

    def learn_rows(self, texts: Sequence[str], *, most: int | None = None) -> csr_matrix:
        """Learn the terms of `texts`, at most `most`, and return their rows: shape (n, number of terms)."""
        options = self.terms
        terms, frequency, counts = learn_terms(
            texts,
            longest=options.ngrams,
            least=options.min_documents,
            most=options.max_features if most is None else min(most, options.max_features),
            digits=options.digits,
        )
        if not len(terms):
            logger.warning("no word is in %d texts: only class shares are learned", options.min_documents)
        self.vocabulary_ = terms.words
        self.runs_ = terms.runs
        self.idf_ = np.log((1 + len(texts)) / (1 + frequency)) + 1
        self._index = terms
        return self._matrix(counts)

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """Return the rows of `texts`: shape (n, number of terms)."""
        return self._matrix(self.index.count(texts))

    @property
    def index(self) -> Terms:
        """The terms, ready to be found.

        Raises:
            DataError: the state does not fit together.
        """
        if self._index is None or self._index.words is not self.vocabulary_:
            self._index = Terms(self.vocabulary_, self.runs_)
            if self.idf_.shape != (len(self._index),):
                raise DataError(f"{len(self._index)} terms do not fit {len(self.idf_)} weights")
        return self._index

    def weights(self, counts: Counts) -> NDArray[np.float64]:
        """Return the weight of each entry of `counts`."""
        weights = np.log(counts.counts)
        weights += 1
        weights *= self.idf_[counts.terms]
        lengths = np.diff(counts.starts)
        filled = counts.starts[:-1][lengths > 0]
        norms = np.sqrt(np.add.reduceat(weights * weights, filled)) if len(filled) else weights
        weights /= np.repeat(norms, lengths[lengths > 0])
        return weights

    def _matrix(self, chunks: Iterable[Counts]) -> csr_matrix:
        from scipy.sparse import csr_matrix

        values, columns, lengths = [np.empty(0)], [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
        for counts in chunks:
            values.append(self.weights(counts))
            columns.append(counts.terms.astype(np.int32))
            lengths.append(np.diff(counts.starts))
        starts = np.cumsum(np.concatenate(lengths))
        indices = np.concatenate(columns)
        columns.clear()
        data = np.concatenate(values)
        values.clear()
        if len(data) < 2**31:
            starts = starts.astype(np.int32)  # several solvers take no other
        return csr_matrix((data, indices, starts), shape=(len(starts) - 1, len(self.idf_)))


def by_appearance(train: Part) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the codes numbered by first appearance, and for each class of `train` its new number.

    Solvers stop short of the exact answer, so the order of the columns would show in the last digits; with
    this order another order of `train.classes` changes nothing but the order of the columns, to the bit.

    Raises:
        DataError: fewer than two classes, or one without a document.
    """
    counts = train.counts
    if missing := [name for name, count in zip(train.classes, counts, strict=True) if not count]:
        raise DataError(
            f"the training part has no document of {', '.join(missing[:5])}: leave out such labels"
        )
    if train.k < 2:
        raise DataError("there is one class only: a classifier needs two or more")
    appeared = np.unique(train.codes, return_index=True)[1]
    numbers = np.argsort(np.argsort(appeared))
    return numbers[train.codes], numbers
