"""What is doubtful about the labels of a corpus, in sentences with names and counts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping

from triage.values import Dataset

__all__ = ["alike", "contradictory", "counted", "doubts"]


def doubts(dataset: Dataset) -> list[str]:
    """Return what a person should know before anything is learned from `dataset`; [] where nothing is odd.

    Labels that look alike stay different labels, and a text with several labels is learned with each of
    them: what is meant cannot be known, so nothing is changed.
    """
    found = [
        f"labels that differ only in case or spaces are different labels: {counted(group)}"
        for group in alike(dataset.label_counts)
    ]
    if len(found) > 5:
        found = [*found[:5], f"and {len(found) - 5:,} more sets of labels that differ only in case or spaces"]
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


def alike(counts: Mapping[str, int]) -> list[dict[str, int]]:
    """Return each set of labels that differ only in case, spaces or Unicode form, with their counts."""
    folded: dict[str, dict[str, int]] = {}
    for label, count in counts.items():
        form = " ".join(unicodedata.normalize("NFKC", label).split()).casefold()
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
