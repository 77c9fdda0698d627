"""Labels and their codes. The names live in the model, in order: training and serving cannot differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from triage.data.checks import counted
from triage.errors import DataError

__all__ = ["Labels", "learn_labels"]

UNKNOWN = -1


@dataclass(frozen=True)
class Labels:
    """The classes that a model knows, and the labels that were set aside.

    Attributes:
        classes: the names, sorted; a label's code is its position here.
        set_aside: labels with too few documents to learn from, with their counts.
    """

    classes: tuple[str, ...]
    set_aside: Mapping[str, int] = field(default_factory=dict)

    def encode(self, labels: Sequence[str | None]) -> NDArray[np.int64]:
        """Return shape (n,): the code of each label, or -1 for None and for labels that are not known."""
        codes = {name: code for code, name in enumerate(self.classes)}
        return np.fromiter(
            (UNKNOWN if label is None else codes.get(label, UNKNOWN) for label in labels),
            dtype=np.int64,
            count=len(labels),
        )


def learn_labels(labels: Sequence[str | None], *, min_per_class: int = 10) -> Labels:
    """Choose the classes: every label with at least `min_per_class` documents.

    Raises:
        DataError: fewer than two classes are left, with the counts that were found.
    """
    counts = Counter(label for label in labels if label is not None)
    classes = tuple(sorted(label for label, count in counts.items() if count >= min_per_class))
    set_aside = {label: count for label, count in sorted(counts.items()) if count < min_per_class}
    if len(classes) < 2:
        found = counted(dict(counts.most_common()), most=5) or "none"
        raise DataError(
            f"learning needs two labels with at least {min_per_class} documents each; found {found}. "
            "Give more documents, another --label-column, or a lower min-per-class"
        )
    return Labels(classes=classes, set_aside=set_aside)
