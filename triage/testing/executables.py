"""Whether bytes could be made to run: what a model must never hold, under whatever name."""

from __future__ import annotations

import pickletools
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["executable"]

_MAGIC = {
    b"\x7fELF": "a program (ELF)",
    b"MZ": "a program (PE)",
    b"\xcf\xfa\xed\xfe": "a program (Mach-O)",
    b"\xca\xfe\xba\xbe": "a program (Mach-O or Java)",
    b"PK\x03\x04": "an archive (zip: .keras and torch files are such)",
    b"\x1f\x8b": "an archive (gzip)",
    b"\x89HDF\r\n": "HDF5, which may hold layers of Python code",
    b"#!": "a script",
    b"\xa7\r\r\n": "compiled Python",
    b"\x93NUMPY": "a numpy file, which may hold pickles",
}
_LEAST = 8  # bytes: shorter than any pickle that does something


def executable(state: Any, where: str = "") -> str:
    """Return what in a classifier's state could be made to run, in words, or ""."""
    if isinstance(state, Mapping):
        parts = ((str(key), value) for key, value in state.items())
    elif isinstance(state, list | tuple):
        parts = ((str(i), value) for i, value in enumerate(state))
    else:
        data = _bytes_of(state)
        kind = _kind(data) if data is not None and len(data) >= _LEAST else ""
        return f"{where} holds {kind}" if kind else ""
    return next(
        (found for key, value in parts if (found := executable(value, f"{where}.{key}".lstrip(".")))), ""
    )


def _bytes_of(value: Any) -> bytes | None:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "uib" and value.dtype.itemsize == 1:
        return value.tobytes()  # a pickle fits into an array of bytes as well
    return None


def _kind(data: bytes) -> str:
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    return "a pickle" if _is_pickle(data) else ""


def _is_pickle(data: bytes) -> bool:
    """Whether the bytes are a whole pickle that does more than stop."""
    try:
        names = [opcode.name for opcode, _, _ in pickletools.genops(data)]
    except Exception:  # noqa: BLE001 - anything may be wrong with bytes that are none
        return False
    return len(names) > 2 and (data[:1] == b"\x80" or bool({"GLOBAL", "REDUCE", "INST"} & set(names)))
