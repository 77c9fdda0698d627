"""A Keras network with the weights that an ONNX file of it holds: the way back, for other runtimes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage import Refused
from triage_recurrent._linear import Linear
from triage_recurrent._onnx import GATES

__all__ = ["rebuild"]

_PARTS = {
    "Embedding": ("table",),
    "Dense": ("kernel", "bias"),
    "AttentionPooling": ("kernel", "bias", "vector"),
}


def rebuild(data: bytes, network: Any) -> tuple[Linear | None, float]:
    """Give `network` the weights of the ONNX model that was written from one like it.

    Args:
        data: from `to_onnx`.
        network: a `keras.Model` of the same design.

    Returns:
        The linear model beside the network, or None, and the share of the network.

    Raises:
        Refused: the two are not of the same design.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(data).graph
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    try:
        for layer in network.layers:
            wanted = layer.get_weights()
            if wanted:
                layer.set_weights(_weights(layer, wanted, held))
    except (KeyError, ValueError) as error:
        raise Refused("network.onnx is of another design than its backend: train the model anew") from error
    if "linear.words" not in held:
        return None, 1.0
    linear = Linear(
        words=held["linear.words"],
        pairs=held["linear.pairs"],
        keys=held["linear.keys"],
        slots=held["linear.slots"],
        intercept=held["linear.intercept"],
        reach=int(held["linear.reach"]),
    )
    return linear, float(held["share.scale"])


def _weights(layer: Any, wanted: list[NDArray[Any]], held: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
    kind = type(layer).__name__
    if kind in _PARTS:
        return [held[f"{layer.name}.{part}"] for part, _ in zip(_PARTS[kind], wanted, strict=False)]
    cells = [layer.forward_layer, layer.backward_layer] if kind == "Bidirectional" else [layer]
    gates = GATES[type(cells[0]).__name__]
    back = tuple(np.argsort(gates).tolist())
    found: list[NDArray[Any]] = []
    if len(held[f"{layer.name}.W"]) != len(cells):
        raise ValueError("another number of directions")
    for place in range(len(cells)):
        kernel, recurrent, bias = (held[f"{layer.name}.{part}"][place] for part in "WRB")
        shapes = wanted[len(found) : len(found) + len(wanted) // len(cells)]
        halves = np.stack([_reordered(half, back) for half in np.split(bias, 2)])
        found += [_reordered(kernel.T, back), _reordered(recurrent.T, back)]
        if len(shapes) > 2:
            found.append(halves if shapes[2].ndim == 2 else halves[0])
    return found


def _reordered(matrix: NDArray[Any], order: tuple[int, ...]) -> NDArray[Any]:
    parts = np.split(matrix, len(order), axis=-1)
    return np.concatenate([parts[place] for place in order], axis=-1)
