"""A Keras network as ONNX, written from its weights: no conversion, and no TensorFlow to serve it.

Sequences are time-major inside the graph, as ONNX's recurrent operators want them. Lengths are counted from
the ids (0 is padding, on the right), so neither padding nor batch can change an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage_recurrent._linear import HASH, Linear

__all__ = ["GATES", "IR_VERSION", "OPSET", "UnknownLayer", "to_onnx"]

OPSET, IR_VERSION = 17, 9
GATES = {"SimpleRNN": (0,), "LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2)}
"""Where ONNX's gates are among those of Keras: i o f c among i f c o; of a GRU both have z r h."""


class UnknownLayer(Exception):
    """The network holds a layer that cannot be written as ONNX here; the message names it."""


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self.tokens = self.mask = self.valid = self.steps = self.lengths = ""

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its first output."""
        from onnx import helper

        name = f"{op.lower()}_{len(self.nodes) + 1}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def add_state(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a recurrent node and return the name of its state after the last step."""
        name = self.add(op, *inputs, **attributes)
        self.nodes[-1].output[:] = ["", name]
        return name

    def constant(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        array = np.asarray(value, dtype)
        if name in self.constants and not np.array_equal(self.constants[name], array):
            raise UnknownLayer(f"two layers have the name {name.partition('.')[0]!r}")
        self.constants[name] = array
        return name

    def ints(self, *values: int) -> str:
        return self.constant("ints_" + "_".join(map(str, values)).replace("-", "minus"), values, np.int64)

    def begin(self) -> None:
        """Derive from the tokens what the layers share."""
        self.tokens = self.add("Transpose", "tokens", perm=[1, 0])  # (time, batch)
        padding = self.add("Equal", self.tokens, self.constant("padding", 0, np.int64))
        valid = self.add("Not", padding)
        self.valid = self.add("Unsqueeze", valid, self.ints(2))  # (time, batch, 1)
        self.mask = self.add("Cast", self.valid, to=1)
        self.steps = self.add("ReduceSum", self.mask, self.ints(0), keepdims=0)  # (batch, 1)
        self.lengths = self.add("Squeeze", self.add("Cast", self.steps, to=6), self.ints(1))


def to_onnx(model: Any) -> bytes:
    """Return an ONNX model from "tokens", int64 (batch, time), to "probabilities", float32 (batch, classes).

    Args:
        model: a functional `keras.Model` with one input of ids.

    Raises:
        UnknownLayer: a layer, or a setting of one, that has no writer here.
    """
    import onnx
    from onnx import helper, numpy_helper

    graph = _Graph()
    graph.begin()
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise UnknownLayer("the network has several inputs or outputs")
    names = {id(model.inputs[0]): graph.tokens}
    for layer in model.layers:  # in the order in which the network computes them
        kind = type(layer).__name__
        if kind == "InputLayer":
            continue
        if kind not in _WRITERS:
            raise UnknownLayer(f"the layer {layer.name!r} is a {kind}")
        inputs, output = _connections(layer, names)
        names[id(output)] = _WRITERS[kind](graph, layer, *inputs)
    graph.nodes.append(helper.make_node("Identity", [names[id(model.outputs[0])]], ["probabilities"]))
    classes = model.outputs[0].shape[-1]
    written = helper.make_graph(
        graph.nodes,
        "network",
        [helper.make_tensor_value_info("tokens", onnx.TensorProto.INT64, ["batch", "time"])],
        [helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, ["batch", classes])],
        [numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
    )
    proto = helper.make_model(
        written,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="triage",
    )
    onnx.checker.check_model(proto, full_check=True)
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


def _connections(layer: Any, names: dict[int, str]) -> tuple[list[str], Any]:
    """The names of a layer's inputs, and its output, in the call that belongs to this network."""
    import keras

    for node in layer._inbound_nodes:  # noqa: SLF001 - Keras has no other way to walk a network
        # Masks come as keyword arguments; the graph has its own, so only positional tensors count.
        tensors = keras.tree.flatten(node.arguments.args)
        if all(id(tensor) in names for tensor in tensors):
            return [names[id(tensor)] for tensor in tensors], node.output_tensors[0]
    raise UnknownLayer(f"the layer {layer.name!r} is not called on tensors of this network alone")


def _weights(layer: Any) -> list[NDArray[Any]]:
    return [np.asarray(weight) for weight in layer.get_weights()]


def _named(graph: _Graph, layer: Any, *names: str) -> list[str]:
    return [
        graph.constant(f"{layer.name}.{name}", weight)
        for name, weight in zip(names, _weights(layer), strict=False)
    ]


def _blocks(matrix: NDArray[Any], order: tuple[int, ...]) -> NDArray[Any]:
    """Put the gates, which lie side by side on the last axis, into another order."""
    parts = np.split(matrix, len(order), axis=-1)
    return np.concatenate([parts[place] for place in order], axis=-1)


def _cell(layer: Any) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """One direction: attributes, and W (gates, in), R (gates, units), B (2 gates)."""
    kind = type(layer).__name__
    if kind not in GATES:
        raise UnknownLayer(f"the layer {layer.name!r} is a {kind}")
    if layer.return_state or layer.stateful:
        raise UnknownLayer(f"the layer {layer.name!r} returns or keeps states")
    gated = kind != "SimpleRNN"
    if layer.activation.__name__ != "tanh" or (gated and layer.recurrent_activation.__name__ != "sigmoid"):
        raise UnknownLayer(f"the layer {layer.name!r} has activations that are not the usual ones")
    kernel, recurrent, *rest = _weights(layer)
    attributes: dict[str, Any] = {"hidden_size": layer.units}
    bias: NDArray[Any] = rest[0] if rest else np.zeros(kernel.shape[1], np.float32)
    if kind == "GRU":
        attributes["linear_before_reset"] = int(layer.reset_after)
    both: Any = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    order = GATES[kind]
    return attributes, [
        _blocks(kernel, order).T,
        _blocks(recurrent, order).T,
        np.concatenate([_blocks(part, order) for part in both]),
    ]


def _recurrent(graph: _Graph, layer: Any, x: str) -> str:
    both = type(layer).__name__ == "Bidirectional"
    if both and layer.merge_mode != "concat":
        raise UnknownLayer(f"the layer {layer.name!r} does not join its directions end to end")
    if not both and layer.go_backwards:
        raise UnknownLayer(f"the layer {layer.name!r} goes backwards")
    cells = [layer.forward_layer, layer.backward_layer] if both else [layer]
    op = {"SimpleRNN": "RNN"}.get(type(cells[0]).__name__, type(cells[0]).__name__)
    found = [_cell(cell) for cell in cells]
    w, r, b = (
        graph.constant(f"{layer.name}.{part}", np.stack([arrays[place] for _, arrays in found]))
        for place, part in enumerate("WRB")
    )
    direction = "bidirectional" if both else "forward"
    if not layer.return_sequences:  # the result is (directions, batch, units)
        state = graph.add_state(op, x, w, r, b, graph.lengths, direction=direction, **found[0][0])
        if not both:
            return graph.add("Squeeze", state, graph.ints(0))
        return graph.add("Reshape", graph.add("Transpose", state, perm=[1, 0, 2]), graph.ints(0, -1))
    # The result is (time, directions, batch, units).
    y = graph.add(op, x, w, r, b, graph.lengths, direction=direction, **found[0][0])
    if not both:
        return graph.add("Squeeze", y, graph.ints(1))
    return graph.add("Reshape", graph.add("Transpose", y, perm=[0, 2, 1, 3]), graph.ints(0, 0, -1))


def _embedding(graph: _Graph, layer: Any, x: str) -> str:
    if not layer.mask_zero:
        raise UnknownLayer(f"the layer {layer.name!r} does not mask the padding (mask_zero)")
    return graph.add("Gather", *_named(graph, layer, "table"), x, axis=0)


def _max_mean(graph: _Graph, layer: Any, x: str) -> str:  # noqa: ARG001
    real = graph.add("Where", graph.valid, x, graph.constant("low", -1e9))
    top = graph.add("ReduceMax", real, axes=[0], keepdims=0)
    total = graph.add("ReduceSum", graph.add("Mul", x, graph.mask), graph.ints(0), keepdims=0)
    steps = graph.add("Max", graph.steps, graph.constant("one", 1.0))
    return graph.add("Concat", top, graph.add("Div", total, steps), axis=-1)


def _attention(graph: _Graph, layer: Any, x: str) -> str:
    kernel, bias, vector = _named(graph, layer, "kernel", "bias", "vector")
    hidden = graph.add("Tanh", graph.add("Add", graph.add("MatMul", x, kernel), bias))
    score = graph.add("MatMul", hidden, vector)
    share = graph.add("Softmax", graph.add("Where", graph.valid, score, graph.constant("low", -1e9)), axis=0)
    return graph.add("ReduceSum", graph.add("Mul", x, share), graph.ints(0), keepdims=0)


def _linear(graph: _Graph, layer: Any, ids: str) -> str:
    linear: Linear = layer.linear
    shared = {
        "words": np.float32,
        "pairs": np.float32,
        "keys": np.int64,
        "slots": np.int32,
        "intercept": np.float32,
    }
    words, pairs, keys, slots, intercept = (
        graph.constant(f"{layer.name}.{name}", getattr(linear, name), dtype) for name, dtype in shared.items()
    )
    left, right, prime = (graph.constant(f"hash_{i}", value, np.int64) for i, value in enumerate(HASH))
    space = graph.constant(f"{layer.name}.space", len(linear.slots), np.int64)
    size = graph.constant(f"{layer.name}.size", len(linear.words), np.int64)
    rows = graph.add("Gather", words, ids, axis=0)
    for gap in range(1, linear.reach + 1):  # as in `pair_slot` and `pair_key`
        shifted = graph.add("Pad", ids, graph.ints(gap, 0, 0, 0))
        before = graph.add("Slice", shifted, graph.ints(0), graph.ints(-gap), graph.ints(0))
        mixed = graph.add("Add", graph.add("Mul", before, left), graph.add("Mul", ids, right))
        mixed = graph.add("Mod", graph.add("Add", mixed, graph.ints(gap)), prime)
        row = graph.add("Cast", graph.add("Gather", slots, graph.add("Mod", mixed, space), axis=0), to=7)
        wanted = graph.add("Add", graph.add("Mul", before, size), ids)
        wanted = graph.add("Add", wanted, graph.ints((gap - 1) * len(linear.words) ** 2))
        known = graph.add("Equal", graph.add("Gather", keys, row, axis=0), wanted)
        row = graph.add("Mul", row, graph.add("Cast", known, to=7))
        rows = graph.add("Add", rows, graph.add("Gather", pairs, row, axis=0))
    graph.constant(f"{layer.name}.reach", linear.reach, np.int64)
    total = graph.add("ReduceSum", rows, graph.ints(0), keepdims=0)  # (batch, k + 1)
    k, last = graph.ints(len(linear.intercept)), graph.ints(len(linear.intercept) + 1)
    one = graph.ints(1)
    squares = graph.add("Slice", total, k, last, one)
    length = graph.add("Sqrt", graph.add("Max", squares, graph.constant("tiny", 1e-12)))
    return graph.add(
        "Add", graph.add("Div", graph.add("Slice", total, graph.ints(0), k, one), length), intercept
    )


def _dense(graph: _Graph, layer: Any, x: str) -> str:
    kernel, *bias = _named(graph, layer, "kernel", "bias")
    y = graph.add("MatMul", x, kernel)
    return _activation(graph, layer, graph.add("Add", y, *bias) if bias else y)


def _activation(graph: _Graph, layer: Any, x: str) -> str:
    name = layer.activation.__name__
    if name == "linear":
        return x
    if name == "softmax":
        return graph.add("Softmax", x, axis=-1)
    if name not in ("relu", "tanh", "sigmoid"):
        raise UnknownLayer(f"the layer {layer.name!r} has the activation {name!r}")
    return graph.add(name.capitalize(), x)


def _log(graph: _Graph, layer: Any, x: str) -> str:  # noqa: ARG001
    return graph.add("Log", graph.add("Max", x, graph.constant("least_probability", 1e-7)))


def _softmax(graph: _Graph, layer: Any, x: str) -> str:
    if layer.axis != -1:
        raise UnknownLayer(f"the layer {layer.name!r} is not over the last axis")
    return graph.add("Softmax", x, axis=-1)


def _rescaling(graph: _Graph, layer: Any, x: str) -> str:
    y = graph.add("Mul", x, graph.constant(f"{layer.name}.scale", layer.scale))
    return graph.add("Add", y, graph.constant(f"{layer.name}.offset", layer.offset)) if layer.offset else y


def _same(graph: _Graph, layer: Any, x: str) -> str:  # noqa: ARG001
    return x


_WRITERS: dict[str, Callable[..., str]] = {
    "Embedding": _embedding,
    "Dropout": _same,
    "SpatialDropout1D": _same,
    "GaussianNoise": _same,
    "GaussianDropout": _same,
    "SimpleRNN": _recurrent,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "Bidirectional": _recurrent,
    "MaxMeanPooling": _max_mean,
    "AttentionPooling": _attention,
    "LinearTerms": _linear,
    "LogProbabilities": _log,
    "Dense": _dense,
    "Activation": _activation,
    "Softmax": _softmax,
    "Rescaling": _rescaling,
    "Add": lambda graph, layer, *xs: graph.add("Sum", *xs),  # noqa: ARG005
    "Concatenate": lambda graph, layer, *xs: graph.add("Concat", *xs, axis=-1),  # noqa: ARG005
}
