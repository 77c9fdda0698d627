"""The tables of the terminal report: the leaderboard, the labels, and what is taken for what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import triage
from triage.plugin_api import cell, metrics, name_of
from triage_reports._confusion import confused_pairs, worst
from triage_reports._look import Look, columns, pad

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

__all__ = [
    "groups",
    "label_lines",
    "leaderboard",
    "leaderboard_remarks",
    "number",
    "pair_lines",
    "unseen_words",
]

_COLUMNS: tuple[tuple[str, str, bool], ...] = (  # heading, path in the metrics, whether higher is better
    ("accuracy", "accuracy", True),
    ("macro-F1", "macro_f1", True),
    ("log loss", "log_loss", False),
    ("ECE", "ece", False),
    ("AUGRC", "augrc", False),
    ("at 95%", "coverage_at_accuracy/0.95", True),
    ("fit", "seconds/fit", False),
)


def groups(evaluations: Sequence[triage.Evaluation]) -> dict[str, list[triage.Evaluation]]:
    """Gather the seeds of each backend; one with two sets of options is two, named by what differs."""
    found: dict[str, list[triage.Evaluation]] = {}
    for evaluation in evaluations:
        found.setdefault(name_of(evaluation, evaluations), []).append(evaluation)
    return found


def leaderboard(evaluations: Sequence[triage.Evaluation], look: Look) -> Table:
    """Return one row for each backend, best macro-F1 first: means over seeds, and how far seeds differ."""
    from rich import box
    from rich.table import Table

    rows = sorted(groups(evaluations).items(), key=lambda row: -_mean(_values(row[1], "macro_f1")))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("backend", no_wrap=True)
    table.add_column("seeds", justify="right", no_wrap=True)
    means = {path: [_mean(_values(seeds, path)) for _, seeds in rows] for _, path, _ in _COLUMNS}
    shown = [column for column in _COLUMNS if not all(map(math.isnan, means[column[1]]))]
    for heading, _, _ in shown:
        table.add_column(heading, justify="right", no_wrap=True)
    for place, (name, seeds) in enumerate(rows):
        numbers = []
        for _, path, higher in shown:
            known = [mean for mean in means[path] if not math.isnan(mean)]
            best = len(rows) > 1 and means[path][place] == (max if higher else min)(known)
            text = _spread(_values(seeds, path), path, look)
            numbers.append(cell(text, style="bold green" if best else "", justify="right"))
        table.add_row(cell(name, width=24), cell(str(len(seeds)), justify="right"), *numbers)
    return table


def leaderboard_remarks(evaluations: Sequence[triage.Evaluation], look: Look) -> Iterator[Text]:
    """Yield what the columns mean."""
    if max(map(len, groups(evaluations).values())) > 1:
        sign = "+-" if look.ascii else "±"
        yield from look.wrapped([f"means over seeds; {sign} is one standard deviation"], style="dim")
    meaning = "at 95%: most that could go by itself with 95% right"
    yield from look.wrapped([meaning, "log loss, ECE and AUGRC: lower is better"], style="dim")


def label_lines(evaluation: triage.Evaluation, look: Look, *, most: int) -> Iterator[Text]:
    """Yield a line for each label, lowest F1 first; of more than `most`, those with the most errors."""
    found = metrics.per_label(evaluation.confusion)
    order = sorted(worst(evaluation.confusion)[:most], key=lambda code: (found.f1[code], code))
    names = [evaluation.labels[code] for code in order]
    digits = max(len(str(int(found.support.max(initial=0)))), 5)
    # Beside the name and the count stand three bars with their numbers.
    bar = 10 if look.width >= 84 else 4
    behind = digits + 2 + 3 * (bar + 7)
    name = max(min(max((columns(label, most=36) for label in names), default=0), look.width - behind), 5)
    headings = "".join(pad(word, bar + 5, right=False) + "  " for word in ("precision", "recall", "F1"))
    yield look.line((pad("", name) + pad("n", digits + 2, right=True) + "  " + headings.rstrip(), "dim"))
    for code, label in zip(order, names, strict=True):
        parts: list[str | tuple[str, str]] = [
            pad(label, name),
            (pad(str(int(found.support[code])), digits + 2, right=True), "dim"),
        ]
        for column in (found.precision, found.recall, found.f1):
            share = float(column[code])
            parts += [f"  {share:.2f} ", (pad(look.bar(share, bar), bar), look.right)]
        yield look.line(*parts)
    if rest := len(evaluation.labels) - len(order):
        best = [code for code in range(len(evaluation.labels)) if code not in set(order)]
        low, high = found.f1[best].min(), found.f1[best].max()
        yield look.line((f"{rest} more with an F1 of {low:.2f} to {high:.2f}", "dim"))


def pair_lines(evaluation: triage.Evaluation, look: Look, *, most: int) -> Iterator[Text]:
    """Yield a line for each of the commonest confusions."""
    matrix = np.asarray(evaluation.confusion)
    pairs = confused_pairs(matrix, most=most)
    total = int(matrix.sum() - np.trace(matrix))
    support = matrix.sum(axis=1)
    digits = max((len(str(count)) for _, _, count in pairs), default=1)
    room = (look.width - digits - len(look.arrow) - 27) // 2
    labels = evaluation.labels
    name = min(max((columns(labels[true], most=36) for true, _, _ in pairs), default=0), max(room, 8))
    other = min(max((columns(labels[said], most=36) for _, said, _ in pairs), default=0), max(room, 8))
    largest = pairs[0][2] if pairs else 1
    for true, said, count in pairs:
        yield look.line(
            pad(str(count), digits + 2, right=True) + " ",
            (pad(look.bar(count / largest, 8), 8), look.wrong),
            f" {pad(labels[true], name)} ",
            (look.arrow, "dim"),
            f" {pad(labels[said], other)} ",
            (f"{count / support[true]:>4.0%} of them", "dim"),
        )
    listed = sum(count for _, _, count in pairs)
    if listed < total:
        yield look.line((f"{listed:,} of {total:,} errors", "dim"))


def number(evaluation: triage.Evaluation, path: str) -> float:
    """Return the metric at `path`, such as `seconds/fit`, or NaN where there is none."""
    value: Any = evaluation.metrics
    for key in path.split("/"):
        value = value.get(key) if isinstance(value, Mapping) else None
    known = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return float(value) if known else math.nan


def unseen_words(found: Mapping[str, Any]) -> list[str]:
    """Say how many words of the test part training never saw, and list some; [] where that is not known."""
    words = found.get("unseen_words")
    if not isinstance(words, Mapping) or not words.get("words"):
        return []
    listed = [f"{each['word']} {each['documents']:,}" for each in words.get("commonest", ())]
    return [
        f"words never seen in training: {words['words']:,} of {words['distinct']:,}",
        f"{words['share']:.1%} of all that is read",
        f"in {words['documents']:,} texts",
        *([f"most often {listed[0]}", *listed[1:5]] if listed else ()),
    ]


def _values(evaluations: Sequence[triage.Evaluation], path: str) -> list[float]:
    values = (number(evaluation, path) for evaluation in evaluations)
    return [value for value in values if math.isfinite(value)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _spread(values: Sequence[float], path: str, look: Look) -> str:
    """Return the mean of the seeds and their standard deviation."""
    if not values:
        return "-"
    if path.startswith("seconds/"):
        return f"{_mean(values):.1f} s"
    if path.startswith("coverage"):
        return f"{_mean(values):.0%}"
    text = f"{_mean(values):.3f}"
    if len(values) > 1 and path in ("accuracy", "macro_f1"):
        text += f"{'+-' if look.ascii else '±'}{float(np.std(values, ddof=1)):.3f}"
    return text
