"""Parquet files, read in batches of the columns that are needed."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import triage
from triage.files import open_input, shown
from triage_readers._columns import check_names, resolve
from triage_readers._source import SAMPLE, FileSource

__all__ = ["ParquetSource"]

_BATCH = 1024
# One page of a column is unpacked at a time, and a single value is never divided: a group whose texts are
# this large on average cannot be read in bounded memory.
_LARGEST = 16 << 20


class ParquetSource(FileSource):
    """The documents of a Parquet file; what is not text keeps the text that it prints as.

    Args:
        path: the file, gzip or not; a packed one is unpacked into a temporary file first.
        options: `text_column`, `label_column`, `date_column`, `id_column`.

    Raises:
        NoInput: no such file.
        DataError: no or a damaged Parquet file, no rows, or the columns cannot be told.
        Unavailable: pyarrow is not installed.
    """

    def __init__(self, path: str, options: Mapping[str, str]) -> None:
        super().__init__(path, options)
        with self._open() as file:
            names = list(file.schema_arrow.names)
            check_names(names, path)
            columns = resolve(names, options, path)
            self.columns = columns
            if not file.metadata.num_rows:
                raise triage.DataError(f"{shown(path)} has columns and no rows")
            for role in (columns.text, columns.label, columns.date, columns.id):
                if role and _nested(file.schema_arrow.field(role).type):
                    raise triage.DataError(f"{shown(path)}: the column {shown(role)} holds lists, not cells")
            self._bound(file)
            dates = [cells[2] for cells, _ in zip(self._cells(file), range(SAMPLE), strict=False)]
        self._settle(columns, [date for date in dates if isinstance(date, str)])

    @contextlib.contextmanager
    def _open(self) -> Iterator[Any]:
        """Open the file as pyarrow does; its errors become ours, without what they quote."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise triage.Unavailable(
                f"{shown(self.location)}: reading Parquet needs pyarrow: pip install 'nlp-triage[parquet]'"
            ) from error
        with contextlib.ExitStack() as stack:
            stream = stack.enter_context(open_input(self.location, stamp=self._stamp))
            self._stamp = stream.stamp
            source: Any = stream
            if stream.compressed:
                source = stack.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(stream, source, 1 << 20)
                source.seek(0)
            try:
                yield stack.enter_context(pq.ParquetFile(source, buffer_size=1 << 20, pre_buffer=False))
            except (pa.ArrowException, OSError) as error:
                stream.verify()
                raise triage.DataError(
                    f"{shown(self.location)} is damaged or no Parquet file ({type(error).__name__})"
                ) from None
            stream.verify()

    def _bound(self, file: Any) -> None:
        """Refuse row groups whose texts could not be held."""
        place = file.schema_arrow.names.index(self.columns.text)
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            if group.num_columns > place and group.num_rows:
                size = group.column(place).total_uncompressed_size / group.num_rows
                if size > _LARGEST:
                    raise triage.DataError(
                        f"{shown(self.location)}: the texts of row group {number + 1} have "
                        f"{size / 1e6:,.0f} MB each; at most {_LARGEST >> 20} are read"
                    )

    def _cells(self, file: Any) -> Iterator[list[Any]]:
        """Yield the cells of each row: text, label, date, identifier."""
        columns = self.columns
        wanted = [name for name in (columns.text, columns.label, columns.date, columns.id) if name]
        for batch in file.iter_batches(batch_size=_BATCH, columns=list(dict.fromkeys(wanted))):
            held = [
                _values(batch.column(name)) if name else [None] * batch.num_rows
                for name in (columns.text, columns.label, columns.date, columns.id)
            ]
            yield from map(list, zip(*held, strict=True))

    def _rows(self) -> Iterator[triage.Document | triage.Quarantined]:
        with self._open() as file:
            for row, (text, label, date, identifier) in enumerate(self._cells(file), start=1):
                cells = [_text(text), _text(label), _text(identifier)]
                if any(isinstance(cell, bytes) for cell in cells):
                    yield triage.Quarantined(row=row, line=0, reason="its text is not UTF-8")
                    continue
                day = date if isinstance(date, datetime.date) else str(_text(date))
                yield self._document(row, 0, str(cells[0]), str(cells[1]), day, str(cells[2]))


def _nested(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(kind) or pa.types.is_map(kind))


def _values(column: Any) -> list[Any]:
    """Return a column's values; timestamps as the day in their own zone, broken UTF-8 as bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        if column.type.tz:
            column = pc.local_timestamp(column)
        column = column.cast(pa.date32(), safe=False)
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = column.cast(pa.binary()).to_pylist()
    return values


def _text(value: Any) -> str | bytes:
    """Return a cell as text; bytes where it is none."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    return str(value)
