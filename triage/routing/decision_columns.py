"""The columns of a decision: what each field becomes in JSON, CSV and Parquet, and how it is read back.

A field of `Decision` is a column by its annotation. Its metadata says what an annotation cannot: `pair`, the names
of the two values of a pair; `share`, whether a number lies between 0 and 1; `explain`, whether it is written only
where explanations are asked for; `column`, whether it is one.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from triage.records import Decision

__all__ = ["COLUMNS", "EXPLAINED", "Column", "read_word"]


@dataclass(frozen=True)
class Column:
    """One field of a decision as a column.

    Attributes:
        name: of the field.
        to_json: from the field's value to one that JSON can hold.
        to_csv: from the field's value to the content of a cell.
        arrow: from the module pyarrow to the type of the column in Parquet.
        read: from a JSON value, or from a cell of CSV, to the field's value; it raises TypeError or ValueError
            for what no decision holds.
    """

    name: str
    to_json: Callable[[Any], Any]
    to_csv: Callable[[Any], Any]
    arrow: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _read_number(value: Any) -> int:
    """Return a whole number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    return int(value)


def read_word(value: Any) -> str | None:
    """Return a text, and None for an empty one: a cell of CSV cannot say which it is."""
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value or None


def _read_text(value: Any) -> str:
    return read_word(value) or ""


def _read_action(value: Any) -> str:
    if value not in ("route", "review"):
        raise ValueError
    return str(value)


def _read_words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_read_text(word) for word in value)


def _read_float(value: Any) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _read_share(value: Any) -> float | None:
    number = _read_float(value)
    if number is not None and not -1e-9 <= number <= 1 + 1e-9:
        raise ValueError
    return number


def _read_date(value: Any) -> datetime.date | None:
    word = read_word(value)
    return None if word is None else datetime.date.fromisoformat(word)


def _date(value: datetime.date | None) -> str | None:
    return None if value is None else value.isoformat()


def _pairs(name: str, names: tuple[str, str]) -> Column:
    """Return the column of pairs of a text and a number."""
    first, second = names

    def read(value: Any) -> tuple[tuple[str, float | None], ...]:
        if isinstance(value, str):  # a cell of CSV
            cut = [pair.rpartition("=") for pair in value.split(";") if pair]
            return tuple((text, _read_float(number)) for text, _, number in cut)
        return tuple((_read_text(pair[first]), _read_float(pair[second])) for pair in value)

    return Column(
        name,
        lambda value: [{first: text, second: number} for text, number in value],
        lambda value: ";".join(f"{text}={number:.4f}" for text, number in value),
        lambda pa: pa.list_(pa.struct([(first, pa.string()), (second, pa.float64())])),
        read,
    )


_PLAIN: dict[str, tuple[Callable[..., Any], ...]] = {
    "int": (_same, _same, lambda pa: pa.int64(), _read_number),
    "str": (_same, _same, lambda pa: pa.string(), _read_text),
    "str | None": (_same, _same, lambda pa: pa.string(), read_word),
    "Literal['route', 'review']": (_same, _same, lambda pa: pa.string(), _read_action),
    "float | None": (_same, _same, lambda pa: pa.float64(), _read_float),
    "tuple[str, ...]": (list, ";".join, lambda pa: pa.list_(pa.string()), _read_words),
    "datetime.date | None": (_date, _date, lambda pa: pa.string(), _read_date),
}
"""How a field of each annotation is written to JSON and CSV, its type in Parquet, and how it is read."""


def _columns(*, explain: bool) -> dict[str, Column]:
    found = {}
    for field in fields(Decision):
        about = field.metadata
        if not about.get("column", True) or about.get("explain", False) != explain:
            continue
        if "pair" in about:
            found[field.name] = _pairs(field.name, about["pair"])
            continue
        to_json, to_csv, arrow, read = _PLAIN[str(field.type)]
        found[field.name] = Column(
            field.name, to_json, to_csv, arrow, _read_share if about.get("share") else read
        )
    return found


COLUMNS = _columns(explain=False)
"""The columns of every decision, by name and in order."""

EXPLAINED = _columns(explain=True)
"""The columns that are added where explanations are asked for."""
