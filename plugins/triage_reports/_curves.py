"""The plots of the terminal report: risk over coverage, reliability, and how training went."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

import triage
from triage.plugin_api import metrics
from triage_reports._look import Look
from triage_reports._plot import Axes, Curve, plot

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["history_lines", "reliability_lines", "risk_lines"]

_FEWEST = 10  # accepted documents from which on an error rate is drawn: before, it jumps from 0 to 1
_HEIGHT = 8
_GAP = 3


def reliability_lines(evaluation: triage.Evaluation, look: Look) -> Iterator[Text]:
    """Yield what was promised, and beneath it what came true, in bins of equal mass."""
    bins = max(min(10, (look.width - 12) // 7), 2)
    found = metrics.reliability(evaluation.codes, evaluation.probabilities, bins=bins)
    said: list[tuple[str, str]] = [("  said     ", "dim")]
    true: list[tuple[str, str]] = [("  was true ", "dim")]
    for confidence, accuracy, count in zip(found.confidence, found.accuracy, found.count, strict=True):
        # Three standard errors of a share of `count` documents: chance alone seldom goes so far in ten bins.
        chance = 3 * math.sqrt(confidence * (1 - confidence) / count) if 0 < confidence < 1 else 0.0
        far = abs(accuracy - confidence) > max(chance, 0.02)
        said.append((f"{confidence:>6.0%} ", ""))
        true.append(
            (f"{accuracy:>6.0%}" + ("!" if far else " "), f"bold {look.wrong}" if far else look.right)
        )
    yield look.line(*said)
    yield look.line(*true)
    if any("!" in words for words, _ in true):
        yield look.line(("  ! further off than chance explains", "dim"))


def risk_lines(evaluation: triage.Evaluation, look: Look) -> Iterator[Text]:
    """Yield the plot of the error among the accepted over the share accepted, and what it offers."""
    predicted, confidence = metrics.top_label(evaluation.probabilities)
    wrong = predicted != np.asarray(evaluation.codes)
    curve = metrics.risk_coverage(confidence, wrong)
    drawn = curve.coverage * len(wrong) >= min(_FEWEST, len(wrong))
    top = max(float(curve.risk[drawn].max(initial=0.0)), 0.01)
    axes = Axes(
        x=(0.0, 1.0),
        y=(0.0, top),
        x_words=("0%", "100% sent by itself"),
        y_words=("0%", f"{top:.0%}"),
    )
    lines = plot(
        [Curve(curve.coverage[drawn], curve.risk[drawn], look.wrong)],
        axes,
        look,
        width=min(58, look.width),
        height=_HEIGHT,
    )
    remarks = [
        ("most that could go by itself", "dim"),
        *(
            (
                f"{least:.0%} right: {metrics.coverage_at_accuracy(confidence, wrong, least=least):>4.0%}"
                + _interval(evaluation, f"{least:.2f}"),
                "",
            )
            for least in metrics.ACCURACIES
        ),
        ("", ""),
        (f"AURC {metrics.aurc(confidence, wrong):.4f}", ""),
        (f"AUGRC {metrics.augrc(confidence, wrong):.4f}", ""),
    ]
    yield from _beside([lines, [look.line(remark) for remark in remarks]], look)


def _interval(evaluation: triage.Evaluation, least: str) -> str:
    """Return the 95% interval of a coverage in words, or nothing where it was not measured."""
    known = evaluation.metrics.get("coverage_at_accuracy_interval")
    if not isinstance(known, Mapping) or least not in known:
        return ""
    low, high = known[least]
    return f" ({low:.0%} to {high:.0%})"


def history_lines(history: Sequence[triage.Epoch], look: Look) -> Iterator[Text]:
    """Yield the loss and the macro-F1 by epoch, side by side, the best epoch marked."""
    best = max((epoch for epoch in history if epoch.best), key=lambda epoch: epoch.number, default=None)
    number = [epoch.number for epoch in history]
    losses = [epoch.loss for epoch in history]
    tuned = [_or_nan(epoch.tune_loss) for epoch in history]
    scores = [_or_nan(epoch.tune_macro_f1) for epoch in history]
    ends = (float(number[0]), float(number[-1]))
    words = (str(number[0]), f"epoch {number[-1]}")
    mark = None if best is None else float(best.number)
    width = (look.width - _GAP) // 2
    width = min(width if width >= 42 else look.width, 48)
    panels = []
    for title, curves in (
        ("loss: training", [(losses, look.wrong)]),
        ("loss", [(losses, look.wrong), (tuned, look.right)]),
        ("macro-F1 on tune", [(scores, look.right)]),
    ):
        values = [value for series, _ in curves for value in series if math.isfinite(value)]
        known = all(any(map(math.isfinite, series)) for series, _ in curves)
        if not known or (title == "loss: training" and any(map(math.isfinite, tuned))):
            continue
        low, high = min(values), max(values)
        axes = Axes(x=ends, y=(low, high), x_words=words, y_words=(f"{low:.2f}", f"{high:.2f}"), mark=mark)
        heading = [look.line((title, "dim"))]
        if title == "loss":
            # The last values tell the two apart where there are no colours.
            heading = [
                look.line(
                    ("loss: ", "dim"),
                    (f"training {losses[-1]:.2f}  ", look.wrong),
                    (f"tune {tuned[-1]:.2f}", look.right),
                    (" at the end", "dim"),
                )
            ]
        drawn = [Curve(number, series, style) for series, style in curves]
        panels.append(heading + plot(drawn, axes, look, width=width, height=6))
    if panels:
        yield from _beside(panels, look)
    if best is not None:
        score = "" if best.tune_macro_f1 is None else f", macro-F1 {best.tune_macro_f1:.3f} on tune"
        yield look.line(
            (f"best: epoch {best.number} of {history[-1].number}", "bold green"),
            (f", loss {best.loss:.3f}{score}", ""),
        )


def _beside(panels: Sequence[Sequence[Text]], look: Look) -> Iterator[Text]:
    """Yield panels side by side, or beneath each other where there is no room."""
    widths = [max(line.cell_len for line in panel) for panel in panels]
    if sum(widths) + _GAP * (len(panels) - 1) > look.width:
        for panel in panels:
            yield from panel
        return
    for row in range(max(len(panel) for panel in panels)):
        joined = look.line("")
        for panel, width in zip(panels, widths, strict=True):
            part = panel[row] if row < len(panel) else look.line("")
            joined.append_text(part)
            joined.append(" " * (width + _GAP - part.cell_len))
        joined.rstrip()
        yield joined


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
