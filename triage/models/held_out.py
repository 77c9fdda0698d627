"""What a model said about documents that it was not fitted on; promises and early decisions are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["HeldOut", "PrefixScores"]


@dataclass(frozen=True)
class HeldOut:
    """What a model said about documents that it was not fitted on; no word of their texts.

    Attributes:
        codes: shape (n,), int64: the true class of each; codes from k on are labels that it never saw.
        probabilities: shape (n, k), float64: calibrated.
        familiarity: shape (n,), as in `Decision`, or None.
        out_of_scope: shape (n,): which of them are held for review as out of scope, or None.
        groups: shape (n,), int64: documents of one number are near-duplicates of each other; None where that is not
            known.
    """

    codes: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    familiarity: NDArray[np.float64] | None = None
    out_of_scope: NDArray[np.bool_] | None = None
    groups: NDArray[np.int64] | None = None

    def check(self, k: int) -> None:
        """Check that all parts are about the same documents, and about k classes.

        Raises:
            ValueError: they are not.
        """
        n = len(self.codes)
        shapes = {"codes": (n,), "probabilities": (n, k)}
        optional = dict.fromkeys(("familiarity", "out_of_scope", "groups"), (n,))
        for name, shape in {**shapes, **optional}.items():
            part = getattr(self, name)
            if not (part is None and name in optional) and part.shape != shape:
                raise ValueError(f"{name} has shape {part.shape}, not {shape}")
        if self.codes.dtype.kind != "i" or (n and self.codes.min() < 0):
            raise ValueError("codes are whole numbers from 0 on")

    def wrong_queue(self, queues: Sequence[str]) -> NDArray[np.bool_]:
        """Return shape (n,): whether the likeliest class's queue is not that of the true one.

        Args:
            queues: the queue of each class, in column order.
        """
        names = np.unique(np.asarray(queues), return_inverse=True)[1]
        known = self.codes < len(queues)
        wrong = np.ones(len(self.codes), dtype=bool)
        wrong[known] = names[self.codes[known]] != names[self.probabilities[known].argmax(axis=1)]
        return wrong


@dataclass(frozen=True)
class PrefixScores:
    """What a model said about n documents at some lengths; no word of their texts.

    Attributes:
        lengths: shape (j,), int64: after so many words.
        codes: shape (n, j), int16: the likeliest class.
        scores: shape (n, j), float64: its calibrated probability; NaN where the document ends before, where
            the words so far are out of scope, and where it is not finite.
    """

    lengths: NDArray[np.int64]
    codes: NDArray[np.int16]
    scores: NDArray[np.float64]

    def check(self, n: int, k: int) -> None:
        """Check that this is about n documents and k classes.

        Raises:
            ValueError: it is not.
        """
        lengths, shape = self.lengths, (n, len(self.lengths))
        if lengths.ndim != 1 or lengths.dtype.kind != "i" or (np.diff(lengths, prepend=0) < 1).any():
            raise ValueError("lengths are whole numbers that rise")
        if self.codes.shape != shape or self.scores.shape != shape or self.scores.dtype.kind != "f":
            raise ValueError(f"codes and scores have shape {shape}")
        if self.codes.dtype.kind != "i" or (
            self.codes.size and not 0 <= self.codes.min() <= self.codes.max() < k
        ):
            raise ValueError(f"codes are whole numbers below {k}")
