"""Reads texts piece by piece: the states of many texts in arrays, one row each, and ONNX Runtime between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage_recurrent._batches import by_length
from triage_recurrent._graphs import DOUBLE, FLOAT, INT64
from triage_recurrent._serving import normalised, session
from triage_recurrent._stepping import LENGTHS, stepping

__all__ = ["Forward"]

_BATCH = 64
_DTYPES = {FLOAT: np.float32, INT64: np.int64, DOUBLE: np.float64}

Arrays = tuple[NDArray[Any], ...]


class Forward:
    """A network that goes on from where it stopped.

    Args:
        data: a model as `to_onnx` writes it, checked.

    Raises:
        NotForward: what it says of a word depends on later words.
        Refused: the running form of it cannot be run.
        Unavailable: ONNX Runtime is not installed.
    """

    def __init__(self, data: bytes) -> None:
        running = stepping(data)
        self._session = session(running.data, threads=1)  # a step is too short to share
        self._states = running.states
        self._outputs = ["probabilities", *(f"{state.name}.next" for state in self._states)]
        # What is added up is as wide as what is added to it: one word tells.
        narrow = tuple(
            np.full((1, state.size or 1), state.first, _DTYPES[state.kind]) for state in self._states
        )
        chances, *after = self._run(narrow, np.ones((1, 1), np.int64), np.ones(1, np.int32))
        self._classes = chances.shape[1]
        self._widths = [array.shape[1] for array in after]

    def start(self, n: int) -> Arrays:
        """Return the states of n texts of which nothing was read."""
        return tuple(
            np.full((n, width), state.first, _DTYPES[state.kind])
            for state, width in zip(self._states, self._widths, strict=True)
        )

    def advance(
        self, states: Sequence[NDArray[Any]], pieces: Sequence[NDArray[np.int32]]
    ) -> tuple[Arrays, NDArray[np.float64]]:
        """Return the states after the pieces, and the probabilities, shape (len(pieces), classes).

        Args:
            states: of as many texts; they stay as they are.
            pieces: the next ids of each text, at least one.
        """
        after = tuple(np.array(array) for array in states)
        found = np.zeros((len(pieces), self._classes))
        for rows, ids in by_length(pieces, batch=_BATCH):
            lengths = np.array([len(pieces[row]) for row in rows.tolist()], np.int32)
            chances, *new = self._run(tuple(array[rows] for array in states), ids.astype(np.int64), lengths)
            found[rows] = chances
            for array, rest in zip(after, new, strict=True):
                array[rows] = rest
        return after, normalised(found)

    def _run(self, states: Arrays, ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> list[NDArray[Any]]:
        given = {state.name: array for state, array in zip(self._states, states, strict=True)}
        found: list[NDArray[Any]] = self._session.run(
            self._outputs, {"tokens": ids, LENGTHS: lengths, **given}
        )
        return found
