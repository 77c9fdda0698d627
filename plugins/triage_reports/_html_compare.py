"""The part of the HTML report that compares backends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from triage.plugin_api import Child, Markup, element, safe_html
from triage_reports import _html_figures as figures
from triage_reports._html_facts import bdi, mean, percent, ranged
from triage_reports._html_standings import Board, Interval, Standing

__all__ = ["bar", "compared", "figure", "legend", "table"]


def compared(board: Board, *, key: str) -> Iterator[Markup]:
    """Yield the table of backends, what can be said of it, and the figures."""
    standings = board.standings
    yield element("p", _summary(standings))
    yield table(_headings(standings), [_row(standing, standings) for standing in standings])
    yield element(
        "p",
        "Intervals come from drawing families of near-duplicates of the test parts thousands of times, the "
        "same draws for every backend. A difference counts as real where it stays so after Holm's "
        "correction for the number of differences looked at.",
        class_="soft small",
    )
    if board.skipped:
        notes = [element("li", safe_html(note, most=200)) for note in board.skipped[:10]]
        yield element("p", "Not compared, since only like is compared with like:", class_="soft small")
        yield element("ul", notes, class_="soft small")
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
    if board.verdicts:
        sentences = [element("li", safe_html(verdict, most=300)) for verdict in board.verdicts]
        yield element(
            "details",
            element("summary", "Every difference in a sentence"),
            element("ul", sentences),
            class_="plain",
        )


def _summary(standings: Sequence[Standing]) -> list[Child]:
    best = standings[0]
    start: list[Child] = [element("b", bdi(best.name, most=60)), " has the highest macro-F1. "]
    near = [each.name for each in standings[1:] if each.behind is not None and not each.distinct]
    unknown = sum(each.behind is None for each in standings[1:])
    if near:
        verb = "is" if len(near) == 1 else "are"
        why = f" {verb} not distinguishable from it on these documents: the difference may be chance. "
        start += [*_listed(near), why]
    elif not unknown:
        start.append("The others are behind it by more than chance explains. ")
    return start


def _listed(names: Sequence[str]) -> Iterator[Child]:
    for place, name in enumerate(names):
        yield "" if not place else " and " if place == len(names) - 1 else ", "
        yield bdi(name, most=60)


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
    return ["backend", "seeds", "macro-F1", "accuracy", "minus the best", *rest]


def _row(standing: Standing, standings: Sequence[Standing]) -> list[Markup]:
    behind = standing.behind
    cells = [
        element("th", bdi(standing.name, most=60), scope="row"),
        element("td", _seeds(standing)),
        _scored(standing.macro_f1),
        _scored(standing.accuracy, share=True),
        element("td", "best" if standing is standings[0] else "–", class_="soft")  # noqa: RUF001
        if behind is None
        else _scored(behind, signed=True),
    ]
    for path, _, words in (*_SCORES, *_COSTS):
        if _any(standings, path):
            value = mean(standing.runs, path)
            cells.append(element("td", words(value) if math.isfinite(value) else "–"))  # noqa: RUF001
    return cells


def _seeds(standing: Standing) -> str:
    of = len(standing.runs)
    return str(of) if standing.compared == of else f"{standing.compared} of {of}"


def _scored(interval: Interval, *, share: bool = False, signed: bool = False) -> Markup:
    sign = "+" if signed else ""
    value = percent(interval.mean, digits=1) if share else f"{interval.mean:{sign}.3f}"
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
