"""Looks into an ONNX file before anything else does: only the operators and the tensors that we write.

A model of ONNX may name files outside it, functions of its own and loops. This reads the protocol buffer
(https://protobuf.dev/programming-guides/encoding/) by its field numbers in onnx.proto and refuses the rest.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import numpy as np

from triage import Refused

__all__ = ["check", "fields"]

_OPERATORS = frozenset(
    re.findall(
        r"\w+",
        """Add Cast Concat Div Equal GRU Gather Identity LSTM Log MatMul Max Mod Mul Not Pad RNN ReduceMax
        ReduceSum Relu Reshape Sigmoid Slice Softmax Sqrt Squeeze Sum Tanh Transpose Unsqueeze Where""",
    )
)
_FLOAT = 1  # of onnx.TensorProto.DataType
_INTEGERS = {6: "<i4", 7: "<i8"}
_GIVES_FLOATS = {"GRU", "LSTM", "Log", "MatMul", "RNN", "Sigmoid", "Softmax", "Sqrt", "Tanh"}
_MODEL_FIELDS = {1, 2, 7, 8}  # ir_version, producer_name, graph, opset_import
_GRAPH_FIELDS = {1, 2, 5, 11, 12}  # node, name, initializer, input, output
_NODE_FIELDS = {1, 2, 3, 4, 5}  # input, output, name, op_type, attribute
_ATTRIBUTE_FIELDS = {1, 2, 3, 4, 7, 8, 20}  # name, f, i, s, floats, ints, type: no tensor, no graph
_TENSOR_FIELDS = {1, 2, 8, 9}  # dims, data_type, name, raw_data: no data that lies elsewhere


def check(data: bytes, operators: Collection[str] = _OPERATORS) -> None:
    """Refuse an ONNX model that holds anything but `operators`, as plain nodes, and tensors with their data.

    Raises:
        Refused: an operator, a field or a reference that is not expected, or bytes that are no ONNX model.
    """
    try:
        graphs = 0
        for number, value in _allowed(memoryview(data), _MODEL_FIELDS):
            if number == 7:
                graphs += 1
                _check_graph(value, operators)
            elif number == 8:
                for inner, word in _fields(value):
                    if inner == 1 and bytes(word) != b"":
                        raise Refused("network.onnx uses operators of a domain of its own")
        if graphs != 1:
            raise Refused("network.onnx does not hold one graph")
    except (ValueError, LookupError) as error:
        raise Refused("network.onnx is not an ONNX model") from error


def _check_graph(graph: memoryview, operators: Collection[str]) -> None:
    """Check nodes and tensors; integers are divided only by constants above 0, since all else may trap."""
    tensors = _Tensors()
    for number, value in _allowed(graph, _GRAPH_FIELDS):
        if number == 5:
            tensors.add_constant(dict(_allowed(value, _TENSOR_FIELDS)), _numbers(value, 2))
        elif number == 11:
            tensors.add_input(value)
    for number, value in _allowed(graph, _GRAPH_FIELDS):
        if number == 1:
            _check_node(value, tensors, operators)


def _check_node(node: memoryview, tensors: _Tensors, operators: Collection[str]) -> None:
    inputs, outputs, operator, cast = [], [], "", 0
    for number, word in _allowed(node, _NODE_FIELDS):
        if number == 1:
            inputs.append(bytes(word))
        elif number == 2:
            outputs.append(bytes(word))
        elif number == 4:
            operator = bytes(word).decode()
        elif number == 5:
            attribute = dict(_allowed(word, _ATTRIBUTE_FIELDS))
            if bytes(attribute.get(1, b"")) == b"to":
                cast = next(iter(_numbers(word, 3)), 0)
    if operator not in operators:
        raise Refused("network.onnx holds an operator that is not expected in it")
    if operator in ("Div", "Mod") and not tensors.may_divide(inputs):
        raise Refused("network.onnx divides integers by something that is not a constant above 0")
    kind = cast if operator == "Cast" else tensors.kind_of(operator, inputs)
    for name in outputs:
        tensors.kinds[name] = kind


class _Tensors:
    """What is known of the tensors of a graph: their type by name, and which constants may be divisors."""

    def __init__(self) -> None:
        self.kinds: dict[bytes, int] = {}
        self._divisors: set[bytes] = set()

    def add_constant(self, tensor: dict[int, memoryview], kinds: list[int]) -> None:
        name, kind = bytes(tensor.get(8, b"")), kinds[-1] if kinds else 0
        if name in self.kinds:
            raise ValueError(kind)
        self.kinds[name] = kind
        if kind in _INTEGERS:
            values = np.frombuffer(tensor.get(9, b""), _INTEGERS[kind])
            if len(values) and values.min() > 0:
                self._divisors.add(name)

    def add_input(self, value: memoryview) -> None:
        """Keep the type of an input: ValueInfoProto.type.tensor_type.elem_type."""
        info = dict(_fields(value))
        tensor = dict(_fields(dict(_fields(info[2]))[1])) if 2 in info else {}
        elements = _numbers(dict(_fields(info[2]))[1], 1) if 1 in tensor else []
        self.kinds[bytes(info.get(1, b""))] = elements[-1] if elements else 0

    def kind_of(self, operator: str, inputs: list[bytes]) -> int:
        """Return the type of what an operator gives; 0 where it is not known."""
        if operator in _GIVES_FLOATS:
            return _FLOAT
        place = 1 if operator == "Where" else 0
        return self.kinds.get(inputs[place], 0) if len(inputs) > place else 0

    def may_divide(self, inputs: list[bytes]) -> bool:
        kinds = [self.kinds.get(name, 0) for name in inputs]
        return len(inputs) == 2 and (kinds[0] == kinds[1] == _FLOAT or inputs[1] in self._divisors)


def _numbers(message: memoryview, wanted: int) -> list[int]:
    """Return the plain numbers of one field."""
    return [value for number, value in fields(message) if number == wanted and isinstance(value, int)]


def _allowed(message: memoryview, numbers: set[int]) -> Iterator[tuple[int, memoryview]]:
    for number, value in _fields(message):
        if number not in numbers:
            raise Refused(f"network.onnx holds a field {number} that is not expected in it")
        yield number, value


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the number and the bytes of each field; those of a plain number are empty."""
    for number, value in fields(message):
        yield number, message[:0] if isinstance(value, int) else value


def fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Yield the number of each field, and its bytes or, where it is a plain one, its number.

    Raises:
        ValueError, IndexError: it is no protocol buffer.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        if kind == 2:
            length, place = _varint(message, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(kind)
        if place + length > len(message):
            raise ValueError(length)
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
    raise ValueError(place)
