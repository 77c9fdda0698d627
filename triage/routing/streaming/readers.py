"""What reads on in texts: a classifier that keeps its place, or one that reads again what there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import UsageError
from triage.host.protocols import Streams
from triage.models.model import Model

__all__ = ["reader_of"]


class _Rereading:
    """Keeps what was read of each text, and asks about all of it again."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def start(self, n: int) -> Sequence[NDArray[Any]]:
        return [np.full((n, 1), None, dtype=object)]

    def advance(
        self, states: Sequence[NDArray[Any]], pieces: Sequence[Any]
    ) -> tuple[Sequence[NDArray[Any]], NDArray[np.float64]]:
        after = np.full(states[0].shape, None, dtype=object)
        for row, (before, piece) in enumerate(zip(states[0][:, 0], pieces, strict=True)):
            after[row, 0] = piece if before is None else _joined(before, piece)
        found = self._model.classifier.predict_proba(list(after[:, 0]))
        return [after], np.asarray(found, np.float64)


def reader_of(model: Model, *, reread: bool) -> Streams:
    """Return what reads on: the classifier, or one that reads again.

    Raises:
        UsageError: the classifier cannot keep its place, and `reread` was not asked for.
    """
    why = f"{model.backend} needs the whole text for every answer"
    if isinstance(model.classifier, Streams):
        try:
            model.classifier.start(0)
        except UsageError as error:
            why = str(error)
        else:
            return model.classifier
    if reread:
        return _Rereading(model)
    raise UsageError(
        f"{why}, so it cannot stream exactly. --reread (in Python reread=True) reads what was written so far "
        "again with every piece"
    )


def _joined(before: Any, piece: Any) -> Any:
    return f"{before} {piece}" if isinstance(piece, str) else np.concatenate([before, piece])
