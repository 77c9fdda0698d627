"""From clean texts to token ids: a vocabulary learned by Keras on the training part, looked up without it.

Training uses `keras.layers.TextVectorization`. Nothing of it is saved: its own vocabulary file splits a
token that holds U+2028 or U+0085 in two and moves every later id by one. The vocabulary is kept as JSON,
and serving is a look-up in plain Python that gives the same ids.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PADDING", "UNKNOWN_TOKEN", "Vectorizer", "learn_vocabulary", "pad"]

PADDING = 0
UNKNOWN_TOKEN = 1
_RESERVED = ("", "[UNK]")
_BLANKS = re.compile(r"[ \t\n\v\f\r]+")  # what tf.strings.split takes for white space: ASCII alone
_ENDLESS = re.compile(r"[^ \t\n\v\f\r]{1001,}")  # no word of any language
_has_digit = re.compile(r"\d").search
_BATCH = 512


@dataclass(frozen=True)
class Vectorizer:
    """Looks tokens up.

    Attributes:
        vocabulary: the token of each id; id 0 pads, id 1 stands for every token that is not known.
        max_length: where a sequence is cut, in tokens.
    """

    vocabulary: tuple[str, ...]
    max_length: int

    def __post_init__(self) -> None:
        """Check the first two ids, which mean the same in every vocabulary.

        Raises:
            ValueError: they do not.
        """
        if self.vocabulary[:2] != _RESERVED:
            raise ValueError("a vocabulary begins with '' for padding and '[UNK]' for unknown tokens")

    @cached_property
    def _ids(self) -> dict[str, int]:
        # Of a token that stands twice the first id counts, as in the layer; padding is never looked up.
        return {token: i for i, token in reversed(list(enumerate(self.vocabulary))) if i > PADDING}

    def __call__(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        """Return the ids of each text, at most `max_length` of them and never none: [1] for no token."""
        get, longest = self._ids.get, self.max_length
        return [
            np.array(
                [get(token, UNKNOWN_TOKEN) for token in tokens(text)[:longest]] or [UNKNOWN_TOKEN], np.int32
            )
            for text in texts
        ]


def tokens(text: str) -> list[str]:
    """Split at ASCII white space, as the layer does, after `spelled`."""
    return [token for token in _BLANKS.split(spelled(text)) if token]


def spelled(text: str) -> str:
    """Return `text` as the layer can hold it: lone surrogates become `?`, since UTF-8 has none.

    NUL becomes `?` too: the layer keeps its tokens in numpy strings, which drop it from the end.
    """
    text = text.replace("\0", "?")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def pad(sequences: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return shape (n, longest): the sequences, padded with 0 on the right to the longest of this batch."""
    longest = max((len(sequence) for sequence in sequences), default=1)
    padded = np.zeros((len(sequences), longest), dtype=np.int32)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


def learn_vocabulary(
    texts: Sequence[str], *, max_tokens: int, max_length: int, min_documents: int = 1, digits: bool = True
) -> Vectorizer:
    """Adapt a Keras TextVectorization on clean texts of the training part, and return its look-up.

    Args:
        texts: the training part, and nothing else.
        max_tokens: the size of the vocabulary, padding and [UNK] counted in; the commonest tokens stay.
        max_length: where a sequence is cut.
        min_documents: tokens in fewer documents are not stored: they may be somebody's name.
        digits: whether tokens that hold a digit are stored: they may be somebody's account.

    Tokens of more than 1,000 characters are never stored.

    Raises:
        Unavailable: TensorFlow is not installed.
    """
    layer = text_vectorization(max_tokens=max_tokens)
    import tensorflow as tf

    # Batched: adapting on one list of 11 MB takes six times the memory.
    layer.adapt(
        tf.data.Dataset.from_generator(
            lambda: _encoded_batches(texts), output_signature=tf.TensorSpec([None], tf.string)
        )
    )
    vocabulary = layer.get_vocabulary()
    if min_documents > 1:
        documents = Counter(token for text in texts for token in set(tokens(text)))
        vocabulary = [*_RESERVED, *(token for token in vocabulary[2:] if documents[token] >= min_documents)]
    if not digits:
        vocabulary = [token for token in vocabulary if not _has_digit(token)]
    return Vectorizer(tuple(map(str, vocabulary)), max_length)


def text_vectorization(*, max_tokens: int | None = None, vocabulary: Sequence[str] | None = None) -> Any:
    """Return the Keras layer whose ids a `Vectorizer` reproduces: no cleaning of its own, ragged ids.

    Raises:
        Unavailable: TensorFlow is not installed.
    """
    try:
        with _silent_start():
            import keras
            import tensorflow as tf

            tf.config.list_physical_devices()  # looks for a GPU, and writes where there is none
    except ImportError as error:
        from triage.errors import Unavailable

        raise Unavailable(
            "this needs tensorflow, not installed here: pip install 'nlp-triage[train]'"
        ) from error
    return keras.layers.TextVectorization(
        max_tokens=max_tokens,
        standardize=None,
        split="whitespace",
        output_mode="int",
        ragged=True,
        vocabulary=None if vocabulary is None else list(vocabulary),
    )


@contextmanager
def _silent_start() -> Iterator[None]:
    """Keep what TensorFlow's libraries write while they load off stderr: no setting of theirs does.

    TRIAGE_DEBUG=1 lets it through.
    """
    if "tensorflow" in sys.modules or os.environ.get("TRIAGE_DEBUG", "") not in ("", "0"):
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # for what they write later
    sys.stderr.flush()
    before = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def _encoded_batches(texts: Sequence[str]) -> Iterator[list[bytes]]:
    # The layer keeps its tokens in arrays as wide as the longest: one of a megabyte would fill the memory.
    for start in range(0, len(texts), _BATCH):
        yield [_ENDLESS.sub(" ", spelled(text)).encode() for text in texts[start : start + _BATCH]]
