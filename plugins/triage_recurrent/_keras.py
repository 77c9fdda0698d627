"""A network as Keras has it: with its linear model as one model, and serving where ONNX cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage_recurrent._batches import by_length
from triage_recurrent._layers import layers
from triage_recurrent._linear import Linear
from triage_recurrent._serving import normalised

__all__ = ["KerasNetwork", "to_logits"]

_BATCH = 256


class KerasNetwork:
    """A network that Keras serves, with the linear model beside it.

    Args:
        network: a `keras.Model` from ids to probabilities.
        linear: the linear model, multiplied by its share already, or None.
        vocabulary_size: the number of ids.
        classes: the number of classes.
        share: what the network's logits are multiplied by before those of the linear model are added.
    """

    def __init__(
        self, network: Any, linear: Linear | None, vocabulary_size: int, classes: int, *, share: float = 1.0
    ) -> None:
        self.linear = linear
        self.vocabulary_size = vocabulary_size
        self.classes = classes
        self._trained = network
        self.share = share
        self.model = _whole(network, linear, share)

    @property
    def weights(self) -> list[NDArray[Any]]:
        """The weights of the network, in the order of Keras."""
        return [np.asarray(weight) for weight in self._trained.get_weights()]

    def take(self, weights: Sequence[NDArray[Any]]) -> None:
        """Set the weights; ValueError where they do not fit the network."""
        self._trained.set_weights(weights)

    def probabilities(self, sequences: Sequence[NDArray[np.int32]]) -> NDArray[np.float64]:
        """Return shape (len(sequences), classes)."""
        found = np.zeros((len(sequences), self.classes))
        for rows, ids in by_length(sequences, batch=_BATCH):
            found[rows] = np.asarray(self.model(ids, training=False))
        return normalised(found)


def to_logits(network: Any) -> Any:
    """The network without its last softmax, or with a logarithm behind it."""
    import keras

    last = network.layers[-1]
    if isinstance(last, keras.layers.Softmax) and last.output is network.outputs[0]:
        return keras.Model(network.inputs, last.input)
    return keras.Model(network.inputs, layers().LogProbabilities(name="log")(network.outputs[0]))


def _whole(network: Any, linear: Linear | None, share: float) -> Any:
    """The network and the linear model as one `keras.Model`, from ids to probabilities."""
    if linear is None:
        return network
    import keras

    logits = to_logits(network)
    tokens = network.inputs[0]
    known = layers().LinearTerms(linear, name="linear")(tokens)
    learned = keras.layers.Rescaling(share, name="share")(logits.outputs[0])
    total = keras.layers.Add(name="joined")([learned, known])
    return keras.Model(tokens, keras.layers.Softmax(name="answer")(total), name=network.name)
