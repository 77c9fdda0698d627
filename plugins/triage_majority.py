"""The backend `majority`: answer with the class shares of the training part, the floor to beat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

import triage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.plugin_api import Watch


class Majority:
    """Give every text the same probabilities, so that the most common class always comes first.

    Of classes with equal counts, the first in the order of `classes` comes first.
    """

    shares_: NDArray[np.float64]

    def fit(self, train: triage.Part, tune: triage.Part, *, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Count the classes.

        Raises:
            DataError: there is nothing to count.
        """
        if not len(train):
            raise triage.DataError("the training part is empty: give at least one document of each class")
        self.shares_ = train.counts / len(train)

    def predict_proba(self, texts: Sequence[str], /) -> NDArray[np.float64]:
        """Return the class shares once for each text: shape (len(texts), k).

        Raises:
            NotFitted: before `fit`.
        """
        if not hasattr(self, "shares_"):
            raise triage.NotFitted("majority has not been fitted: call fit first, or load a model")
        return np.tile(self.shares_, (len(texts), 1))


@triage.hookimpl
def triage_backends() -> Iterator[triage.Backend]:
    """Yield `majority`."""
    yield triage.Backend(
        name="majority", summary="Always the most common label: the floor", build=Majority, roles=("floor",)
    )
