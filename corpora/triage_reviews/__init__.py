"""The corpus `reviews`: synthetic customer reviews, where the order of the words matters (see CARD.md)."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
from collections.abc import Iterator
from importlib.resources import files

import triage


class Reviews:
    """The embedded reviews, in the order of their dates.

    Every document has an id, a date and a label: "negative", "neutral" or "positive". `meta` holds the
    hidden truth: `style` (how it says what it means, such as "negation" or "sarcasm"), `template` (the family
    of a copy-and-paste review, or ""), `true_label` (before labels were made wrong) and `subject`.
    """

    name = "reviews"

    def __iter__(self) -> Iterator[triage.Document]:
        """Yield every review, reading the packed file as it goes."""
        packed = files(__package__).joinpath("reviews.csv.gz")
        with packed.open("rb") as raw, gzip.open(raw) as data:
            lines = io.TextIOWrapper(data, "utf-8", newline="")
            for number, row in enumerate(csv.DictReader(lines), start=1):
                yield triage.Document(
                    row=number,
                    text=row["text"],
                    label=row["label"],
                    id=row["id"],
                    date=datetime.date.fromisoformat(row["date"]),
                    meta={key: row[key] for key in ("style", "template", "true_label", "subject")},
                )


@triage.hookimpl
def triage_corpora() -> Iterator[triage.Corpus]:
    """Offer the corpus, with the cleaning that keeps its negations."""
    yield triage.Corpus(
        name="reviews",
        summary="Synthetic customer reviews: negation, contrast, sarcasm and mixed feelings",
        build=Reviews,
        cleaners=("reviews",),
    )
