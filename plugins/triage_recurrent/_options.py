"""How networks are trained: options that all backends here share, beside those of the network itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from triage import Between, Search

__all__ = ["Training"]


@dataclass(frozen=True, kw_only=True)
class Training:
    """What the trainer does, whatever the network is made of."""

    epochs: Annotated[int, "Passes over the training part at most", Between(1, 1000), Search()] = 12
    patience: Annotated[
        int, "Epochs without a better log loss on the tune part", Between(1, 1000), Search()
    ] = 3
    batch: Annotated[int, "Documents in one step", Between(1, 4096), Search(values=(32, 64, 128))] = 64
    learning_rate: Annotated[
        float, "Step size of Adam at the start", Between(1e-9, 1e9), Search(1e-3, 5e-2, log=True)
    ] = 3e-3
    clip_norm: Annotated[
        float,
        "Longest gradient that is followed; longer ones are cut",
        Between(1e-6),
        Search(0.3, 5, log=True),
    ] = 1.0
    class_weights: Annotated[
        Literal["none", "sqrt", "balanced"], "How much the documents of small classes weigh more"
    ] = "sqrt"
    word_dropout: Annotated[
        float, "Share of the words left out, anew in each epoch", Between(0, 0.9), Search(0, 0.4)
    ] = 0.2
    averaging: Annotated[
        float,
        "Weights judged and kept are a moving average with this decay; 0 for none",
        Between(0, 0.9999),
        Search(values=(0.0, 0.9, 0.98, 0.99)),
    ] = 0.98
    embeddings: Annotated[
        Literal["ppmi", "random"], "What word vectors start from: the training text itself, or chance"
    ] = "ppmi"
    linear_share: Annotated[
        float,
        "Share of a linear model of words and pairs in the answer; 0 for the network alone",
        Between(0, 0.99),
        Search(),
    ] = 0.6
    stacking: Annotated[
        bool,
        "Fit the shares of network and linear model to the tune part once the network is trained",
        Search(),
    ] = True
    linear_c: Annotated[
        float, "Inverse strength of the linear model's penalty", Between(1e-6, 1e6), Search()
    ] = 10.0
    pairs: Annotated[
        int, "Pairs of words that the linear model knows at most", Between(0, 1_000_000), Search()
    ] = 50_000
    distillation: Annotated[
        float, "Share of the target that is the linear model's out-of-fold answer", Between(0, 1)
    ] = 0.5
