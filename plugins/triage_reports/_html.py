"""The report for a browser: one file that fetches nothing, runs nothing, and prints well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING

import triage
from triage.plugin_api import Markup, element, leaks
from triage_reports import _html_facts as words
from triage_reports._html_commands import commands
from triage_reports._html_compare import compared, figure, legend, table
from triage_reports._html_detail import detail, mistakes
from triage_reports._html_figures import learning
from triage_reports._html_standings import Board, Standing, boards

if TYPE_CHECKING:
    from rich.console import Console

    from triage.plugin_api import Leak

__all__ = ["Html"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


class Html:
    """A page: the headline, the comparison, each backend in full, the commands, and what the terms mean."""

    def __init__(self, *, mistakes: int, baseline: str) -> None:
        self.mistakes = mistakes
        self.baseline = baseline
        self._texts: Sequence[Sequence[str] | None] = ()

    def quote(self, texts: Sequence[Sequence[str] | None]) -> None:
        """Take the texts of the test documents of each evaluation; `render` shows those of some mistakes."""
        self._texts = texts

    def render(self, evaluations: Sequence[triage.Evaluation], *, console: Console) -> str:  # noqa: ARG002
        """Return the page, in ASCII: the same evaluations give the same bytes."""
        texts = dict(zip(map(id, evaluations), self._texts, strict=True)) if self._texts else {}
        found = boards(evaluations, baseline=self.baseline)
        corpora = ", ".join(dict.fromkeys(board.corpus for board in found))
        parts = [
            part
            for number, board in enumerate(found, start=1)
            for part in (
                *([_place(board)] if len(found) > 1 else []),
                *self._board(board, texts, key=f"p{number}"),
            )
        ]
        body = element(
            "main",
            element("h1", "Evaluation of ", words.bdi(corpora, most=120)),
            _leaking(leaks(evaluations)),
            *(parts or [element("p", "Nothing was evaluated.")]),
            element("section", element("h2", "What the words mean"), words.terms(), id="terms"),
            element(
                "footer", f"Made by triage {triage.__version__}. This page is one file and fetches nothing."
            ),
        )
        page = (
            "<!DOCTYPE html>\n"
            + element("html", _head(f"Evaluation of {corpora}"), element("body", body), lang="en")
            + "\n"
        )
        return page.encode("ascii", "xmlcharrefreplace").decode("ascii")

    def _board(
        self, board: Board, texts: Mapping[int, Sequence[str] | None], *, key: str
    ) -> Iterator[Markup]:
        """Yield the sections for one corpus and split."""
        found = board.standings
        yield element(
            "section",
            words.sentence(found),
            element("div", *words.headline(found[0]), class_="cards"),
            id=key,
            aria_label=f"{board.corpus}, {board.split} split",
        )
        yield element("section", element("h2", "What was evaluated"), words.facts(found), id=f"{key}-what")
        if len(found) > 1:
            several = compared(board, key=f"{key}-x")
            yield element("section", element("h2", "Backends compared"), *several, id=f"{key}-compared")
        if board.curve:
            curve = figure(
                learning(board.curve, key=f"{key}-n"),
                "If a curve still rises at the right, more labelled documents would help.",
                legend(list(board.curve)),
            )
            yield element(
                "section",
                element("h2", "Would more documents help?"),
                element("div", curve, class_="figures"),
                id=f"{key}-learning",
            )
        heading = "In detail" if len(found) == 1 else "Each backend in detail"
        details = [
            self._detail(each, texts.get(id(each.runs[0])), key=f"{key}-{place}", unfolded=place == 0)
            for place, each in enumerate(found)
        ]
        yield element("section", element("h2", heading), *details, id=f"{key}-detail")
        yield element(
            "section",
            element("h2", "Do it again"),
            commands(found),
            element(
                "p",
                "With the same versions, the same numbers come out, apart from durations. If the corpus was "
                "a file, give its path in place of its name, and its columns if they were given; it is the "
                "right one if its digest is that above.",
                class_="soft small",
            ),
            id=f"{key}-again",
        )

    def _detail(self, standing: Standing, texts: Sequence[str] | None, *, key: str, unfolded: bool) -> Markup:
        run = standing.runs[0]
        of = f", the first of {len(standing.runs)}" if len(standing.runs) > 1 else ""
        return element(
            "details",
            element(
                "summary",
                element("h3", words.bdi(standing.name, most=60)),
                element("span", f"seed {run.run.seed}{of}", class_="soft"),
            ),
            *detail(run, key=key),
            *(mistakes(run, texts, most=self.mistakes) if texts is not None else ()),
            open=unfolded,
        )


def _place(board: Board) -> Markup:
    """Return the heading that tells the parts of a page of several corpora or splits apart."""
    split = f", {board.split} split" if board.split else ""
    return element("h2", words.bdi(board.corpus, most=60), split, class_="place")


def _leaking(found: Sequence[Leak]) -> Markup | None:
    """Return the section on what a naive split flatters, where runs of both splits are shown."""
    if not found:
        return None
    return element(
        "section",
        element("h2", "What a naive split flatters"),
        element(
            "p",
            "A naive split leaves near-duplicates, such as template letters, on both sides: what was learned "
            "by heart is then judged as if it were new. The grouped split is the honest one.",
        ),
        table(
            ["backend", "naive split", "grouped split", "flattered by", "seeds"],
            [
                [
                    element("th", words.bdi(f"{leak.backend} on {leak.corpus}", most=80), scope="row"),
                    element("td", f"{leak.naive:.3f}"),
                    element("td", f"{leak.grouped:.3f}"),
                    element("td", element("b", f"{leak.worth:+.3f}")),
                    element("td", str(leak.seeds)),
                ]
                for leak in found
            ],
            caption="Macro-F1 with both splits",
        ),
        id="leaking",
    )


def _head(title: str) -> Markup:
    style = (resources.files("triage_reports") / "_html.css").read_text(encoding="utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy"}, content=_POLICY),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("meta", name_="referrer", content="no-referrer"),
        element("title", title),
        # A browser that is given no icon asks the server for one.
        Markup('<link rel="icon" href="data:,">'),
        # Our own file, which holds no text of anybody's.
        element("style", Markup(style)),
    )
