"""An encoder that runs: texts to vectors, by the tokenizers library and ONNX Runtime."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from triage import Refused, Unavailable
from triage_encoder._graph import OPERATORS
from triage_recurrent._proto import check

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CachedNetwork", "Network"]

_THREADS = 2
_TOKENS = 4096  # in one batch
_TEXTS = 1024  # cut into tokens at a time
_KEPT = 200_000  # vectors: 300 MB at 384 numbers each


class Network:
    """A sentence encoder.

    A batch holds texts of one number of tokens, so that nothing is padded and a text gets the same vector
    whatever it is asked with.

    Args:
        graph: an ONNX model as `to_onnx` writes it.
        tokenizer: the JSON of a tokenizer.
        max_length: the number of tokens that are read of a text.

    Raises:
        Refused: they are not such a model or tokenizer.
        Unavailable: onnxruntime or tokenizers is not installed.
    """

    def __init__(self, graph: bytes, tokenizer: bytes, *, max_length: int) -> None:
        check(graph, OPERATORS)  # before ONNX Runtime sees it
        self._session = _session(graph)
        self._tokenizer = _tokenizer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._max_length = max_length
        self.size = int(self._session.get_outputs()[0].shape[1])

    def vectors(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return shape (len(texts), size), each row of length 1, and which texts are longer than is read."""
        found = np.zeros((len(texts), self.size), np.float32)
        cut = np.zeros(len(texts), np.bool_)
        for first in range(0, len(texts), _TEXTS):
            batch = [text.encode("utf-8", "replace").decode() for text in texts[first : first + _TEXTS]]
            ids = [encoding.ids for encoding in self._tokenizer.encode_batch(batch)]
            cut[first : first + len(ids)] = [len(each) > self._max_length for each in ids]
            for rows, tokens in _batches([_shortened(each, self._max_length) for each in ids]):
                found[first + rows] = self._run(tokens)
        return found, cut

    def _run(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        (found,) = self._session.run(None, {"tokens": tokens, "positions": np.arange(tokens.shape[1])})
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)


class CachedNetwork(Network):
    """The same while models are trained, which ask about the same texts again: kept by digest, without a text."""

    def __init__(self, graph: bytes, tokenizer: bytes, *, max_length: int) -> None:
        super().__init__(graph, tokenizer, max_length=max_length)
        self._known: dict[bytes, tuple[NDArray[np.float32], np.bool_]] = {}

    def vectors(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return what `Network.vectors` does; only what was not asked before is computed."""
        digests = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        new = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in self._known}
        known = dict(zip(new, zip(*super().vectors(list(new.values())), strict=True), strict=True))
        if len(self._known) + len(known) <= _KEPT:
            self._known.update(known)
        found = [known.get(digest) or self._known[digest] for digest in digests]
        vectors = np.array([vector for vector, _ in found], np.float32).reshape(-1, self.size)
        return vectors, np.array([cut for _, cut in found], np.bool_)


def _shortened(ids: list[int], most: int) -> list[int]:
    """Return at most `most` ids: the first ones, and the mark that ends every text."""
    return [*ids[: most - 1], ids[-1]] if len(ids) > most else ids


def _batches(sequences: Sequence[list[int]]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the rows and the tokens of sequences of one length, about `_TOKENS` tokens at a time."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for row, sequence in enumerate(sequences):
        by_length[len(sequence)].append(row)
    for length, rows in by_length.items():
        step = max(_TOKENS // length, 1)
        for first in range(0, len(rows), step):
            chosen = rows[first : first + step]
            yield np.array(chosen), np.array([sequences[row] for row in chosen], np.int64)


def _session(graph: bytes) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable("this model needs onnxruntime: pip install onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it never gives back what the longest batch once took
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Refused(f"encoder.bin cannot be run ({type(error).__name__}): train the model anew") from error


def _tokenizer(data: bytes) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise Unavailable("this model needs tokenizers: pip install 'nlp-triage[encoder]'") from error
    try:
        return Tokenizer.from_buffer(data)
    except Exception as error:  # the library has no type of its own for it
        raise Refused(
            f"tokenizer.bin cannot be read ({type(error).__name__}): train the model anew"
        ) from error
