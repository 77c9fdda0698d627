"""What a model says of texts of which only the first words are there: early decisions are made of this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.data.vocabulary import Vectorizer, tokens
from triage.errors import UsageError
from triage.host.protocols import Classifier, Streams
from triage.models.held_out import PrefixScores
from triage.models.model import Model

__all__ = [
    "LENGTHS",
    "SETTLED",
    "pieces_of",
    "prefix_scores_of",
    "read_prefixes",
    "scores_from",
    "words_of",
]

LENGTHS = (5, 10, 20, 40, 80, 160)
"""After how many words, cleaned, a decision may be made before the end."""

SETTLED = 2
"""How many words stand behind them by then: what comes next may still change how the last are cleaned."""

_BATCH = 512


def prefix_scores_of(model: Model, cleaned: Sequence[str]) -> PrefixScores | None:
    """Return what a model says of clean texts while they are read; None where it cannot keep its place."""
    found = read_prefixes(model.classifier, model.vectorizer, cleaned, k=len(model.classes))
    return None if found is None else scores_from(model, cleaned, *found)


def read_prefixes(
    classifier: Classifier, vectorizer: Vectorizer | None, cleaned: Sequence[str], *, k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """Return j lengths and the classifier's own probabilities after so many words, shape (n, j, k).

    A row is NaN where the text ends before. None where the classifier cannot keep its place in a text.
    """
    if not isinstance(classifier, Streams):
        return None
    try:
        classifier.start(0)
    except UsageError:
        return None
    longest = max(LENGTHS) + SETTLED if vectorizer is None else vectorizer.max_length
    lengths = [length for length in LENGTHS if length + SETTLED <= longest]
    read = []
    for start in range(0, len(cleaned), _BATCH):
        words = [_words(vectorizer, text) for text in cleaned[start : start + _BATCH]]
        read.append(_read(classifier, vectorizer, words, lengths, k=k))
    return np.array(lengths, np.int64), np.concatenate([np.empty((0, len(lengths), k)), *read])


def scores_from(
    model: Model, cleaned: Sequence[str], lengths: NDArray[np.int64], raw: NDArray[np.float64]
) -> PrefixScores:
    """Return the scores of n clean texts after so many words, given what the classifier said of them."""
    codes = np.zeros(raw.shape[:2], np.int16)
    scores = np.full(raw.shape[:2], np.nan)
    words = [words_of(model, text) for text in cleaned]
    for column, length in enumerate(lengths.tolist()):
        rows = np.flatnonzero([len(each) >= length + SETTLED for each in words])
        said = raw[rows, column]
        finite = np.asarray(np.isfinite(said).all(axis=1))
        chances = model.calibration.apply(np.where(finite[:, None], said, 1 / raw.shape[2]))
        _, outside = model.scope_of([" ".join(words[row][:length]) for row in rows.tolist()], said)
        unsure = np.asarray(~finite if outside is None else ~finite | outside)
        codes[rows, column] = chances.argmax(axis=1)
        scores[rows, column] = np.where(unsure, np.nan, chances.max(axis=1))
    return PrefixScores(lengths, codes, scores)


def words_of(model: Model, cleaned: str) -> list[str]:
    """Return the words of a clean text, as a model's classifier counts them."""
    return _words(model.vectorizer, cleaned)


def pieces_of(model: Model, words: Sequence[Sequence[str]]) -> list[Any]:
    """Return what a model's classifier reads for lists of clean words, none of them empty."""
    return _inputs(model.vectorizer, [" ".join(each) for each in words])


def _words(vectorizer: Vectorizer | None, cleaned: str) -> list[str]:
    return cleaned.split() if vectorizer is None else tokens(cleaned)


def _inputs(vectorizer: Vectorizer | None, texts: Sequence[str]) -> list[Any]:
    return list(texts if vectorizer is None else vectorizer(texts))


def _read(
    classifier: Streams,
    vectorizer: Vectorizer | None,
    words: Sequence[Sequence[str]],
    lengths: Sequence[int],
    *,
    k: int,
) -> NDArray[np.float64]:
    """Return shape (n, j, k): what a classifier says of n texts after so many words; NaN behind their end."""
    rows, begun = np.arange(len(words)), 0
    states: Sequence[NDArray[Any]] = classifier.start(len(words))
    found = np.full((len(words), len(lengths), k), np.nan)
    for column, length in enumerate(lengths):
        reach = np.array([len(words[row]) >= length + SETTLED for row in rows.tolist()], bool)
        rows, states = rows[reach], [array[reach] for array in states]
        if not len(rows):
            break
        texts = [" ".join(words[row][begun:length]) for row in rows.tolist()]
        states, raw = classifier.advance(states, _inputs(vectorizer, texts))
        begun = length
        found[rows, column] = raw
    return found
