"""The part of the HTML report that compares backends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from triage.html import Markup, element
from triage_reports import _html_figures as figures
from triage_reports._html_facts import bdi, mean, percent, ranged
from triage_reports._html_intervals import Interval, Standing

__all__ = ["bar", "compared", "figure", "legend", "table"]


def compared(standings: Sequence[Standing], *, key: str) -> Iterator[Markup]:
    """Yield the table of backends, the figure with intervals, and the curves over each other."""
    yield element("p", _verdict(standings))
    yield table(_headings(standings), [_row(standing, standings) for standing in standings])
    yield element(
        "p",
        "Intervals come from drawing families of near-duplicates of the test parts a thousand times, the "
        "same for every backend. They are not corrected for the number of backends compared.",
        class_="soft small",
    )
    drawn = [
        figure(
            figures.intervals(standings, key=f"{key}-i"),
            "Dots are means over seeds, hollow dots single seeds, bars 95% intervals. Where bars overlap "
            "widely, the difference may be chance.",
        )
    ]
    curves = [(each.name, each.runs[0]) for each in standings if len(each.runs[0].probabilities)]
    if curves:
        drawn.append(
            figure(
                figures.risks(curves, key=f"{key}-r"),
                "Lower is better. Read it so: if the surest 40% go by themselves, how much of that is wrong?",
                legend([name for name, _ in curves]),
            )
        )
    yield element("div", *drawn, class_="figures")


def _verdict(standings: Sequence[Standing]) -> list[Any]:
    best = standings[0]
    near = [each for each in standings[1:] if each.behind is not None and each.behind.low <= 0]
    words: list[Any] = [element("b", bdi(best.name, most=60)), " has the highest macro-F1. "]
    if not near:
        measured = all(each.behind is not None and math.isfinite(each.behind.low) for each in standings[1:])
        return [*words, "The others are behind it by more than chance explains."] if measured else words
    for place, each in enumerate(near):
        between = "" if not place else " and " if place == len(near) - 1 else ", "
        words += [between, bdi(each.name, most=60)]
    return [
        *words,
        f" {'is' if len(near) == 1 else 'are'} not distinguishable from it on these documents:",
        " the difference may be chance.",
    ]


_COSTS = (
    ("seconds/fit", "fit", lambda value: f"{value:,.1f} s"),
    ("documents_per_second/predict", "documents/s", lambda value: f"{value:,.0f}"),
    ("peak_memory_mb", "memory", lambda value: f"{value:,.0f} MB"),
)
_SCORES = (
    ("coverage_at_accuracy/0.95", "at 95% right", percent),
    ("log_loss", "log loss", lambda value: f"{value:.3f}"),
    ("ece", "calibration error", lambda value: percent(value, digits=1)),
)


def _headings(standings: Sequence[Standing]) -> list[str]:
    rest = [title for path, title, _ in (*_SCORES, *_COSTS) if _any(standings, path)]
    return ["backend", "seeds", "macro-F1", "accuracy", "behind the best", *rest]


def _row(standing: Standing, standings: Sequence[Standing]) -> list[Markup]:
    behind = standing.behind
    cells = [
        element("th", bdi(standing.name, most=60), scope="row"),
        element("td", str(len(standing.runs))),
        _scored(standing.macro_f1),
        _scored(standing.accuracy, share=True),
        element("td", "best", class_="soft") if behind is None else _scored(behind),
    ]
    for path, _, words in (*_SCORES, *_COSTS):
        if _any(standings, path):
            value = mean(standing.runs, path)
            cells.append(element("td", words(value) if math.isfinite(value) else "–"))  # noqa: RUF001
    return cells


def _scored(interval: Interval, *, share: bool = False) -> Markup:
    value = percent(interval.mean, digits=1) if share else f"{interval.mean:.3f}"
    ends = ranged(interval, share=share)
    return element("td", element("b", value), element("br"), element("span", ends, class_="soft small"))


def _any(standings: Sequence[Standing], path: str) -> bool:
    return any(math.isfinite(mean(standing.runs, path)) for standing in standings)


def table(headings: Sequence[str], rows: Sequence[Sequence[Markup]], *, caption: str = "") -> Markup:
    """Return a table that scrolls within its own place where it is too wide."""
    return element(
        "div",
        element(
            "table",
            element("caption", caption) if caption else None,
            element(
                "thead",
                element(
                    "tr",
                    (
                        element("th", heading, scope="col", class_="name" if "said" in heading else None)
                        for heading in headings
                    ),
                ),
            ),
            element("tbody", (element("tr", row) for row in rows)),
        ),
        class_="wide",
        tabindex=0,
        role="region",
        aria_label=caption or headings[0],
    )


def bar(share: float, text: str, *, kind: str = "s") -> Markup:
    """Return a cell with a bar behind its number; a share is in [0, 1]."""
    return element("td", text, class_=f"bar {kind}", style=f"--v:{100 * min(max(share, 0.0), 1.0):.3g}%")


def figure(picture: Markup, words: str, *more: Markup) -> Markup:
    """Return a picture with what it shows beneath."""
    return element("figure", element("div", picture, class_="pic"), *more, element("figcaption", words))


def legend(names: Sequence[str], colors: Sequence[str] = ()) -> Markup:
    """Return names with swatches in the colours of the curves."""
    return element(
        "ul",
        (
            element(
                "li",
                element(
                    "i",
                    class_="swatch dashed" if place // 8 % 2 and not colors else "swatch",
                    style=f"--c:var(--{colors[place] if colors else f's{place % 8}'})",
                ),
                bdi(name, most=40),
            )
            for place, name in enumerate(names)
        ),
        class_="legend",
    )
