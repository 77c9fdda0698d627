"""Recurrent networks: trained by Keras on the shared pipeline, served by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import triage
from triage_recurrent._backend import backend
from triage_recurrent._designs import recurrent
from triage_recurrent._layers import layers
from triage_recurrent._options import Training

__all__ = ["Training", "backend", "layers", "triage_backends"]

Units = Annotated[
    int, "Units of the recurrent layer, in each direction", triage.Between(1, 4096), triage.Search(32, 192)
]
EmbeddingSize = Annotated[
    int, "Length of the word vectors", triage.Between(1, 4096), triage.Search(values=(100, 200, 300))
]
Pooling = Annotated[Literal["max-mean", "attention", "last"], "How the steps of a text become one vector"]
InputDropout = Annotated[
    float, "Share of the word vectors' dimensions dropped", triage.Between(0, 0.95), triage.Search(0, 0.6)
]
OutputDropout = Annotated[
    float, "Share of the pooled features dropped", triage.Between(0, 0.95), triage.Search(0, 0.6)
]


def _one_layer(name: str, *, cell: str, both_ways: bool = False) -> Callable[..., Any]:
    """Return what builds a network of one recurrent layer; its keyword-only parameters are the options."""

    def network(
        vocabulary_size: int,
        classes: int,
        *,
        units: Units = 64,
        embedding_size: EmbeddingSize = 200,
        pooling: Pooling = "max-mean",
        input_dropout: InputDropout = 0.4,
        output_dropout: OutputDropout = 0.5,
    ) -> Any:
        return recurrent(
            name,
            vocabulary_size,
            classes,
            cell=cell,
            both_ways=both_ways,
            units=[units],
            embedding_size=embedding_size,
            pooling=pooling,
            input_dropout=input_dropout,
            output_dropout=output_dropout,
        )

    return network


def _stacked_lstm(
    vocabulary_size: int,
    classes: int,
    *,
    units: Annotated[tuple[int, ...], "Units of each layer, the first nearest to the words"] = (128, 64, 32),
    embedding_size: EmbeddingSize = 200,
    pooling: Pooling = "max-mean",
    input_dropout: InputDropout = 0.4,
    between_dropout: Annotated[float, "Share dropped between the layers", triage.Between(0, 0.95)] = 0.2,
    output_dropout: OutputDropout = 0.5,
) -> Any:
    if not units or min(units) < 1:
        raise triage.BadOption("stacked-lstm: units is a list of whole numbers, each at least 1")
    return recurrent(
        "stacked-lstm",
        vocabulary_size,
        classes,
        cell="LSTM",
        units=units,
        embedding_size=embedding_size,
        pooling=pooling,
        input_dropout=input_dropout,
        between_dropout=between_dropout,
        output_dropout=output_dropout,
    )


_ONE_LAYER = (
    ("simplernn", "One plain recurrent layer, pooled over time", "SimpleRNN", False),
    ("lstm", "One LSTM layer on word vectors, pooled over time", "LSTM", False),
    ("bilstm", "One LSTM layer that reads both ways, pooled over time", "LSTM", True),
    ("gru", "One GRU layer on word vectors, pooled over time", "GRU", False),
)
"""The backends of one recurrent layer: name, summary, cell, and whether it reads both ways."""


@triage.hookimpl
def triage_backends() -> Iterator[triage.Backend]:
    """Yield the backends of this plugin."""
    for name, summary, cell, both_ways in _ONE_LAYER:
        yield backend(name, summary, network=_one_layer(name, cell=cell, both_ways=both_ways))
    yield backend("stacked-lstm", "Three LSTM layers, each narrower than the last", network=_stacked_lstm)
