"""Keeps ordinary complaints apart: none may share many of its word 8-shingles with another."""

from __future__ import annotations

import re
from collections import Counter

WIDTH = 8
_SMALL = 3  # letters of the words that stop lists mostly hold
_WORD = re.compile(r"\w+")
_LETTERS = re.compile(r"(?!x+\b)[a-z]+")


def words(text: str) -> list[str]:
    """The words of ``text`` in lower case, masks and numbers among them."""
    return _WORD.findall(text.lower())


def shingles(tokens: list[str], width: int = WIDTH) -> frozenset[str]:
    """Every run of ``width`` words; the whole text where it is shorter."""
    return frozenset(" ".join(tokens[i : i + width]) for i in range(max(1, len(tokens) - width + 1)))


class Crowd:
    """The texts that were accepted so far.

    Args:
        most: The largest Jaccard similarity of word 8-shingles that a newcomer may have with any of them.
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._holders: dict[str, list[int]] = {}
        self._sizes: list[int] = []
        self._rests: set[str] = set()

    def admit(self, text: str) -> bool:
        """Whether ``text`` is unlike all before it; if so it is one of them from now on."""
        # Masks and numbers are left out: texts that differ in nothing else are alike to a reader.
        tokens = _LETTERS.findall(text.lower())
        grams = shingles(tokens)
        # Of a short text little is left once stop words are gone: that little must be its own.
        rest = " ".join(word for word in tokens if len(word) > _SMALL) if len(tokens) < WIDTH else ""
        if self._nearest(grams) > self._most or rest in self._rests:
            return False
        self._add(grams)
        if rest:
            self._rests.add(rest)
        return True

    def add(self, text: str) -> None:
        """Counts ``text`` among the crowd whatever it is like."""
        self._add(shingles(_LETTERS.findall(text.lower())))

    def _nearest(self, grams: frozenset[str]) -> float:
        shared = Counter(at for gram in grams for at in self._holders.get(gram, ()))
        return max((n / (len(grams) + self._sizes[at] - n) for at, n in shared.items()), default=0.0)

    def _add(self, grams: frozenset[str]) -> None:
        for gram in grams:
            self._holders.setdefault(gram, []).append(len(self._sizes))
        self._sizes.append(len(grams))
