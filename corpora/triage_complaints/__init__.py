"""The corpus ``complaints``: synthetic complaints about ten financial products (see CARD.md)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import triage


class Complaints:
    """The embedded complaints, in the order of their dates.

    Every document has an id, a date and a label. ``meta`` holds the hidden truth: ``true_label`` (before
    labels were made wrong), ``wrong`` ("1" or ""), ``template`` (the family of a planted form letter, or
    ""), and what the generator knew: ``issue``, ``voice``, ``mentions`` and ``kind``.
    """

    name = "complaints"

    def __iter__(self) -> Iterator[triage.Document]:
        """Yield every complaint, reading the packed file as it goes."""
        from triage_complaints._rows import read

        for number, row in enumerate(read(), start=1):
            yield triage.Document(
                row=number,
                text=row.text,
                label=row.label,
                id=row.id,
                date=datetime.date.fromisoformat(row.date),
                meta={
                    "true_label": row.true_label,
                    "wrong": row.wrong,
                    "template": row.template,
                    "issue": row.issue,
                    "voice": row.voice,
                    "mentions": row.mentions,
                    "kind": row.kind,
                },
            )


@triage.hookimpl
def triage_corpora() -> Iterator[triage.Corpus]:
    """Offer the corpus, with the cleaning that suits complaints."""
    yield triage.Corpus(
        name="complaints",
        summary="Synthetic complaints about ten financial products over three years",
        build=Complaints,
        cleaners=("complaints",),
        roles=("demo",),
    )
