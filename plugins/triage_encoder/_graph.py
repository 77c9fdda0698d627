"""A BERT encoder as an ONNX graph, written from its weights: no PyTorch, no conversion.

Inputs are token ids of shape (batch, length), all texts of a batch of one length, and the positions 0 to
length - 1; so there is no padding and no mask. The output is one vector for each text, shape (batch, size).
See Devlin et al. 2019 (arXiv 1810.04805) and Reimers and Gurevych 2019 (arXiv 1908.10084).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from triage import BadOption, Unavailable
from triage.plugin_api import read_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage_encoder._folder import Encoder

__all__ = ["OPERATORS", "to_onnx"]

OPERATORS = frozenset(
    (
        *(
            "Add",
            "Cast",
            "Erf",
            "Gather",
            "LayerNormalization",
            "MatMul",
            "Mul",
            "ReduceMean",
            "Reshape",
        ),
        *("Softmax", "Transpose"),
    )
)
"""All that a graph may hold."""

_OPSET, _IR_VERSION = 17, 9
_MOST_WEIGHTS = 2 << 30  # bytes


def to_onnx(encoder: Encoder, *, precision: str) -> bytes:
    """Return the encoder as an ONNX model.

    Args:
        encoder: what to write.
        precision: "float32", or "int8": weights in 8 bits with a scale for each column, a quarter of the
            size; they are multiplied out when the graph is loaded. Activations in 8 bits too were tried: ONNX
            Runtime took three times as long, and vectors of MiniLM had a cosine of 0.7 with the exact ones.

    Raises:
        BadOption: a weight is missing or has another shape.
        Unavailable: onnx is not installed.
    """
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise Unavailable("training an encoder needs onnx: pip install 'nlp-triage[train]'") from error
    graph = _Graph(encoder, _weights(encoder), whole=precision == "float32")
    graph.build()
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [
                helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "length"]),
                helper.make_tensor_value_info("positions", TensorProto.INT64, ["length"]),
            ],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", encoder.size])],
            [numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    return bytes(model.SerializeToString())


def _weights(encoder: Encoder) -> dict[str, NDArray[np.float32]]:
    """Return the weights by name, without the prefix that some files have."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        found = load(read_whole(encoder.weights, most=_MOST_WEIGHTS))
    except (SafetensorError, TypeError) as error:
        raise BadOption(
            f"{encoder.weights.name} of the model cannot be read ({type(error).__name__})"
        ) from None
    return {
        name.removeprefix("bert."): array.astype(np.float32)
        for name, array in found.items()
        if array.dtype.kind == "f"
    }


class _Graph:
    """The nodes and constants of one encoder."""

    def __init__(self, encoder: Encoder, weights: dict[str, NDArray[np.float32]], *, whole: bool) -> None:
        self.encoder, self.weights, self.whole = encoder, weights, whole
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def build(self) -> None:
        """Write the whole encoder."""
        x = self._embeddings()
        for layer in range(self.encoder.layers):
            x = self._layer(x, f"encoder.layer.{layer}")
        if self.encoder.pooling == "cls":
            self._add("Gather", x, self._constant("first", np.int64(0)), name="vectors", axis=1)
        else:
            self._add("ReduceMean", x, name="vectors", axes=[1], keepdims=0)

    def _embeddings(self) -> str:
        words = self._weight("embeddings.word_embeddings.weight")
        types = self._weight("embeddings.token_type_embeddings.weight")
        places = self._weight("embeddings.position_embeddings.weight") + types[0]
        if words.shape[1] != self.encoder.size:
            raise BadOption(f"the embeddings must be of size {self.encoder.size}, found {words.shape[1]}")
        whole = self.whole and self._add("Gather", self._constant("words", words), "tokens")
        word = whole or self._narrow(words)
        place = self._add("Gather", self._constant("places", places), "positions")
        return self._normalised(self._add("Add", word, place), "embeddings.LayerNorm")

    def _narrow(self, words: NDArray[np.float32]) -> str:
        """Gather word embeddings that are kept in 8 bits, each with a scale of its own."""
        whole, scale = _eighths(words, axis=1)
        gathered = self._add("Cast", self._add("Gather", self._constant("words", whole), "tokens"), to=1)
        return self._add("Mul", gathered, self._add("Gather", self._constant("word_scales", scale), "tokens"))

    def _layer(self, x: str, prefix: str) -> str:
        heads, size = self.encoder.heads, self.encoder.size // self.encoder.heads
        split = self._constant("split", np.array([0, 0, heads, size], np.int64))
        joined = self._constant("joined", np.array([0, 0, self.encoder.size], np.int64))
        attention = f"{prefix}.attention"

        def part(name: str, permutation: list[int], factor: float = 1.0) -> str:
            found = self._dense(x, f"{attention}.self.{name}", factor)
            return self._add("Transpose", self._add("Reshape", found, split), perm=permutation)

        query = part("query", [0, 2, 1, 3], 1 / math.sqrt(size))
        key = part("key", [0, 2, 3, 1])
        value = part("value", [0, 2, 1, 3])
        shares = self._add("Softmax", self._add("MatMul", query, key), axis=-1)
        mixed = self._add("Transpose", self._add("MatMul", shares, value), perm=[0, 2, 1, 3])
        mixed = self._dense(self._add("Reshape", mixed, joined), f"{attention}.output.dense")
        x = self._normalised(self._add("Add", mixed, x), f"{attention}.output.LayerNorm")
        inner = self._gelu(self._dense(x, f"{prefix}.intermediate.dense"))
        outer = self._dense(inner, f"{prefix}.output.dense")
        return self._normalised(self._add("Add", outer, x), f"{prefix}.output.LayerNorm")

    def _dense(self, x: str, name: str, factor: float = 1.0) -> str:
        """Multiply by a weight and add its bias, both multiplied by `factor`."""
        weight = np.ascontiguousarray(self._weight(f"{name}.weight").T) * np.float32(factor)
        bias = self._constant(f"{name}.bias", self._weight(f"{name}.bias") * np.float32(factor))
        if self.whole:
            table = self._constant(f"{name}.weight", weight)
        else:
            whole, scale = _eighths(weight, axis=0)
            cast = self._add("Cast", self._constant(f"{name}.weight", whole), to=1)
            table = self._add("Mul", cast, self._constant(f"{name}.scale", scale))
        return self._add("Add", self._add("MatMul", x, table), bias)

    def _gelu(self, x: str) -> str:
        """X times the normal distribution function at x."""
        root = self._add("Mul", x, self._constant("root_of_half", np.float32(math.sqrt(0.5))))
        above = self._add("Add", self._add("Erf", root), self._constant("one", np.float32(1)))
        return self._add("Mul", self._add("Mul", x, above), self._constant("half", np.float32(0.5)))

    def _normalised(self, x: str, name: str) -> str:
        scale = self._constant(f"{name}.weight", self._weight(f"{name}.weight"))
        shift = self._constant(f"{name}.bias", self._weight(f"{name}.bias"))
        return self._add("LayerNormalization", x, scale, shift, axis=-1, epsilon=self.encoder.epsilon)

    def _weight(self, name: str) -> NDArray[np.float32]:
        if name not in self.weights:
            raise BadOption(f"the weights of the model must hold {name}; found none")
        return self.weights[name]

    def _constant(self, name: str, value: Any) -> str:
        self.constants[name] = np.asarray(value)
        return name

    def _add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = name or f"{operator.lower()}_{len(self.nodes) + 1}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def _eighths(array: NDArray[np.float32], *, axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return an array in 8 bits, and the scale of each slice along `axis`."""
    scale = np.maximum(np.abs(array).max(axis=axis, keepdims=True), 1e-12) / 127
    return np.round(array / scale).astype(np.int8), scale.astype(np.float32)
