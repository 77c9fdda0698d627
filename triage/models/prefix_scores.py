"""What a model says of texts of which only the first words are there: early decisions are made of this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.data.vocabulary import tokens
from triage.errors import UsageError
from triage.host.protocols import Streams
from triage.models.held_out import PrefixScores
from triage.models.model import Model

__all__ = ["LENGTHS", "SETTLED", "pieces_of", "prefix_scores_of", "words_of"]

LENGTHS = (5, 10, 20, 40, 80, 160)
"""After how many words, cleaned, a decision may be made before the end."""

SETTLED = 2
"""How many words stand behind them by then: what comes next may still change how the last are cleaned."""

_BATCH = 512


def prefix_scores_of(model: Model, cleaned: Sequence[str]) -> PrefixScores | None:
    """Return what a model says of clean texts while they are read; None where it cannot keep its place."""
    classifier = model.classifier
    if not isinstance(classifier, Streams):
        return None
    try:
        classifier.start(0)
    except UsageError:
        return None
    longest = max(LENGTHS) + SETTLED if model.vectorizer is None else model.vectorizer.max_length
    lengths = np.array([length for length in LENGTHS if length + SETTLED <= longest], np.int64)
    codes = np.zeros((len(cleaned), len(lengths)), np.int16)
    scores = np.full((len(cleaned), len(lengths)), np.nan)
    for start in range(0, len(cleaned), _BATCH):
        rows = slice(start, start + _BATCH)
        words = [words_of(model, text) for text in cleaned[rows]]
        codes[rows], scores[rows] = _read(model, classifier, words, lengths.tolist())
    return PrefixScores(lengths, codes, scores)


def words_of(model: Model, cleaned: str) -> list[str]:
    """Return the words of a clean text, as a model's classifier counts them."""
    return cleaned.split() if model.vectorizer is None else tokens(cleaned)


def pieces_of(model: Model, words: Sequence[Sequence[str]]) -> list[Any]:
    """Return what a model's classifier reads for lists of clean words, none of them empty."""
    joined = [" ".join(each) for each in words]
    return list(joined if model.vectorizer is None else model.vectorizer(joined))


def _read(
    model: Model, classifier: Streams, words: Sequence[Sequence[str]], lengths: Sequence[int]
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    codes = np.zeros((len(words), len(lengths)), np.int16)
    scores = np.full((len(words), len(lengths)), np.nan)
    rows = np.arange(len(words))
    states: Sequence[NDArray[Any]] = classifier.start(len(words))
    begun = 0
    for column, length in enumerate(lengths):
        reach = np.array([len(words[row]) >= length + SETTLED for row in rows.tolist()], bool)
        rows, states = rows[reach], [array[reach] for array in states]
        if not len(rows):
            break
        pieces = pieces_of(model, [words[row][begun:length] for row in rows.tolist()])
        states, raw = classifier.advance(states, pieces)
        begun = length
        finite = np.asarray(np.isfinite(raw).all(axis=1))
        chances = model.calibration.apply(np.where(finite[:, None], raw, 1 / raw.shape[1]))
        _, outside = model.scope_of([" ".join(words[row][:length]) for row in rows.tolist()], raw)
        unsure = np.asarray(~finite if outside is None else ~finite | outside)
        codes[rows, column] = chances.argmax(axis=1)
        scores[rows, column] = np.where(unsure, np.nan, chances.max(axis=1))
    return codes, scores
