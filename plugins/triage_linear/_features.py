"""Hashed features of texts, counted and weighted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from triage import DataError
from triage_linear._hashing import Batch, Grams, batches

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BITS", "Entries", "Features", "buckets_of", "check_buckets", "counted"]

BITS = 20
"""Words have 2**BITS buckets, character n-grams as many: a collision costs little, and nothing grows."""

_SHORTEST, _LONGEST = 3, 4
_KINDS = 2  # words with their pairs; characters: each kind has unit length


@dataclass(frozen=True)
class Entries:
    """How often each of n texts holds each feature: the rows of a sparse matrix.

    Attributes:
        n: the number of texts.
        text: shape (m,), int32: rising.
        column: shape (m,), int32: rising within each text.
        count: shape (m,), int32: at least 1.
    """

    n: int
    text: NDArray[np.int32]
    column: NDArray[np.int32]
    count: NDArray[np.int32]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Shape (n + 1,): text i has the entries from starts[i] to starts[i + 1]."""
        return np.searchsorted(self.text, np.arange(self.n + 1, dtype=np.int32))


class Features:
    """The features that a model knows, and their weights.

    A feature that occurs c times in a text weighs (1 + ln c) times the weight learned for it. A text's words
    and its character n-grams are then brought to unit length, apart from each other. Features that training
    never saw count nothing.

    Args:
        buckets: shape (m,): the buckets that are known, rising; characters begin at 2**BITS.
        weight: shape (m,): the weight of each.
    """

    def __init__(self, buckets: NDArray[np.uint32], weight: NDArray[np.float32]) -> None:
        self.weight = weight
        self._column = np.full(_KINDS << BITS, -1, np.int32)
        self._column[buckets] = np.arange(len(buckets), dtype=np.int32)
        self._words = int(np.searchsorted(buckets, 1 << BITS))

    def __len__(self) -> int:
        return len(self.weight)

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
        weights *= self.weight[entries.column]
        part = entries.text * _KINDS + (entries.column >= self._words)
        squares = np.bincount(part, weights * weights, _KINDS * entries.n)
        weights /= np.sqrt(squares)[part]
        return weights

    def found_in(self, batch: Batch) -> list[tuple[Grams, NDArray[np.int32]]]:
        """Return the words, the pairs and the character n-grams of a batch, each with its column or -1."""
        return [(grams, self._column[_bucket(grams, kind)]) for grams, kind in _grams(batch)]


def check_buckets(buckets: NDArray[np.integer]) -> None:
    """Check that `buckets` are what `Features` takes.

    Raises:
        DataError: they are not rising, or out of range.
    """
    rising = buckets.ndim == 1 and buckets.dtype.kind == "u" and bool(np.all(buckets[1:] > buckets[:-1]))
    if not rising or (len(buckets) and int(buckets[-1]) >= _KINDS << BITS):
        raise DataError(f"the buckets of a model must be rising numbers below {_KINDS << BITS:,}")


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
    counts = np.diff(first, append=len(key))
    return Entries(n, rows.astype(np.int32), found.astype(np.int32), counts.astype(np.int32))
