"""Watches a training for exploding and vanishing gradients, and says what it saw and what to try.

Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks".
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Guard", "TrainingTrouble"]

_LOWER = "a lower learning-rate or a lower clip-norm"
_STEPS = 8  # a single batch may be hard; so many in a row are not
_JUMP = 5.0  # times the loss that was reached before
_EXPLODING = 1e4  # gradients of a sound training are around 1
_VANISHING = 1e-9


class TrainingTrouble(Exception):
    """A training that went wrong.

    Attributes:
        sign: what was seen.
        advice: what to try.
    """

    def __init__(self, sign: str, advice: str) -> None:
        super().__init__(f"{sign}. Try {advice}")
        self.sign = sign
        self.advice = advice


class Guard:
    """Looks at every step and at every epoch of one training.

    Args:
        layers: the name of the layer of each weight; a layer may have several.
        classes: the number of classes; a loss of log(classes) is that of pure chance.
    """

    def __init__(self, layers: Iterable[str], *, classes: int) -> None:
        self.layers = tuple(layers)
        self.chance = math.log(max(classes, 2))
        self.reached = self.chance
        self._recent: deque[float] = deque(maxlen=_STEPS)
        self._sums: dict[str, float] = {}
        self._steps = 0

    def start_epoch(self) -> None:
        """Forget the steps of the last epoch."""
        self._recent.clear()
        self._sums = dict.fromkeys(self.layers, 0.0)
        self._steps = 0

    def step(self, loss: float, norms: NDArray[Any]) -> None:
        """Look at the loss of one step and the norm of the gradient of each weight, before it is clipped.

        Raises:
            TrainingTrouble: not finite, or exploding.
        """
        if not math.isfinite(loss):
            raise TrainingTrouble(f"the loss is {loss}", _LOWER)
        for layer, norm in zip(self.layers, norms.tolist(), strict=True):
            if not math.isfinite(norm):
                raise TrainingTrouble(f"the gradient of the layer {layer!r} is not finite", _LOWER)
        for layer, square in self._of_layers(norms**2).items():
            self._sums[layer] += math.sqrt(square)
        self._steps += 1
        self._recent.append(loss)
        mean = sum(self._recent) / len(self._recent)
        if len(self._recent) == _STEPS and mean > _JUMP * max(self.reached, self.chance):
            raise TrainingTrouble(
                f"the loss jumped from {self.reached:.3g} to {mean:.3g}: exploding gradients", _LOWER
            )

    def _of_layers(self, values: NDArray[Any]) -> dict[str, float]:
        sums = dict.fromkeys(self.layers, 0.0)
        for layer, value in zip(self.layers, values.tolist(), strict=True):
            sums[layer] += value
        return sums

    def norms(self) -> dict[str, float]:
        """Return the mean norm of the gradient of each layer in this epoch."""
        return {layer: total / max(self._steps, 1) for layer, total in self._sums.items()}

    def end_epoch(self, loss: float, weights: Iterable[NDArray[Any]]) -> None:
        """Look at a whole epoch.

        Args:
            loss: mean loss of the epoch.
            weights: the weights after it, in the order of `layers`.

        Raises:
            TrainingTrouble: weights that are not finite; a loss or gradients that jump, explode or vanish.
        """
        for layer, values in zip(self.layers, weights, strict=True):
            if not np.isfinite(values).all():
                raise TrainingTrouble(f"weights of the layer {layer!r} are not finite", _LOWER)
        if loss > _JUMP * max(self.reached, self.chance):
            raise TrainingTrouble(
                f"the loss jumped from {self.reached:.3g} to {loss:.3g}: exploding gradients", _LOWER
            )
        for layer, norm in self.norms().items():
            if norm > _EXPLODING:
                raise TrainingTrouble(
                    f"exploding gradients: mean norm {norm:.3g} in the layer {layer!r}", _LOWER
                )
            # Where nothing is left to learn, nothing is wrong with gradients of zero; nor in the very first
            # step of a network whose last layer starts at zero, which is all of an epoch on few documents.
            if norm < _VANISHING and loss > 0.1 * self.chance and self._steps > 1:
                raise TrainingTrouble(
                    f"vanishing gradients: mean norm {norm:.3g} in the layer {layer!r}",
                    "lstm or gru, fewer layers, a shorter max-length, or a lower learning-rate",
                )
        self.reached = min(self.reached, loss)
