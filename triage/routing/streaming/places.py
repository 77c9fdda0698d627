"""Where a text is, and where it was: states that can be gone back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.records import Decision, Document
from triage.routing.streaming.growing import GrowingText

__all__ = ["OpenText", "Place", "in_common"]

_PLACES = 12
"""Places in a text that are kept: what is behind the last settled word, thinned out, and the beginning."""


@dataclass(frozen=True)
class Place:
    """Where a text was.

    Attributes:
        words: how many words were read.
        states: then, each with one row.
        raw: shape (k,): the classifier's own probabilities then.
    """

    words: int
    states: tuple[NDArray[Any], ...]
    raw: NDArray[np.float64]


@dataclass(eq=False)
class OpenText:
    """A text that has begun and not ended.

    Attributes:
        document: its number and its name.
        growing: what was written.
        places: from the beginning to where it is.
        seen: the words that were read.
        looks: the classifier's own probabilities at lengths at which it may be decided.
        decision: what was decided early, or None.
        early: after how many words, or None.
    """

    document: Document
    growing: GrowingText
    places: list[Place]
    seen: list[str] = field(default_factory=list)
    looks: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    decision: Decision | None = None
    early: int | None = None

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.places[-1]

    def turn(self, same: int, words: Sequence[str]) -> list[str]:
        """Go back to the last place of the first `same` words, and return what is to be read from there.

        Args:
            same: so many words of those that were read stay.
            words: what stands behind them.
        """
        while len(self.places) > 1 and self.place.words > same:
            self.places.pop()
        pending = [*self.seen[self.place.words : same], *words]
        del self.seen[self.place.words :]
        return pending

    def arrive(self, place: Place) -> None:
        """Be at a place behind the last."""
        self.places.append(place)
        behind = [at for at, each in enumerate(self.places) if each.words <= self.growing.settled]
        # The first one is before the first word: from there all can be read again.
        del self.places[1 : behind[-1]]
        if len(self.places) > _PLACES:
            del self.places[2 : _PLACES // 2 : 2]


def in_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two lists have in common at their beginning."""
    for place, (mine, yours) in enumerate(zip(one, other, strict=False)):
        if mine != yours:
            return place
    return min(len(one), len(other))
