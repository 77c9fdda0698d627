"""The policy `costs`: every mistake has its price, and so has a person's look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import triage
from triage import Between, Prediction, Verdict
from triage.plugin_api import quote_path, read_table

__all__ = ["Costs"]


class Costs:
    """Send each document where its expected cost is least: to one of the queues, or to a person."""

    def __init__(
        self,
        *,
        matrix: Annotated[
            str | Mapping[str, Any],
            "A CSV file: a column of true labels, then one column a queue; or label = {queue = cost}",
        ],
        review: Annotated[float, "Price of a person's look at one document", Between(0)] = 1.0,
    ) -> None:
        """Read the matrix; a table in the experiment file is kept with the model, a path is read again.

        Raises:
            NoInput: no such file.
            BadOption: something that is no matrix of finite numbers; the row is named.
        """
        if not math.isfinite(review):
            raise triage.BadOption("costs: the price of a review is a finite number")
        self.review = review
        self._rows = _checked(_read(matrix) if isinstance(matrix, str) else matrix)
        self._queues = tuple(next(iter(self._rows.values())))
        self.queues = [("costs", queue) for queue in self._queues]

    def decide(self, prediction: Prediction) -> Sequence[Verdict]:
        """Return a verdict for each document: a route where a queue costs at most what a review does.

        Of queues that cost the same, the first column is taken.

        Raises:
            BadOption: the model knows a label that has no row in the matrix.
        """
        expected = prediction.probabilities @ self.table(prediction.classes)
        best = expected.argmin(axis=1)
        least = expected[np.arange(len(best)), best]
        return [
            Verdict(
                "route" if cost <= self.review else "review",
                ("costs",),
                queue=self._queues[column],
                saves=cost - self.review,
            )
            for column, cost in zip(best.tolist(), least.tolist(), strict=True)
        ]

    def table(self, classes: Sequence[str]) -> NDArray[np.float64]:
        """Return shape (k, q): the cost of sending a document of each class to each queue.

        Raises:
            BadOption: a class without a row.
        """
        if missing := [label for label in classes if label not in self._rows]:
            shown = ", ".join(repr(label) for label in missing[:5])
            raise triage.BadOption(f"costs: the matrix has no row for {shown}")
        return np.array([[self._rows[label][queue] for queue in self._queues] for label in classes])


def _read(path: str) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    try:
        table = read_table(path)
        for number, cells in table:
            (_, label), *costs = [(name.strip(), cell.strip()) for name, cell in cells.items()]
            place = f"costs: {quote_path(path)}, line {number:,}"
            if label in rows:
                raise triage.BadOption(f"{place}: the label has a row already")
            try:
                rows[label] = {queue: table.number(cost) for queue, cost in costs if queue}
            except ValueError:
                raise triage.BadOption(f"{place}: each of the {len(costs)} costs must be a number") from None
    except triage.DataError as error:
        raise triage.BadOption(f"costs: {error}") from error
    if not rows:
        raise triage.BadOption(f"costs: {quote_path(path)} is empty: it has no row")
    return rows


def _checked(rows: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    queues: tuple[str, ...] = ()
    for label, row in rows.items():
        if not isinstance(row, Mapping) or not row:
            raise triage.BadOption(f"costs: the row of {label!r} is not {{queue = cost, ...}}")
        queues = queues or tuple(map(str, row))
        if set(queues) != set(map(str, row)) or len(set(queues)) != len(row):
            raise triage.BadOption(f"costs: the row of {label!r} has other queues than the first")
        try:
            found[str(label)] = {str(queue): float(cost) for queue, cost in row.items()}
        except (TypeError, ValueError) as error:
            raise triage.BadOption(
                f"costs: the row of {label!r} holds something that is no number"
            ) from error
        if not all(math.isfinite(cost) and cost >= 0 for cost in found[str(label)].values()):
            raise triage.BadOption(f"costs: the row of {label!r} must hold finite numbers of at least 0")
    if not found:
        raise triage.BadOption("costs: the matrix has no row")
    return found
