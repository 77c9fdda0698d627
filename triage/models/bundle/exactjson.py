"""JSON that comes back exactly as it went, and that is safe to read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import Diverged

__all__ = ["Damaged", "decode", "encode", "plain"]

MAX_DEPTH = 64
_MAX_INT_BITS = 4096  # Python refuses to parse more than 4,300 digits

# Strings are taken out before brackets are counted. Every quantifier is possessive and an unclosed string
# reaches to the end, so no input makes this take more than linear time.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Damaged(Exception):
    """A file of a bundle that is not what it should be; `read` turns it into `Refused`."""

    def __init__(self, file: str, reason: str, *, remedy: str = "Copy it again, or train it anew") -> None:
        super().__init__(f"{file}: {reason}")
        self.remedy = remedy


def plain(
    value: object, *, where: str, keep: Callable[[NDArray[Any]], Any] | None = None, depth: int = 0
) -> Any:
    """Return `value` as what JSON can hold: numpy scalars become numbers, tuples become lists.

    Args:
        value: None, bool, int, float, str, numpy scalars, and lists, tuples and mappings of those.
        where: how errors call it.
        keep: takes an array out and returns what stands for it; None where arrays are not allowed. With it,
            keys that begin with "$" get another "$", so that nothing is taken for a reference.
        depth: how deep this value stands already.

    Raises:
        TypeError: something that JSON does not know, a key that is not a string, too deep or too large.
        Diverged: a number that is not finite.
    """
    if value is None or type(value) in (bool, str):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        if (number := int(value)).bit_length() > _MAX_INT_BITS:
            raise TypeError(f"{where}: a whole number of {number.bit_length()} bits; at most {_MAX_INT_BITS}")
        return number
    if isinstance(value, float | np.float32 | np.float16):
        if not math.isfinite(value):
            raise Diverged(f"{where}: a number that is not finite ({value}); such a model is not kept")
        return float(value)
    if depth == MAX_DEPTH:
        raise TypeError(f"{where}: lists and mappings nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        if strange := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"{where}: keys are strings, not {type(strange[0]).__name__}")
        return {
            _escaped(key) if keep else str.__str__(key): plain(item, where=where, keep=keep, depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, where=where, keep=keep, depth=depth + 1) for item in value]
    if isinstance(value, np.ndarray) and keep is not None:
        return keep(value)
    raise TypeError(f"{where}: a {type(value).__name__} cannot be stored")


def encode(value: object, *, indent: int | None = None) -> bytes:
    """Return `value` as UTF-8 JSON with a final newline.

    A lone surrogate is written as its three bytes and not as an escape: two escapes that stand side by side
    would come back as one character.

    Args:
        value: what `plain` returned.
        indent: as in `json.dumps`.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def decode(data: bytes | bytearray, file: str) -> Any:
    """Return what `encode` was given.

    Raises:
        Damaged: not JSON, not UTF-8, nested too deep, a key twice, a number that is not finite.
    """
    if _depth(data) > MAX_DEPTH:
        raise Damaged(file, f"nested more than {MAX_DEPTH} deep")
    try:
        return json.loads(
            data.decode("utf-8", "surrogatepass"),
            parse_constant=_finite,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors too
        raise Damaged(file, "not the JSON that it should be") from error


def _escaped(key: str) -> str:
    return f"${key}" if key.startswith("$") else str.__str__(key)


def _depth(data: bytes | bytearray) -> int:
    """Return an upper bound of the nesting where that is small, else the exact depth."""
    openings = data.count(b"[") + data.count(b"{")
    if openings <= MAX_DEPTH:
        return openings
    depth = deepest = 0
    for bracket in _STRING.sub(b"", data).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number that is not finite")
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key twice")
    return record
