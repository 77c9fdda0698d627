"""Decisions as programs read them: one object, or one row, for each."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from triage.errors import DataError, Unavailable
from triage.io.files import CSV_MARK, AtomicWriter, csv_line
from triage.records import Decision

__all__ = ["COLUMNS", "csv_lines", "json_lines", "record", "write_parquet"]

COLUMNS = (
    "row",
    "id",
    "action",
    "queue",
    "label",
    "confidence",
    "threshold",
    "reasons",
    "alternatives",
    "familiarity",
    "date",
)


def record(decision: Decision, stamp: Mapping[str, Any], *, explain: bool = False) -> dict[str, Any]:
    """Return a decision as the interface prints it.

    Args:
        decision: what was decided.
        stamp: the same for all: "model" and "policy".
        explain: whether to add "terms".
    """
    found: dict[str, Any] = {
        "row": decision.row,
        "id": decision.id,
        "action": decision.action,
        "queue": decision.queue,
        "label": decision.label,
        "confidence": decision.confidence,
        "threshold": decision.threshold,
        "reasons": list(decision.reasons),
        "alternatives": [{"label": label, "probability": p} for label, p in decision.alternatives],
        "familiarity": decision.familiarity,
        "date": None if decision.date is None else decision.date.isoformat(),
        **stamp,
    }
    if explain:
        found["terms"] = [{"term": term, "weight": weight} for term, weight in decision.terms]
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
    columns = (*COLUMNS, "model", "policy", *(("terms",) if explain else ()))
    yield csv_line((*columns, CSV_MARK))
    for decision in decisions:
        found = record(decision, stamp, explain=explain)
        found["reasons"] = ";".join(decision.reasons)
        found["alternatives"] = ";".join(f"{label}={p:.4f}" for label, p in decision.alternatives)
        found["policy"] = stamp["policy"]["name"]
        found["terms"] = ";".join(f"{term}={weight:.4f}" for term, weight in decision.terms)
        yield csv_line((*(found[column] for column in columns), ""))


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
    pairs = pa.list_(pa.struct([("label", pa.string()), ("probability", pa.float64())]))
    terms = pa.list_(pa.struct([("term", pa.string()), ("weight", pa.float64())]))
    schema = pa.schema(
        [("row", pa.int64()), ("id", pa.string()), ("action", pa.string()), ("queue", pa.string())]
        + [("label", pa.string()), ("confidence", pa.float64()), ("threshold", pa.float64())]
        + [("reasons", pa.list_(pa.string())), ("alternatives", pairs), ("model", pa.string())]
        + [("policy", pa.string()), ("familiarity", pa.float64()), ("date", pa.string())]
        + ([("terms", terms)] if explain else [])
    )
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
