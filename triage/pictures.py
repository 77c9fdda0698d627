"""The history of a training as a picture: losses and macro-F1 side by side, the best epoch marked."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence

from triage.values import Epoch

__all__ = ["can_draw", "draw_history"]


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
