"""Hashed features and their weights: sublinear counts, inverse document frequencies, unit length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage_linear._hashing import Batch, Grams, batches

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BITS", "Entries", "Features", "counted", "learn_features"]

BITS = 20
"""Words have 2**BITS buckets, character n-grams as many: a collision costs little, and nothing grows."""

_SHORTEST, _LONGEST = 3, 4
_KINDS = 2  # words with their pairs; characters: each kind has unit length


@dataclass(frozen=True)
class Entries:
    """How often each of n texts holds each feature: the rows of a sparse matrix.

    Attributes:
        n: the number of texts.
        text: shape (m,), rising.
        column: shape (m,): rising within each text.
        count: shape (m,): at least 1.
    """

    n: int
    text: NDArray[np.int64]
    column: NDArray[np.int64]
    count: NDArray[np.int64]


class Features:
    """The features that a model knows, and their weights.

    A text's weight for a feature that occurs c times is (1 + ln c)(1 + ln((1 + n) / (1 + d))), where d of the
    n training texts hold the feature (Salton and Buckley 1988); its words and its character n-grams are
    divided by their lengths apart from each other. Features that training never saw count nothing.

    Args:
        buckets: shape (m,): the buckets that are known, rising; characters begin at 2**BITS.
        idf: shape (m,): the inverse document frequency of each.
    """

    def __init__(self, buckets: NDArray[np.uint32], idf: NDArray[np.float32]) -> None:
        self.idf = idf
        self._column = np.full(_KINDS << BITS, -1, np.int32)
        self._column[buckets] = np.arange(len(buckets), dtype=np.int32)
        self._words = int(np.searchsorted(buckets, 1 << BITS))

    def __len__(self) -> int:
        return len(self.idf)

    def entries(self, texts: Sequence[str]) -> Iterator[Entries]:
        """Yield the entries of `texts`, batch by batch."""
        for batch in batches(texts):
            text, bucket = buckets_of(batch)
            column = self._column[bucket]
            known = column >= 0
            yield counted(text[known], column[known], n=batch.n, columns=len(self))

    def weights(self, entries: Entries) -> NDArray[np.float32]:
        """Return the weight of each entry."""
        weights = np.log(entries.count.astype(np.float32))
        weights += 1
        weights *= self.idf[entries.column]
        part = entries.text * _KINDS + (entries.column >= self._words)
        squares = np.bincount(part, weights * weights, _KINDS * entries.n)
        weights /= np.sqrt(squares)[part]
        return weights

    def found_in(self, batch: Batch) -> list[tuple[Grams, NDArray[np.int32]]]:
        """Return the words, the pairs and the character n-grams of a batch, each with its column or -1."""
        return [(grams, self._column[_bucket(grams, kind)]) for grams, kind in _grams(batch)]


def learn_features(
    texts: Sequence[str], *, min_documents: int, max_features: int
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Return the buckets that `texts` fill, rising, and their inverse document frequencies.

    Args:
        texts: n texts.
        min_documents: buckets of fewer texts are left out.
        max_features: if more are left, those of the most texts stay.
    """
    frequency = np.zeros(_KINDS << BITS, np.int64)
    for batch in batches(texts):
        text, bucket = buckets_of(batch)
        entries = counted(text, bucket, n=batch.n, columns=len(frequency))
        frequency += np.bincount(entries.column, minlength=len(frequency))
    least = np.repeat(
        [min_documents, max(min_documents, 2)], 1 << BITS
    )  # of characters, one text tells little
    kept = np.flatnonzero(frequency >= least)
    if len(kept) > max_features:
        kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:max_features]])
    idf = np.log((1 + len(texts)) / (1 + frequency[kept])) + 1
    return kept.astype(np.uint32), idf.astype(np.float32)


def buckets_of(batch: Batch) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Return the text and the bucket of every feature of a batch."""
    found = _grams(batch)
    return (
        np.concatenate([grams.text for grams, _ in found]),
        np.concatenate([_bucket(grams, kind) for grams, kind in found]),
    )


def _grams(batch: Batch) -> list[tuple[Grams, int]]:
    words, pairs = batch.words()
    return [(words, 0), (pairs, 0), (batch.characters(_SHORTEST, _LONGEST), 1)]


def _bucket(grams: Grams, kind: int) -> NDArray[np.uint32]:
    return (grams.hashes >> np.uint32(32 - BITS)) | np.uint32(kind << BITS)


def counted(text: NDArray[np.int32], column: NDArray[np.integer], *, n: int, columns: int) -> Entries:
    """Count equal pairs of text and column, by sorting them as one number."""
    wide: type[np.unsignedinteger] = np.uint32 if n * columns <= 2**32 else np.uint64  # 32 bits sort faster
    key = text.astype(wide) * wide(columns) + column.astype(wide)
    key.sort()
    first = np.flatnonzero(np.concatenate([key[:1] == key[:1], key[1:] != key[:-1]]))
    rows, found = np.divmod(key[first], wide(max(columns, 1)))
    return Entries(n, rows.astype(np.int64), found.astype(np.int64), np.diff(first, append=len(key)))
