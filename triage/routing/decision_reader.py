"""Decisions read back: what `triage route` wrote, and what people have judged since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import MISSING, fields
from itertools import chain
from typing import Any, NoReturn

from triage.errors import DataError, TriageError
from triage.io.files import quote_path
from triage.io.text_tables import read_lines, read_table
from triage.routing.decision_columns import COLUMNS, read_word
from triage.routing.monitoring import Audit, Seen

__all__ = ["are_decisions", "read_audits", "read_decisions"]

_FIELDS = {"row", "action", "queue", "confidence", "reasons"}  # which together no corpus is likely to have


def are_decisions(path: str) -> bool:
    """Tell whether a file looks like what `triage route` writes; false where it cannot be read."""
    try:
        with closing(read_lines(path)) as lines:
            first = next(lines, "")
        if first.lstrip().startswith("{"):
            record = json.loads(first)
            return isinstance(record, dict) and set(record) >= _FIELDS
        header = first.strip().split(",")
        return {name.strip().strip('"') for name in header} >= _FIELDS
    except (TriageError, ValueError, RecursionError):
        return False


def read_decisions(path: str) -> tuple[list[Seen], set[str]]:
    """Return the decisions that `triage route` wrote as jsonl or csv, and the models that made them.

    A model is known by the digest of its manifest.

    Raises:
        NoInput: no such file.
        DataError: a line that is no decision, which is named; or there is none in it.
    """
    found, models = [], set()
    for number, record in _records(path):
        try:
            found.append(_seen(record))
            models.add(read_word(record.get("model")) or "")
        except (KeyError, TypeError, ValueError, OverflowError):
            # Neither the cause nor its message: both may hold what stands in the file.
            raise DataError(
                f"{quote_path(path)}, line {number:,}: not a decision of `triage route`"
            ) from None
    if not found:
        raise DataError(f"{quote_path(path)}: there is no decision in it")
    return found, models


def read_audits(path: str, stream: Sequence[Seen], queues: Mapping[str, str]) -> tuple[list[Audit], int]:
    """Match judged cases with decisions.

    Args:
        path: a file with columns (or keys) id or row, and label or queue.
        stream: the decisions.
        queues: the queue of each label.

    Returns:
        Those that a promise covers, in the order of the file, and how many others there are.

    Raises:
        NoInput: no such file.
        DataError: a case that does not say which document it is, or where that belongs; its line is named.
    """
    by_id = {seen.id: seen for seen in stream if seen.id}
    by_row = {str(seen.row): seen for seen in stream}
    found, others = [], 0
    for number, record in _records(path):
        if not ({"id", "row"} & set(record) and {"label", "queue"} & set(record)):
            raise DataError(
                f"{quote_path(path)}, line {number:,}: a judged case has a column id or row, and one of label "
                "or queue"
            )
        try:
            name, row, queue, label = (_name(record.get(key)) for key in ("id", "row", "queue", "label"))
        except TypeError:
            raise DataError(
                f"{quote_path(path)}, line {number:,}: a judged case holds words and numbers"
            ) from None
        seen = by_id.get(name) or by_row.get(row)
        true = queue or queues.get(label, label)
        if seen is None or not seen.promised or seen.queue is None or not true:
            others += 1
        else:
            found.append(Audit(seen.queue, true))
    return found, others


def _records(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line of each record and what it holds: of JSON Lines where the first begins with a brace."""
    with closing(read_lines(path)) as lines:
        first = next(lines, "")
        if not first.lstrip().startswith("{"):
            for number, cells in read_table(path):
                yield number, {**cells, "reasons": cells.get("reasons", "").split(";")}
            return
        for number, line in enumerate(chain([first], lines), start=1):
            if line.isspace():
                continue
            try:
                record = json.loads(line, parse_constant=_refuse)
            except (ValueError, RecursionError):
                raise DataError(f"{quote_path(path)}, line {number:,}: not JSON") from None
            if not isinstance(record, dict):
                raise DataError(f"{quote_path(path)}, line {number:,}: not a JSON object")
            yield number, record


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _seen(record: Mapping[str, Any]) -> Seen:
    """Return a decision.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    required = {field.name for field in fields(Seen) if field.default is MISSING}
    if missing := required - set(record):
        raise KeyError(*missing)
    return Seen(**{field.name: COLUMNS[field.name].read(record.get(field.name)) for field in fields(Seen)})


def _name(value: Any) -> str:
    if isinstance(value, bool | float) or not isinstance(value, int | str | None):
        raise TypeError
    return "" if value is None else str(value)
