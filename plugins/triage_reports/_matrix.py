"""Draw the confusion matrix: shaded cells, as many classes as the console has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

import triage
from triage_reports._confusion import Confusion, reviewed, worst
from triage_reports._look import Look, columns, pad

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["choose", "draw", "legend"]

_LONGEST_NAME = 36
_STEPS = (0.01, 0.1, 0.25, 0.5, 1.0)


def choose(evaluation: triage.Evaluation, look: Look) -> Confusion:
    """Show every class where the console is wide enough, else as many of the worst as fit."""
    matrix, labels = np.asarray(evaluation.confusion), evaluation.labels
    review = reviewed(evaluation)
    chosen = Confusion.fold(matrix, labels, shown=range(len(labels)), review=review)
    # Names may be cut to 12 columns to show every class; where some are left out anyway, to 22.
    if _Layout.tight(chosen, look, name=12).width <= look.width:
        return chosen
    order = worst(matrix)
    for shown in range(1, len(labels)):
        folded = Confusion.fold(matrix, labels, shown=order[:shown], review=review)
        if shown > 1 and _Layout.tight(folded, look, name=22).width > look.width:
            break
        chosen = folded
    return chosen


def draw(confusion: Confusion, look: Look) -> Iterator[Text]:
    """Yield a line for each class and one for the folded rest; none wider than the console."""
    layout = _Layout.tight(confusion, look, name=12 if not confusion.hidden else 22).spread(confusion, look)
    count = len(confusion.labels)
    yield look.line((_header(confusion, layout), "dim"))
    for row, label in enumerate(confusion.labels):
        yield look.line(
            (pad(str(row + 1), layout.number, right=True) + "  ", "dim"),
            pad(label, layout.name) + " ",
            *(_cell(confusion, row, column, layout, look) for column in range(count)),
            *_sums(confusion, row, layout, look),
        )
    if confusion.hidden:
        yield look.line(
            (" " * (layout.number + 2) + pad(_others(confusion), layout.name) + " ", "dim"),
            *((_count(confusion.cells[count, column], layout.cell, look), "dim") for column in range(count)),
            *_sums(confusion, count, layout, look),
        )


def legend(look: Look) -> Iterator[Text]:
    """Say what the shades mean: on one line, or on two where there is no room for it."""
    title = "share of the row  "
    if not look.color:
        words = ("to 10%", "to 25%", "to 50%", "more")
        signs = zip(look.densities[1:], words, strict=True)
        yield look.line((title, "dim"), "  ".join(f"{sign} {word}" for sign, word in signs))
        return
    scales = [
        [*((f" {step:>4.0%} ", look.shade(step, right=right)) for step in _STEPS), (f" {word}", "dim")]
        for right, word in ((True, "right"), (False, "wrong"))
    ]
    width = sum(len(words) for scale in scales for words, _ in scale)
    if len(title) + width + 3 <= look.width:
        yield look.line((title, "dim"), *scales[0], "   ", *scales[1])
    else:
        yield from (look.line((title, "dim"), *scale) for scale in scales)


@dataclass(frozen=True)
class _Layout:
    """Columns for the number of a row, its name, each cell, and what stands behind the cells."""

    classes: int
    number: int
    name: int
    cell: int
    other: int
    total: int
    recall: int
    review: int

    @property
    def width(self) -> int:
        behind = self.other + self.total + self.recall + self.review
        return self.number + self.name + 3 + self.classes * self.cell + behind

    @classmethod
    def tight(cls, confusion: Confusion, look: Look, *, name: int) -> _Layout:
        """Return the narrowest layout with names of at most `name` columns."""
        classes = len(confusion.labels)
        cells = confusion.cells[:, :classes]
        return cls(
            classes=classes,
            number=len(str(classes)),
            name=max(min(_longest(confusion.labels), name), len(_others(confusion))),
            # Without colours a sign for the density stands before the number.
            cell=max(_digits(cells), 2) + (1 if look.color else 2),
            other=max(_digits(confusion.cells[:, -1]) + 1, 6) if confusion.hidden else 0,
            total=max(_digits(confusion.support) + 1, 6),
            recall=7,
            review=0 if confusion.review is None else max(_digits(confusion.review) + 1, 7),
        )

    def spread(self, confusion: Confusion, look: Look) -> _Layout:
        """Give the room that is left to names and cells in turn, to what needs it most first."""
        longest, cells = _longest(confusion.labels), max(self.classes, 1)
        name, cell = self.name, self.cell
        for widest, roomy in ((24, self.cell + 1), (_LONGEST_NAME, self.cell + 1), (_LONGEST_NAME, 12)):
            spare = max(look.width - replace(self, name=name, cell=cell).width, 0)
            name += min(spare, max(min(longest, widest) - name, 0))
            spare = max(look.width - replace(self, name=name, cell=cell).width, 0)
            cell += min(spare // cells, max(min(roomy, 12 if self.classes <= 4 else 7) - cell, 0))
        return replace(self, name=name, cell=cell)


def _header(confusion: Confusion, layout: _Layout) -> str:
    headings = [pad(label, layout.cell - 1, right=True) for label in confusion.labels]
    if layout.cell < 9 or len(set(headings)) < layout.classes:
        # The rows are numbered: their numbers say more than two letters of a name.
        headings = [pad(str(place + 1), layout.cell - 1, right=True) for place in range(layout.classes)]
    return (
        " " * (layout.number + 3 + layout.name)
        + "".join(f"{heading} " for heading in headings)
        + (pad("other", layout.other, right=True) if confusion.hidden else "")
        + pad("total", layout.total, right=True)
        + pad("recall", layout.recall, right=True)
        + (pad("review", layout.review, right=True) if confusion.review is not None else "")
    )


def _cell(confusion: Confusion, row: int, column: int, layout: _Layout, look: Look) -> tuple[str, str]:
    count = int(confusion.cells[row, column])
    if not count:
        return _count(count, layout.cell, look), "dim"
    share = count / int(confusion.support[row])
    if look.color:
        return _count(count, layout.cell, look), look.shade(share, right=row == column)
    signed = f"{look.density(share)}{count}"
    return pad(signed, layout.cell - 1, right=True) + " ", "bold" if row == column else ""


def _count(count: int, width: int, look: Look) -> str:
    return pad(str(count) if count else look.nothing, width - 1, right=True) + " "


def _sums(confusion: Confusion, row: int, layout: _Layout, look: Look) -> Iterator[tuple[str, str]]:
    support = int(confusion.support[row])
    if confusion.hidden:
        other = int(confusion.cells[row, -1])
        yield pad(str(other) if other else look.nothing, layout.other, right=True), "dim"
    yield pad(str(support), layout.total, right=True), ""
    known = row < len(confusion.labels) and support
    recall = f"{confusion.cells[row, row] / support:.2f}" if known else "-"
    yield pad(recall, layout.recall, right=True), "bold" if known else "dim"
    if confusion.review is not None:
        yield pad(str(int(confusion.review[row])), layout.review, right=True), "yellow"


def _others(confusion: Confusion) -> str:
    if confusion.hidden < 2:
        return "1 other" if confusion.hidden else ""
    return f"{confusion.hidden} others"


def _digits(counts: np.ndarray) -> int:
    return len(str(int(counts.max(initial=0))))


def _longest(labels: Sequence[str]) -> int:
    return max((columns(label, most=_LONGEST_NAME) for label in labels), default=0)
