"""Pictures: the history of a training, and a forecast beside what came before it."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triage.io.terminal import safe_text
from triage.records import Epoch

if TYPE_CHECKING:
    import datetime

__all__ = ["Panel", "can_draw", "draw_forecast", "draw_history"]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One queue in a picture of a forecast.

    Attributes:
        title: what it is of.
        past_days: the days before.
        past: what came on them; NaN where nobody knows.
        days: the days of the forecast.
        mean: what to expect on them.
        lower: the lower end of the interval.
        upper: its upper end.
    """

    title: str
    past_days: Sequence[datetime.date]
    past: Sequence[float]
    days: Sequence[datetime.date]
    mean: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]


def can_draw() -> bool:
    """Tell whether matplotlib, which draws, is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw_history(epochs: Sequence[Epoch], *, title: str) -> bytes:
    """Return a PNG image of 1200 by 450 points.

    Args:
        epochs: at least one.
        title: what was trained.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    # A figure of its own: pyplot would keep it, and would look for a display.
    figure = Figure(figsize=(12, 4.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    # A font lacks most letters of the world, and matplotlib reads $ as the beginning of a formula.
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in title)
    figure.suptitle(plain.replace("$", r"\$"))
    losses, scores = figure.subplots(1, 2)
    for axes, label, curves in (
        (losses, "loss (nats)", {"training": "loss", "tune part": "tune_loss"}),
        (scores, "macro-F1", {"tune part": "tune_macro_f1"}),
    ):
        for name, field in curves.items():
            points = [(epoch.number, getattr(epoch, field)) for epoch in epochs]
            points = [(number, value) for number, value in points if value is not None]
            if points:
                axes.plot(*zip(*points, strict=True), marker="o", label=name)
        best = max((epoch.number for epoch in epochs if epoch.best), default=None)
        if best is not None:
            axes.axvline(best, color="0.5", linestyle="--", label=f"best: epoch {best}")
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True, alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
    image = io.BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()


def draw_forecast(panels: Sequence[Panel], *, title: str) -> bytes:
    """Return an SVG image: the first panel over the whole width, the others three beside each other.

    Args:
        panels: at least one.
        title: what was forecast.
    """
    import warnings

    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    rows = 1 + -(-(len(panels) - 1) // 3)
    settings = {"svg.hashsalt": "triage", "svg.fonttype": "none", "axes.spines.top": False}
    image = io.BytesIO()
    with matplotlib.rc_context({**settings, "axes.spines.right": False}), warnings.catch_warnings():
        # Letters that the font lacks are drawn by the viewer: its text stays text.
        warnings.simplefilter("ignore")
        figure = Figure(figsize=(12, 1 + 2.6 * rows), layout="constrained")
        FigureCanvasSVG(figure)
        figure.suptitle(safe_text(title, width=100)).set_parse_math(False)
        grid = figure.add_gridspec(rows, 3)
        for place, panel in enumerate(panels):
            row, column = (0, slice(None)) if place == 0 else (1 + (place - 1) // 3, (place - 1) % 3)
            axes = figure.add_subplot(grid[row, column])
            past, days = date2num(panel.past_days), date2num(panel.days)
            axes.plot(past, panel.past, color="0.45", linewidth=1, label="came")
            axes.fill_between(days, panel.lower, panel.upper, color="C0", alpha=0.25, label="interval")
            axes.plot(days, panel.mean, color="C0", label="forecast")
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.set_title(safe_text(panel.title, width=48), fontsize=10, loc="left").set_parse_math(False)
            axes.tick_params(labelsize=8)
            locator = AutoDateLocator(maxticks=9 if place == 0 else 4)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
            if place == 0:
                axes.legend(fontsize=8, loc="upper left", ncols=3, frameon=False)
        figure.savefig(image, format="svg", metadata={"Date": None, "Creator": None})
    return image.getvalue()
