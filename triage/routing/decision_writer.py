"""Decisions as programs read them: one object, or one row, for each."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from triage.errors import DataError, Unavailable
from triage.io.files import CSV_MARK, AtomicWriter, csv_line
from triage.records import Decision
from triage.routing.decision_columns import COLUMNS, EXPLAINED

__all__ = ["csv_lines", "json_lines", "record", "write_parquet"]


def record(decision: Decision, stamp: Mapping[str, Any], *, explain: bool = False) -> dict[str, Any]:
    """Return a decision as the interface prints it.

    Args:
        decision: what was decided.
        stamp: the same for all: "model" and "policy".
        explain: whether to add "terms".
    """
    found = {name: column.to_json(getattr(decision, name)) for name, column in COLUMNS.items()} | dict(stamp)
    if explain:
        found |= {name: column.to_json(getattr(decision, name)) for name, column in EXPLAINED.items()}
    return found


def json_lines(
    decisions: Iterable[Decision], stamp: Mapping[str, Any], *, explain: bool = False
) -> Iterator[str]:
    """Yield one line of JSON for each decision; ASCII only, so any locale can carry it."""
    encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(", ", ": ")).encode
    for decision in decisions:
        yield encode(record(decision, stamp, explain=explain)) + "\n"


def csv_lines(
    decisions: Iterable[Decision], stamp: Mapping[str, Any], *, explain: bool = False
) -> Iterator[str]:
    """Yield a header and one line of CSV for each decision, every cell safe to open in a spreadsheet."""
    last = EXPLAINED if explain else {}
    yield csv_line((*COLUMNS, "model", "policy", *last, CSV_MARK))
    for decision in decisions:
        cells, more = (
            [column.to_csv(getattr(decision, name)) for name, column in columns.items()]
            for columns in (COLUMNS, last)
        )
        yield csv_line((*cells, stamp["model"], stamp["policy"]["name"], *more, ""))


def write_parquet(
    path: str, decisions: Iterable[Decision], stamp: Mapping[str, Any], *, explain: bool = False
) -> None:
    """Write decisions to a Parquet file in groups of rows, holding one group in memory.

    Raises:
        Unavailable: pyarrow is not installed.
        CannotWrite: the file cannot be written; what stood there still stands.
        DataError: an id, a label or a queue that Parquet cannot hold; the row is named.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise Unavailable("writing Parquet needs pyarrow: pip install 'nlp-triage[parquet]'") from error
    types = [(name, column.arrow(pa)) for name, column in COLUMNS.items()]
    at = list(COLUMNS).index("alternatives") + 1  # where files have had them from the beginning
    types[at:at] = [("model", pa.string()), ("policy", pa.string())]
    schema = pa.schema(types + [(name, column.arrow(pa)) for name, column in EXPLAINED.items() if explain])
    with AtomicWriter(path) as file, pq.ParquetWriter(_Sink(file), schema) as writer:
        group: list[dict[str, Any]] = []
        for decision in decisions:
            found = record(decision, stamp, explain=explain)
            group.append({**found, "policy": json.dumps(found["policy"], sort_keys=True)})
            if len(group) == 10_000:
                writer.write_table(_table(group, schema))
                group = []
        writer.write_table(_table(group, schema))


def _table(group: list[dict[str, Any]], schema: Any) -> Any:
    import pyarrow as pa

    try:
        return pa.Table.from_pylist(group, schema=schema)
    except UnicodeEncodeError:
        for found in group:
            try:
                pa.Table.from_pylist([found], schema=schema)
            except UnicodeEncodeError:
                raise DataError(
                    f"row {found['row']:,}: its id, label or queue holds half a character (a lone "
                    "surrogate), which Parquet cannot hold; jsonl and csv can"
                ) from None
        raise


class _Sink(io.RawIOBase):
    """Lets pyarrow write through an `AtomicWriter`."""

    def __init__(self, writer: AtomicWriter) -> None:
        super().__init__()
        self._writer = writer
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        piece = bytes(data)
        self._writer.write(piece)
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written
