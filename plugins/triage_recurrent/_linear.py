"""A linear model of words and pairs of words, in the form of tables that a network can hold.

It serves twice. Its answers to documents that it did not see, fold by fold, are a part of what the network is
trained towards (Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network"). And it has a
share in the answer: the two are joined as weighted log-probabilities (Hinton 2002, "Training Products of
Experts"), since they err on different documents.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage import Part
from triage.plugin_api import split_stratified

__all__ = ["HASH", "Linear", "learn_linear", "out_of_fold", "pair_key", "pair_slot"]

HASH = (40_503, 2_654_435_761, 2_147_483_647)
"""Multipliers of the two ids of a pair, and a prime modulus: nothing overflows 64 bits below 2**31 ids."""

_SPACE = 8  # slots for each pair, at least: few then want the same one, and of those the rarer is not learned
_FIRST = 2  # ids below it are padding and [UNK], which no linear model should weigh


@dataclass(frozen=True)
class Linear:
    """Adds up a row for each word and each pair of words nearby, and scales the sum to unit length.

    With w the inverse document frequency of a term, its row is (w * coefficients, w * w); a text's logits are
    the sum of the first parts, divided by the root of the sum of the last, plus the intercept. This is a
    logistic regression on tf-idf rows whose terms count as often as they occur, written as a running sum.

    Attributes:
        words: shape (vocabulary_size, k + 1), float32: the rows of the words.
        pairs: shape (r, k + 1), float32: the rows of the pairs; row 0 is zero, for pairs that are not known.
        keys: shape (r,), int64: what `pair_key` gives for each pair; -1 for row 0.
        slots: shape (s,), int32: the row of the pair with this hash, or 0.
        intercept: shape (k,), float32.
        reach: the two words of a pair stand at most this many places apart.
    """

    words: NDArray[np.float32]
    pairs: NDArray[np.float32]
    keys: NDArray[np.int64]
    slots: NDArray[np.int32]
    intercept: NDArray[np.float32]
    reach: int

    def scaled(self, share: float) -> Linear:
        """Return a model whose logits are `share` times those of this one."""
        words, pairs = self.words.copy(), self.pairs.copy()
        words[:, :-1] *= share
        pairs[:, :-1] *= share
        return replace(self, words=words, pairs=pairs, intercept=self.intercept * np.float32(share))

    def logits(self, sequences: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        """Return shape (len(sequences), k)."""
        if not len(sequences):
            return np.empty((0, len(self.intercept)), np.float32)
        ids = np.concatenate(sequences).astype(np.int64)
        lengths = np.array([len(sequence) for sequence in sequences])
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        place = np.arange(len(ids)) - np.repeat(starts, lengths)
        rows = self.words[ids]
        for gap in range(1, self.reach + 1):
            before = np.where(place >= gap, np.roll(ids, gap), 0)
            row = self.slots[pair_slot(before, ids, gap, len(self.slots))]
            known = self.keys[row] == pair_key(before, ids, gap, len(self.words))
            rows = rows + self.pairs[np.where(known, row, 0)]
        total = np.add.reduceat(rows, starts, axis=0)
        length = np.sqrt(np.maximum(total[:, -1:], 1e-12))
        return np.asarray(total[:, :-1] / length + self.intercept, np.float32)


def pair_slot(before: Any, ids: Any, gap: Any, slots: int) -> Any:
    """Return the slot of each pair: of arrays, and of tensors of Keras."""
    return (before * HASH[0] + ids * HASH[1] + gap) % HASH[2] % slots


def pair_key(before: Any, ids: Any, gap: int, size: int) -> Any:
    """Return a number of its own for each pair of ids below `size`: of arrays, and of tensors of Keras."""
    return before * size + ids + (gap - 1) * size * size


class _Terms:
    """The terms of a training part, and the rows that sequences have in them."""

    def __init__(
        self, sequences: Sequence[NDArray[np.int32]], size: int, *, pairs: int, reach: int, least: int
    ) -> None:
        self.size = size
        self.reach = reach
        _, _, owner, pair = _nearby(sequences, size, reach)
        seen = np.unique(np.stack([pair, owner]), axis=1)[0] if len(pair) else pair
        keys, documents = np.unique(seen, return_counts=True)
        keys, documents = keys[documents >= least], documents[documents >= least]
        order = np.lexsort((keys, -documents))[:pairs]
        slots = 1 << max(10, int(_SPACE * len(order) - 1).bit_length())
        slot = self._slot(keys[order], slots)
        _, first = np.unique(slot, return_index=True)  # the commonest pair has the slot
        self.keys = np.sort(keys[order[first]])
        self.slots = np.zeros(slots, np.int32)
        self.slots[self._slot(self.keys, slots)] = np.arange(1, len(self.keys) + 1)
        held = self._occurrences(sequences)
        documents = np.asarray((held > 0).sum(axis=0)).ravel()
        self.idf = np.log((1 + len(sequences)) / (1 + documents)) + 1

    def _slot(self, keys: NDArray[np.int64], slots: int) -> Any:
        gap, pair = np.divmod(keys, self.size * self.size)
        return pair_slot(pair // self.size, pair % self.size, gap + 1, slots)

    def rows(self, sequences: Sequence[NDArray[np.int32]]) -> Any:
        """Return a sparse matrix of unit rows: shape (n, words and pairs)."""
        from scipy import sparse

        held = self._occurrences(sequences)
        length = np.sqrt(held @ self.idf**2)
        return (sparse.diags(1 / np.maximum(length, 1e-6)) @ held @ sparse.diags(self.idf)).tocsr()

    def tables(self, coefficients: NDArray[np.float64], intercept: NDArray[np.float64]) -> Linear:
        """Return the linear model with these coefficients, shape (words and pairs, k)."""
        rows = np.concatenate([coefficients * self.idf[:, None], self.idf[:, None] ** 2], axis=1)
        rows[:_FIRST] = 0
        none = np.zeros((1, rows.shape[1]))
        return Linear(
            words=rows[: self.size].astype(np.float32),
            pairs=np.concatenate([none, rows[self.size :]]).astype(np.float32),
            keys=np.concatenate([[-1], self.keys]).astype(np.int64),
            slots=self.slots,
            intercept=intercept.astype(np.float32),
            reach=self.reach,
        )

    def _occurrences(self, sequences: Sequence[NDArray[np.int32]]) -> Any:
        from scipy import sparse

        ids, owner, pair_owner, pair = _nearby(sequences, self.size, self.reach)
        at = np.minimum(np.searchsorted(self.keys, pair), max(len(self.keys) - 1, 0))
        known = self.keys[at] == pair if len(self.keys) else np.zeros(len(pair), bool)
        rows = np.concatenate([owner, pair_owner[known]])
        columns = np.concatenate([ids, self.size + at[known]])
        shape = (len(sequences), self.size + len(self.keys))
        held = sparse.coo_matrix((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
        held.sum_duplicates()
        return held


def learn_linear(
    train: Part,
    *,
    c: float,
    pairs: int,
    folds: Sequence[NDArray[np.int64]],
    reach: int = 2,
    least: int = 3,
) -> tuple[Linear, NDArray[np.float32]]:
    """Fit balanced logistic regression on the training part, and once without each fold.

    Args:
        train: n sequences and their codes.
        c: inverse strength of the L2 penalty.
        pairs: pairs of words at most: those in the most documents.
        folds: positions, each in exactly one fold.
        reach: how many places apart the words of a pair stand at most. "not at all" and "not very" differ
            in what stands between "not" and the word after it: two places reach over one word.
        least: pairs in fewer documents are not learned.

    Returns:
        The model, and shape (n, k): the logits of each document from a model that did not see it.
    """
    assert train.sequences is not None
    terms = _Terms(train.sequences, len(train.vocabulary), pairs=pairs, reach=reach, least=least)
    rows = terms.rows(train.sequences)
    held_out = np.zeros((len(train), train.k), np.float32)
    for fold in folds:
        others = np.setdiff1d(np.arange(len(train)), fold)
        coefficients, intercept = _fit(rows[others], train.codes[others], train.k, c)
        held_out[fold] = rows[fold] @ coefficients + intercept
    return terms.tables(*_fit(rows, train.codes, train.k, c)), held_out


def out_of_fold(train: Part, *, folds: int, seed: int) -> list[NDArray[np.int64]]:
    """Deal the documents into folds, families of near-duplicates together, each class in proportion."""
    groups = train.groups if len(train.groups) == len(train) else np.arange(len(train))
    assigned = split_stratified(train.codes, groups, seed=seed, shares=(1 / folds,) * folds)
    return [fold for number in range(folds) if len(fold := np.flatnonzero(assigned == number))]


def _fit(
    rows: Any, codes: NDArray[np.int64], k: int, c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients of shape (terms, k) and an intercept; a class without documents is unlikely everywhere."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    coefficients, intercept = np.zeros((rows.shape[1], k)), np.full(k, -5.0)
    known = np.unique(codes)
    if len(known) < 2:
        intercept[known] = 0.0
        return coefficients, intercept
    model = LogisticRegression(
        C=c,
        class_weight="balanced",
        solver="newton-cg",
        tol=1e-4 if len(codes) <= 50_000 else 1e-3,
        max_iter=200,
    )
    # The vectors are too short to share: threads wait for each other.
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, codes)
    if len(known) == 2:
        coefficients[:, known] = np.stack([-model.coef_[0] / 2, model.coef_[0] / 2], axis=1)
        intercept[known] = np.array([-0.5, 0.5]) * model.intercept_[0]
    else:
        coefficients[:, known] = model.coef_.T
        intercept[known] = model.intercept_
    return coefficients, intercept


def _nearby(
    sequences: Sequence[NDArray[np.int32]], size: int, reach: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The known words and whose they are; whose the pairs of known words nearby are, and their keys."""
    ids = np.concatenate([np.empty(0, np.int64), *sequences]).astype(np.int64)
    owner = np.repeat(np.arange(len(sequences)), [len(sequence) for sequence in sequences])
    known = ids >= _FIRST
    owners, keys = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for gap in range(1, reach + 1):
        both = (owner[gap:] == owner[:-gap]) & known[gap:] & known[:-gap]
        owners.append(owner[gap:][both])
        keys.append(pair_key(ids[:-gap][both], ids[gap:][both], gap, size))
    return ids[known], owner[known], np.concatenate(owners), np.concatenate(keys)
