"""Choose the terms of a training part: those in enough documents, and no more than are asked for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from triage_sklearn._terms import Counts, Terms, adjoining, numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["learn_terms"]

_has_digit = re.compile(r"\d").search
_LONGEST_WORD = 64  # beyond that it is no word: a text without its spaces, a key, an address
_PENDING = 4_000_000  # keys that wait to be merged: 32 MB
_Chunk = tuple["NDArray[np.int32]", "NDArray[np.int64]"]  # word numbers, and how many each text has


def learn_terms(
    texts: Sequence[str], *, longest: int, least: int, most: int, digits: bool
) -> tuple[Terms, NDArray[np.int64], Iterator[Counts]]:
    """Choose the terms of `texts`: the same ones, numbered alike, in whatever order the texts come.

    Beside the texts it holds 4 bytes for each of their words, and 16 for each different run of words.

    Args:
        texts: n texts.
        longest: the greatest number of words in a run.
        least: a term in fewer texts than this is dropped.
        most: if more are left, those in the most texts stay; on equal numbers words before runs, shorter
            runs before longer ones, then the first by the alphabet.
        digits: whether words that hold a digit are terms. Words of more than 64 letters never are.

    Returns:
        The terms, the number of texts that hold each, and the counts of `texts` in chunks.
    """
    chunks, words, frequency = _number_words(texts)
    common = [i for i in np.flatnonzero(frequency >= least).tolist() if len(words[i]) <= _LONGEST_WORD]
    kept = sorted((i for i in common if digits or not _has_digit(words[i])), key=words.__getitem__)
    terms, frequency, chunks = _cut(
        [words[i] for i in kept],
        np.empty((0, 2), np.int64),
        frequency[kept],
        _renumber(chunks, kept, words),
        most,
    )
    for length in range(2, longest + 1):
        keys, often = _count_runs(terms, chunks, length)
        keys, often = keys[often >= least], often[often >= least]
        if not len(keys):
            break
        runs = np.stack(np.divmod(keys, len(terms.words)), axis=1)
        terms, frequency, chunks = _cut(
            terms.words, np.concatenate([terms.runs, runs]), np.concatenate([frequency, often]), chunks, most
        )
    counted = (terms.count_words(found.astype(np.int64), lengths) for found, lengths in chunks)
    return terms, frequency, counted


def _number_words(texts: Sequence[str]) -> tuple[list[_Chunk], list[str], NDArray[np.int64]]:
    """All words as numbers, in chunks; the words; and how many texts hold each."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    chunks: list[_Chunk] = []
    frequency = np.zeros(0, np.int64)
    for found, lengths in numbered(texts, lambda words: map(numbers.__getitem__, words)):
        chunks.append((found.astype(np.int32), lengths))
        seen = len(numbers)
        owner = np.repeat(np.arange(len(lengths)) * seen, lengths)
        once = np.bincount(_different(owner + found)[0] % max(seen, 1), minlength=seen)
        once[: len(frequency)] += frequency
        frequency = once
    return chunks, list(numbers), frequency


def _renumber(chunks: Sequence[_Chunk], kept: Sequence[int], words: Sequence[object]) -> list[_Chunk]:
    """The chunks with the place of each word in `kept`, -1 for one that is not there."""
    place = np.full(len(words) + 1, -1, np.int32)  # one more, for -1 to point at
    place[kept] = np.arange(len(kept))
    return [(place[found], lengths) for found, lengths in chunks]


def _cut(
    words: list[str],
    runs: NDArray[np.int64],
    frequency: NDArray[np.int64],
    chunks: list[_Chunk],
    most: int,
) -> tuple[Terms, NDArray[np.int64], list[_Chunk]]:
    """The `most` most frequent terms. A run goes before its parts, which are at least as frequent."""
    total = len(words) + len(runs)
    if total <= most:
        return Terms(words, runs), frequency, chunks
    stay = np.sort(np.lexsort((np.arange(total), -frequency))[:most])
    place = np.full(total, -1)
    place[stay] = np.arange(most)
    known = stay[stay < len(words)].tolist()
    runs = place[runs[stay[len(known) :] - len(words)]]
    if len(known) < len(words):
        chunks = _renumber(chunks, known, words)
    return Terms([words[i] for i in known], runs), frequency[stay], chunks


def _count_runs(
    terms: Terms, chunks: Sequence[_Chunk], length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All runs of `length` words as rising keys (term * words + word), and how many texts hold each."""
    v = len(terms.words)
    space = max(len(terms) * v, 1)
    keys, often = np.empty(0, np.int64), np.empty(0, np.int64)
    pending: list[NDArray[np.int64]] = []
    for found, lengths in chunks:
        words = found.astype(np.int64)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        term = terms.starting_at(words, owner, length - 1)
        at = adjoining(term, words, owner, length)
        pending.append(_different(owner[at] * space + term[at] * v + words[at + length - 1])[0] % space)
        if sum(map(len, pending)) > max(_PENDING, len(keys)):  # so a key is merged a few times only
            keys, often = _merge(keys, often, pending)
            pending = []
    return _merge(keys, often, pending)


def _merge(
    keys: NDArray[np.int64], often: NDArray[np.int64], pending: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add the keys that are pending to those that have been counted."""
    new, times = _different(np.concatenate([np.empty(0, np.int64), *pending]))
    both = np.concatenate([keys, new])
    order = np.argsort(both, kind="stable")
    both = both[order]
    first = np.flatnonzero(np.diff(both, prepend=-1))
    summed = np.add.reduceat(np.concatenate([often, times])[order], first) if len(first) else often
    return both[first], summed


def _different(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different keys, rising, and how often each occurs; keys are not negative."""
    ordered = np.sort(keys)
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[first], np.diff(first, append=len(ordered))
