"""Texts and tables that a program hands over: a pandas DataFrame as a Dataset, and the check of a list of texts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from triage.errors import BadOption, DataError, did_you_mean
from triage.records import Dataset, Document

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["dataset_of_frame", "is_frame", "list_of_texts"]


def is_frame(value: Any) -> bool:
    """Return whether `value` is a pandas DataFrame, without importing pandas."""
    return any(
        each.__name__ == "DataFrame" and each.__module__.partition(".")[0] == "pandas"
        for each in type(value).__mro__
    )


def list_of_texts(texts: Any) -> list[str]:
    """Return the texts as a list.

    Args:
        texts: a list, a tuple, a numpy array or a pandas Series of str.

    Raises:
        TypeError: a str, a DataFrame, a mapping, or an element that is not a str; it says what to pass.

    >>> list_of_texts(("card blocked", "fee charged twice"))
    ['card blocked', 'fee charged twice']
    >>> list_of_texts("card blocked")
    Traceback (most recent call last):
    TypeError: texts must be a list of str, got a str: pass [text] for a single text
    """
    hint = ""
    if isinstance(texts, str | bytes):
        hint = "pass [text] for a single text"
    elif is_frame(texts):
        hint = "pass one column, such as frame['text'].tolist()"
    elif isinstance(texts, Mapping):
        hint = "pass list(mapping.values())"
    elif not isinstance(texts, Iterable):
        hint = "pass a list of str"
    if hint:
        raise TypeError(f"texts must be a list of str, got a {type(texts).__name__}: {hint}")
    found = list(texts)
    for position, text in enumerate(found):
        if not isinstance(text, str):
            kind = type(text).__name__
            raise TypeError(f"texts[{position}] must be a str, got {kind}: replace missing texts by ''")
    return found


def dataset_of_frame(
    frame: pd.DataFrame,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    date_column: str | None = None,
    id_column: str | None = None,
    learned: Mapping[str, Any] | None = None,
    name: str = "frame",
) -> Dataset:
    """Return the rows of a DataFrame as documents, in order; `row` counts from 1.

    A column that is not named is the one that the model learned from, else "text", "label", "date" or "id",
    where the frame has it; there must be a text column. A missing text is "", a missing label or date None, a
    missing id "".

    Args:
        frame: n rows.
        text_column: the texts.
        label_column: the labels; numbers become str.
        date_column: datetimes, dates, or ISO 8601 strings.
        id_column: the identifiers; numbers become str.
        learned: the columns that a model learned from, as `Dataset.columns` or its `trained["columns"]`.
        name: what the dataset is called in tables.

    Raises:
        BadOption: a column that the frame does not have, or that it has twice.
        DataError: a date that is neither missing nor one of these.
    """
    asked = {"text": text_column, "label": label_column, "date": date_column, "id": id_column}
    names = {role: _name(frame, role, column, (learned or {}).get(role)) for role, column in asked.items()}
    columns = {role: None if name is None else _values(frame, role, name) for role, name in names.items()}
    texts = columns["text"]
    assert texts is not None
    n = len(texts)
    labels, dates, ids = (
        [None] * n if (each := columns[role]) is None else each for role in ("label", "date", "id")
    )
    rows = zip(texts, labels, dates, ids, strict=True)
    return Dataset(
        name=name,
        columns={role: column for role, column in names.items() if column is not None},
        documents=tuple(
            Document(
                row=row,
                text="" if text is None else str(text),
                label=None if label is None else str(label),
                id="" if identifier is None else str(identifier),
                date=None if date is None else _date(date, row),
            )
            for row, (text, label, date, identifier) in enumerate(rows, start=1)
        ),
    )


def _name(frame: pd.DataFrame, role: str, asked: str | None, learned: Any) -> str | None:
    """Return the column of a role; None where nobody asked for one and there is none of that name."""
    usual = learned if isinstance(learned, str) and learned in frame.columns else role
    wanted = usual if asked is None else asked
    if wanted in frame.columns:
        return wanted
    if asked is None and role != "text":
        return None
    names = [str(name) for name in frame.columns]
    raise BadOption(
        f"{role}_column must be a column of the frame, got {wanted!r}.{did_you_mean(wanted, names)} "
        f"The columns are {', '.join(names[:20])}"
    )


def _values(frame: pd.DataFrame, role: str, column: str) -> list[Any]:
    """Return the values of a column, None for each that is missing."""
    values = frame[column]
    if is_frame(values):
        raise BadOption(f"{role}_column must name one column; the frame has {column!r} twice")
    found: list[Any] = values.astype(object).where(values.notna(), None).tolist()
    return found


def _date(value: Any, row: int) -> datetime.date:
    """Return a datetime, a date or an ISO 8601 string as a date."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.datetime.fromisoformat(value).date()
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise DataError(
            f"frame, row {row}: the date must be a datetime or an ISO 8601 string, got another {kind}; "
            "convert the column with pandas.to_datetime first"
        ) from None
