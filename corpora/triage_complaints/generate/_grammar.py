"""A small grammar: ``[this|that]`` is a choice, ``<slot>`` a name to fill, ``a~`` becomes "a" or "an"."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
Slot = Sequence[str] | Callable[[], str]

_ARTICLE = re.compile(r"\b([Aa])~ (\W*)(\w)")
_SPACES = re.compile(r" {2,}")
_DEEPEST = 12


class Chooser:
    """Draws that stay the same over Python versions.

    Only ``random()`` of a seeded ``random.Random`` is used: its sequence is the one that Python
    promises to keep.

    Args:
        seed: Any text; the same text gives the same draws.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def real(self) -> float:
        """A number in [0, 1)."""
        return self._random()

    def chance(self, p: float) -> bool:
        """True with probability ``p``."""
        return self._random() < p

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of ``items``, each as likely as the others."""
        return items[int(self._random() * len(items))]

    def weighted(self, weights: dict[str, float]) -> str:
        """One key, with a probability proportional to its weight."""
        mark = self._random() * sum(weights.values())
        for name, weight in weights.items():
            mark -= weight
            if mark < 0:
                return name
        return next(reversed(weights.keys()))

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """``count`` different items (all of them where there are fewer), in random order."""
        pool = list(items)
        drawn: list[T] = []
        while pool and len(drawn) < count:
            drawn.append(pool.pop(int(self._random() * len(pool))))
        return drawn


def expand(pattern: str, slots: Mapping[str, Slot], choose: Chooser) -> str:
    """One sentence of a pattern.

    Args:
        pattern: Text with ``[a|b]`` choices (nested ones too), ``<slot>`` names and ``a~`` articles.
        slots: What each name may become: patterns to pick from, or a function that gives one.
        choose: The source of chance.

    Returns:
        The text with single spaces.

    Raises:
        KeyError: A slot that ``slots`` does not hold.
        ValueError: A bracket without its partner, or slots nested without end.
    """
    text = _fill(pattern, slots, choose, 0)
    text = _SPACES.sub(" ", text).replace(" .", ".").replace(" ,", ",").strip()
    return _ARTICLE.sub(_article, text)


def _fill(pattern: str, slots: Mapping[str, Slot], choose: Chooser, depth: int) -> str:
    if depth > _DEEPEST:
        raise ValueError("slots nested without end")
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[":
            end, branches = _branches(pattern, at)
            out.append(_fill(choose.pick(branches), slots, choose, depth))
            at = end
        elif char == "<":
            end = pattern.index(">", at)
            slot = slots[pattern[at + 1 : end]]
            filler = slot() if callable(slot) else choose.pick(slot)
            out.append(_fill(filler, slots, choose, depth + 1))
            at = end + 1
        elif char == "]":
            raise ValueError(f"a bracket is closed but was never opened, at {at}")
        else:
            out.append(char)
            at += 1
    return "".join(out)


def _branches(pattern: str, start: int) -> tuple[int, list[str]]:
    depth = 0
    begin = start + 1
    branches: list[str] = []
    for at in range(start, len(pattern)):
        char = pattern[at]
        if char == "[":
            depth += 1
        elif char == "|" and depth == 1:
            branches.append(pattern[begin:at])
            begin = at + 1
        elif char == "]":
            depth -= 1
            if depth == 0:
                branches.append(pattern[begin:at])
                return at + 1, branches
    raise ValueError(f"a bracket is opened but never closed, at {start}")


def _article(found: re.Match[str]) -> str:
    a, between, first = found.groups()
    return f"{a}{'n' if first.lower() in 'aeiou' else ''} {between}{first}"
