"""The vectors of a sentence encoder joined with the hashed features of `linear`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

from triage import Between, NotFitted, Part
from triage.plugin_api import read_whole
from triage_encoder._folder import Encoder, find, read
from triage_encoder._graph import to_onnx
from triage_encoder._network import CachedNetwork, Network
from triage_linear import HashedLinear

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from triage.plugin_api import Watch

__all__ = ["EncoderLinear", "encoder"]

logger = logging.getLogger(__name__)

_MOST_TOKENIZER = 64 << 20  # bytes


class EncoderLinear(HashedLinear):
    """A linear classifier on hashed features and on the vector that an encoder makes of a text.

    The model holds the encoder and its tokenizer, so it answers wherever the bundle is: no folder, no
    installed model and no network is needed to route. In 8 bits a MiniLM of 6 layers takes 24 MB.

    Attributes:
        encoder_: the graph, an ONNX model.
        tokenizer_: JSON of the tokenizers library.
        max_length_: the number of tokens that the encoder reads of a text.
    """

    name = "encoder"

    encoder_: bytes
    tokenizer_: bytes
    max_length_: int

    def __init__(
        self, *, model: str, precision: str, max_length: int, share: float, loss: str, c: float
    ) -> None:
        super().__init__(loss=loss, c=c, balance=0.75, min_documents=1)
        self._model, self._precision, self._max_length, self._share = model, precision, max_length, share
        self._network: Network | None = None

    def fit(self, train: Part, tune: Part, *, seed: int, watch: Watch) -> None:
        """Make the graph, the vectors of all texts, and learn.

        Raises:
            BadOption: the folder does not hold a model that can be used.
            DataError: as for `HashedLinear`.
            Unavailable: a library or a model is not installed.
        """
        self.forget()
        found = read(find(self._model))
        length = min(self._max_length, found.max_length) if self._max_length else found.max_length
        graph, tokenizer, network = _loaded(found, self._precision, length)
        self._network = network
        super().fit(train, tune, seed=seed, watch=watch)
        self.encoder_, self.tokenizer_, self.max_length_ = graph, tokenizer, length
        cut = int(network.vectors(train.texts)[1].sum())
        if cut:
            logger.warning(
                "the encoder reads the first %d tokens of each text: %d of %d texts are longer (max-length); "
                "their words are all read",
                *(length, cut, len(train)),
            )

    def dense(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of `texts`, shape (n, size), of length `share`.

        Raises:
            NotFitted: before `fit`.
            Refused: what was learned is not an encoder.
        """
        if self._network is None:
            if not hasattr(self, "encoder_"):
                raise NotFitted("encoder has not been fitted: call fit first, or load a model")
            self._network = Network(self.encoder_, self.tokenizer_, max_length=self.max_length_)
        return self._network.vectors(texts)[0] * self._share


@lru_cache(maxsize=1)
def _loaded(encoder: Encoder, precision: str, max_length: int) -> tuple[bytes, bytes, CachedNetwork]:
    """Return the graph, the tokenizer and the network: made once for all folds and seeds of one process."""
    graph, tokenizer = (
        to_onnx(encoder, precision=precision),
        read_whole(encoder.tokenizer, most=_MOST_TOKENIZER),
    )
    return graph, tokenizer, CachedNetwork(graph, tokenizer, max_length=max_length)


def encoder(
    *,
    model: Annotated[
        str, "Folder of a sentence-transformers model, or an installed distribution that carries one"
    ] = "",
    precision: Annotated[
        Literal["int8", "float32"], "int8 keeps the weights in a quarter of the space"
    ] = "int8",
    max_length: Annotated[
        int, "Tokens that the encoder reads of a text; 0 for all it can", Between(0, 8192)
    ] = 0,
    share: Annotated[
        float, "Length of the encoder's vector beside 1 for words and 1 for characters", Between(0.01, 100)
    ] = 1.0,
    loss: Annotated[Literal["squared-hinge", "logistic"], "As in linear"] = "squared-hinge",
    c: Annotated[float, "Inverse of the strength of the L2 penalty; 0 as in linear", Between(0, 1e6)] = 0.0,
) -> EncoderLinear:
    """A sentence encoder's vectors joined with the features of linear."""
    return EncoderLinear(model=model, precision=precision, max_length=max_length, share=share, loss=loss, c=c)
