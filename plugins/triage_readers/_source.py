"""What the sources of all formats share: from cells to documents, and what was noticed on the way."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

import triage
from triage.io.files import quote_path
from triage_readers import _cfpb
from triage_readers._columns import Columns
from triage_readers._dates import Days, writes_day_first

__all__ = ["FileSource", "stem"]

SAMPLE = 100
_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".parquet", ".pq")


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

    def __init__(self, path: str, options: Mapping[str, str]) -> None:
        self.location = path
        self.name = stem(path)
        self.options = dict(options)
        self.cleaners: tuple[str, ...] = ()
        self._stamp: tuple[int, ...] | None = None
        self._remarks: list[str] = []
        self._ended = True
        self._day_first = False
        self._days = Days()
        self._unknown: Counter[str] = Counter()
        self._labels: dict[str, str | None] = {}

    def __iter__(self) -> Iterator[triage.Document | triage.Quarantined]:
        """Yield every row once, in order; what was counted in an earlier reading starts anew."""
        self._days = Days(day_first=self._day_first)
        self._unknown = Counter()
        self._labels = {}
        self._ended = True
        return self._rows()

    def _rows(self) -> Iterator[triage.Document | triage.Quarantined]:
        raise NotImplementedError

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
            notes.append(f"{self.bad_dates:,} dates could not be read; their documents have none")
        if not self._ended:
            notes.append("the last line has no end: if the file was cut off, its last row is not whole")
        return tuple(notes)

    def _settle(self, columns: Columns, dates: Sequence[str]) -> None:
        """Take over the chosen columns, and what a sample of the dates says about their order."""
        self.columns = columns
        if columns.grouped or columns.narrative:
            self.cleaners = _cfpb.CLEANERS
        if writes_day_first(list(dates)):
            self._day_first = True
            self._remarks.append("dates with slashes are read as day/month/year: else some had no month")

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
