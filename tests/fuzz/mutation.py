"""Change valid input: bytes, lines and the trees of JSON, all driven by one short program of bytes.

A program of zeros changes nothing, and fewer bytes that are not zero change less: that is what hypothesis
shrinks towards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class Program:
    """Numbers read from bytes, one after the other; zeros where they have ended."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """Return a number from 0 to 255."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def below(self, most: int) -> int:
        """Return a number from 0 to `most` - 1; 0 where there is none."""
        return (self.byte() << 8 | self.byte()) * most >> 16

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of several."""
        return choices[self.byte() % len(choices)]


def change_bytes(
    program: Program, data: bytes, *, pieces: Sequence[bytes], samples: Sequence[bytes], most: int = 4
) -> bytes:
    """Return `data` after up to `most` changes: flips, cuts, inserts, splices of other samples, lines moved."""
    for _ in range(program.byte() % (most + 1)):
        data = _BYTES[program.byte() % len(_BYTES)](program, data, pieces, samples)
    return data


def _flip(program: Program, data: bytes, *_: Any) -> bytes:
    at, bit = program.below(len(data)), 1 << program.byte() % 8
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :] if data else data


def _set(program: Program, data: bytes, *_: Any) -> bytes:
    at, value = program.below(len(data)), program.byte()
    return data[:at] + bytes([value]) + data[at + 1 :]


def _delete(program: Program, data: bytes, *_: Any) -> bytes:
    at, length = program.below(len(data)), program.byte() >> program.byte() % 8
    return data[:at] + data[at + length :]


def _cut(program: Program, data: bytes, *_: Any) -> bytes:
    return data[: program.below(len(data) + 1)]


def _insert(program: Program, data: bytes, pieces: Sequence[bytes], _: Any) -> bytes:
    at = program.below(len(data) + 1)
    return data[:at] + program.pick(pieces) + data[at:]


def _overwrite(program: Program, data: bytes, pieces: Sequence[bytes], _: Any) -> bytes:
    at, piece = program.below(len(data) + 1), program.pick(pieces)
    return data[:at] + piece + data[at + len(piece) :]


def _repeat(program: Program, data: bytes, pieces: Sequence[bytes], _: Any) -> bytes:
    at, times = program.below(len(data) + 1), 1 << program.byte() % 12
    return data[:at] + program.pick(pieces) * times + data[at:]


def _splice(program: Program, data: bytes, _: Any, samples: Sequence[bytes]) -> bytes:
    other, at = program.pick(samples), program.below(len(data) + 1)
    first = program.below(len(other) + 1)
    last = first + program.below(len(other) - first + 1)
    return data[:at] + other[first:last] + data[at + program.byte() :]


def _mix(program: Program, data: bytes, _: Any, samples: Sequence[bytes]) -> bytes:
    """The head of one and the tail of another, as after a copy that was broken off and taken up again."""
    other = program.pick(samples)
    return data[: program.below(len(data) + 1)] + other[program.below(len(other) + 1) :]


def _lines(program: Program, data: bytes, pieces: Sequence[bytes], samples: Sequence[bytes]) -> bytes:
    lines = re.split(rb"(?<=\n)|(?<=\r)(?!\n)", data)
    at, to = program.below(len(lines)), program.below(len(lines))
    match program.byte() % 5:
        case 0:
            lines[at], lines[to] = lines[to], lines[at]
        case 1:
            lines[to:to] = [lines[at]]
        case 2:
            del lines[at]
        case 3:
            lines[at] = program.pick(pieces) + b"\n"
        case _:
            others = program.pick(samples).splitlines(keepends=True) or [b""]
            lines[to:to] = [others[program.below(len(others))]]
    return b"".join(lines)


def _values(program: Program, data: bytes, pieces: Sequence[bytes], _: Any) -> bytes:
    """Replace one cell or value, where the structure of its line stays what it is."""
    places = [match.span() for match in re.finditer(rb"(?<=[,;=:\t])[^,;=:\t\r\n]*", data)]
    if not places:
        return data
    first, last = places[program.below(len(places))]
    return data[:first] + program.pick(pieces) + data[last:]


_BYTES: tuple[Callable[..., bytes], ...] = (
    _flip, _set, _delete, _insert, _overwrite, _splice, _mix, _lines, _values, _lines, _values, _cut, _repeat,
)  # fmt: skip

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 0.5, -0.0, 1e308, 2**31, 2**63, 2**64, 10**30, float("nan"),
    float("inf"), "", "a", "\ud800", "\u2028", "x" * 3000, "__class__", "$array", "$file", [], {}, [[]], [None],
    [0.5, 0.5], ["a", "a"], {"a": 1}, {"$array": "coef_"}, {"$file": "network.onnx"}, {"": ""},
    {"name": "x", "options": {}},
)  # fmt: skip
DEEP: Any = 0
for _ in range(80):
    DEEP = [DEEP]


def change_tree(program: Program, tree: Any, *, others: Sequence[Any], most: int = 4) -> Any:
    """Return a JSON value after up to `most` changes: values exchanged, keys renamed, parts left out or doubled.

    Args:
        program: what drives it.
        tree: what is changed; it is copied first.
        others: whole trees, parts of which are put in.
        most: changes.
    """
    tree = _copy(tree)
    for _ in range(program.byte() % (most + 1)):
        places = _places(tree)
        if not places:
            return _value(program, others)
        holder, key = places[program.below(len(places))]
        _change(program, holder, key, others)
    return tree


def _change(program: Program, holder: Any, key: Any, others: Sequence[Any]) -> None:
    match program.byte() % 8:
        case 0 | 1:
            holder[key] = _value(program, others)
        case 2:
            del holder[key]
        case 3 if isinstance(holder, dict):
            holder[_word(program, others)] = holder.pop(key)
        case 3 | 4 if isinstance(holder, list):
            holder.insert(key, _copy(holder[program.below(len(holder))]))
        case 4:
            holder[_word(program, others)] = _copy(holder[key])
        case 5 if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] += program.pick((1, -1, 0.5, 1e-9, 2**31, -(2**63), 1e300))
        case 5 | 6 if isinstance(holder[key], str):
            holder[key] = holder[key][: program.byte()] + program.pick(("", "a", "\0", "\u2028", "\ud800"))
        case _:
            places = [place for other in others for place in _places(other)]
            source, name = places[program.below(len(places))] if places else ([None], 0)
            holder[key] = _copy(source[name])


def _value(program: Program, others: Sequence[Any]) -> Any:
    chosen = program.byte()
    if chosen == 255:
        return DEEP
    if chosen >= 200 and others:
        return _copy(program.pick(others))
    return _copy(VALUES[chosen % len(VALUES)])


def _word(program: Program, others: Sequence[Any]) -> str:
    keys = [key for other in others for holder, key in _places(other) if isinstance(key, str)]
    return (
        keys[program.below(len(keys))]
        if keys and program.byte() % 4
        else program.pick(("", "$x", "\ud800", "x"))
    )


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every place in a tree that holds a value; of long lists only some."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting and len(found) < 400:
        each = waiting.pop()
        if isinstance(each, dict):
            found += [(each, key) for key in each]
            waiting += each.values()
        elif isinstance(each, list):
            found += [(each, index) for index in range(min(len(each), 12))]
            waiting += each[:12]
    return found


def _copy(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _copy(value) for key, value in tree.items()}
    return [_copy(value) for value in tree] if isinstance(tree, list) else tree


def dumped(tree: Any) -> bytes:
    """Return a tree as JSON, NaN and lone surrogates too."""
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")
