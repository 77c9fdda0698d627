"""The cells of one sheet of an Excel workbook (.xlsx), as the texts that a CSV file would hold."""

from __future__ import annotations

import datetime
import itertools
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from triage.errors import DataError, TriageError, Unavailable, did_you_mean
from triage.io.files import open_input, quote_path

__all__ = ["SUFFIXES", "is_workbook", "sheet_rows"]

SUFFIXES = (".xlsx", ".xlsm")
_FREE, _RATIO, _MOST = 64 << 20, 200, 1 << 30
_LOOK = 100


def is_workbook(path: str | os.PathLike[str]) -> bool:
    """Return whether the name of a file says that it is an Excel workbook."""
    return os.fspath(path).casefold().endswith(SUFFIXES)


def sheet_rows(
    path: str | os.PathLike[str], *, sheet: str = "", stamp: tuple[int, ...] | None = None
) -> Iterator[list[str]]:
    """Yield the rows of a sheet, blank ones included: row i of the sheet is the i-th.

    Days come as `2024-03-01`, whole numbers without a decimal sign, formulas as the value that was stored.

    Args:
        path: the workbook.
        sheet: its name; by default the one visible sheet that holds rows.
        stamp: `Input.stamp` of an earlier opening; the file must not have changed since.

    Raises:
        NoInput: no such file, or nothing that may be read.
        DataError: not a workbook, damaged, too large unpacked, no such sheet, or several that hold rows.
        Unavailable: openpyxl is not installed.
    """
    with _opened(path, stamp) as book:
        for row in _chosen(book, sheet, path).iter_rows(values_only=True):
            yield [_text(value) for value in row]


@contextmanager
def _opened(path: str | os.PathLike[str], stamp: tuple[int, ...] | None) -> Iterator[Any]:
    try:
        import openpyxl
    except ImportError as error:
        raise Unavailable(
            f"{quote_path(path)}: reading Excel workbooks needs openpyxl: pip install 'nlp-triage[excel]'"
        ) from error
    with open_input(path, stamp=stamp) as stream:
        try:
            _check_size(stream, path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles and extensions that are not read
                book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
                try:
                    yield book
                finally:
                    book.close()
        except (TriageError, MemoryError, KeyboardInterrupt, GeneratorExit):
            raise
        except Exception as error:  # noqa: BLE001 - a damaged workbook raises anything; messages may quote cells
            raise DataError(
                f"{quote_path(path)} is damaged or not an Excel workbook ({type(error).__name__}): save it again"
            ) from None


def _check_size(stream: Any, path: str | os.PathLike[str]) -> None:
    with zipfile.ZipFile(stream) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        packed = sum(entry.compress_size for entry in archive.infolist())
    if size > _MOST or (size > _FREE and size > _RATIO * packed):
        raise DataError(
            f"{quote_path(path)} unpacks to {size >> 20:,} MB: save the sheet as CSV and give that"
        )
    stream.seek(0)


def _chosen(book: Any, asked: str, path: str | os.PathLike[str]) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    for sheet in sheets.values():
        sheet.reset_dimensions()  # what a file says of its size may be wrong
    if asked:
        alike = [name for name in sheets if name.strip().casefold() == asked.strip().casefold()]
        if asked not in sheets and len(alike) != 1:
            raise DataError(
                f"{quote_path(path)} has no sheet {quote_path(asked)}.{did_you_mean(asked, sheets)}"
            )
        return sheets[asked if asked in sheets else alike[0]]
    filled = [name for name, sheet in sheets.items() if sheet.sheet_state == "visible" and _holds_rows(sheet)]
    if len(filled) > 1:
        names = ", ".join(quote_path(name) for name in filled[:8])
        raise DataError(f"{quote_path(path)} has several sheets that hold rows ({names}): pass --sheet NAME")
    if not filled:
        raise DataError(f"{quote_path(path)} is empty: no visible sheet holds a row")
    return sheets[filled[0]]


def _holds_rows(sheet: Any) -> bool:
    rows = itertools.islice(sheet.iter_rows(values_only=True), _LOOK)
    return any(value is not None for row in rows for value in row)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat() if value.time() != datetime.time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)
