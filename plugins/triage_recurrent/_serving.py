"""Answers of an ONNX network: ONNX Runtime and numpy, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage import Refused, Unavailable
from triage_recurrent._batches import by_length
from triage_recurrent._proto import check

__all__ = ["Network", "normalised", "session"]

_THREADS = 2
_BATCH = 64


class Network:
    """A network that is served by ONNX Runtime.

    Args:
        data: an ONNX model as `to_onnx` writes it.
        vocabulary_size: the number of token ids.
        classes: the number of classes.

    Raises:
        Refused: it is not such a model.
        Unavailable: ONNX Runtime is not installed.
    """

    def __init__(self, data: bytes, *, vocabulary_size: int, classes: int) -> None:
        check(data)  # before ONNX Runtime sees it: no file outside, no operator that is not expected
        self.data = data
        self.vocabulary_size = vocabulary_size
        self.classes = classes
        self._session = session(data, threads=_THREADS)

    def probabilities(self, sequences: Sequence[NDArray[np.int32]]) -> NDArray[np.float64]:
        """Return shape (len(sequences), classes): rows sum to 1, whatever stands in the same batch.

        Args:
            sequences: token ids, none of them empty, each below the size of the vocabulary.
        """
        found = np.zeros((len(sequences), self.classes))
        for rows, ids in by_length(sequences, batch=_BATCH):
            found[rows] = self._session.run(None, {"tokens": ids.astype(np.int64)})[0]
        return normalised(found)


def session(data: bytes, *, threads: int) -> Any:
    """Return a session of ONNX Runtime for a model that was checked.

    Raises:
        Refused: it cannot be run.
        Unavailable: ONNX Runtime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable("this model needs onnxruntime: pip install onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it never gives back what the longest batch once took
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Refused(f"network.onnx cannot be run ({type(error).__name__}): train the model anew") from error


def normalised(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows that sum to 1 in 64 bits too; what is not finite stays so."""
    shares: NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return shares


def occluded(sequence: NDArray[np.int32]) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Yield each known token of a sequence, and the sequence without it: [UNK] where nothing is left."""
    for token in np.unique(sequence[sequence > 1]).tolist():
        rest = sequence[sequence != token]
        yield token, rest if len(rest) else np.ones(1, np.int32)
