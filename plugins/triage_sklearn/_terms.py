"""Words and runs of words as numbered terms, found and counted by numpy alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from triage import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WORD", "Counts", "Terms", "adjoining", "numbered"]

_TEXTS, _WORDS = 512, 1_000_000  # at a time: bounds the memory, whatever is asked for at once
WORD = r"\w\w+(?:'\w+)*|[!?]+"
_find_words = re.compile(WORD).findall


def numbered(
    texts: Sequence[str], number: Callable[[list[str]], Iterable[int]]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the words of `texts` as numbers, one text after the other, and how many each text has.

    Words are runs of two letters or more with what follows an apostrophe (didn't), in lower case, and runs
    of exclamation and question marks, which tell moods apart where cleaning leaves them.
    Each pair that is yielded stands for a few hundred texts, fewer where they are long.

    Args:
        texts: to be divided into words.
        number: gives the number of each word of a list.
    """
    found: list[int] = []
    lengths: list[int] = []
    for text in texts:
        words = _find_words(text.lower())
        lengths.append(len(words))
        found.extend(number(words))
        if len(lengths) == _TEXTS or len(found) > _WORDS:
            yield np.array(found, np.int64), np.array(lengths, np.int64)
            found.clear()
            lengths.clear()
    if lengths:
        yield np.array(found, np.int64), np.array(lengths, np.int64)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each text holds each term: the rows of a sparse matrix.

    Attributes:
        starts: shape (n + 1,), int64: text i has the entries from starts[i] to starts[i + 1].
        terms: int64: the terms, rising within each text.
        counts: int64: how often, at least 1.
    """

    starts: NDArray[np.int64]
    terms: NDArray[np.int64]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1


class Terms:
    """Numbered terms: first the words, then the runs of two and more words.

    A run is a shorter term followed by one more word. Whatever occurs in so many documents, its parts occur
    in at least as many: so the parts of a run are terms too, and a run is looked up as a pair of numbers.

    Args:
        words: the single words; their positions are their numbers.
        runs: shape (r, 2): the term that each run begins with and the word that it ends with. Runs are
            numbered from len(words) on, and stand in rising order of the pairs.

    Raises:
        DataError: a word that stands twice, runs out of order, or runs of terms that do not exist.
    """

    def __init__(self, words: list[str], runs: NDArray[np.int64]) -> None:
        self.words = words
        self.runs = np.asarray(runs, np.int64).reshape(-1, 2)
        begins, ends = self.runs.T
        self._keys = begins * len(words) + ends
        self._numbers = dict(zip(words, range(len(words)), strict=True))
        sound = (
            len(self._numbers) == len(words)
            and bool(np.all((begins >= 0) & (begins < np.arange(len(words), len(self)))))
            and bool(np.all((ends >= 0) & (ends < len(words))))
            and bool(np.all(np.diff(self._keys) > 0))
        )
        if not sound:
            raise DataError("the terms do not fit together: a word stands twice, or runs are out of order")

    def __len__(self) -> int:
        return len(self.words) + len(self.runs)

    @cached_property
    def longest(self) -> int:
        """The number of words in the longest run; the last run is one of the longest."""
        return len(self.parts(len(self) - 1)) if len(self.runs) else 1

    def name(self, term: int) -> str:
        """Return a term as it reads: its words, divided by spaces."""
        return " ".join(self.parts(term))

    def parts(self, term: int) -> list[str]:
        """Return the words of a term."""
        ends: list[str] = []
        while term >= len(self.words):
            term, word = self.runs[term - len(self.words)].tolist()
            ends.append(self.words[word])
        return [self.words[term], *reversed(ends)]

    def count(self, texts: Sequence[str]) -> Iterator[Counts]:
        """Yield the counts of `texts`, some hundred texts at a time."""
        get, unknown = self._numbers.get, repeat(-1)
        for words, lengths in numbered(texts, lambda words: map(get, words, unknown)):
            yield self.count_words(words, lengths)

    def count_words(self, words: NDArray[np.int64], lengths: NDArray[np.int64]) -> Counts:
        """Count the terms of texts that are given as word numbers, -1 for unknown ones.

        Args:
            words: the words of all texts, one text after the other.
            lengths: shape (n,): how many of them each text has.
        """
        n, total = len(lengths), max(len(self), 1)
        owner = np.repeat(np.arange(n) * total, lengths)
        entries = [(owner + words)[words >= 0]]
        for _, at, term in self._runs_in(words, owner):
            entries.append(owner[at] + term[at])
        ordered = np.sort(np.concatenate(entries))
        first = np.flatnonzero(np.diff(ordered, prepend=-1))
        text, terms = np.divmod(ordered[first], total)
        return Counts(
            starts=np.searchsorted(text, np.arange(n + 1)),
            terms=terms,
            counts=np.diff(first, append=len(ordered)),
        )

    def starting_at(
        self, words: NDArray[np.int64], owner: NDArray[np.int64], length: int
    ) -> NDArray[np.int64]:
        """Return for each position the term of `length` words that starts there, or -1."""
        term = words
        for reached, _, longer in self._runs_in(words, owner):
            if reached <= length:
                term = longer
        return term

    def _runs_in(
        self, words: NDArray[np.int64], owner: NDArray[np.int64]
    ) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.int64]]]:
        """Yield for each length its runs: where they start, and the term that starts at each position."""
        term = words
        for length in range(2, self.longest + 1):
            at = adjoining(term, words, owner, length)
            wanted = term[at] * len(self.words) + words[at + length - 1]
            place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
            hit = self._keys[place] == wanted
            at = at[hit]
            term = np.full(len(words), -1)
            term[at] = place[hit] + len(self.words)
            yield length, at, term


def adjoining(
    term: NDArray[np.int64], words: NDArray[np.int64], owner: NDArray[np.int64], length: int
) -> NDArray[np.intp]:
    """Return where a known term and the known word after it, in the same text, are `length` words long."""
    ahead = length - 1
    end = max(len(words) - ahead, 0)
    return np.flatnonzero((term[:end] >= 0) & (words[ahead:] >= 0) & (owner[:end] == owner[ahead:]))
