"""The rows of the data file, and how they are written and read."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import NamedTuple

FILE = "complaints.csv.gz"


class Row(NamedTuple):
    """One line of the file; CARD.md says what each column holds."""

    id: str
    date: str
    label: str
    text: str
    true_label: str
    wrong: str
    template: str
    issue: str
    voice: str
    mentions: str
    kind: str


def to_csv(rows: Iterable[Row]) -> bytes:
    """The rows as UTF-8 CSV with a header, lines ended by a line feed."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8")


def packed(rows: Iterable[Row]) -> bytes:
    """The same, compressed; no time is stored, so that equal rows give equal bytes."""
    return gzip.compress(to_csv(rows), compresslevel=9, mtime=0)


def read() -> Iterator[Row]:
    """The rows that the package ships, one at a time."""
    with (
        resources.files(__package__ or "triage_complaints").joinpath(FILE).open("rb") as file,
        gzip.open(file, "rt", encoding="utf-8", newline="") as lines,
    ):
        cells = csv.reader(lines)
        next(cells)
        yield from map(Row._make, cells)
