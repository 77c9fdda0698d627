"""The built-in networks: from token ids to class probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from triage_recurrent._layers import layers

__all__ = ["recurrent"]


def recurrent(
    name: str,
    vocabulary_size: int,
    classes: int,
    *,
    cell: str,
    units: Sequence[int],
    embedding_size: int,
    pooling: str,
    input_dropout: float,
    output_dropout: float,
    both_ways: bool = False,
    between_dropout: float = 0.0,
) -> Any:
    """Return a `keras.Model` from ids (batch, time), 0 on the right for padding, to (batch, classes).

    Embedding, dropout of whole dimensions, recurrent layers, pooling over time, dropout, a dense layer. All
    layers up to the pooling see the mask, so that neither padding nor batch changes an answer.

    Args:
        name: of the model.
        vocabulary_size: the number of ids.
        classes: the number of classes.
        cell: SimpleRNN, LSTM or GRU.
        units: of each recurrent layer, the first nearest to the words.
        embedding_size: length of the word vectors.
        pooling: "max-mean", "attention", or "last" for the state after the last word alone.
        input_dropout: share of the dimensions of the word vectors that is dropped for a whole text.
        output_dropout: share of the pooled features that is dropped.
        both_ways: whether each recurrent layer also reads backwards.
        between_dropout: as `input_dropout`, between recurrent layers.
    """
    import keras

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = keras.layers.Embedding(vocabulary_size, embedding_size, mask_zero=True, name="embedding")(tokens)
    for number, size in enumerate(units, start=1):
        dropped = input_dropout if number == 1 else between_dropout
        if dropped:
            x = keras.layers.SpatialDropout1D(dropped, name=f"dropout_{number}")(x)
        layer_name = f"recurrent_{number}" if len(units) > 1 else "recurrent"
        every = number < len(units) or pooling != "last"
        layer = getattr(keras.layers, cell)(size, return_sequences=every, name=layer_name)
        x = keras.layers.Bidirectional(layer, name=layer_name)(x) if both_ways else layer(x)
    if pooling != "last":
        pool = layers().MaxMeanPooling if pooling == "max-mean" else layers().AttentionPooling
        x = pool(name="pooling")(x)
    if output_dropout:
        x = keras.layers.Dropout(output_dropout, name="output_dropout")(x)
    # From zeros: nothing has to be unlearned first.
    logits = keras.layers.Dense(classes, kernel_initializer="zeros", name="logits")(x)
    probabilities = keras.layers.Softmax(name="probabilities")(logits)
    return keras.Model(tokens, probabilities, name=name.replace("-", "_"))
