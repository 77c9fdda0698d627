"""CSV and TSV files, read row by row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import triage
from triage.plugin_api import (
    CSV_MARK,
    HEAD,
    HEAD_LINES,
    Input,
    Layout,
    characters,
    choose,
    csv_uncell,
    find_layout,
    merge_headers,
    open_input,
    physical_lines,
    quote_path,
    same_header,
)
from triage_readers._columns import check_names, is_known, resolve
from triage_readers._records import Records
from triage_readers._source import SAMPLE, FileSource, joined

__all__ = ["CsvSource"]

# A file of which nothing can be read is stopped early: no list of a million reasons.
_HOPELESS = 100_000


class CsvSource(FileSource):
    """The documents of a CSV file.

    Its first record is the header, unless the lines above it are not part of the table (see
    `triage.io.layout`), and a row is every further record that is neither blank nor the header again. Rows are
    quarantined that cannot be read, that have more or fewer fields than the header, or that hold a NUL byte.
    Where every row of the first hundred (and there are at least two) ends in one extra delimiter, that is
    ignored, and said.

    Args:
        path: the file.
        options: `text_column`, `label_column`, `date_column`, `id_column`, `encoding`, `delimiter`.
        delimiter: what stands between fields; where it is not given it is told from the header.

    Raises:
        NoInput: no such file.
        DataError: not text, not of the encoding, no rows, no header, or the columns cannot be told.
    """

    def __init__(self, path: str, options: Mapping[str, Any], *, delimiter: str = "") -> None:
        super().__init__(path, options)
        self._delimiter = _one_character(options["delimiter"]) if options.get("delimiter") else delimiter
        self._extra = False
        self._repeated = 0
        self._layout = Layout()
        self._look()

    def _look(self) -> None:
        """Read the header and the first rows: enough to know what the rest means, or to refuse it."""
        with open_input(self.location) as stream:
            self._stamp = stream.stamp
            self._codec, self._errors = choose(
                stream.peek(HEAD)[:HEAD], self.options.get("encoding"), self.location
            )
            lines = self._physical(stream)
            head = list(itertools.islice(lines, HEAD_LINES))
            known = is_known(self.options)
            self._layout = find_layout(
                head, known=lambda name: known(csv_uncell(name)), delimiter=self._delimiter
            )
            records = self._records(itertools.chain(head, lines))
            line, header = records.header()
            if isinstance(header, str):
                raise triage.DataError(
                    f"{quote_path(self.location)}, line {line}: the header cannot be read: {header}"
                )
            if not header:
                raise triage.DataError(f"{quote_path(self.location)} is empty: no header and no rows")
            self._marked = header[-1] == CSV_MARK
            self._header = [(csv_uncell(name) if self._marked else name).strip() for name in header]
            names = merge_headers(self._layout.group, self._header) if self._layout.group else self._header
            check_names(names, self.location)
            columns = resolve(names, self.options, self.location)
            self._width = len(names)
            place = {name: index for index, name in reversed(list(enumerate(names)))}
            self._text = [place[name] for name in columns.text]
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
        self._remarks += self._layout.notes
        if self._extra:
            self._remarks.append("every row ends in an extra delimiter, which is ignored")
        dates = [
            fields[self._date]
            for fields in sample
            if self._date is not None and isinstance(fields, list) and len(fields) >= self._width
        ]
        self._settle(columns, dates)

    def _records(self, lines: Iterator[str]) -> Records:
        """Return the records of the file's lines, from the header on."""
        above = self._layout.above
        return Records(
            itertools.islice(lines, above, None),
            self._layout.delimiter,
            line=above + 1,
            blanks=self._layout.blanks,
        )

    def _physical(self, stream: Input) -> Iterator[str]:
        return physical_lines(characters(stream, self._codec, self._errors, self.location))

    def _read(self) -> Iterator[tuple[int, list[str] | str]]:
        """Yield each row: the line on which it begins, and its fields or why it cannot be read."""
        self._repeated = 0
        with open_input(self.location, stamp=self._stamp) as stream:
            records = self._records(self._physical(stream))
            records.header()
            for line, fields in records.rows(self._width, self._label, date=self._date, extra=self._extra):
                if (
                    isinstance(fields, list)
                    and fields[self._text[0]].strip().removeprefix("\ufeff") in self._header
                ):
                    if same_header(fields, self._header):
                        self._repeated += 1
                        continue
                    if self._width > 2 and sorted(map(str.strip, fields)) == sorted(self._header):
                        raise triage.DataError(
                            f"{quote_path(self.location)}, line {line:,}: a header again, with the columns in "
                            "another order: read the files that were joined here one by one"
                        )
                yield line, fields
            self._ended = records.ended

    def _dates(self) -> Iterator[str]:
        for _, fields in self._read():
            if isinstance(fields, list) and self._date is not None:
                yield fields[self._date]

    def _rows(self) -> Iterator[triage.Document | triage.Quarantined]:
        texts, label, date, identifier = self._text, self._label, self._date, self._id
        used = [*texts, *(place for place in (label, date, identifier) if place is not None)]
        document, marked = self._document, self._marked
        kept = lost = 0
        first = ""
        for row, (line, fields) in enumerate(self._read(), start=1):
            if isinstance(fields, str):
                lost += 1
                first = first or f"line {line:,}: {fields}"
                if lost > _HOPELESS and lost > 10 * kept:
                    raise triage.DataError(
                        f"{quote_path(self.location)}: {lost:,} of {row:,} rows cannot be read, the first on "
                        f"{first}. This is not a CSV file with the columns of its header"
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
                joined([fields[place] for place in texts]),
                fields[label] if label is not None else "",
                fields[date] if date is not None else None,
                fields[identifier] if identifier is not None else "",
            )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the last reading, a line each."""
        found = super().notes
        return (*found, f"{self._repeated:,} repeated headers are not rows") if self._repeated else found


def _one_character(asked: str) -> str:
    delimiter = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";"}.get(asked, asked)
    if len(delimiter) != 1 or delimiter in '"\r\n\0 ':
        raise triage.BadOption(f"--delimiter is one character such as , ; | or tab, not {asked!r}")
    return delimiter
