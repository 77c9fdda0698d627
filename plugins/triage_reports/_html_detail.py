"""The part of the HTML report that shows one backend in full."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

import triage
from triage.plugin_api import Markup, element, metrics, safe_html
from triage_reports import _html_figures as figures
from triage_reports._confusion import confused_pairs, reviewed
from triage_reports._html_compare import bar, figure, legend, table
from triage_reports._html_facts import bdi
from triage_reports._html_heatmap import heatmap

__all__ = ["detail", "mistakes"]

_PAIRS = 20
_LETTERS = 3000  # of one text


def detail(evaluation: triage.Evaluation, *, key: str) -> Iterator[Markup]:
    """Yield everything about one run; `key` begins the ids of its figures."""
    if not int(np.sum(evaluation.confusion)):
        yield element("p", "The test part is empty: there is nothing to measure.")
        return
    yield element("h4", "What is taken for what")
    yield element("div", heatmap(evaluation, key=f"{key}-c"), class_="wide heat", tabindex=0)
    yield element(
        "p",
        element("i", class_="swatch", style="--c:var(--right)"),
        " right, on the diagonal ",
        element("i", class_="swatch", style="--c:var(--wrong)"),
        " wrong. A row is what documents are, a column what was said; the deeper, the larger the share of "
        "the row. Rest the pointer on a cell for its numbers.",
        class_="soft small",
    )
    yield from _pairs(evaluation)
    yield from _labels(evaluation)
    if len(evaluation.probabilities) == len(evaluation.codes) > 0:
        yield element("h4", "How far its confidence can be trusted")
        yield element("div", *_confidence(evaluation, key), class_="figures")
    yield from _training(evaluation, key)


def _pairs(evaluation: triage.Evaluation) -> Iterator[Markup]:
    matrix = np.asarray(evaluation.confusion)
    pairs = confused_pairs(matrix, most=_PAIRS)
    if not pairs:
        return
    support, largest, labels = matrix.sum(axis=1), pairs[0][2], evaluation.labels
    errors, listed = int(matrix.sum() - np.trace(matrix)), sum(count for _, _, count in pairs)
    yield element("h4", "Most often confused")
    yield table(
        ["it is", "it was said to be", "times", "of that label"],
        [
            [
                element("th", bdi(labels[true], most=60), scope="row"),
                element("td", bdi(labels[said], most=60), class_="name"),
                bar(count / largest, f"{count:,}", kind="w"),
                element("td", f"{count / support[true]:.0%}"),
            ]
            for true, said, count in pairs
        ],
    )
    yield element("p", f"These are {listed:,} of {errors:,} errors.", class_="soft small")


def _labels(evaluation: triage.Evaluation) -> Iterator[Markup]:
    matrix = np.asarray(evaluation.confusion)
    found = metrics.per_label(matrix)
    review = reviewed(evaluation)
    most = max(int(found.support.max(initial=0)), 1)
    rows = []
    for code in sorted(range(len(evaluation.labels)), key=lambda code: (found.f1[code], code)):
        support = int(found.support[code])
        cells = [
            element("th", bdi(evaluation.labels[code], most=60), scope="row"),
            bar(support / most, f"{support:,}", kind="n"),
            *(
                bar(float(score[code]), f"{score[code]:.2f}")
                for score in (found.f1, found.precision, found.recall)
            ),
        ]
        if review is not None:
            person = review[code] / support if support else 0.0
            cells.append(bar(person, f"{person:.0%}" if support else "–", kind="n"))  # noqa: RUF001
        rows.append(cells)
    yield element("h4", "Label by label, weakest first")
    headings = ["label", "in the test", "F1", "precision", "recall"]
    yield table([*headings, *(["to a person"] if review is not None else [])], rows)


def _confidence(evaluation: triage.Evaluation, key: str) -> Iterator[Markup]:
    yield figure(
        figures.reliability(evaluation, key=f"{key}-b"),
        "On the dashed line it is exactly as sure as it should be. Under it, it is too sure of itself; "
        "above, too modest. Each dot is a tenth of the test documents, with its 95% range.",
    )
    routing = evaluation.metrics.get("routing")
    policy = routing.get("policy") if isinstance(routing, Mapping) else None
    promised = isinstance(routing, Mapping) and routing.get("max_error") is not None
    yield figure(
        figures.risk(evaluation, key=f"{key}-r"),
        "The further right, the more goes by itself; the height is how much of that is wrong. "
        + (f"The dot is what the policy {policy} did. " if policy else "")
        + (
            "The dashed line is the promise: the dot belongs under it."
            if promised
            else "Nothing was promised for this run."
        ),
    )


def _training(evaluation: triage.Evaluation, key: str) -> Iterator[Markup]:
    history = evaluation.history
    drawn: list[Markup] = []
    if history:
        tuned = any(epoch.tune_loss is not None for epoch in history)
        drawn.append(
            figure(
                figures.loss(history, key=f"{key}-l"),
                "When the loss on the tune part rises while that on training falls, it learns by heart.",
                legend(["training", *(["tune"] if tuned else [])], ["soft", "wrong"]),
            )
        )
        if (tuning := figures.tuning(history, key=f"{key}-f")) is not None:
            drawn.append(figure(tuning, "The best epoch is the one whose weights are kept."))
        layers = list(dict.fromkeys(name for epoch in history for name in epoch.gradient_norms))
        if layers:
            drawn.append(
                figure(
                    figures.gradients(history, layers, key=f"{key}-g"),
                    "A layer whose gradient is far smaller than the others' hardly learns; one that grows "
                    "without end diverges.",
                    legend(layers),
                )
            )
    if spread := _spread(evaluation.metrics.get("lengths")):
        drawn.append(figure(figures.lengths(*spread, key=f"{key}-w"), "How long the documents are."))
    if drawn:
        yield element("h4", "How it learned")
        yield element("div", *drawn, class_="figures")


def _spread(lengths: Any) -> tuple[list[float], list[float]] | None:
    """Return edges and counts of {"edges": [...], "counts": [...]}, or None where it is something else."""
    if not isinstance(lengths, Mapping):
        return None
    edges, counts = ([float(n) for n in lengths.get(key) or () if _number(n)] for key in ("edges", "counts"))
    return (edges, counts) if len(edges) == len(counts) + 1 > 1 else None


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def mistakes(evaluation: triage.Evaluation, texts: Sequence[str], *, most: int) -> Iterator[Markup]:
    """Yield the errors that it was surest of, with the texts: only where the user asked for text."""
    predicted, confidence = metrics.top_label(evaluation.probabilities)
    wrong = np.flatnonzero(predicted != np.asarray(evaluation.codes))
    chosen = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    labels = evaluation.labels
    yield element("h4", f"Its {len(chosen):,} surest mistakes, with their text")
    for place in chosen.tolist():
        yield element(
            "article",
            element(
                "p",
                "filed as ",
                element("b", bdi(labels[evaluation.codes[place]], most=60)),
                ", said to be ",
                element("b", bdi(labels[predicted[place]], most=60)),
                f", {confidence[place]:.0%} sure",
            ),
            element("blockquote", safe_html(texts[place], most=_LETTERS, lines=True), dir="auto", tabindex=0),
            class_="mistake",
        )
