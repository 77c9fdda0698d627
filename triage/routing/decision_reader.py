"""Decisions read back: what `triage route` wrote, and what people have judged since."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import MISSING, fields
from itertools import chain
from typing import Any, NoReturn

from triage.errors import DataError, TriageError, did_you_mean
from triage.io.files import quote_path
from triage.io.text_tables import read_lines, read_table
from triage.routing.decision_columns import COLUMNS, read_word
from triage.routing.monitoring import Audit, Seen

__all__ = ["are_decisions", "read_audits", "read_decisions"]

_COLUMNS = ("row", "id", "action", "queue", "label", "confidence", "reasons", "familiarity", "date")
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
        DataError: a case that does not say which document it is, or where that belongs; that was judged
            already; whose id several decisions have; or a label or queue that the model has not. Its line is
            named. Also where none of the cases is among the decisions.
    """
    by_id: dict[str, list[Seen]] = {}
    for seen in stream:
        by_id.setdefault(seen.id, []).append(seen)
    by_row = {str(seen.row): seen for seen in stream}
    known = {*queues.values(), *(seen.queue for seen in stream if seen.queue)}
    found, others, matched, lines = [], 0, 0, dict[int, int]()
    for number, record in _records(path):
        where = f"{quote_path(path)}, line {number:,}"
        name, row, true = _judged(record, where, queues, known)
        cases = by_id.get(name, []) if name else []
        if len(cases) > 1 and row:
            cases = [each for each in cases if str(each.row) == row]
        if len(cases) > 1:
            raise DataError(
                f"{where}: {len(cases)} decisions have this id: name the one that was judged by its row, "
                "in a column row"
            )
        case = cases[0] if cases else by_row.get(row)
        matched += case is not None
        if case is None or not true:
            others += 1
            continue
        if case.row in lines:
            raise DataError(
                f"{where}: this case is judged on line {lines[case.row]:,} already: each counts once"
            )
        lines[case.row] = number
        if not case.promised or case.queue is None:
            others += 1
        else:
            found.append(Audit(case.queue, true))
    if others and not matched:
        raise DataError(
            f"{quote_path(path)}: none of its {others:,} cases is among the decisions: were these judged for another "
            "file of decisions?"
        )
    return found, others


def _judged(
    record: Mapping[str, Any], where: str, queues: Mapping[str, str], known: Collection[str]
) -> tuple[str, str, str]:
    """Return the id and the row of a judged case, and the queue that it belonged in.

    Raises:
        DataError: it does not say so, or names a label or a queue that the model has not.
    """
    if not ({"id", "row"} & set(record) and {"label", "queue"} & set(record)):
        raise DataError(f"{where}: a judged case must have a column id or row, and one of label or queue")
    try:
        name, row, queue, label = (_name(record.get(key)).strip() for key in ("id", "row", "queue", "label"))
    except TypeError:
        raise DataError(f"{where}: a judged case must hold words and whole numbers") from None
    if queue and queue not in known:
        raise DataError(f"{where}: the model has no queue {quote_path(queue)}.{did_you_mean(queue, known)}")
    if not queue and label and label not in queues:
        raise DataError(f"{where}: the model has no label {quote_path(label)}.{did_you_mean(label, queues)}")
    return name, row, queue or queues.get(label, "")


def _records(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line of each record and what it holds: of JSON Lines where the first begins with a brace."""
    with closing(read_lines(path)) as lines:
        first = next(lines, "")
        if not first.lstrip().startswith("{"):
            table = read_table(path, known=_COLUMNS)
            for number, cells in table:
                record: dict[str, Any] = {**cells, "reasons": cells.get("reasons", "").split(";")}
                for column in ("confidence", "familiarity"):
                    with contextlib.suppress(ValueError):
                        record[column] = table.number(cells.get(column, ""))
                yield number, record
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
