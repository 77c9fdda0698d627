"""Excel workbooks: the rows of one sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import triage
from triage.plugin_api import (
    HEAD_LINES,
    find_header,
    is_blank,
    merge_headers,
    open_input,
    quote_path,
    same_header,
    sheet_rows,
)
from triage_readers._columns import check_names, is_known, resolve
from triage_readers._source import SAMPLE, FileSource, joined

__all__ = ["ExcelSource"]


class ExcelSource(FileSource):
    """The documents of a sheet of an Excel workbook; `line` is the row of the sheet.

    Args:
        path: the workbook.
        options: `text_column`, `label_column`, `date_column`, `id_column`, `sheet`.

    Raises:
        NoInput: no such file.
        DataError: not a workbook, no rows, no such sheet, or the columns cannot be told.
        Unavailable: openpyxl is not installed.
    """

    def __init__(self, path: str, options: Mapping[str, Any]) -> None:
        super().__init__(path, options)
        with open_input(path) as stream:
            self._stamp = stream.stamp
        head = list(islice(self._sheet(), HEAD_LINES))
        known = is_known(options)
        layout = find_header(head, known=known)
        if all(map(is_blank, head)):
            raise triage.DataError(f"{quote_path(path)} is empty: no header and no rows")
        self._above = layout.above
        self._header = [name.strip() for name in head[layout.above]]
        while self._header and not self._header[-1]:
            self._header.pop()
        names = merge_headers(layout.group, self._header) if layout.group else self._header
        check_names(names, path)
        columns = resolve(names, options, path)
        wanted = (*columns.text, columns.label, columns.date, columns.id)
        self._places = [names.index(name) if name else None for name in wanted]
        self._remarks += layout.notes
        sample = [cells for _, cells in islice(self._read(), SAMPLE)]
        if not sample:
            raise triage.DataError(f"{quote_path(path)} has a header and no rows")
        self._settle(columns, [cells[-2] for cells in sample])

    def _sheet(self) -> Iterator[list[str]]:
        return sheet_rows(self.location, sheet=self.options.get("sheet", ""), stamp=self._stamp)

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        """Yield for each row its number in the sheet and its cells: texts, label, date, identifier."""
        for number, row in enumerate(self._sheet(), start=1):
            if (
                number <= self._above + 1
                or is_blank(row)
                or same_header(row[: len(self._header)], self._header)
            ):
                continue
            yield number, ["" if place is None or place >= len(row) else row[place] for place in self._places]

    def _dates(self) -> Iterator[str]:
        return (cells[-2] for _, cells in self._read())

    def _rows(self) -> Iterator[triage.Document | triage.Quarantined]:
        for row, (line, (*texts, label, date, identifier)) in enumerate(self._read(), start=1):
            yield self._document(row, line, joined(texts), label, date, identifier)
