"""Any recurrent network of Keras as a backend."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import triage
from triage.plugin_api import with_shared
from triage_recurrent._classifier import RecurrentText
from triage_recurrent._options import Training

__all__ = ["backend"]


def backend(
    name: str, summary: str, *, network: Callable[..., Any], training: Training | None = None
) -> triage.Backend:
    """Return a backend that trains a network of Keras on token ids.

    ```python
    import triage
    import triage_recurrent


    def network(vocabulary_size, classes, *, units: int = 64):
        import keras

        tokens = keras.Input((None,), dtype="int32")
        x = keras.layers.Embedding(vocabulary_size, 100, mask_zero=True)(tokens)
        x = keras.layers.Bidirectional(keras.layers.GRU(units, return_sequences=True))(x)
        x = triage_recurrent.layers().MaxMeanPooling()(x)
        return keras.Model(tokens, keras.layers.Dense(classes, activation="softmax")(x))


    @triage.hookimpl
    def triage_backends():
        yield triage_recurrent.backend("bigru", "A GRU that reads both ways", network=network)
    ```

    It is trained as the built-in ones are: length buckets, early stopping, the guard, progress that can be
    resumed. If every layer is one that can be written as ONNX, it is served without TensorFlow; else its
    weights are kept, `network` makes it again, Keras serves it, and a line in the log says so.

    Args:
        name: how users call the backend.
        summary: one line for lists.
        network: returns a functional `keras.Model` from ids (batch, time), int32, with 0 on the right for
            padding, to class probabilities (batch, classes). Mask the padding. Its keyword-only parameters
            become options of the backend. Import Keras inside it, so that listing plugins stays fast.
        training: other defaults for the options of the training.

    Raises:
        TypeError: `network` is not callable, or does not take these two and options that are keyword-only.
        ValueError: an option has the name of a training option.
    """
    parameters = list(inspect.signature(network).parameters.values())
    if any(parameter.kind is not parameter.KEYWORD_ONLY for parameter in parameters[2:]):
        raise TypeError(f"{name}: the options of `network` are keyword-only: put a * after the classes")
    if len(parameters) < 2:
        raise TypeError(f"{name}: `network` takes the vocabulary size and the number of classes")

    def build(chosen: Training, settings: dict[str, Any]) -> RecurrentText:
        return RecurrentText(name, partial(network, **settings), chosen)

    factory = with_shared(network, training or Training(), build)
    return triage.Backend(
        name=name,
        summary=summary,
        build=factory,
        consumes="sequences",
        requires=("onnxruntime",),
        cost="minutes",
    )
