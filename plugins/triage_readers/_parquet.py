"""Parquet files, read in batches of the columns that are needed."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import triage
from triage.plugin_api import open_input, quote_path
from triage_readers._columns import check_names, resolve
from triage_readers._pages import NotParquet, delta_encoded, sizes
from triage_readers._source import SAMPLE, FileSource, joined

__all__ = ["ParquetSource"]

_BATCH = 1024
# A value is unpacked before its length is known, so a group of few, huge texts is refused unread.
_LARGEST = 16 << 20
_GROUP = 256 << 20
_MEAN = 1 << 16
_TOO_LONG = object()
_NO_VALUE = object()


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

    def __init__(self, path: str, options: Mapping[str, Any]) -> None:
        super().__init__(path, options)
        with self._open() as (file, source):
            names = list(file.schema_arrow.names)
            check_names(names, path)
            columns = resolve(names, options, path)
            self.columns = columns
            if not file.metadata.num_rows:
                raise triage.DataError(f"{quote_path(path)} has columns and no rows")
            for role in columns.all:
                if _nested(file.schema_arrow.field(role).type):
                    raise triage.DataError(
                        f"{quote_path(path)}: the column {quote_path(role)} must hold single values, not lists or "
                        "structs: write its fields as columns of their own"
                    )
            self._bound(file, source)
            dates = [cells[-2] for cells, _ in zip(self._cells(file), range(SAMPLE), strict=False)]
        self._settle(columns, [date for date in dates if isinstance(date, str)])

    @contextlib.contextmanager
    def _open(self) -> Iterator[tuple[Any, Any]]:
        """Open the file as pyarrow does, and its bytes; its errors become ours, without what they quote."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise triage.Unavailable(
                f"{quote_path(self.location)}: reading Parquet needs pyarrow: pip install 'nlp-triage[parquet]'"
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
                settings = {"buffer_size": 1 << 20, "pre_buffer": False}
                with pq.ParquetFile(source, **settings) as file:
                    texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
                delta = delta_encoded(source)
                texts = [name for name in texts if name not in delta]
                # As dictionaries, so that a huge value that is repeated is unpacked once.
                yield stack.enter_context(pq.ParquetFile(source, **settings, read_dictionary=texts)), source
            except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, NotParquet) as error:
                stream.verify()
                raise triage.DataError(
                    f"{quote_path(self.location)} is damaged or no Parquet file ({type(error).__name__})"
                ) from None
            stream.verify()

    def _bound(self, file: Any, source: Any) -> None:
        """Refuse row groups whose cells could not be held."""
        groups = sizes(source, self.columns.all)
        if len(groups) != file.metadata.num_row_groups:
            raise NotParquet
        for number, sums in enumerate(groups):
            rows = file.metadata.row_group(number).num_rows
            for name, size in sums.items():
                mean = size / max(rows, 1)
                if mean > _LARGEST or (size > _GROUP and mean > _MEAN):
                    raise triage.DataError(
                        f"{quote_path(self.location)}: row group {number + 1} holds {size >> 20:,} MB of "
                        f"{quote_path(name)} in {rows:,} rows, too large to read one by one: write it in smaller "
                        "groups"
                    )

    def _cells(self, file: Any) -> Iterator[list[Any]]:
        """Yield the cells of each row: one or several texts, then label, date and identifier."""
        columns = self.columns
        wanted = (*columns.text, columns.label, columns.date, columns.id)
        for batch in file.iter_batches(batch_size=_BATCH, columns=list(columns.all)):
            held = [_values(batch.column(name)) if name else [None] * batch.num_rows for name in wanted]
            yield from map(list, zip(*held, strict=True))

    def _dates(self) -> Iterator[str]:
        with self._open() as (file, _):
            yield from (cells[-2] for cells in self._cells(file) if isinstance(cells[-2], str))

    def _rows(self) -> Iterator[triage.Document | triage.Quarantined]:
        with self._open() as (file, _):
            row, said = 0, file.metadata.num_rows
            for row, (*texts, label, date, identifier) in enumerate(self._cells(file), start=1):
                try:
                    text = joined([_text(cell) for cell in texts])
                    cells = [text, *(_text(cell) for cell in (label, identifier))]
                    day = date if isinstance(date, datetime.date) else _text(date)
                except _UnreadableError as error:
                    yield triage.Quarantined(row=row, line=0, reason=str(error))
                    continue
                yield self._document(row, 0, cells[0], cells[1], day, cells[2])
            if row != said:
                raise triage.DataError(
                    f"{quote_path(self.location)} is damaged: it says that it has {said:,} rows, and {row:,} came "
                    "out"
                )


class _UnreadableError(Exception):
    """A cell that is no text."""


def _nested(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(kind))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def _values(column: Any) -> list[Any]:
    """Return a column's values; timestamps as the day in their own zone, what is no text as bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        known = _values(column.dictionary)
        return [
            None if index is None else known[index] if 0 <= index < len(known) else _NO_VALUE
            for index in column.indices.to_pylist()
        ]
    if pa.types.is_timestamp(column.type):
        if column.type.tz:
            column = pc.local_timestamp(column)
        column = column.cast(pa.date32(), safe=False)
    if column.nbytes > _LARGEST and _is_text(column.type):
        lengths = pc.binary_length(column).to_pylist()
        return [
            _TOO_LONG if length and length > _LARGEST else _plain(column.slice(place, 1))[0]
            for place, length in enumerate(lengths)
        ]
    return _plain(column)


def _plain(column: Any) -> list[Any]:
    import pyarrow as pa

    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = column.cast(pa.binary()).to_pylist()
    except (ValueError, OverflowError):  # such as a day after the year 9999: it costs its row and no other
        values = [_value(cell) for cell in column]
    return values


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        return _NO_VALUE


def _text(value: Any) -> str:
    """Return a cell as text.

    Raises:
        _UnreadableError: it is none.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is _TOO_LONG:
        raise _UnreadableError(f"longer than {_LARGEST >> 20} million bytes")
    if value is _NO_VALUE:
        raise _UnreadableError("it holds a value that cannot be")
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise _UnreadableError("its text is not UTF-8") from None
    return str(value)
