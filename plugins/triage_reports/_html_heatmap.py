"""The confusion matrix as a heat map in SVG: every class is shown, every cell says what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

import triage
from triage.plugin_api import Child, Markup, element, join, safe_text
from triage_reports._confusion import Confusion, confused_pairs, worst
from triage_reports._html_svg import picture
from triage_reports._look import columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["heatmap"]

_STEPS = ((12, 46, 12.0), (24, 32, 11.5), (44, 19, 11.0), (10**9, 13, 10.5))  # classes up to, cell, letters
_NAME = 30  # columns
_NUMBERED = 30  # px from which on a cell has room for its count
_MOST = 120  # classes drawn; beyond, the best are folded into one


def heatmap(evaluation: triage.Evaluation, *, key: str) -> Markup:
    """Return the map; blue is right, orange is wrong, the depth is the share of the row."""
    shown = _shown(evaluation)
    labels = [*shown.labels, *([f"{shown.hidden:,} others"] if shown.hidden else [])]
    cell, letters = next((cell, letters) for most, cell, letters in _STEPS if len(labels) <= most)
    names = [safe_text(label, width=_NAME) for label in labels]
    longest = max((columns(name, most=_NAME) for name in names), default=0) * letters * 0.56
    slanted = cell >= _NUMBERED
    left, top = longest + 26, longest * (0.71 if slanted else 1.0) + 26
    side = len(labels) * cell
    width, height = left + side + (longest * 0.71 if slanted else 8), top + side + 6
    body = join(
        [
            element("text", "what it is ↓   what was said →", class_="hint", x=8, y=15),
            element("rect", x=f"{left:g}", y=f"{top:g}", width=side, height=side, class_="field"),
            *_names(names, left, top, cell, letters, slanted=slanted),
            *_cells(shown.cells, labels, left, top, cell, letters),
            element("path", d=_grid(left, top, cell, len(labels)), class_="grid"),
        ]
    )
    return picture(
        body,
        width=width,
        height=height,
        key=key,
        title="Confusion matrix",
        description=_words(evaluation),
        least=min(width, max(width * 0.8, 340)),
        most=1.15,
    )


def _names(
    names: Sequence[str], left: float, top: float, cell: int, letters: float, *, slanted: bool
) -> Iterator[Markup]:
    style = f"font-size:{letters:g}px"
    for place, name in enumerate(names):
        middle = (place + 0.5) * cell
        yield element(
            "text", name, x=f"{left - 6:g}", y=f"{top + middle + letters * 0.35:g}", class_="end", style=style
        )
        x, y, angle = left + middle + (0 if slanted else letters * 0.35), top - 6, -45 if slanted else -90
        yield element("text", name, transform=f"translate({x:g} {y:g}) rotate({angle})", style=style)


def _shown(evaluation: triage.Evaluation) -> Confusion:
    matrix = np.asarray(evaluation.confusion)
    codes = range(len(evaluation.labels))
    chosen = codes if len(codes) <= _MOST else sorted(worst(matrix)[:_MOST])
    return Confusion.fold(matrix, evaluation.labels, shown=chosen)


def _cells(
    matrix: NDArray[np.int64], labels: Sequence[str], left: float, top: float, cell: int, letters: float
) -> Iterator[Markup]:
    support = matrix.sum(axis=1)
    names = [safe_text(label, width=2 * _NAME) for label in labels]
    for row in range(len(labels)):
        cells: list[Markup] = []
        for column in np.flatnonzero(matrix[row]).tolist():
            count, of, right = int(matrix[row, column]), int(support[row]), row == column
            share = count / of
            said: Child = "right" if right else ["said to be ", names[column]]
            depth = 0.12 + 0.88 * (share if right else share**0.6)
            place = {"x": column * cell, "width": cell, "height": cell}
            tip = element("title", names[row], f": {count:,} of {of:,} ", said, f" ({share:.0%})")
            cells.append(
                element(
                    "rect",
                    tip,
                    **place,
                    **{"fill-opacity": f"{depth:.2f}"},
                    class_="r" if right else "w",
                )
            )
            if cell >= _NUMBERED:
                cells.append(
                    element(
                        "text",
                        f"{count:,}",
                        x=f"{(column + 0.5) * cell:g}",
                        y=f"{cell / 2 + letters * 0.35:g}",
                        class_="on" if depth > 0.62 else "mid",
                        style=f"font-size:{min(letters, cell * 1.6 / max(len(f'{count:,}'), 3)):.3g}px",
                    )
                )
        if cells:
            yield element("g", *cells, transform=f"translate({left:g} {top + row * cell:g})")


def _grid(left: float, top: float, cell: int, classes: int) -> str:
    side = classes * cell
    every = 1 if cell >= _NUMBERED else 5  # thin cells have lines to count by
    steps = [place * cell for place in range(0, classes + 1, every)]
    return "".join(f"M{left:g} {top + step:g}h{side}M{left + step:g} {top:g}v{side}" for step in steps)


def _words(evaluation: triage.Evaluation) -> str:
    matrix, labels = np.asarray(evaluation.confusion), evaluation.labels
    right, total = int(np.trace(matrix)), int(matrix.sum())
    pairs = "; ".join(
        f"{count} of {labels[true]} said to be {labels[said]}"
        for true, said, count in confused_pairs(matrix, most=3)
    )
    commonest = f" The commonest mistakes: {pairs}." if pairs else ""
    return (
        f"{len(labels)} by {len(labels)} labels; {right:,} of {total:,} documents are right, on the "
        f"diagonal.{commonest} The tables beneath hold the numbers."
    )
