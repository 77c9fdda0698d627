"""The options that all backends here share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from triage import Between

__all__ = ["TermOptions"]


@dataclass(frozen=True, kw_only=True)
class TermOptions:
    """Which terms are learned.

    What is in fewer than three texts may name a person: with `min_documents` below 3 a model may tell what
    single people wrote. It costs nothing on long texts and about a point of accuracy on very short ones.
    """

    ngrams: Annotated[int, "Longest run of words that counts as one term", Between(1, 5)] = 2
    min_documents: Annotated[int, "Terms in fewer training texts are not stored", Between(1)] = 3
    max_features: Annotated[int, "Terms to store at most: those in the most texts", Between(1)] = 100_000
    digits: Annotated[bool, "Whether words that hold a digit are stored"] = False
