"""Labels that a person has changed: the suggestions of `triage corpora check --labels`, worked through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from triage.errors import DataError
from triage.io.files import quote_path
from triage.io.text_tables import read_table
from triage.records import Dataset, Document

__all__ = ["COLUMNS", "Correction", "correct", "identifiers", "read_corrections"]

COLUMNS = ("id", "given", "suggested", "confidence")
"""The columns of a file of suggestions; a file of corrections needs the first three."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A label that is changed: `id` and `given` say which, `suggested` is the new one."""

    id: str
    given: str
    suggested: str


def identifiers(documents: Sequence[Document]) -> list[str]:
    """Return a name for each document that no other has: its id, or `#ROW`."""
    counts = Counter(document.id for document in documents)
    return [
        document.id if document.id and counts[document.id] == 1 else f"#{document.row}"
        for document in documents
    ]


def read_corrections(path: str) -> list[Correction]:
    """Read a table with the columns id, given and suggested; others are left alone.

    Rows that a person has emptied, or that suggest the label that is given, change nothing and are left out.

    Raises:
        NoInput: no such file.
        DataError: it is no such file, or two rows correct one document differently.
    """
    found: dict[str, Correction] = {}
    for _, row in read_table(path, needs=COLUMNS[:3], what="a file of corrections"):
        name, given, suggested = (row[column] for column in COLUMNS[:3])
        if not suggested.strip() or suggested == given:
            continue
        correction = Correction(name, given, suggested)
        if found.setdefault(name, correction) != correction:
            raise DataError(
                f"{quote_path(path)}: two rows correct the document {quote_path(name)} differently"
            )
    return list(found.values())


def correct(dataset: Dataset, path: str) -> tuple[Dataset, int]:
    """Return the corpus with the corrections of the file at `path`, and how many labels they changed.

    A correction is made only where the document still carries the label that was given when it was
    suggested; one that was made before is left as it is.

    Raises:
        NoInput, DataError: as in `read_corrections`; also where a correction is for a document that the
            corpus has not, or for another label than it carries.
    """
    corrections = {each.id: each for each in read_corrections(path)}
    documents, changed = list(dataset.documents), 0
    for position, name in enumerate(identifiers(documents)):
        correction = corrections.pop(name, None)
        label = documents[position].label
        if correction is None or label == correction.suggested:
            continue
        if label != correction.given:
            raise DataError(
                f"{quote_path(path)}: the document {quote_path(name)} of {dataset.name} no longer has the label that "
                "the correction is for; was the file made for another corpus?"
            )
        documents[position] = replace(documents[position], label=correction.suggested)
        changed += 1
    if corrections:
        raise DataError(
            f"{quote_path(path)}: {len(corrections):,} corrections are for documents that {dataset.name} has not, "
            f"such as {quote_path(next(iter(corrections)))}; was the file made for another corpus?"
        )
    return replace(dataset, documents=tuple(documents)), changed
