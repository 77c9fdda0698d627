"""Looks into an ONNX file before anything else does: only the operators and the tensors that we write.

A model of ONNX may name files outside it, functions of its own and loops. This reads the protocol buffer
(https://protobuf.dev/programming-guides/encoding/) by its field numbers in onnx.proto and refuses the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage import Refused

__all__ = ["check", "fields"]

_OPERATORS = frozenset(
    re.findall(
        r"\w+",
        """Add Cast Concat Div Equal GRU Gather Identity LSTM Log MatMul Max Mod Mul Not Pad RNN ReduceMax
        ReduceSum Relu Reshape Sigmoid Slice Softmax Sqrt Squeeze Sum Tanh Transpose Unsqueeze Where""",
    )
)
_MODEL_FIELDS = {1, 2, 7, 8}  # ir_version, producer_name, graph, opset_import
_GRAPH_FIELDS = {1, 2, 5, 11, 12}  # node, name, initializer, input, output
_NODE_FIELDS = {1, 2, 3, 4, 5}  # input, output, name, op_type, attribute
_ATTRIBUTE_FIELDS = {1, 2, 3, 4, 7, 8, 20}  # name, f, i, s, floats, ints, type: no tensor, no graph
_TENSOR_FIELDS = {1, 2, 8, 9}  # dims, data_type, name, raw_data: no data that lies elsewhere


def check(data: bytes) -> None:
    """Refuse an ONNX model that holds anything but what `to_onnx` writes.

    Raises:
        Refused: an operator, a field or a reference that is not expected, or bytes that are no ONNX model.
    """
    try:
        graphs = 0
        for number, value in _allowed(memoryview(data), _MODEL_FIELDS):
            if number == 7:
                graphs += 1
                _check_graph(value)
            elif number == 8:
                for inner, word in _fields(value):
                    if inner == 1 and bytes(word) != b"":
                        raise Refused("network.onnx uses operators of a domain of its own")
        if graphs != 1:
            raise Refused("network.onnx does not hold one graph")
    except (ValueError, IndexError) as error:
        raise Refused("network.onnx is not an ONNX model") from error


def _check_graph(graph: memoryview) -> None:
    for number, value in _allowed(graph, _GRAPH_FIELDS):
        if number == 5:
            for _ in _allowed(value, _TENSOR_FIELDS):
                pass
        elif number == 1:
            for inner, word in _allowed(value, _NODE_FIELDS):
                if inner == 4 and bytes(word).decode() not in _OPERATORS:
                    raise Refused("network.onnx holds an operator that is not expected in it")
                if inner == 5:
                    for _ in _allowed(word, _ATTRIBUTE_FIELDS):
                        pass


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
