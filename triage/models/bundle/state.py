"""What a classifier learned, as files: arrays, a vocabulary, bytes, and the JSON that holds it together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.models.bundle.exactjson import Damaged, decode, encode, plain
from triage.models.bundle.tensors import DTYPES, MAX_DIMENSIONS, WEIGHTS, from_safetensors, to_safetensors

__all__ = ["BLOBS", "STATE", "VOCABULARY", "pack", "unpack"]

STATE = "state.json"
VOCABULARY = "vocabulary.json"
BLOBS = (".bin", ".onnx")

_KEY = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_-]{0,99}(\.[A-Za-z0-9_-]{1,20})?")
_ALLOWED = {dtype.newbyteorder("=") for dtype in DTYPES.values()}


def pack(state: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files that hold `state`.

    Arrays may stand anywhere in lists and mappings; bytes stand at the top, and their key names their file
    (`network.onnx`, or `table_` for `table.bin`).

    Raises:
        TypeError: a value that cannot be stored, or a key that cannot name it; the key is named.
        Diverged: a number outside an array that is not finite.
    """
    arrays: dict[str, NDArray[Any]] = {}
    files: dict[str, bytes] = {}
    tree: dict[str, Any] = {}
    if strange := [key for key in state if not isinstance(key, str)]:
        raise TypeError(f"state: keys are strings, not {type(strange[0]).__name__}")
    for key, value in sorted(state.items()):
        if not _KEY.fullmatch(key):
            raise TypeError(f"state {key!r}: a key is a name, such as 'coef_' or 'network.onnx'")
        if isinstance(value, bytes | bytearray):
            file = _blob(key, files)
            files[file] = bytes(value)
            tree[key] = {"$file": file}
        elif key == "vocabulary_" and _strings(value):
            files[VOCABULARY] = encode(list(map(str.__str__, value)))
            tree[key] = {"$file": VOCABULARY}
        elif isinstance(value, np.ndarray):
            arrays[key] = _stored(value, key)
            tree[key] = {"$array": key}
        else:
            tree[key] = plain(value, where=f"state {key!r}", keep=_Taker(key, arrays), depth=1)
    if arrays:
        files[WEIGHTS] = to_safetensors(arrays)
    files[STATE] = encode(tree)
    return files


def unpack(files: dict[str, bytearray]) -> dict[str, Any]:
    """Return the state, and take out of `files` every file that holds a part of it.

    Raises:
        Damaged: a reference to nothing, a part that nothing refers to, or a damaged file.
    """
    arrays = from_safetensors(files.pop(WEIGHTS)) if WEIGHTS in files else {}
    tree = decode(files.pop(STATE), STATE)
    if not isinstance(tree, dict):
        raise Damaged(STATE, "not an object")
    state = {}
    for key, value in tree.items():
        if not _KEY.fullmatch(key):
            raise Damaged(STATE, "a key that is not a name")
        if isinstance(value, dict) and list(value) == ["$file"]:
            state[key] = _file(key, value["$file"], files)
        else:
            state[key] = _restored(value, arrays)
    if arrays:
        raise Damaged(WEIGHTS, f"{min(arrays)!r} is nothing that {STATE} refers to")
    return state


class _Taker:
    """Takes the arrays out of the lists and mappings of one key, and numbers them."""

    def __init__(self, key: str, arrays: dict[str, NDArray[Any]]) -> None:
        self.key = key
        self.arrays = arrays
        self.taken = 0

    def __call__(self, array: NDArray[Any]) -> dict[str, str]:
        name = f"{self.key}/{self.taken}"  # no key holds a slash
        self.taken += 1
        self.arrays[name] = _stored(array, self.key)
        return {"$array": name}


def _stored(array: NDArray[Any], key: str) -> NDArray[Any]:
    if type(array) not in (np.ndarray, np.memmap) or array.dtype.newbyteorder("=") not in _ALLOWED:
        kind = array.dtype if type(array) is np.ndarray else type(array).__name__
        raise TypeError(
            f"state {key!r}: an array of {kind} cannot be stored; one of booleans, integers or floats "
            "of at most 64 bits can, and so can a list of strings"
        )
    if array.ndim > MAX_DIMENSIONS:
        raise TypeError(f"state {key!r}: an array of {array.ndim} dimensions; at most {MAX_DIMENSIONS}")
    # asarray and not ascontiguousarray, which gives an array without dimensions one
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _blob(key: str, files: Mapping[str, bytes]) -> str:
    stem, dot, suffix = key.rstrip("_").partition(".")
    name = f"{stem}.{suffix}" if dot else f"{stem}.bin"
    if not stem or not name.endswith(BLOBS):
        raise TypeError(f"state {key!r}: bytes are kept as {' or '.join(BLOBS)}, as in 'network.onnx'")
    if name.casefold() in (other.casefold() for other in files):
        raise TypeError(f"state {key!r}: two values would be the file {name!r}")
    return name


def _file_of(key: str, name: str) -> str | None:
    """Return the file that the value of a key is kept in, where it is a vocabulary or bytes."""
    if name == VOCABULARY:
        return VOCABULARY if key == "vocabulary_" else None
    try:
        return _blob(key, {})
    except TypeError:
        return None


def _strings(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _file(key: str, name: object, files: dict[str, bytearray]) -> list[str] | bytes:
    if not isinstance(name, str) or name != _file_of(key, name):
        raise Damaged(STATE, "refers to a file that cannot be part of it")
    if name not in files:
        raise Damaged(STATE, f"refers to {name!r}, and there is none, or it was referred to before")
    data = files.pop(name)
    if name != VOCABULARY:
        return bytes(data)
    tokens: list[str] = decode(data, VOCABULARY)
    if not isinstance(tokens, list) or not _strings(tokens):
        raise Damaged(VOCABULARY, "not a list of strings")
    return tokens


def _restored(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(value, list):
        return [_restored(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["$array"]:
        name = value["$array"]
        if not isinstance(name, str) or name not in arrays:
            raise Damaged(STATE, f"refers to an array that {WEIGHTS} does not hold")
        return arrays.pop(name)
    if any(key.startswith("$") and not key.startswith("$$") for key in value):
        raise Damaged(STATE, "refers to something unknown")
    return {key.removeprefix("$"): _restored(item, arrays) for key, item in value.items()}
