"""Words, word pairs and character n-grams of a batch of texts as hashes, by whole-array arithmetic."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Batch", "Grams", "batches"]

# Kinds of characters; a run of one kind is a token, but each LETTER is a token by itself.
_SPACE, _WORD, _TONE, _LETTER, _OTHER, _APOSTROPHE = range(6)
_UNSPACED = (  # first and last code point of scripts that put no space between words
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x312F),  # Kana, Bopomofo
    (0x31F0, 0x31FF),
    (0x3400, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_BLOCK_TEXTS, _BLOCK_CHARACTERS = 1024, 500_000  # at a time: about 30 MB of arrays
_FACTOR = np.uint32(0x9E3779B1)
_LONGEST = 64  # characters of a word whose order counts
_POWERS = np.cumprod(np.full(_LONGEST, 0x2C1B3C6D, np.uint32), dtype=np.uint32)


@dataclass(frozen=True)
class Grams:
    """Features of one kind, in no particular order.

    Attributes:
        text: shape (m,), int32: the number of the text within the batch.
        hashes: shape (m,), uint32.
        start: shape (m,), int32: the position of the first character in `Batch.text`.
        end: shape (m,), int32: the position after the last one.
    """

    text: NDArray[np.int32]
    hashes: NDArray[np.uint32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]


class Batch:
    """Some texts as one array of characters, cut into tokens.

    Letters are lower-cased. A token is a run of letters and digits (with the apostrophes inside it), of
    exclamation and question marks, or of other marks; in scripts without spaces each letter is one.

    Args:
        texts: n texts.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.n = len(texts)
        joined = "\0".join(["", *(text.replace("\0", " ") for text in texts), ""]).lower()
        self.text = joined.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        codes = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)
        self.kind = _kinds(codes)
        self.codes = np.where(self.kind == _SPACE, np.uint32(32), codes)
        self.owner = np.cumsum(codes == 0, dtype=np.int32) - np.int32(1)

    @cached_property
    def tokens(self) -> NDArray[np.intp]:
        """Where each token starts."""
        before = np.concatenate([np.zeros(1, np.uint8), self.kind[:-1]])
        return np.flatnonzero((self.kind != _SPACE) & ((self.kind != before) | (self.kind == _LETTER)))

    @cached_property
    def ends(self) -> NDArray[np.intp]:
        """Where each token ends: the position after its last character."""
        changes = np.flatnonzero(np.diff(self.kind)) + 1
        run_ends = np.append(changes, len(self.kind))
        ends = run_ends[np.searchsorted(changes, self.tokens, side="right")]
        return np.where(self.kind[self.tokens] == _LETTER, self.tokens + 1, ends)

    def words(self) -> tuple[Grams, Grams]:
        """Return the words (marks other than ! and ? left out), and the pairs of adjoining ones."""
        chosen = self.kind[self.tokens] != _OTHER
        start, length = self.tokens[chosen], (self.ends - self.tokens)[chosen]
        if not len(start):
            nothing = np.empty(0, np.int32)
            return (Grams(nothing, nothing.astype(np.uint32), nothing, nothing),) * 2
        first = np.cumsum(length) - length
        place = np.arange(int(length.sum())) - np.repeat(first, length)
        characters = self.codes[place + np.repeat(start, length)]
        parts = (characters + np.uint32(1)) * _POWERS[np.minimum(place, _LONGEST - 1)]
        parts ^= parts >> np.uint32(15)
        hashes = _mixed(np.add.reduceat(parts, first, dtype=np.uint32))
        text, start, end = self.owner[start], start.astype(np.int32), (start + length).astype(np.int32)
        both = text[:-1] == text[1:]
        pairs = _mixed(hashes[:-1][both] * _FACTOR + hashes[1:][both])
        return (
            Grams(text, hashes, start, end),
            Grams(text[:-1][both], pairs, start[:-1][both], end[1:][both]),
        )

    def characters(self, shortest: int, longest: int) -> Grams:
        """Return the runs of `shortest` to `longest` characters that hold no space but at their ends.

        These are the n-grams of scikit-learn's analyzer "char_wb", but for words shorter than an n-gram.
        """
        blank = self.kind == _SPACE
        hashes = self.codes * _FACTOR
        inner: NDArray[np.bool_] | None = None
        found: list[NDArray[np.uint32]] = []
        starts: list[NDArray[np.intp]] = []
        for n in range(2, longest + 1):
            m = max(len(self.codes) - n + 1, 0)
            hashes = (hashes[:m] ^ self.codes[n - 1 :]) * _FACTOR
            hashes ^= hashes >> np.uint32(15)
            if n > 2:
                middle = ~blank[n - 2 : n - 2 + m]
                inner = middle if inner is None else inner[:m] & middle
            if n >= shortest:
                valid = np.flatnonzero(~(blank[:m] & blank[1 : m + 1]) if inner is None else inner)
                found.append(hashes[valid])
                starts.append(valid)
        start = np.concatenate(starts).astype(np.int32)
        sizes = np.arange(shortest, longest + 1, dtype=np.int32)
        end = start + np.repeat(sizes, [len(each) for each in starts])
        return Grams(self.owner[start], np.concatenate(found), start, end)


def batches(texts: Sequence[str]) -> Iterator[Batch]:
    """Yield the texts in batches of bounded size: at most 1,024, and 500,000 characters but for the last text."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text) + 1
        if len(waiting) == _BLOCK_TEXTS or size > _BLOCK_CHARACTERS:
            yield Batch(waiting)
            waiting, size = [], 0
    if waiting:
        yield Batch(waiting)


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return the kind of each character, apostrophes resolved: inside a word they are part of it."""
    kind = _ASCII[np.minimum(codes, 127)]
    high = np.flatnonzero(codes > 127)
    if len(high):
        different, which = np.unique(codes[high], return_inverse=True)
        kind[high] = np.array([_kind(chr(code)) for code in different.tolist()], np.uint8)[which]
    apostrophes = np.flatnonzero(kind == _APOSTROPHE)  # never the first or the last: these are NUL
    inside = (kind[apostrophes - 1] == _WORD) & (kind[apostrophes + 1] == _WORD)
    kind[apostrophes] = np.where(inside, _WORD, _OTHER)
    return kind


def _kind(character: str) -> int:
    category = unicodedata.category(character)
    if category in ("Cc", "Zs", "Zl", "Zp"):
        return _SPACE
    if character.isalnum() or character == "_" or category[0] == "M":
        code = ord(character)
        return _LETTER if any(first <= code <= last for first, last in _UNSPACED) else _WORD
    return {"!": _TONE, "?": _TONE, "'": _APOSTROPHE}.get(character, _OTHER)


_ASCII = np.array([_kind(chr(code)) for code in range(128)], np.uint8)


def _mixed(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the hashes with every bit depending on every other: MurmurHash3's finalizer."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return hashes
