"""How a table of text is laid out: what divides its cells, and on which line its header is.

Spreadsheets, trackers and `cat` write tables that no standard describes: another delimiter, a title above the
header, blank lines, a header on two lines, blanks after each delimiter. What is told here is told from the
first lines of a file, and never from what a text says.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "DELIMITERS",
    "Layout",
    "find_header",
    "find_layout",
    "is_blank",
    "merge_headers",
    "same_header",
    "to_float",
]

DELIMITERS = ",;\t|"
HEAD_LINES = 100
"""How many physical lines are enough to tell the layout from."""

_PREAMBLE = 20  # records above a header
_SEP = re.compile(r"(?i)\ufeff?\"?sep=(.)\"?\s*$")
_LONGEST_NAME = 64
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:[.\u00a0\u202f ]\d{3})+)(?:,\d+)?")


def _nothing_known(name: str) -> bool:  # noqa: ARG001 - as callers give it
    return False


@dataclass(frozen=True)
class Layout:
    """Where the table begins in a file, and how its cells are divided.

    Attributes:
        delimiter: what divides cells.
        above: how many lines of the file stand above the header.
        group: the record above the header, where it names groups of columns; else ().
        blanks: whether a blank follows each delimiter, and is not part of the cell.
        notes: what a person should know of it, a line each.
    """

    delimiter: str = ","
    above: int = 0
    group: tuple[str, ...] = ()
    blanks: bool = False
    notes: tuple[str, ...] = ()


def find_layout(
    lines: Sequence[str], *, known: Callable[[str], bool] = _nothing_known, delimiter: str = ""
) -> Layout:
    """Return the layout of a table from its first lines.

    Args:
        lines: physical lines with their ends, at most a few hundred; the first is without a byte order mark.
        known: whether a name is one that a column of such a table has.
        delimiter: where it is given, the only one that is tried.
    """
    declared = _SEP.match(lines[0]) if lines else None
    if declared and not delimiter:
        delimiter = declared[1]
    body = lines[1:] if declared else lines
    best: tuple[Any, Layout] | None = None
    for each in delimiter or DELIMITERS:
        blanks = any(_has_blanks(line, each) for line in body[: _PREAMBLE + 1])
        begins, rows = _parsed(body, each, blanks=blanks)
        layout = find_header(rows, known=known)
        place, names = layout.above, rows[layout.above] if rows else []
        rest = [row for row in rows[place + 1 :] if not is_blank(row)]
        agreeing = 2 * sum(len(row) == len(names) for row in rest) >= len(rest)
        score = (sum(map(known, names)), len(names) > 1 and agreeing, len(names))
        if best is None or score > best[0]:
            above = (begins[place] if rows else 0) + bool(declared)
            blanks = _has_blanks(body[begins[place]], each) if rows else False
            best = score, replace(layout, delimiter=each, above=above, blanks=blanks)
    assert best is not None
    return best[1]


def find_header(rows: Sequence[Sequence[str]], *, known: Callable[[str], bool] = _nothing_known) -> Layout:
    """Return which of the first records is the header; `above` counts records here.

    Args:
        rows: the first records, blank ones included.
        known: as in `find_layout`.
    """
    place = _header(rows, known)
    filled = [row for row in rows[:place] if not is_blank(row)]
    group = tuple(rows[place - 1]) if place and _names_groups(rows[place - 1], rows[place]) else ()
    notes = []
    if titles := len(filled) - bool(group):
        notes.append(f"{titles:,} lines above the header are not part of the table and are not read")
    if group:
        notes.append("the header has two lines: repeated names of columns get the name of their group")
    return Layout(above=place, group=group, notes=tuple(notes))


def is_blank(row: Sequence[str]) -> bool:
    """Return whether no cell of a record holds anything."""
    return not any(cell.strip() for cell in row)


def same_header(row: Sequence[str], header: Sequence[str]) -> bool:
    """Return whether a record is the header again, as `cat` of several files leaves it."""
    return len(row) == len(header) > 1 and [cell.strip().removeprefix("\ufeff") for cell in row] == list(
        header
    )


def merge_headers(group: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the names of a header whose columns are grouped by the record above: repeated ones get their group's.

    Example:
        >>> merge_headers(["Received", "", "Closed", ""], ["date", "by", "date", "note"])
        ['Received date', 'by', 'Closed date', 'note']
    """
    counts, current, merged = Counter(names), "", []
    for place, name in enumerate(names):
        current = group[place].strip() if place < len(group) and group[place].strip() else current
        merged.append(f"{current} {name}".strip() if counts[name] > 1 or not name else name)
    return merged


def to_float(cell: str, *, delimiter: str = ",") -> float:
    """Return the number in a cell; a comma is its decimal sign where commas do not divide cells.

    Raises:
        ValueError: it is not a number.
    """
    cell = cell.strip()
    if delimiter != "," and "," in cell and _COMMA.fullmatch(cell):
        cell = re.sub("[.\u00a0\u202f ]", "", cell).replace(",", ".")
    return float(cell)


def _parsed(lines: Sequence[str], delimiter: str, *, blanks: bool) -> tuple[list[int], list[list[str]]]:
    """Return the line on which each record begins, from 0, and its cells. A blank line is a blank record."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=blanks)
    begins: list[int] = []
    rows: list[list[str]] = []
    while True:
        begin = reader.line_num
        try:
            row = next(reader)
        except (StopIteration, csv.Error):
            return begins, rows
        begins.append(begin)
        rows.append([cell.strip() for cell in row])


def _header(rows: Sequence[Sequence[str]], known: Callable[[str], bool]) -> int:
    """Return which of the first records is the header."""
    places = [place for place, row in enumerate(rows[: _PREAMBLE + 1]) if not is_blank(row)]
    if not places:
        return 0
    hits = {place: sum(map(known, rows[place])) for place in places}
    best = max(places, key=lambda place: hits[place])
    filled = {place: _filled(rows[place]) for place in places}
    # Lines above a header have fewer cells than it; a first line with names that are known is the header.
    above = [place for place in places if place < best]
    if hits[best] and all(filled[place] < filled[best] for place in above) and _like_names(rows[best]):
        return best
    first = places[0]
    if hits[first] or filled[first] != 1:
        return first
    width = Counter(len(rows[place]) for place in places).most_common(1)[0][0]
    if width < 2:
        return first
    for place in places[1:]:
        if filled[place] >= 2:
            return place if filled[place] == len(rows[place]) == width and _like_names(rows[place]) else first
    return first


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell) for cell in row)


def _like_names(row: Sequence[str]) -> bool:
    """Return whether all cells could be names of columns: short, of few words, no numbers."""
    return all(
        len(cell) <= _LONGEST_NAME and cell.count(" ") < 8 and not cell[:1].isdigit() for cell in row if cell
    )


def _names_groups(above: Sequence[str], header: Sequence[str]) -> bool:
    """Return whether a record names groups of the columns of the header below it."""
    names = [name for name in header if name]
    return (
        len(above) == len(header)
        and _filled(above) >= 2
        and _like_names(above)
        and len(set(names)) < len(names)
    )


def _has_blanks(header: str, delimiter: str) -> bool:
    """Return whether a blank follows every delimiter of a header."""
    count = header.count(delimiter)
    return delimiter != "\t" and count > 0 and header.count(delimiter + " ") == count
