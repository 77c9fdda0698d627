"""The figures of the HTML report: reliability, risk and coverage, training, intervals; by matplotlib."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

import triage
from triage.plugin_api import Markup, metrics, safe_text
from triage_reports._html_svg import COLORS, axes, inline, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from triage_reports._html_standings import Standing

__all__ = ["gradients", "intervals", "learning", "lengths", "loss", "reliability", "risk", "risks", "tuning"]

_FEWEST = 10  # accepted documents from which on an error rate is drawn: before, it jumps from 0 to 1
_POINTS = 160  # of a curve: more cannot be seen
_NAME = 26


@styled
def reliability(evaluation: triage.Evaluation, *, key: str) -> Markup:
    """Draw how often it was right against how sure it was, in bins of equal mass, with 95% ranges."""
    found = metrics.reliability(evaluation.codes, evaluation.probabilities, bins=10)
    low, high = _wilson(found.accuracy, found.count)
    ax = _square(axes())
    ax.plot([0, 1], [0, 1], color=COLORS["soft"], linewidth=1, linestyle=(0, (4, 3)))
    ax.vlines(found.confidence, low, high, color=COLORS["right"], linewidth=1.6, alpha=0.55)
    ax.plot(found.confidence, found.accuracy, "o", color=COLORS["right"], markersize=5.5)
    ax.set_xlabel("how sure it was")
    ax.set_ylabel("how often it was right")
    pairs = "; ".join(
        f"{sure:.0%} sure, {right:.0%} right"
        for sure, right in zip(found.confidence, found.accuracy, strict=True)
    )
    return inline(ax, key=key, title="Reliability diagram", description=f"Surest last: {pairs}.")


@styled
def risk(evaluation: triage.Evaluation, *, key: str) -> Markup:
    """Draw the error among what is accepted, surest first, with what was promised and what was routed."""
    coverage, error = _risk(evaluation)
    ax = axes()
    ax.plot(coverage, error, color=COLORS["wrong"])
    words = [f"With all documents accepted, {error[-1]:.1%} are wrong."] if len(error) else []
    top = float(error.max(initial=0.01))
    routing = evaluation.metrics.get("routing")
    routing = routing if isinstance(routing, Mapping) else {}
    if _known(promised := routing.get("max_error")):
        ax.axhline(promised, color=COLORS["right"], linewidth=1.2, linestyle=(0, (5, 3)))
        ax.annotate("promised", (0.01, promised), (0, 3), textcoords="offset points", color=COLORS["right"])
        top = max(top, promised)
        words.append(f"Promised: at most {promised:.1%}.")
    if _known(routed := routing.get("coverage")) and _known(wrong := routing.get("realised_error")):
        ax.plot([routed], [wrong], "o", color=COLORS["ink"], markersize=6.5, clip_on=False)
        # The curve falls to the left of the dot and climbs to its right: beneath it there is room.
        where = "left" if routed < 0.15 else "right" if routed > 0.85 else "center"
        ax.annotate("sent by itself", (routed, wrong), (0, -24), textcoords="offset points", ha=where)
        top = max(top, wrong)
        words.append(f"Sent by itself: {routed:.1%} of the documents, {wrong:.1%} of them wrongly.")
    _percent(ax, x_top=1.0, y_top=top * 1.12)
    ax.set_xlabel("share of documents accepted, surest first")
    ax.set_ylabel("wrong among them")
    return inline(ax, key=key, title="Risk and coverage", description=" ".join(words))


@styled
def risks(named: Sequence[tuple[str, triage.Evaluation]], *, key: str) -> Markup:
    """Draw the risk-coverage curves of several backends over each other; their names stand beside it."""
    ax = axes(460, 300)
    top, words = 0.01, []
    for place, (name, evaluation) in enumerate(named):
        coverage, error = _risk(evaluation)
        marker = "o" if len(coverage) < 3 else None  # one that is always equally sure is a dot
        style = "-" if place // 8 % 2 == 0 else (0, (4, 2))
        color = COLORS[f"s{place % 8}"]
        ax.plot(coverage, error, marker=marker, color=color, linestyle=style, clip_on=False)
        top = max(top, float(error.max(initial=0)))
        words.append(f"{name}: {error[-1]:.1%} wrong where all is accepted")
    _percent(ax, x_top=1.0, y_top=top * 1.05)
    ax.set_xlabel("share of documents accepted, surest first")
    ax.set_ylabel("wrong among them")
    return inline(ax, key=key, title="Risk and coverage, all backends", description="; ".join(words) + ".")


@styled
def intervals(standings: Sequence[Standing], *, key: str) -> Markup:
    """Draw the macro-F1 of each backend with its 95% interval, and a hollow dot for each seed."""
    names = [safe_text(standing.name, width=_NAME) for standing in standings]
    left = 22 + 5.6 * max(map(len, names), default=0)
    ax = axes(460, 64 + 32 * len(names), left=left)
    words = []
    for place, standing in enumerate(standings):
        score = standing.macro_f1
        color = COLORS["right"] if standing.behind is None else COLORS["soft"]
        if math.isfinite(score.low):
            ax.hlines(place, score.low, score.high, color=color, linewidth=3, alpha=0.6)
            words.append(f"{standing.name}: {score.mean:.3f}, between {score.low:.3f} and {score.high:.3f}")
        else:
            words.append(f"{standing.name}: {score.mean:.3f}")
        if len(standing.runs) > 1:
            each = [float(metrics.macro_f1(run.confusion)) for run in standing.runs]
            ax.plot(each, [place + 0.24] * len(each), "o", color=color, markersize=3, fillstyle="none")
        ax.plot([score.mean], [place], "o", color=color, markersize=7)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks(range(len(names)), [f"{{{place}}}" for place in range(len(names))])
    ax.tick_params(axis="y", labelcolor=COLORS["ink"], labelsize=10.5)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("macro-F1")
    described = "; ".join(words) + "."
    return inline(ax, key=key, title="Macro-F1 with 95% intervals", description=described, words=names)


@styled
def loss(history: Sequence[triage.Epoch], *, key: str) -> Markup:
    """Draw the loss by epoch, on the training part and on the tune part, the best epoch marked."""
    ax = _epochs(history)
    numbers = [epoch.number for epoch in history]
    ax.plot(numbers, [epoch.loss for epoch in history], color=COLORS["soft"], marker="o", markersize=3)
    tuned = [(epoch.number, epoch.tune_loss) for epoch in history if _known(epoch.tune_loss)]
    words = [f"Training loss from {history[0].loss:.3f} to {history[-1].loss:.3f}"]
    if tuned:
        ax.plot(*zip(*tuned, strict=True), color=COLORS["wrong"], marker="o", markersize=3)
        words.append(f"loss on the tune part from {tuned[0][1]:.3f} to {tuned[-1][1]:.3f}")
    ax.set_ylabel("loss (nats)")
    return inline(ax, key=key, title="Loss by epoch", description=", ".join(words) + _best_words(history))


@styled
def tuning(history: Sequence[triage.Epoch], *, key: str) -> Markup | None:
    """Draw the macro-F1 on the tune part by epoch, or return None where there is none."""
    known = [(epoch.number, epoch.tune_macro_f1) for epoch in history if _known(epoch.tune_macro_f1)]
    if not known:
        return None
    ax = _epochs(history)
    ax.plot(*zip(*known, strict=True), color=COLORS["right"], marker="o", markersize=3)
    ax.set_ylabel("macro-F1 on the tune part")
    words = f"From {known[0][1]:.3f} to {known[-1][1]:.3f}" + _best_words(history)
    return inline(ax, key=key, title="Macro-F1 by epoch", description=words)


@styled
def gradients(history: Sequence[triage.Epoch], layers: Sequence[str], *, key: str) -> Markup:
    """Draw the norm of each layer's gradient by epoch; the layers' names stand beside it."""
    ax = _epochs(history)
    words = []
    for place, layer in enumerate(layers):
        known = [
            (epoch.number, epoch.gradient_norms[layer])
            for epoch in history
            if _known(epoch.gradient_norms.get(layer)) and epoch.gradient_norms[layer] > 0
        ]
        if known:
            ax.plot(*zip(*known, strict=True), color=COLORS[f"s{place % 8}"], marker="o", markersize=2.5)
            words.append(f"{layer} from {known[0][1]:.2g} to {known[-1][1]:.2g}")
    if words:
        ax.set_yscale("log")
        _plain_log(ax)
    ax.set_ylabel("norm of the gradient")
    return inline(ax, key=key, title="Gradient norms by epoch", description="; ".join(words) + ".")


@styled
def learning(curves: Mapping[str, Sequence[tuple[int, float]]], *, key: str) -> Markup:
    """Draw macro-F1 against the number of training documents; the backends' names stand beside it."""
    ax = axes(460, 300)
    words = []
    for place, (name, points) in enumerate(curves.items()):
        ax.plot(*zip(*points, strict=True), color=COLORS[f"s{place % 8}"], marker="o", markersize=4)
        words.append(f"{name}: " + ", ".join(f"{score:.3f} with {number:,}" for number, score in points))
    ax.set_xlim(left=0)
    ax.set_xlabel("training documents")
    ax.set_ylabel("macro-F1 on the test part")
    return inline(ax, key=key, title="Learning curve", description="; ".join(words) + ".")


@styled
def lengths(edges: Sequence[float], counts: Sequence[float], *, key: str) -> Markup:
    """Draw how many documents have how many words: counts between edges."""
    ax = axes()
    ax.bar(edges[:-1], counts, np.diff(edges), align="edge", color=COLORS["right"], alpha=0.75)
    ax.set_xlabel("words in a document")
    ax.set_ylabel("documents")
    words = "; ".join(
        f"{low:g} to {high:g} words: {count:,.0f}"
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )
    return inline(ax, key=key, title="Lengths of the documents", description=words + ".")


def _risk(evaluation: triage.Evaluation) -> tuple[Any, Any]:
    """Return coverage and risk, thinned out to what can be seen."""
    predicted, confidence = metrics.top_label(evaluation.probabilities)
    wrong = predicted != np.asarray(evaluation.codes)
    curve = metrics.risk_coverage(confidence, wrong)
    drawn = np.flatnonzero(curve.coverage * len(wrong) >= min(_FEWEST, len(wrong)))
    few = drawn[np.unique(np.linspace(0, len(drawn) - 1, min(len(drawn), _POINTS)).round().astype(int))]
    return curve.coverage[few], curve.risk[few]


def _wilson(share: Any, count: Any) -> tuple[Any, Any]:
    """Return Wilson's 95% range of shares of counts (Wilson 1927)."""
    z = 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return middle - half, middle + half


def _epochs(history: Sequence[triage.Epoch]) -> Axes:
    from matplotlib.ticker import MaxNLocator

    ax = axes()
    best = _best(history)
    if best is not None:
        ax.axvline(best.number, color=COLORS["ink"], linewidth=1, linestyle=(0, (2, 2)))
        late = best.number > (history[0].number + history[-1].number) / 2
        ax.annotate(
            "best epoch",
            (best.number, 1),
            (-5 if late else 5, -10),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if late else "left",
        )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    ax.set_xlabel("epoch")
    return ax


def _best(history: Sequence[triage.Epoch]) -> triage.Epoch | None:
    return max((epoch for epoch in history if epoch.best), key=lambda epoch: epoch.number, default=None)


def _best_words(history: Sequence[triage.Epoch]) -> str:
    best = _best(history)
    return "." if best is None else f". The best epoch is number {best.number} of {len(history)}."


def _square(ax: Axes) -> Axes:
    _percent(ax, x_top=1.0, y_top=1.0)
    return ax


def _percent(ax: Axes, *, x_top: float, y_top: float) -> None:
    from matplotlib.ticker import PercentFormatter

    ax.set_xlim(0, x_top)
    ax.set_ylim(0, y_top)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if y_top > 0.08 else 1))


def _plain_log(ax: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 1000 else (1,)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _known(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(value)
