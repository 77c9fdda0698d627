"""ONNX graphs as lists of nodes: read from the bytes of a checked model, and written again.

Serving has no library for this: `onnx` is a part of training. The numbers of the fields are those of
onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage_recurrent._proto import fields

__all__ = ["DOUBLE", "FLOAT", "INT32", "INT64", "Graph", "Node", "Value", "read_graph", "write_graph"]

FLOAT, INT32, INT64, DOUBLE = 1, 6, 7, 11
_BYTES, _NUMBER = 2, 0  # kinds of a field
_KIND_OF = {int: 2, tuple: 7}  # of an attribute: INT, INTS


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes:
        op: the operator.
        inputs: names of tensors; "" for one that is left out.
        outputs: the same.
        attributes: encoded, by name.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, bytes]

    @classmethod
    def of(cls, op: str, inputs: Iterable[str], outputs: Iterable[str], **attributes: Any) -> Node:
        """Return a node whose attributes are whole numbers, or tuples of them."""
        encoded = {name: _attribute(name, value) for name, value in attributes.items()}
        return cls(op, tuple(inputs), tuple(outputs), encoded)

    def changed(self, *, inputs: Iterable[str], outputs: Iterable[str]) -> Node:
        """Return the same operation between other tensors."""
        return replace(self, inputs=tuple(inputs), outputs=tuple(outputs))

    def ints(self, name: str) -> tuple[int, ...]:
        """Return an attribute of whole numbers; () where there is none of that name."""
        found: list[int] = []
        for number, value in fields(memoryview(self.attributes.get(name, b""))):
            if number == 3 and isinstance(value, int):
                found.append(_signed(value))
            elif number == 8:
                found += [_signed(one) for one in ([value] if isinstance(value, int) else _packed(value))]
        return tuple(found)

    def text(self, name: str) -> str:
        """Return an attribute of text; "" where there is none of that name."""
        for number, value in fields(memoryview(self.attributes.get(name, b""))):
            if number == 4 and not isinstance(value, int):
                return bytes(value).decode()
        return ""


@dataclass(frozen=True)
class Value:
    """An input or an output of a graph: its name, what its elements are, and the names of its dimensions."""

    name: str
    kind: int
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they are computed, and constants.

    Attributes:
        nodes: the nodes.
        constants: encoded tensors by name.
        opset: the encoded set of operators, as it was.
        ir_version: of the format.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, memoryview | bytes]
    opset: bytes
    ir_version: int

    def ints(self, name: str) -> tuple[int, ...]:
        """Return a constant of 64-bit integers."""
        for number, value in fields(memoryview(self.constants[name])):
            if number == 9 and not isinstance(value, int):
                return tuple(np.frombuffer(value, "<i8").tolist())
        return ()


def read_graph(data: bytes) -> Graph:
    """Return the graph of a model that `check` let pass."""
    nodes, constants, opset, version = [], {}, b"", 0
    for number, value in fields(memoryview(data)):
        if number == 1 and isinstance(value, int):
            version = value
        elif number == 8 and not isinstance(value, int):
            opset = bytes(value)
        elif number == 7 and not isinstance(value, int):
            for inner, word in fields(value):
                if isinstance(word, int):
                    continue
                if inner == 1:
                    nodes.append(_node(word))
                elif inner == 5:
                    constants[_text(word, 8)] = word
    return Graph(tuple(nodes), constants, opset, version)


def write_graph(
    graph: Graph,
    *,
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    more: Mapping[str, NDArray[np.int64]],
) -> bytes:
    """Return a model of ONNX.

    Args:
        graph: nodes and constants.
        inputs: of the model.
        outputs: of the model.
        more: further constants by name.
    """
    body = b"".join(
        [
            *(_field(1, _encoded(node)) for node in graph.nodes),
            _field(2, b"network"),
            *(_field(5, bytes(tensor)) for tensor in graph.constants.values()),
            *(_field(5, _tensor(name, array)) for name, array in more.items()),
            *(_field(11, _value(value)) for value in inputs),
            *(_field(12, _value(value)) for value in outputs),
        ]
    )
    return _number(1, graph.ir_version) + _field(2, b"triage") + _field(8, graph.opset) + _field(7, body)


def _node(message: memoryview) -> Node:
    words: dict[int, list[str]] = {1: [], 2: [], 4: []}
    attributes = {}
    for number, value in fields(message):
        if isinstance(value, int):
            continue
        if number == 5:
            attributes[_text(value, 1)] = bytes(value)
        elif number in words:
            words[number].append(bytes(value).decode())
    return Node(words[4][0], tuple(words[1]), tuple(words[2]), attributes)


def _text(message: memoryview, wanted: int) -> str:
    for number, value in fields(message):
        if number == wanted and not isinstance(value, int):
            return bytes(value).decode()
    return ""


def _packed(message: memoryview) -> Iterator[int]:
    place = shift = number = 0
    while place < len(message):
        byte = message[place]
        number |= (byte & 0x7F) << shift
        shift += 7
        place += 1
        if byte < 0x80:
            yield number
            shift = number = 0


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _NUMBER) + _varint(value)


def _field(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value


def _attribute(name: str, value: int | tuple[int, ...]) -> bytes:
    numbers = [_number(3, value)] if isinstance(value, int) else [_number(8, each) for each in value]
    return _field(1, name.encode()) + b"".join(numbers) + _number(20, _KIND_OF[type(value)])


def _encoded(node: Node) -> bytes:
    return b"".join(
        [
            *(_field(1, name.encode()) for name in node.inputs),
            *(_field(2, name.encode()) for name in node.outputs),
            _field(4, node.op.encode()),
            *(_field(5, attribute) for attribute in node.attributes.values()),
        ]
    )


def _tensor(name: str, array: NDArray[np.int64]) -> bytes:
    shape = b"".join(_number(1, size) for size in array.shape)
    return shape + _number(2, INT64) + _field(8, name.encode()) + _field(9, array.astype("<i8").tobytes())


def _value(value: Value) -> bytes:
    shape = b"".join(_field(1, _field(2, name.encode())) for name in value.dimensions)
    tensor = _number(1, value.kind) + _field(2, shape)
    return _field(1, value.name.encode()) + _field(2, _field(1, tensor))
