"""Families of near-duplicates: a template letter belongs on one side of a split only.

Texts are compared by their sets of word 8-shingles. MinHash signatures (Broder 1997) estimate the Jaccard
similarity of two sets; banding (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, ch. 3) finds
the pairs worth comparing without looking at all of them. Ours in place of a library, because hashing in
numpy does 128 permutations of a text in microseconds and memory stays at 512 bytes a document.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIMILAR", "near_duplicates", "shingles", "sketch", "twins"]

SHINGLE = 8
SIMILAR = 0.35
"""The least Jaccard similarity of near-duplicates: two texts of one length share half of their shingles."""

_PERMUTATIONS = 128
_ROWS = 2  # of a band: a pair of similarity 0.35 meets in one of the 64 bands with probability 0.9998
_KEYS = 8
_BATCH = 256
_COMMON, _FEW = 0.05, 20  # a shingle in a larger share of the texts, and in more of them, is common
_SAMPLE = 5000
_OWN = 6  # words in a row that are a text's own
_WORD = re.compile(r"[^\W\d_]+")
_MASK = re.compile(r"x{2,}")
_BASE = np.uint64(0x9E3779B97F4A7C15)


def near_duplicates(
    texts: Sequence[str],
    *,
    similar: float = SIMILAR,
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.int64]:
    """Return shape (n,): one number for each family, that of its first document.

    Case, digits, masks (XXXX) and punctuation do not count. Texts of fewer than eight words are
    near-duplicates when they hold the same words in the same order; texts without a word belong to no family.
    Families are closed: the neighbour of a neighbour is in. What more than 5% of the texts hold, such as a legal
    footer, says nothing about likeness: it is left out of texts that hold a sentence of their own beside it.

    Args:
        texts: n texts as they were written.
        similar: the least estimated Jaccard similarity; its standard error is at most 0.045.
        progress: told how many texts have been read so far.
    """
    signatures = np.empty((len(texts), _PERMUTATIONS), dtype=np.uint32)
    empty = np.zeros(len(texts), dtype=bool)
    done = 0
    common = _common_shingles(texts)
    for batch in _batches(texts, _BATCH):
        sets = [_telling(shingles(text), common) for text in batch]
        signatures[done : done + len(batch)] = _minhash(sets)
        empty[done : done + len(batch)] = [not len(found) for found in sets]
        done += len(batch)
        if progress is not None:
            progress(done)
    families = _Families(len(texts))
    for first in range(0, _PERMUTATIONS, _ROWS):
        for left, right in _alike(signatures[:, first : first + _ROWS], empty):
            # Families already joined need no second look.
            apart = families.find_all(left) != families.find_all(right)
            left, right = left[apart], right[apart]
            for part in range(0, len(left), 65_536):
                ours, theirs = left[part : part + 65_536], right[part : part + 65_536]
                same = (signatures[ours] == signatures[theirs]).mean(axis=1)
                for one, other in zip(
                    ours[same >= similar].tolist(), theirs[same >= similar].tolist(), strict=True
                ):
                    families.join(one, other)
    return families.find_all(np.arange(len(texts)))


def sketch(text: str) -> tuple[int, ...]:
    """Return 8 keys that near-duplicates share, for looking one text up among many that are stored.

    Two texts of Jaccard similarity 0.9 share two keys or more with probability 0.998, of 0.5 with 0.08. Each key
    hashes four minima of a MinHash signature to 64 bits, signed; a text without a word has no key.

    >>> letter = "You charged me twice for the same transfer and nobody answered my letters about it"
    >>> sketch(letter) == sketch(letter.upper() + "!!")
    True
    >>> sketch("12345")
    ()
    """
    found = shingles(text)
    if not len(found):
        return ()
    bands = _minhash([found])[0, : 4 * _KEYS].reshape(_KEYS, 4).astype("<u4")
    return tuple(
        int.from_bytes(
            hashlib.blake2b(bytes([number]) + band.tobytes(), digest_size=8).digest(), "little", signed=True
        )
        for number, band in enumerate(bands)
    )


def twins(groups: NDArray[np.int64], parts: NDArray[np.int8], *, train: int, test: int) -> float:
    """Return the share of the test part that has a near-duplicate in the training part: what leaks.

    Args:
        groups: shape (n,): the family of each document.
        parts: shape (n,): the part that each document is in.
        train: the number of the training part.
        test: the number of the test part.
    """
    judged = groups[parts == test]
    return float(np.isin(judged, groups[parts == train]).mean()) if len(judged) else 0.0


def shingles(text: str) -> NDArray[np.uint64]:
    """Return the hashes of the word 8-shingles of `text`, repeats included; a short text is one shingle."""
    words = [word for word in _WORD.findall(text.casefold()) if not _MASK.fullmatch(word)]
    if not words:
        return np.empty(0, dtype=np.uint64)
    hashes = _hash_words(words)
    if len(words) <= SHINGLE:
        return _combine([hashes[i : i + 1] for i in range(len(words))])
    return _combine([hashes[i : len(words) - SHINGLE + 1 + i] for i in range(SHINGLE)])


def _common_shingles(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return the shingles that more than 5% of the texts hold, and more than 20, told from a sample."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    held = [np.unique(shingles(text)) for text in sample]
    found, counts = np.unique(np.concatenate([np.empty(0, np.uint64), *held]), return_counts=True)
    return np.asarray(found[counts > max(_COMMON * len(sample), _FEW)])


def _telling(found: NDArray[np.uint64], common: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the shingles of a text that tell it from others: without the common ones, where enough is left.

    Enough is a run of words that no common shingle covers: a template letter with another name in it has none.
    """
    if not len(common) or len(found) < 2:
        return found
    shared = np.isin(found, common)
    if not shared.any():
        return found
    covered = np.convolve(shared, np.ones(SHINGLE, dtype=np.int64)) > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[True], covered, [True]])))
    longest = int(np.diff(edges)[::2].max()) if len(edges) else 0
    return found[~shared] if longest >= _OWN else found


def _hash_words(words: Sequence[str]) -> NDArray[np.uint64]:
    # blake2b, not hash(): the same on every machine and in every process.
    digests = b"".join(
        hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest() for word in words
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _combine(columns: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """A polynomial hash over the columns: the order of the words counts."""
    combined = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        combined = (combined ^ column) * _BASE
        combined ^= combined >> np.uint64(29)
    return combined


def _minhash(sets: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint32]:
    """Shape (len(sets), 128): the least hash of each set under each permutation; all ones if empty."""
    lengths = np.array([len(found) for found in sets])
    signatures = np.full((len(sets), _PERMUTATIONS), np.uint32(0xFFFFFFFF))
    full = np.flatnonzero(lengths)
    if not len(full):
        return signatures
    joined = np.concatenate(sets)
    starts = np.concatenate([[0], np.cumsum(lengths[full])[:-1]])
    for number, (factor, addend) in enumerate(_permutations()):
        permuted = ((joined * factor + addend) >> np.uint64(32)).astype(np.uint32)
        signatures[full, number] = np.minimum.reduceat(permuted, starts)
    return signatures


def _permutations() -> Iterator[tuple[np.uint64, np.uint64]]:
    """Multiply-shift hashing (Dietzfelbinger et al. 1997): odd factors of 64 bits, the upper half kept."""
    stream = hashlib.shake_128(b"triage near-duplicates").digest(16 * _PERMUTATIONS)
    numbers = np.frombuffer(stream, dtype="<u8").astype(np.uint64).reshape(-1, 2)
    return ((factor | np.uint64(1), addend) for factor, addend in numbers)


def _alike(
    band: NDArray[np.uint32], empty: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield arrays of pairs that agree on the whole band: each with its bucket's first and its neighbour.

    All pairs of a bucket would be quadratic in the size of a family; these two a document are enough, since
    every band draws its buckets anew.
    """
    keys = band[:, 0].astype(np.uint64) << np.uint64(32) | band[:, 1].astype(np.uint64)
    order = np.argsort(keys, kind="stable")
    order = order[~empty[order]]
    if len(order) < 2:
        return
    keys = keys[order]
    begins = np.concatenate([[True], keys[1:] != keys[:-1]])
    firsts = order[np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))]
    later = np.flatnonzero(~begins)
    yield firsts[later], order[later]
    yield order[later - 1], order[later]


class _Families:
    """Disjoint sets (union-find with path halving); the least member names its set."""

    def __init__(self, n: int) -> None:
        self._parent = np.arange(n, dtype=np.int64)

    def find(self, member: int) -> int:
        parent = self._parent
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = int(parent[member])
        return member

    def find_all(self, members: NDArray[np.intp]) -> NDArray[np.int64]:
        """The names of the sets of many members at once."""
        found = self._parent[members]
        while (above := self._parent[found] != found).any():
            found = np.where(above, self._parent[found], found)
        return found

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self._parent[high] = low


def _batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    texts = iter(texts)
    while batch := list(islice(texts, size)):
        yield batch
