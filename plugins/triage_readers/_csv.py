"""CSV and TSV files, read row by row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import triage
from triage.io.files import CSV_MARK, Input, csv_uncell, open_input, quote_path
from triage_readers._columns import check_names, resolve
from triage_readers._encoding import HEAD, characters, choose, physical_lines
from triage_readers._records import Records
from triage_readers._source import SAMPLE, FileSource

__all__ = ["CsvSource"]

_DELIMITERS = ",;\t|"
# A file of which nothing can be read is stopped early: no list of a million reasons.
_HOPELESS = 100_000


class CsvSource(FileSource):
    """The documents of a CSV file.

    Its first record is the header, and a row is every further record. Rows are quarantined that cannot be
    read, that have more or fewer fields than the header, or that hold a NUL byte. Where every row of the
    first hundred (and there are at least two) ends in one extra delimiter, that is ignored, and said.

    Args:
        path: the file.
        options: `text_column`, `label_column`, `date_column`, `id_column`, `encoding`, `delimiter`.
        delimiter: what stands between fields; where it is not given it is told from the header.

    Raises:
        NoInput: no such file.
        DataError: not text, not of the encoding, no rows, no header, or the columns cannot be told.
    """

    def __init__(self, path: str, options: Mapping[str, str], *, delimiter: str = "") -> None:
        super().__init__(path, options)
        self._delimiter = _one_character(options["delimiter"]) if options.get("delimiter") else delimiter
        self._extra = False
        self._look()

    def _look(self) -> None:
        """Read the header and the first rows: enough to know what the rest means, or to refuse it."""
        with open_input(self.location) as stream:
            self._stamp = stream.stamp
            self._codec, self._errors = choose(
                stream.peek(HEAD)[:HEAD], self.options.get("encoding"), self.location
            )
            lines = self._physical(stream)
            start = list(itertools.islice(lines, 1))
            if not self._delimiter:
                self._delimiter = _delimiter_of(start[0]) if start else ","
            records = Records(itertools.chain(start, lines), self._delimiter)
            line, header = records.header()
            if isinstance(header, str):
                raise triage.DataError(
                    f"{quote_path(self.location)}, line {line}: the header cannot be read: {header}"
                )
            if not header:
                raise triage.DataError(f"{quote_path(self.location)} is empty: no header and no rows")
            self._marked = header[-1] == CSV_MARK
            names = [(csv_uncell(name) if self._marked else name).strip() for name in header]
            check_names(names, self.location)
            columns = resolve(names, self.options, self.location)
            self._width = len(names)
            place = {name: index for index, name in reversed(list(enumerate(names)))}
            self._text = place[columns.text]
            self._label = place[columns.label] if columns.label else None
            self._date = place[columns.date] if columns.date else None
            self._id = place[columns.id] if columns.id else None
            sample = [fields for _, fields in itertools.islice(records.rows(0, None), SAMPLE)]
        if not sample:
            raise triage.DataError(f"{quote_path(self.location)} has a header and no rows")
        self._extra = len(sample) > 1 and all(
            isinstance(fields, list) and len(fields) == self._width + 1 and not fields[-1]
            for fields in sample
        )
        if self._extra:
            self._remarks.append("every row ends in an extra delimiter, which is ignored")
        dates = [
            fields[self._date]
            for fields in sample
            if self._date is not None and isinstance(fields, list) and len(fields) >= self._width
        ]
        self._settle(columns, dates)

    def _physical(self, stream: Input) -> Iterator[str]:
        return physical_lines(characters(stream, self._codec, self._errors, self.location))

    def _rows(self) -> Iterator[triage.Document | triage.Quarantined]:
        text, label, date, identifier = self._text, self._label, self._date, self._id
        used = [place for place in (text, label, date, identifier) if place is not None]
        document, marked = self._document, self._marked
        kept = lost = 0
        first = ""
        with open_input(self.location, stamp=self._stamp) as stream:
            records = Records(self._physical(stream), self._delimiter)
            records.header()
            for row, (line, fields) in enumerate(
                records.rows(self._width, label, date=date, extra=self._extra), start=1
            ):
                if isinstance(fields, str):
                    lost += 1
                    first = first or f"line {line:,}: {fields}"
                    if lost > _HOPELESS and lost > 10 * kept:
                        raise triage.DataError(
                            f"{quote_path(self.location)}: {lost:,} of {row:,} rows cannot be read, the first on "
                            f"{first}. This is no CSV file with the columns of its header"
                        )
                    yield triage.Quarantined(row=row, line=line, reason=fields)
                    continue
                if marked:
                    fields = [csv_uncell(cell) for cell in fields]
                elif any("\0" in fields[place] for place in used):
                    lost += 1
                    yield triage.Quarantined(row=row, line=line, reason="a NUL byte in it")
                    continue
                kept += 1
                yield document(
                    row,
                    line,
                    fields[text],
                    fields[label] if label is not None else "",
                    fields[date] if date is not None else None,
                    fields[identifier] if identifier is not None else "",
                )
            self._ended = records.ended


def _one_character(asked: str) -> str:
    delimiter = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";"}.get(asked, asked)
    if len(delimiter) != 1 or delimiter in '"\r\n\0 ':
        raise triage.BadOption(f"--delimiter is one character such as , ; | or tab, not {asked!r}")
    return delimiter


def _delimiter_of(header: str) -> str:
    """Return what divides the header into most names; a comma where nothing does."""
    bare = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=bare.count)
