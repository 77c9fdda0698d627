"""Small plots of lines, drawn as the console at hand can show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from triage.plugin_api import Axes, Curve, plots
from triage_reports._look import Look

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Axes", "Curve", "plot"]


def plot(curves: Sequence[Curve], axes: Axes, look: Look, *, width: int, height: int) -> list[Text]:
    """Draw `curves` in `width` columns and `height` + 2 lines; later curves lie over earlier ones."""
    return plots.plot(curves, axes, ascii=look.ascii, width=width, height=height)
