"""What the sources of all formats share: from cells to documents, and what was noticed on the way."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import triage
from triage.plugin_api import DateOrder, Days, check_format, could_be_several, quote_path
from triage_readers import _cfpb
from triage_readers._columns import Columns

__all__ = ["FileSource", "joined", "stem"]

SAMPLE = 100
_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".parquet", ".pq", ".xlsx", ".xlsm")


def stem(path: str) -> str:
    """Return a short name for tables and directories: `cfpb_complaints` of `…/cfpb_complaints.csv.gz`."""
    name = PurePath(path).name
    name = name[:-3] if name.casefold().endswith(".gz") else name
    for suffix in _SUFFIXES:
        if name.casefold().endswith(suffix):
            name = name[: -len(suffix)]
            break
    return re.sub(r"[^\w.-]+", "_", name).strip("._-")[:80] or "corpus"


class FileSource:
    """A file of documents. Formats derive from it and give `_rows`.

    Attributes:
        name: a short name, from the file's.
        location: the path.
        columns: which column is what.
        cleaners: the cleaning that suits it, or () for the default.
        bad_dates: how many dates of the last reading could not be read.
    """

    columns: Columns

    def __init__(self, path: str, options: Mapping[str, Any]) -> None:
        self.location = path
        self.name = stem(path)
        self.options = dict(options)
        self.cleaners: tuple[str, ...] = ()
        self._stamp: tuple[int, ...] | None = None
        self._remarks: list[str] = []
        self._ended = True
        self._order = DateOrder()
        self._days = Days()
        if options.get("date_format"):
            check_format(options["date_format"])
        self._unknown: Counter[str] = Counter()
        self._labels: dict[str, str | None] = {}

    def __iter__(self) -> Iterator[triage.Document | triage.Quarantined]:
        """Yield every row once, in order; what was counted in an earlier reading starts anew."""
        self._days = Days(self._order)
        self._unknown = Counter()
        self._labels = {}
        self._ended = True
        return self._rows()

    def _rows(self) -> Iterator[triage.Document | triage.Quarantined]:
        raise NotImplementedError

    def _dates(self) -> Iterator[str]:
        """Yield every date of the file as it was written, for those that are text."""
        raise NotImplementedError

    @property
    def learned(self) -> dict[str, Any]:
        """Which columns are read and how: what a model remembers, so that routing reads the same."""
        columns = self.columns
        roles = {"text": list(columns.text), "label": columns.label, "date": columns.date, "id": columns.id}
        found: dict[str, Any] = {role: name for role, name in roles.items() if name}
        if self._order.full:
            found["date_order"] = self._order.full
        if self._order.format:
            found["date_format"] = self._order.format
        return found

    @property
    def bad_dates(self) -> int:
        """How many dates of the last reading were there and could not be read."""
        return self._days.bad

    @property
    def label_doubt(self) -> str:
        """Why no label column was chosen, with what to pass; "" where one was."""
        return f"{quote_path(self.location)}: {self.columns.doubt}" if self.columns.doubt else ""

    @property
    def label_candidates(self) -> tuple[str, ...]:
        """The columns that could each be the label, where none was chosen for that reason."""
        return self.columns.candidates

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the last reading, a line each."""
        notes = list(self._remarks)
        if self._unknown:
            names = ", ".join(quote_path(name) for name, _ in self._unknown.most_common(10))
            notes.append(
                f"{len(self._unknown)} products are of no known CFPB taxonomy and keep their names: {names}"
            )
        if self.bad_dates:
            notes.append(f"{self.bad_dates:,} dates could not be read: their documents have none")
        if not self._ended:
            notes.append("the last line has no end: if the file was cut off, its last row is not whole")
        return tuple(notes)

    def _settle(self, columns: Columns, sample: Sequence[str]) -> None:
        """Take over the chosen columns; where dates could be several days, read all of them for their order.

        Args:
            columns: which column is what.
            sample: some dates, as they were written.
        """
        self.columns = columns
        self._remarks += columns.notes
        if columns.grouped or columns.narrative:
            self.cleaners = _cfpb.CLEANERS
        options = self.options
        given = DateOrder.given(options.get("day_first", ""), options.get("date_format", ""))
        learned = options.get("learned_date_order", "") or ("mdy" if columns.grouped else "")
        if given is not None:
            self._order = given
        elif not columns.date:
            return
        elif options.get("learned_date_format"):
            self._order = DateOrder(format=options["learned_date_format"])
        elif any(could_be_several(value) for value in sample):
            self._order = DateOrder.of(self._dates(), learned=learned)
            if self._order.why and not (columns.grouped and self._order.full == "mdy"):
                self._remarks.append(self._order.why)
        else:
            self._order = DateOrder(full=learned)

    def _document(
        self,
        row: int,
        line: int,
        text: str,
        label: str,
        date: str | datetime.date | None,
        identifier: str,
    ) -> triage.Document | triage.Quarantined:
        """Make a document of one row's cells."""
        if not text and self.columns.narrative:
            return triage.Quarantined(row=row, line=line, reason="no narrative")
        if label not in self._labels:
            self._name(label)
        known = self._labels.get(label, label)
        if known is not None and self._unknown and label in self._unknown:
            self._unknown[label] += 1
        return triage.Document(
            row=row,
            text=text,
            label=known,
            id=identifier,
            date=self._days.read(date) if isinstance(date, str) else date,
        )

    def _name(self, label: str) -> None:
        """Decide once what a label is called: blank is none, and a CFPB product its group."""
        if not label.strip():
            name = None
        elif self.columns.grouped:
            group = _cfpb.group_of(label)
            name = label if group is None else group
            if group is None and len(self._unknown) < 1000:
                self._unknown[label] = 0
        else:
            name = label
        if len(self._labels) < 10_000 or name != label:
            self._labels[label] = name


def joined(cells: Sequence[str]) -> str:
    """Return the text of several cells: those that hold anything, an empty line between them."""
    return cells[0] if len(cells) == 1 else "\n\n".join(cell for cell in cells if cell.strip())
