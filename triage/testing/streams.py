"""The laws of a backend that reads a text while it is being written (`triage.host.protocols.Streams`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import UsageError
from triage.host.protocols import Streams
from triage.testing.laws import hold
from triage.testing.learners import Trained

__all__ = ["LAWS"]

_CLOSE = 1e-5
_TEXTS = 4


def after_each_word_a_stream_says_what_the_words_so_far_get(it: Trained) -> None:
    """Streaming, if supported: after each word the probabilities are those of `predict_proba` so far."""
    for words in _texts(it):
        states, said = _start(it, 1), []
        for end in range(1, len(words) + 1):
            states, found = _advance(it, states, [_joined(it, words[end - 1 : end])])
            said.append(found)
        prefixes = [" ".join(words[:end]) for end in range(1, len(words) + 1)]
        _near(np.concatenate(said), it.answers(it.lesson.classifier, prefixes))


def dividing_a_stream_changes_nothing(it: Trained) -> None:
    """Streaming, if supported: pieces of several words give what single words give."""
    for words in _texts(it):
        single = _read(it, [words], 1)
        for size in (2, 3, len(words)):
            _near(_read(it, [words], size), single)


def a_stream_does_not_hear_the_others(it: Trained) -> None:
    """Streaming, if supported: a text gets the same probabilities with others, some long, as alone."""
    texts = _texts(it)
    if not texts:
        return
    alone = np.concatenate([_read(it, [words], 1) for words in texts])
    _near(_read(it, texts, 1), alone)
    _near(_read(it, [*texts, texts[0] * 40], 1)[:-1], alone)


def reading_on_leaves_the_states_before_as_they_were(it: Trained) -> None:
    """Streaming, if supported: `advance` does not change the states that it is given."""
    for words in _texts(it)[:1]:
        states = _start(it, 1)
        for word in words:
            before = [np.array(array) for array in states]
            after, _ = _advance(it, states, [_joined(it, [word])])
            same = all(np.array_equal(one, other) for one, other in zip(states, before, strict=True))
            hold(same, "the states that `advance` was given were changed; return new arrays")
            states = after


def the_states_of_a_stream_do_not_grow(it: Trained) -> None:
    """Streaming, if supported: states are arrays with one row for each text and do not grow."""
    for words in _texts(it)[:1]:
        states = _start(it, 3)
        hold(
            all(len(array) == 3 for array in states),
            f"each state of 3 texts must have 3 rows, got {[len(array) for array in states]}",
        )
        before = [array.shape for array in states]
        for _ in range(3):
            states, _ = _advance(it, states, [_joined(it, words)] * 3)
        after = [np.shape(array) for array in states]
        hold(before == after, f"the shapes must stay {before}, got {after}")


def _texts(it: Trained) -> list[list[str]]:
    """Return some texts as lists of words; none where the backend does not support streaming."""
    if not isinstance(it.lesson.classifier, Streams):
        return []
    try:
        it.lesson.classifier.start(1)
    except UsageError:
        return []
    return [text.split() for text in it.texts[:_TEXTS]]


def _start(it: Trained, n: int) -> Sequence[NDArray[Any]]:
    assert isinstance(it.lesson.classifier, Streams)
    return it.lesson.classifier.start(n)


def _advance(
    it: Trained, states: Sequence[NDArray[Any]], pieces: Sequence[Any]
) -> tuple[Sequence[NDArray[Any]], NDArray[np.float64]]:
    assert isinstance(it.lesson.classifier, Streams)
    after, found = it.lesson.classifier.advance(states, pieces)
    shape = (len(pieces), it.lesson.before.k)
    hold(np.shape(found) == shape, f"the shape of the probabilities must be {shape}, got {np.shape(found)}")
    return after, np.asarray(found)


def _joined(it: Trained, words: Sequence[str]) -> Any:
    return it.inputs([" ".join(words)])[0]


def _read(it: Trained, texts: Sequence[Sequence[str]], size: int) -> NDArray[np.float64]:
    """The last answers to texts that are read side by side, `size` words at a time."""
    states = _start(it, len(texts))
    last = np.zeros((len(texts), it.lesson.before.k))
    for place in range(0, max(map(len, texts)), size):
        rows = [row for row, words in enumerate(texts) if place < len(words)]
        before = [array[rows] for array in states]
        pieces = [_joined(it, texts[row][place : place + size]) for row in rows]
        after, last[rows] = _advance(it, before, pieces)
        states = [_with_rows(array, rows, rest) for array, rest in zip(states, after, strict=True)]
    return last


def _with_rows(array: NDArray[Any], rows: list[int], rest: NDArray[Any]) -> NDArray[Any]:
    # What was not read on in keeps its row, whatever the other rows have become.
    joined = [rest[rows.index(row)] if row in rows else array[row] for row in range(len(array))]
    return np.stack(joined)


def _near(found: NDArray[np.float64], expected: NDArray[np.float64]) -> None:
    off = np.abs(found - expected).max(initial=0)
    hold(off <= _CLOSE, f"probabilities differ by up to {off:.3g}; at most {_CLOSE} is allowed")


LAWS = (
    after_each_word_a_stream_says_what_the_words_so_far_get,
    dividing_a_stream_changes_nothing,
    a_stream_does_not_hear_the_others,
    reading_on_leaves_the_states_before_as_they_were,
    the_states_of_a_stream_do_not_grow,
)
"""In the order in which they are checked."""
