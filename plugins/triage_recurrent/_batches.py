"""Batches of documents of like length: little padding, and every epoch a function of seed and number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from triage.plugin_api import pad

__all__ = ["by_length", "training_batches"]

Batch = tuple[NDArray[np.intp], NDArray[np.int32]]


def training_batches(
    sequences: Sequence[NDArray[np.int32]],
    *,
    batch: int,
    seed: int,
    epoch: int,
    word_dropout: float = 0.0,
    noise: float = 0.1,
) -> Iterator[Batch]:
    """Yield positions and padded ids: sorted by length, cut into batches, the batches shuffled.

    Args:
        sequences: token ids, none of them empty.
        batch: documents in one batch; the last may have fewer.
        seed: with `epoch`, decides everything that is random here.
        epoch: the number of the epoch.
        word_dropout: each token is removed with this probability; at least one is left. A token that is
            removed costs no time, one that is replaced does.
        noise: relative spread of the lengths that are sorted by, so that batches differ between epochs.
    """
    random = np.random.default_rng([seed, epoch])
    if word_dropout:
        sequences = [_thinned(sequence, word_dropout, random) for sequence in sequences]
    lengths = np.array([len(sequence) for sequence in sequences], float)
    rough = lengths * (1 + noise * random.standard_normal(len(lengths))) + random.random(len(lengths))
    order = np.argsort(rough, kind="stable")
    cuts = [order[start : start + batch] for start in range(0, len(order), batch)]
    for number in random.permutation(len(cuts)).tolist():
        chosen = cuts[number]
        yield chosen, pad([sequences[position] for position in chosen.tolist()])


def by_length(sequences: Sequence[NDArray[np.int32]], *, batch: int) -> Iterator[Batch]:
    """Yield positions and padded ids in order of length, for prediction."""
    order = np.argsort([len(sequence) for sequence in sequences], kind="stable")
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        yield chosen, pad([sequences[position] for position in chosen.tolist()])


def _thinned(sequence: NDArray[np.int32], share: float, random: np.random.Generator) -> NDArray[np.int32]:
    keep = random.random(len(sequence)) >= share
    if not keep.any():
        keep[random.integers(len(sequence))] = True
    return sequence[keep]
