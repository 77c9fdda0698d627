"""What is in a corpus, as facts: labels, lengths, copies, near-duplicates, dates, and every problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from triage.data.checks import contradictory, counted, dataset_warnings
from triage.records import Dataset

__all__ = ["describe_dataset", "describe_families", "problems_of"]


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """Return what is in a corpus as facts: counts, lengths in words, duplicates, dates."""
    lengths = sorted(len(document.text.split()) for document in dataset.documents)
    copies = Counter(" ".join(document.text.split()) for document in dataset.documents)
    dates = sorted(document.date for document in dataset.documents if document.date is not None)

    def quantile(share: float) -> int:
        return lengths[min(len(lengths) - 1, int(share * len(lengths)))] if lengths else 0

    weekdays = Counter(date.strftime("%a") for date in dates)
    return {
        "corpus": dataset.name,
        "sha256": dataset.sha256,
        "documents": len(dataset),
        "quarantined": len(dataset.quarantined),
        "unlabelled": sum(document.label is None for document in dataset.documents),
        "labels": dict(dataset.label_counts.most_common()),
        "words": {
            name: quantile(share) for name, share in (("min", 0), ("median", 0.5), ("p95", 0.95), ("max", 1))
        },
        "empty": sum(length == 0 for length in lengths),
        "exact_duplicates": sum(count - 1 for text, count in copies.items() if text),
        "contradictory": contradictory(dataset).total(),
        "dates": {
            "known": len(dates),
            "first": dates[0].isoformat() if dates else None,
            "last": dates[-1].isoformat() if dates else None,
            "weekdays": {day: weekdays[day] for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")},
        },
    }


def describe_families(dataset: Dataset, *, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Return the families of near-duplicates as facts, and what share of a naive test part they would leak.

    The naive split is the usual one with seed 42, over the labelled documents.
    """
    import numpy as np

    from triage.data.duplicates import near_duplicates, twins
    from triage.data.labels import Labels
    from triage.data.splitting import PARTS, split_stratified

    groups = near_duplicates(dataset.texts, progress=progress)
    families, sizes = np.unique(groups, return_counts=True)
    large = sorted(zip(sizes.tolist(), families.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
    labels = dataset.labels
    codes = Labels(tuple(sorted(dataset.label_counts))).encode(labels)
    labelled = np.flatnonzero(codes >= 0)
    parts = split_stratified(codes[labelled], np.arange(len(labelled)), seed=42)
    numbers = {name: number for number, name in enumerate(PARTS)}
    return {
        "share": float(sizes[sizes > 1].sum() / max(len(groups), 1)),
        "families": int((sizes > 1).sum()),
        "largest": [
            {"documents": size, "first_row": dataset.documents[first].row, "label": labels[first]}
            for size, first in large[:5]
            if size > 1
        ],
        "naive_test_with_twin": twins(groups[labelled], parts, train=numbers["train"], test=numbers["test"]),
    }


def problems_of(dataset: Dataset, *, min_per_class: int) -> list[dict[str, str]]:
    """Return every problem of a corpus, worst first, as {"severity": fatal | warning, "problem": ...}."""
    facts = describe_dataset(dataset)
    counts: dict[str, int] = facts["labels"]
    enough = [label for label, count in counts.items() if count >= min_per_class]
    few = {label: count for label, count in counts.items() if count < min_per_class}
    fatal = []
    if not len(dataset):
        fatal.append("there is no document in it")
    elif not counts:
        fatal.append("no document has a label; name the column with --label-column")
    elif len(enough) < 2:
        fatal.append(f"fewer than two labels have {min_per_class} documents: {counted(counts)}")
    if len(dataset) and facts["empty"] == len(dataset):
        fatal.append("every text is empty")
    warnings = [
        (few, f"labels with fewer than {min_per_class} documents are set aside: {counted(few)}"),
        (facts["unlabelled"], f"{facts['unlabelled']:,} documents have no label"),
        (facts["quarantined"], f"{facts['quarantined']:,} rows could not be read"),
        (facts["empty"], f"{facts['empty']:,} texts are empty"),
        (facts["exact_duplicates"], f"{facts['exact_duplicates']:,} texts are exact copies of another"),
    ]
    warnings += [(True, doubt) for doubt in dataset_warnings(dataset)]
    return [{"severity": "fatal", "problem": problem} for problem in fatal] + [
        {"severity": "warning", "problem": problem} for found, problem in warnings if found
    ]
