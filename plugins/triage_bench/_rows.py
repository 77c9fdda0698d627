"""What was measured of each competitor, its scores, and how it stands against the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.plugin_api import Prepared, metrics

__all__ = ["MEASURES", "SCORES", "Row", "judge"]

MEASURES = {
    "train_seconds": "less",
    "train_cpu_seconds": "less",
    "documents_per_second": "more",
    "cold_ms": "less",
    "warm_ms": "less",
    "train_memory_mb": "less",
    "cold_memory_mb": "less",
    "disk_mb": "less",
}
"""What is measured besides the scores, and which is better."""

SCORES = ("accuracy", "macro_f1")
_DRAWS = 1000


@dataclass
class Row:
    """One competitor and what was measured of it.

    Attributes:
        name: as in the table.
        what: its settings.
        own: what it does to the cleaned texts before it learns from them.
        library: the distribution and its version.
        backend: the backend's name, where it is one of triage's.
        state: "measured", "skipped" or "failed".
        reason: why it was not measured.
        scores: accuracy and macro_f1 on the test part.
        costs: the median of each of `MEASURES`.
        samples: every single measurement of those that were repeated.
        differences: for each score, (difference to the first row, low, high): a 95% bootstrap interval.
        codes: the class it gave to each document of the test part.
    """

    name: str
    what: str
    own: str
    library: str
    backend: str | None = None
    state: str = "measured"
    reason: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)
    differences: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    codes: NDArray[np.int64] | None = None

    def stop(self, state: str, reason: str) -> None:
        """Note why there is nothing to see."""
        self.state, self.reason = state, reason

    def ratios(self, first: Row) -> dict[str, float]:
        """Return each cost as a multiple of that of `first`."""
        return {
            name: value / first.costs[name] for name, value in self.costs.items() if first.costs.get(name)
        }

    def to_json(self, first: Row | None) -> dict[str, Any]:
        """Return the row as values that JSON can hold."""
        measured = self.state == "measured"
        return {
            "name": self.name,
            "what": self.what,
            "own_preprocessing": self.own,
            "library": self.library,
            "state": self.state,
            "reason": self.reason or None,
            "accuracy": self.scores.get("accuracy"),
            "macro_f1": self.scores.get("macro_f1"),
            **{name: self.costs.get(name) for name in MEASURES},
            "samples": self.samples,
            "ratio_to_first": self.ratios(first) if first and measured else {},
            "difference_to_first": {
                name: {"value": value, "low": low, "high": high}
                for name, (value, low, high) in self.differences.items()
            },
        }


def judge(rows: Sequence[Row], prepared: Prepared) -> None:
    """Score every row on the test part, and hold it against the first.

    The interval of a difference is drawn over families of near-duplicates, the same draws for all.
    """
    test, k = prepared.splits.test, len(prepared.labels.classes)
    measured = [row for row in rows if row.state == "measured" and row.codes is not None]
    families, family = np.unique(test.groups, return_inverse=True)
    drawn = np.random.default_rng(0).multinomial(
        len(families), np.full(len(families), 1 / len(families)), size=_DRAWS
    )
    weights = drawn[:, family].astype(np.float64)
    scores: list[dict[str, Any]] = []
    for row in measured:
        assert row.codes is not None
        cells = test.codes * k + row.codes
        matrix = metrics.confusion(test.codes, row.codes, k)
        row.scores = {"accuracy": metrics.accuracy(matrix), "macro_f1": metrics.macro_f1(matrix)}
        stack = np.stack([np.bincount(cells, each, minlength=k * k) for each in weights]).reshape(-1, k, k)
        scores.append({"accuracy": metrics.accuracy(stack), "macro_f1": metrics.macro_f1(stack)})
    for row, mine in zip(measured, scores, strict=True):
        for name, values in mine.items():
            low, high = np.quantile(values - scores[0][name], [0.025, 0.975])
            difference = row.scores[name] - measured[0].scores[name]
            row.differences[name] = (float(difference), float(low), float(high))
