"""What is doubtful about a corpus, and what nothing can be learned from, with names and counts."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from triage.errors import DataError
from triage.records import Dataset

__all__ = [
    "alike",
    "check_size",
    "check_texts",
    "contradictory",
    "counted",
    "dataset_warnings",
    "unseen_warnings",
]

_YEARS = 730  # days
_SCORES = 100_000_000  # documents times labels: a matrix of 800 MB, and judging holds several


def dataset_warnings(dataset: Dataset) -> list[str]:
    """Return what a person should know before anything is learned from `dataset`; [] where nothing is odd.

    Labels that look alike stay different labels, and a text with several labels is learned with each of
    them: what is meant cannot be known, so nothing is changed.
    """
    found = [
        f"labels that differ only in case, spaces or decimals are different labels: {counted(group)}"
        for group in alike(dataset.label_counts)
    ]
    if len(found) > 5:
        found = [*found[:5], f"and {len(found) - 5:,} more such sets of labels"]
    found += [*_mail_hints(dataset.texts), *_date_warnings(dataset)]
    pairs = contradictory(dataset)
    if pairs:
        most = ", ".join(
            f"{_name(first)} and {_name(second)} ({count:,})"
            for (first, second), count in pairs.most_common(3)
        )
        found.append(
            f"{pairs.total():,} texts carry more than one label and count with each; most often {most}"
        )
    return found


_QUOTED_LINE = re.compile(r"(?:^|\n)[ \t]*>|-{2,} ?(?:original|forwarded) ", re.IGNORECASE)
_SIGNED = re.compile(r"\n-- ?(?:\r?\n|$)")
_TAGGED = re.compile(r"<(?:div|br|p|span|table|html|body|td)\b[^<>]{0,2000}>", re.IGNORECASE)
_FEW_MAILS = 0.05


def _mail_hints(texts: Sequence[str]) -> list[str]:
    """Return what mail programs left in more than 5% of the texts, and cleaners take out."""
    kinds = (
        ("lines quoted from other mails", _QUOTED_LINE),
        ("the mark of a signature", _SIGNED),
        ("HTML tags", _TAGGED),
    )
    counts = {what: sum(pattern.search(text) is not None for text in texts) for what, pattern in kinds}
    return [
        f"{count:,} of {len(texts):,} texts hold {what}: --cleaners can take them out, see `triage plugins`"
        for what, count in counts.items()
        if count > _FEW_MAILS * len(texts)
    ]


def _date_warnings(dataset: Dataset) -> list[str]:
    """Return what is odd about the dates: some in the future, or one year or more away from all others."""
    days = np.sort(np.array([d.date.toordinal() for d in dataset.documents if d.date is not None], np.int64))
    if not len(days):
        return []
    found = []
    future = int((days > datetime.datetime.now(tz=datetime.UTC).date().toordinal() + 1).sum())
    if future:
        found.append(f"{future:,} dates lie in the future: is the order of day and month right?")
    gaps = np.diff(days)
    for few, alone in (
        (np.flatnonzero(gaps > _YEARS), True),
        (len(gaps) - 1 - np.flatnonzero(gaps[::-1] > _YEARS), False),
    ):
        if not len(few):
            continue
        count = int(few[0]) + 1 if alone else len(days) - 1 - int(few[0])
        if count <= max(1, len(days) // 100):
            place = "before" if alone else "after"
            found.append(f"{count:,} dates lie more than two years {place} all others: are they misspelt?")
    return found


def check_size(dataset: Dataset, labels: Sequence[str], *, judged: int) -> None:
    """Refuse so many labels that the probabilities of one part would fill the memory.

    Args:
        dataset: what is to be learned from.
        labels: those that are to be told apart.
        judged: how many documents the largest part has that is judged at once.

    Raises:
        DataError: more than 100 million probabilities; it names some labels with their counts.
    """
    if judged * len(labels) > _SCORES:
        found = dataset.label_counts
        some = counted({label: found[label] for label in labels}, most=5)
        raise DataError(
            f"{dataset.name}: {judged:,} documents cannot be judged at once on {len(labels):,} labels: "
            f"{some}. Join labels, raise --min-per-class, or take a sample"
        )


def check_texts(
    name: str,
    kept: Mapping[str, int],
    texts: Sequence[str],
    steps: Sequence[str],
    groups: NDArray[np.int64] | None,
) -> None:
    """Refuse texts that say nothing, or that all say the same.

    Args:
        name: of the corpus.
        kept: the labels that are learned, with their counts.
        texts: n texts, clean.
        steps: what they were cleaned by.
        groups: shape (n,): the families that must not be divided, or None where all may be.

    Raises:
        DataError: all are empty, or all are of one family.
    """
    if not any(texts):
        raise DataError(
            f"{name}: all {len(texts):,} labelled texts are empty after cleaning ({', '.join(steps)}): "
            f"{counted(kept)}. Choose other --cleaners, or another --text-column"
        )
    if groups is not None and len(texts) > 1 and (groups == groups[0]).all():
        raise DataError(
            f"{name}: all {len(texts):,} labelled texts are near-duplicates of one another: {counted(kept)}. "
            "Nothing could be judged on other texts than were learned from; give more, or --split naive"
        )


def unseen_warnings(learned: Mapping[str, int], judged: Mapping[str, int]) -> list[str]:
    """Return a line for each label of a test corpus that was not learned but is like one that was.

    Args:
        learned: the labels that were learned, with their counts.
        judged: the labels of the test corpus, with theirs.
    """
    found = []
    for group in alike({**learned, **judged}):
        old = {label: learned[label] for label in group if label in learned}
        new = {label: judged[label] for label in group if label not in learned}
        if old and new:
            found.append(
                f"the test corpus has {counted(new)}, learned was {counted(old)}: these are different labels, so each "
                "document of the first is an error"
            )
    return found


def alike(counts: Mapping[str, int]) -> list[dict[str, int]]:
    """Return each set of labels that differ only in case, spaces, Unicode form or decimals (1, 1.0), with counts."""
    folded: dict[str, dict[str, int]] = {}
    for label, count in counts.items():
        form = " ".join(unicodedata.normalize("NFKC", label).split()).casefold()
        if re.fullmatch(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", form):
            form = f"{float(form.replace(',', '.')):g}"
        folded.setdefault(form, {})[label] = count
    return [group for group in folded.values() if len(group) > 1]


def contradictory(dataset: Dataset) -> Counter[tuple[str, str]]:
    """Return how many texts carry more than one label, by their first two labels in order.

    Texts that differ only in white space are one text; blank ones are none.
    """
    labels: dict[str, set[str]] = {}
    for document in dataset.documents:
        if document.label is not None and document.text.strip():
            labels.setdefault(" ".join(document.text.split()), set()).add(document.label)
    pairs = (sorted(given)[:2] for given in labels.values() if len(given) > 1)
    return Counter((first, second) for first, second in pairs)


def counted(counts: Mapping[str, int], *, most: int = 8) -> str:
    """Return labels with their counts for a message, the first `most` of them."""
    shown = ", ".join(f"{_name(label)} ({count:,})" for label, count in list(counts.items())[:most])
    return shown + (f" and {len(counts) - most:,} more" if len(counts) > most else "")


def _name(label: str) -> str:
    return repr(label if len(label) <= 60 else label[:59] + "…")
