"""A small grammar: `[this|that]` is a choice, `<slot>` a name to fill."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

__all__ = ["Chooser", "capital", "expand", "tidy"]

T = TypeVar("T")

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"<([A-Za-z_0-9]+)>")
_SPACES = re.compile(r" {2,}")
_GAP_BEFORE_MARK = re.compile(r" +([,.;:?!])")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeio]|u(?!s|ni))(?!one\b|once\b|eu)")
_DEEPEST = 12


class Chooser:
    """Draws that stay the same over Python versions.

    Only `random()` of a seeded `random.Random` is used: its sequence is the one that Python promises to keep.

    Args:
        seed: any text; the same text gives the same draws.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        """Return True with `probability`."""
        return self._random() < probability

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`, each as likely as the others."""
        return items[int(self._random() * len(items))]

    def weighted(self, weights: Mapping[str, float]) -> str:
        """Return one key, with a probability proportional to its weight.

        Raises:
            ValueError: no weight is above zero.
        """
        mark = self._random() * sum(weights.values())
        for name, weight in weights.items():
            mark -= weight
            if mark < 0:
                return name
        raise ValueError("no weight is above zero")

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return `count` different items (all of them where there are fewer), in random order."""
        pool = list(items)
        return [pool.pop(int(self._random() * len(pool))) for _ in range(min(count, len(pool)))]


def expand(pattern: str, slots: Mapping[str, Callable[[], str]], choose: Chooser) -> str:
    """Return one text of a pattern; only the branches that are chosen draw for their slots.

    Raises:
        KeyError: a slot that `slots` does not hold.
        ValueError: a bracket without its partner, or slots nested without end.
    """
    text = _choose(pattern, choose)
    for _ in range(_DEEPEST):
        if not _SLOT.search(text):
            break
        text = _choose(_SLOT.sub(lambda found: slots[found[1]](), text), choose)
    else:
        raise ValueError("slots nested without end")
    if "[" in text or "]" in text:
        raise ValueError("a bracket without its partner")
    return tidy(text)


def _choose(pattern: str, choose: Chooser) -> str:
    while _CHOICE.search(pattern):
        pattern = _CHOICE.sub(lambda found: choose.pick(found[1].split("|")), pattern)
    return pattern


def tidy(text: str) -> str:
    """Return `text` with single spaces, none before a mark, and "an" before a vowel."""
    return _ARTICLE.sub(r"\1n ", _GAP_BEFORE_MARK.sub(r"\1", _SPACES.sub(" ", text))).strip()


def capital(text: str) -> str:
    """Return `text` with a capital first letter and the rest as it was."""
    return text[:1].upper() + text[1:]
