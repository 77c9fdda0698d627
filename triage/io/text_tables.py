"""Small files that a person wrote or worked through: read whole, line by line, or as the rows of a table.

They are opened by `triage.io.files.open_input` like every other, and nothing in them takes more memory than a
line may have.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from triage.errors import DataError
from triage.io.files import csv_uncell, open_input, quote_path

__all__ = ["read_lines", "read_table", "read_whole"]

LONGEST = 16 << 20
"""Characters that one line may have."""


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
    r"""Yield the lines of a file in UTF-8 with their ends: \n, \r\n or \r. A byte order mark is dropped.

    Lone surrogates come as they were written by triage.

    Raises:
        NoInput: no such file, or nothing that may be read.
        DataError: not UTF-8 or a line too long (the line is named), the file changed while it was read, or
            its gzip stream is damaged.
    """
    number = 1
    with (
        open_input(path) as stream,
        io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogatepass", newline="") as lines,
    ):
        while True:
            try:
                line = lines.readline(LONGEST)
            except UnicodeDecodeError:
                raise DataError(
                    f"{quote_path(path)}: not UTF-8, on line {number:,} or a little later"
                ) from None
            if not line:
                return
            if len(line) == LONGEST:
                raise DataError(
                    f"{quote_path(path)}, line {number:,}: longer than {LONGEST >> 20} million characters"
                )
            yield line
            number += 1


def read_table(
    path: str | os.PathLike[str], *, needs: Sequence[str] = (), what: str = "this file"
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file with a header: the line on which each ends, and its cells by column.

    What `csv_cell` put in front of a cell is taken away again. A row may be shorter than the header, as
    spreadsheets leave them: its last cells are empty. Empty lines are no rows.

    Args:
        path: the file.
        needs: the columns that it has.
        what: how errors call such a file.

    Raises:
        NoInput, DataError: as in `read_lines`; also where it is not CSV, two columns have one name, or a row
            has more cells than the header (the line is named), or a column is missing.
    """
    with closing(read_lines(path)) as lines:
        rows = csv.reader(lines, strict=True)
        try:
            header = [csv_uncell(name) for name in next(filter(None, rows), [])]
            named = [name for name in header if name]
            if len(set(named)) < len(named):
                raise DataError(f"{quote_path(path)}: two columns have the same name: rename one")
            if missing := [name for name in needs if name not in header]:
                raise DataError(f"{quote_path(path)}: {what} has a column {missing[0]!r}")
            for cells in rows:
                if not cells:
                    continue
                if len(cells) > len(header):
                    raise DataError(
                        f"{quote_path(path)}, line {rows.line_num:,}: {len(cells)} cells where the header has "
                        f"{len(header)}"
                    )
                cells += [""] * (len(header) - len(cells))
                yield rows.line_num, dict(zip(header, map(csv_uncell, cells), strict=True))
        except csv.Error as error:
            # Its messages name characters and limits, never a cell.
            raise DataError(f"{quote_path(path)}, line {rows.line_num:,}: not CSV ({error})") from None
