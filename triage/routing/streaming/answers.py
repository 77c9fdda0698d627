"""What is known of a text after a piece of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.records import Decision

__all__ = ["StreamAnswer"]


@dataclass(frozen=True)
class StreamAnswer:
    """What is known of a text after a piece of it.

    Attributes:
        id: which text.
        words: how many clean words were read; the last one that was written counts once a space follows.
        probabilities: shape (k,), float64, calibrated: what `Model.predict_proba` says of these words.
        label: the likeliest label; None where no word was read.
        confidence: its probability, or None.
        decision: what was decided, early or at the end; None while nothing is.
        early: after how many words it was decided, or None where it was not before the end.
        ended: whether this is the end of the text.
        final: at the end: what is decided of the whole text, which may differ from an early decision.
    """

    id: str
    words: int
    probabilities: NDArray[np.float64]
    label: str | None
    confidence: float | None
    decision: Decision | None = None
    early: int | None = None
    ended: bool = False
    final: Decision | None = None
