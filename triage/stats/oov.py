"""Words at evaluation that training never saw: counted, and the commonest listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["unseen_words"]

_LEAST = 3  # documents: a word in fewer may be somebody's name
_MOST = 20


def unseen_words(train: Iterable[str], judged: Sequence[str]) -> dict[str, Any]:
    """Return what share of the words of `judged` is not in any text of `train`.

    Args:
        train: clean texts that were learned from.
        judged: n clean texts.

    Returns:
        "words" and "distinct": how many different words are not known, and how many there are in all;
        "occurrences" and "share": how often unknown words occur, and their share of all words, from 0 to 1;
        "documents": in how many texts; "commonest": up to 20 unknown words with the number of texts that hold
        them. Only words without a digit that stand in at least three texts are listed: others may be
        somebody's name or number.
    """
    known: set[str] = set()
    for text in train:
        known.update(text.split())
    occurrences: Counter[str] = Counter()
    texts_with: Counter[str] = Counter()
    distinct: set[str] = set()
    total = documents = 0
    for text in judged:
        words = text.split()
        total += len(words)
        distinct.update(words)
        unknown = [word for word in words if word not in known]
        occurrences.update(unknown)
        texts_with.update(set(unknown))
        documents += bool(unknown)
    shown = [
        (word, count)
        for word, count in sorted(texts_with.items(), key=lambda each: (-each[1], each[0]))
        if count >= _LEAST and not any(character.isdigit() for character in word)
    ]
    return {
        "words": len(occurrences),
        "distinct": len(distinct),
        "occurrences": occurrences.total(),
        "share": occurrences.total() / total if total else 0.0,
        "documents": documents,
        "commonest": [{"word": word, "documents": count} for word, count in shown[:_MOST]],
    }
