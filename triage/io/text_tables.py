"""Small files that a person wrote or worked through: read whole, line by line, or as the rows of a table.

They are opened by `triage.io.files.open_input` like every other, and nothing in them takes more memory than a
line may have.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice

from triage.errors import DataError
from triage.io.excel import is_workbook, sheet_rows
from triage.io.files import csv_uncell, open_input, quote_path
from triage.io.layout import HEAD_LINES, find_header, find_layout, is_blank, same_header, to_float

__all__ = ["Table", "name_or_place", "read_lines", "read_table", "read_whole"]

LONGEST = 16 << 20
"""Characters that one line may have."""
MOST_ROWS = 1_048_576
"""Rows that a sheet of a workbook can have."""


def read_whole(path: str | os.PathLike[str], *, most: int) -> bytes:
    """Return the content of a file, gzip or not.

    Args:
        path: the file.
        most: how many bytes it may have.

    Raises:
        NoInput: no such file, or nothing that may be read.
        DataError: it holds more than `most` bytes, changed while it was read, or its gzip stream is damaged.
    """
    with open_input(path) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise DataError(f"{quote_path(path)} holds more than {most:,} bytes: it is not what it should be")
    return content


def read_lines(path: str | os.PathLike[str]) -> Generator[str, None, None]:
    r"""Yield the lines of a file in UTF-8 (or UTF-16 with a byte order mark) with their ends: \n, \r\n or \r.

    Lone surrogates come as they were written by triage.

    Raises:
        NoInput: no such file, or nothing that may be read.
        DataError: another encoding or a line too long (the line is named), the file changed while it was read, or
            its gzip stream is damaged.
    """
    number = 1
    with open_input(path) as stream:
        codec = "utf-16" if stream.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
        lines = io.TextIOWrapper(stream, encoding=codec, errors="surrogatepass", newline="")
        while True:
            try:
                line = lines.readline(LONGEST)
            except UnicodeDecodeError:
                raise DataError(
                    f"{quote_path(path)}: not {'UTF-16' if codec == 'utf-16' else 'UTF-8'}, on line {number:,} or a "
                    "little later: if it is in cp1252 or another encoding, save it as UTF-8 (in a spreadsheet, "
                    "as 'CSV UTF-8')"
                ) from None
            if not line:
                return
            if len(line) == LONGEST:
                raise DataError(
                    f"{quote_path(path)}, line {number:,}: longer than {LONGEST >> 20} million characters"
                )
            yield line
            number += 1


class Table:
    """The rows of a small table with a header: a CSV file as any program writes it, or a sheet of a workbook.

    Iterating yields, for each row, the line on which it ends (of a workbook, the row of the sheet) and its
    cells by column. The delimiter is told from the first lines; lines above the header, blank rows and
    headers that are repeated are not rows. What `csv_cell` put in front of a cell is taken away again. A row
    may be shorter than the header, as spreadsheets leave them: its last cells are empty.

    Attributes:
        delimiter: what divides cells, once iteration has begun: it says what a comma in a number is.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, needs: Sequence[str], known: Sequence[str], what: str
    ) -> None:
        self._path, self._needs, self._what = path, needs, what
        self._names = {name.casefold(): name for name in (*needs, *known)}
        self.delimiter = ","

    def number(self, cell: str) -> float:
        """Return the number in a cell, with a decimal comma where commas do not divide cells.

        Raises:
            ValueError: it is not a number.
        """
        return to_float(cell, delimiter=self.delimiter)

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the rows; errors as in `read_table`."""
        with closing(self._records()) as records:
            _, first = next(records, (0, []))
            header = [self._plain(name) for name in first]
            self._check(header)
            # Of columns that nobody reads the first of a name counts.
            places: dict[str, int] = {}
            for place, name in enumerate(header):
                places.setdefault(name, place)
            for line, cells in records:
                if is_blank(cells) or same_header([self._plain(cell) for cell in cells], header):
                    continue
                while len(cells) > len(header) and not cells[-1].strip():
                    cells.pop()
                if len(cells) > len(header):
                    raise DataError(
                        f"{quote_path(self._path)}, line {line:,}: {len(cells)} cells where the header has "
                        f"{len(header)}"
                    )
                cells += [""] * (len(header) - len(cells))
                yield line, {name: csv_uncell(cells[place]) for name, place in places.items()}

    def _check(self, header: Sequence[str]) -> None:
        named = [name for name in header if name and (name in self._names.values() or not self._names)]
        if len(set(named)) < len(named):
            raise DataError(f"{quote_path(self._path)}: two columns have the same name: rename one")
        if missing := [name for name in self._needs if name not in header]:
            found = f"found {', '.join(name_or_place(name, i) for i, name in enumerate(header[:8], start=1))}"
            raise DataError(
                f"{quote_path(self._path)}: {self._what} must have a column {missing[0]!r}, "
                f"{found if any(header) else 'found no header'}"
            )

    def _plain(self, name: str) -> str:
        """Return the name of a column as it is asked for, whatever its case."""
        name = csv_uncell(name.strip().removeprefix("\ufeff"))
        return self._names.get(name.casefold(), name)

    def _known(self, name: str) -> bool:
        return csv_uncell(name).casefold() in self._names

    def _records(self) -> Generator[tuple[int, list[str]], None, None]:
        """Yield the header and then every record after it, with the line on which it ends."""
        if is_workbook(self._path):
            self.delimiter = "\t"  # no cell of a workbook is divided by a comma
            sheet = list(islice(sheet_rows(self._path), MOST_ROWS + 1))
            if len(sheet) > MOST_ROWS:
                raise DataError(f"{quote_path(self._path)} must have at most {MOST_ROWS:,} rows")
            above = find_header(sheet[:HEAD_LINES], known=self._known).above
            yield from ((number, row) for number, row in enumerate(sheet[above:], start=above + 1))
            return
        with closing(read_lines(self._path)) as lines:
            head = list(islice(lines, HEAD_LINES))
            layout = find_layout(head, known=self._known)
            self.delimiter = layout.delimiter
            rows = csv.reader(
                chain(head[layout.above :], lines),
                delimiter=layout.delimiter,
                skipinitialspace=layout.blanks,
                strict=True,
            )
            try:
                for row in rows:
                    yield layout.above + rows.line_num, row
            except csv.Error as error:
                # Its messages name characters and limits, never a cell.
                line = layout.above + rows.line_num
                raise DataError(f"{quote_path(self._path)}, line {line:,}: not CSV ({error})") from None


def read_table(
    path: str | os.PathLike[str],
    *,
    needs: Sequence[str] = (),
    known: Sequence[str] = (),
    what: str = "this file",
) -> Table:
    """Return the rows of a small table, read as they are asked for.

    Args:
        path: a CSV file, or an Excel workbook with one sheet that holds rows.
        needs: the columns that it must have, found in whatever case.
        known: further columns that are read where they are there. Columns of other names may be repeated.
        what: how errors call such a file.

    Raises:
        NoInput, DataError: while iterating, as in `read_lines`; also where it is not CSV, two columns have
            one name, a row has more cells than the header (the line is named), or a column is missing.
    """
    return Table(path, needs=needs, known=known, what=what)


def name_or_place(name: str, place: int) -> str:
    """Return a column's name for a message, or its position: without a header, texts stand in its place."""
    words = name.split()
    plain = 0 < len(name) <= 40 and 0 < len(words) <= 4 and not re.search(r"\d{3}|[@.!?]\s|[@!?]$|[.]$", name)
    return quote_path(name) if plain else f"(column {place})"
