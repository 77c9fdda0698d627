"""Word vectors from the training text itself: positive PMI and a randomized SVD.

Levy, Goldberg and Dagan (2015), "Improving Distributional Similarity with Lessons Learned from Word
Embeddings"; Halko, Martinsson and Tropp (2011), "Finding Structure with Randomness".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ppmi_svd"]


def ppmi_svd(
    sequences: Sequence[NDArray[np.int32]],
    vocabulary_size: int,
    *,
    size: int,
    seed: int,
    window: int = 5,
    smoothing: float = 0.75,
    deviation: float = 0.1,
) -> NDArray[np.float32]:
    """Return shape (vocabulary_size, size): a vector for each token id; row 0, the padding, is zero.

    The same sequences and the same seed give the same vectors.

    Args:
        sequences: token ids of the training part.
        vocabulary_size: the number of ids.
        size: the length of the vectors; components beyond the rank of the counts are zero.
        seed: of the random projection.
        window: tokens on each side that count as neighbours, each with the weight 1 / distance.
        smoothing: exponent on the counts of contexts, which keeps rare ones from dominating.
        deviation: the standard deviation that the components are scaled to.
    """
    from scipy import sparse

    ids = np.concatenate([np.empty(0, np.int64), *sequences]).astype(np.int64)
    owner = np.repeat(np.arange(len(sequences)), [len(sequence) for sequence in sequences])
    counts = sparse.csr_matrix((vocabulary_size, vocabulary_size), dtype=np.float64)
    for gap in range(1, window + 1):
        same = owner[gap:] == owner[:-gap]
        left, right = ids[:-gap][same], ids[gap:][same]
        weights = np.full(len(left), 1.0 / gap)
        counts = counts + sparse.coo_matrix((weights, (left, right)), shape=counts.shape).tocsr()
    counts = (counts + counts.T).tocoo()
    vectors = np.zeros((vocabulary_size, size), np.float32)
    if not counts.nnz:  # no text has two words
        return vectors
    word = np.bincount(counts.row, counts.data, vocabulary_size)
    context = word**smoothing
    context = context / context.sum()
    pmi = np.log(counts.data / (word[counts.row] * context[counts.col]))
    keep = (pmi > 0) & (counts.row > 0) & (counts.col > 0)
    ppmi = sparse.coo_matrix((pmi[keep], (counts.row[keep], counts.col[keep])), shape=counts.shape)
    left_vectors, values = _randomized_svd(
        ppmi.tocsr().astype(np.float32), min(size, vocabulary_size), seed=seed
    )
    vectors[:, : len(values)] = left_vectors * np.sqrt(values)
    vectors[0] = 0.0
    spread = float(vectors[1:].std())
    return vectors * np.float32(deviation / spread) if spread > 0 else vectors


def _randomized_svd(
    matrix: Any, rank: int, *, seed: int, oversample: int = 16, turns: int = 3
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The left vectors and the singular values of a sparse matrix."""
    random = np.random.default_rng(seed)
    width = min(rank + oversample, *matrix.shape)
    basis = matrix @ random.standard_normal((matrix.shape[1], width)).astype(np.float32)
    for _ in range(turns):
        basis, _ = np.linalg.qr(basis)
        basis, _ = np.linalg.qr(matrix.T @ basis)
        basis = matrix @ basis
    basis, _ = np.linalg.qr(basis)
    inner, values, _ = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    vectors = basis @ inner
    # The sign of a singular vector is arbitrary: its largest component decides, the same everywhere.
    signs = np.where(vectors[np.abs(vectors).argmax(0), np.arange(vectors.shape[1])] < 0, -1.0, 1.0)
    return (vectors * signs)[:, :rank].astype(np.float32), values[:rank].astype(np.float32)
