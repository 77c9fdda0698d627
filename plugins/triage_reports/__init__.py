"""Show evaluations: to a person in the terminal or in a browser, to a program as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import triage
from triage.plugin_api import Render


def terminal(
    *,
    show: Annotated[
        Literal["each", "best", "none"], "Of several backends, which to show in full after the leaderboard"
    ] = "each",
    labels: Annotated[int, "Most rows of the table by label", triage.Between(1)] = 25,
    pairs: Annotated[int, "Most confused pairs listed", triage.Between(0)] = 8,
) -> Render:
    """Return the report for a person."""
    from triage_reports._terminal import Terminal

    return Terminal(show=show, labels=labels, pairs=pairs)


def json() -> Render:
    """Return the report for a program."""
    from triage_reports._json import Json

    return Json()


def html(
    *,
    mistakes: Annotated[
        int, "Most mistakes shown with their text, where text is asked for", triage.Between(0)
    ] = 20,
    baseline: Annotated[str, "The backend that the others are compared with, besides the best"] = "tfidf",
) -> Render:
    """Return the report for a browser."""
    from triage_reports._html import Html

    return Html(mistakes=mistakes, baseline=baseline)


@triage.hookimpl
def triage_reports() -> Iterable[triage.Report]:
    """Yield the reports."""
    yield triage.Report(
        name="terminal",
        summary="Confusion matrix, tables and plots for a person",
        build=terminal,
        roles=("default",),
    )
    yield triage.Report(
        name="html",
        summary="One page to read, print and send: figures, tables and plain words",
        build=html,
        requires=("matplotlib",),
    )
    yield triage.Report(name="json", summary="One array, one object for each backend and seed", build=json)
