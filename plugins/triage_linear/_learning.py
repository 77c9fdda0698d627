"""Which hash buckets are learned from a training part, and how much each weighs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from triage_linear._features import BITS, Entries, Features, buckets_of, counted
from triage_linear._hashing import batches

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["all_entries", "learn_buckets", "learn_weights"]

_SMOOTHING = 10.0  # texts that are spread over all classes evenly
_GAIN = 2.0


def learn_buckets(texts: Sequence[str], *, min_documents: int, max_buckets: int) -> NDArray[np.uint32]:
    """Return the buckets that the words and the characters of `texts` fill, rising.

    Args:
        texts: n texts.
        min_documents: buckets of fewer texts are left out; of character n-grams at least those of one text,
            which are many and tell little.
        max_buckets: if more are left, those of the most texts stay.
    """
    least = np.repeat([min_documents, max(min_documents, 2)], 1 << BITS)
    frequency = np.zeros(len(least), np.int64)
    for batch in batches(texts):
        text, bucket = buckets_of(batch)
        column = counted(text, bucket, n=batch.n, columns=len(least)).column
        frequency += np.bincount(column, minlength=len(least))
    kept = np.flatnonzero(frequency >= least)
    if len(kept) > max_buckets:
        kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:max_buckets]])
    return kept.astype(np.uint32)


def all_entries(features: Features, texts: Sequence[str]) -> Entries:
    """Return the entries of all `texts` at once: 12 bytes for each."""
    parts = list(features.entries(texts))
    first = np.cumsum([0, *(part.n for part in parts)])
    return Entries(
        n=len(texts),
        text=np.concatenate([part.text + np.int32(start) for part, start in zip(parts, first, strict=False)]),
        column=np.concatenate([part.column for part in parts]),
        count=np.concatenate([part.count for part in parts]),
    )


def learn_weights(entries: Entries, codes: NDArray[np.int64], *, columns: int, k: int) -> NDArray[np.float32]:
    """Return shape (columns,): the inverse document frequency times what a feature tells about the class.

    The first is 1 + ln((1 + n) / (1 + d)), where d of n texts hold the feature (Salton and Buckley 1988). The
    second is 1 + 2 (1 - H / ln k): H is the entropy of the class, all classes as likely beforehand, given
    that a text holds the feature; ten texts spread evenly over the classes are counted in, so that rare
    features gain little. The measure is that of log-entropy weighting (Dumais 1991), with classes for texts.

    Args:
        entries: of n texts, at least one of each of k classes.
        codes: shape (n,): the class of each text.
        columns: the number of features, each in at least one text.
        k: the number of classes, at least 2.
    """
    from scipy.sparse import csr_matrix

    sizes = np.bincount(codes, minlength=k)
    ones = np.ones(len(entries.column), np.float32)
    held = csr_matrix((ones, (codes[entries.text], entries.column)), shape=(k, columns)).toarray()
    frequency = held.sum(axis=0)
    rate = held / sizes[:, None].astype(np.float32)
    rate /= rate.sum(axis=0)
    shares = (frequency * rate + _SMOOTHING / k) / (frequency + _SMOOTHING)
    entropy = -(shares * np.log(shares)).sum(axis=0)
    idf = np.log((1 + entries.n) / (1 + frequency)) + 1
    return np.asarray(idf * (1 + _GAIN * (1 - entropy / np.log(k))), np.float32)
