"""Small plots of lines in braille dots, or in ASCII where there is no braille."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from rich.text import Text

__all__ = ["Axes", "Curve", "plot"]

# The bit of each of the 4 x 2 dots of a braille sign, from U+2800 on.
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_MARKERS = "*o+x"


@dataclass(frozen=True)
class Curve:
    """One line of a plot.

    Attributes:
        x: rising.
        y: of the same length; points that are not finite are left out.
        style: a Rich style.
    """

    x: ArrayLike
    y: ArrayLike
    style: str = ""


@dataclass(frozen=True, kw_only=True)
class Axes:
    """The frame of a plot.

    Attributes:
        x: the values at the left and at the right end.
        y: the values at the bottom and at the top.
        x_words: what stands under the left and the right end.
        y_words: what stands beside the bottom and the top.
        mark: a value of x to point at from below, or None.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    x_words: tuple[str, str]
    y_words: tuple[str, str]
    mark: float | None = None


def plot(curves: Sequence[Curve], axes: Axes, *, ascii: bool, width: int, height: int) -> list[Text]:  # noqa: A002
    """Draw `curves` in `width` columns and `height` + 2 lines; later curves lie over earlier ones.

    Args:
        curves: what to draw.
        axes: the frame; its words are ours, not somebody's text.
        ascii: whether the console has nothing but ASCII.
        width: columns.
        height: lines between the words.
    """
    margin = max(len(word) for word in axes.y_words) + 1
    columns = max(width - margin - 1, 2)
    signs = np.full((height, columns), " ")
    styles = np.full((height, columns), -1)
    for place, curve in enumerate(curves):
        dots = _dots(curve, axes, columns=columns, height=height)
        drawn = dots.any(axis=(1, 3))
        if ascii:
            signs[drawn] = _MARKERS[place % len(_MARKERS)]
        else:
            codes = (dots * _BITS[None, :, None, :]).sum(axis=(1, 3))
            codes |= np.where(signs == " ", 0, np.vectorize(ord)(signs) & 0xFF)
            signs[drawn] = np.vectorize(chr)(0x2800 + codes)[drawn]
        styles[drawn] = place
    wall, corner, floor = ("|", "+", "-") if ascii else ("┤", "└", "─")
    lines = []
    for row in range(height):
        word = axes.y_words[1] if row == 0 else axes.y_words[0] if row == height - 1 else ""
        edge = wall if word else ("|" if ascii else "│")
        parts: list[tuple[str, str]] = [(word.rjust(margin - 1) + " " + edge, "dim")]
        parts += [
            (str(sign), curves[style].style if style >= 0 else "")
            for sign, style in zip(signs[row], styles[row], strict=True)
        ]
        lines.append(_line(*parts))
    lines.append(_line((" " * margin + corner + floor * columns, "dim")))
    left, right = axes.x_words
    under = " " * (margin + 1) + left + right.rjust(max(columns - len(left), 0))
    lines.append(_line((under, "dim")))
    if axes.mark is not None:
        at = margin + 1 + round(_place(axes.mark, axes.x) * (columns - 1))
        sign = "^" if ascii else "▲"
        lines[-1] = _line((under[:at], "dim"), (sign, "bold green"), (under[at + 1 :], "dim"))
    return lines


def _line(*parts: str | tuple[str, str]) -> Text:
    """Return a line that is cropped, never wrapped."""
    from rich.text import Text

    line = Text.assemble(*parts, no_wrap=True, overflow="crop")
    line.rstrip()
    return line


def _dots(curve: Curve, axes: Axes, *, columns: int, height: int) -> np.ndarray:
    """Return shape (height, 4, columns, 2): whether each dot is set; row 0 is the top."""
    dots = np.zeros((height * 4, columns * 2), dtype=bool)
    x, y = np.asarray(curve.x, dtype=float), np.asarray(curve.y, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x):
        at = np.linspace(axes.x[0], axes.x[1], columns * 2)
        half = (at[1] - at[0]) / 2
        inside = (at >= x[0] - half) & (at <= x[-1] + half)
        level = np.interp(at, x, y)
        place = np.clip([_place(value, axes.y) for value in level], 0, 1)
        rows = np.rint((1 - place) * (height * 4 - 1)).astype(int)
        before = rows[0]
        for column, row in enumerate(rows):
            if not inside[column]:
                before = rows[min(column + 1, len(rows) - 1)]
                continue
            # A steep line climbs through every dot between, so that it stays one line.
            step = (1 if row > before else -1) if row != before else 0
            dots[min(before + step, row) : max(before + step, row) + 1, column] = True
            before = row
    return dots.reshape(height, 4, columns, 2)


def _place(value: float, ends: tuple[float, float]) -> float:
    """Return where `value` lies between the ends, 0 to 1."""
    return (value - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.5
