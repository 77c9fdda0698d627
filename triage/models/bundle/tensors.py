"""Arrays in one safetensors file: written by the library, read in place after every size was checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.models.bundle.exactjson import Damaged, decode

__all__ = ["DTYPES", "MAX_DIMENSIONS", "WEIGHTS", "from_safetensors", "to_safetensors"]

WEIGHTS = "weights.safetensors"
DTYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "I8": np.dtype("<i1"),
    "U8": np.dtype("<u1"),
    "I16": np.dtype("<i2"),
    "U16": np.dtype("<u2"),
    "I32": np.dtype("<i4"),
    "U32": np.dtype("<u4"),
    "I64": np.dtype("<i8"),
    "U64": np.dtype("<u8"),
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
_PREFIX = 8  # the header's length, as a little-endian integer
_MAX_HEADER = 8 << 20
MAX_DIMENSIONS = 32


def to_safetensors(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return `arrays` as one file.

    Args:
        arrays: little-endian and C-contiguous, each of one of `DTYPES`.

    Raises:
        TypeError: so many that their names alone take more than reading them back would allow.
    """
    import safetensors.numpy

    data = safetensors.numpy.save(dict(arrays))
    if int.from_bytes(data[:_PREFIX], "little") > _MAX_HEADER:
        raise TypeError(f"state: {len(arrays):,} arrays are too many to store; join them into fewer")
    return data


def from_safetensors(data: bytearray) -> dict[str, NDArray[Any]]:
    """Return the arrays by name, as writable views of `data`: nothing is copied, nothing is allocated.

    Raises:
        Damaged: a header that does not describe exactly these bytes.
    """
    if len(data) < _PREFIX:
        raise Damaged(WEIGHTS, f"only {len(data)} bytes")
    length = int.from_bytes(data[:_PREFIX], "little")
    if length > min(_MAX_HEADER, len(data) - _PREFIX):
        raise Damaged(WEIGHTS, f"declares a header of {length} bytes, and the file has {len(data)}")
    header = decode(data[_PREFIX : _PREFIX + length], WEIGHTS)
    if not isinstance(header, dict):
        raise Damaged(WEIGHTS, "its header is not an object")
    start, found = _PREFIX + length, []
    for name, entry in header.items():
        dtype, shape, first, last = _entry(name, entry)
        found.append((first, last, name, dtype, shape))

    # The tensors must tile the file: no gap, no overlap, nothing outside.
    end = 0
    for first, last, name, dtype, _ in sorted(found, key=lambda each: each[:2]):
        if first != end:
            raise Damaged(WEIGHTS, f"{name!r} begins at byte {first}, not at {end}")
        if (start + first) % dtype.itemsize:
            raise Damaged(WEIGHTS, f"{name!r} is not aligned")
        end = last
    if start + end != len(data):
        raise Damaged(WEIGHTS, f"declares {start + end} bytes and has {len(data)}")

    arrays = {}
    for first, _, name, dtype, shape in found:
        try:
            flat = np.frombuffer(data, dtype=dtype, count=math.prod(shape), offset=start + first)
            arrays[name] = flat.reshape(shape)
        except (ValueError, OverflowError) as error:  # such as a shape of (0, 2**62)
            raise Damaged(WEIGHTS, f"{name!r} has a shape that no array has") from error
    return arrays


def _entry(name: str, entry: object) -> tuple[np.dtype[Any], list[int], int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise Damaged(WEIGHTS, f"{name!r} is not described by dtype, shape and data_offsets")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in DTYPES:
        raise Damaged(WEIGHTS, f"{name!r} is of a dtype that is not allowed")
    if not _sizes(shape) or len(shape) > MAX_DIMENSIONS:
        raise Damaged(WEIGHTS, f"{name!r} has no shape")
    if not _sizes(offsets) or len(offsets) != 2:
        raise Damaged(WEIGHTS, f"{name!r} has no place in the file")
    first, last = offsets
    if last - first != math.prod(shape) * DTYPES[code].itemsize:
        raise Damaged(WEIGHTS, f"{name!r} declares another size than its shape has")
    return DTYPES[code], shape, first, last


def _sizes(value: object) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)
