"""`triage compare`: the leaderboard: means, intervals, and which differences are real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from triage.cli.common import json_option, print_json
from triage.errors import NoInput
from triage.host.extensions import Backend
from triage.host.manager import Plugins
from triage.stats.comparison import Comparison, Leak, compare, leaks


@click.command()
@click.argument("runs", default="runs")
@click.option("--learning-curve", is_flag=True, help="Show the score against the number of documents.")
@json_option
def command(*, runs: str, learning_curve: bool, as_json: bool) -> None:
    """Compare the backends whose runs lie in RUNS, each corpus and split apart.

    Shows the mean over the seeds with a 95% interval, the paired differences to the best and to tfidf with
    p-values corrected for the number of comparisons, and a plain verdict. Where a backend has runs with the
    naive and with the grouped split, what leaking near-duplicates is worth is said too.

    \b
    Examples:
      triage evaluate complaints --backend majority,tfidf,naive-bayes --seeds 3 --runs runs
      triage compare runs
      triage evaluate complaints --backend tfidf --learning-curve --runs runs
      triage compare runs --learning-curve
      triage evaluate complaints --backend tfidf --split naive && triage compare
    """
    from triage.evaluation.runs import find_runs, read_run

    folders = find_runs(Path(runs))
    if not folders:
        raise NoInput(
            f"there is no finished run in {runs!r}: `triage evaluate CORPUS --runs {runs}` makes some"
        )
    evaluations = [read_run(folder) for folder in folders]
    baseline = Plugins.discover().role(Backend, "baseline")
    comparisons, leaking = compare(evaluations, baseline=baseline), leaks(evaluations)
    if as_json:
        worth = [{**vars(leak), "worth": leak.worth} for leak in leaking]
        print_json(
            [
                {**each.to_json(), "leaks": [leak for leak in worth if leak["corpus"] == each.corpus]}
                for each in comparisons
            ]
        )
        return
    for comparison in comparisons:
        _show(comparison)
        if learning_curve:
            _curve(comparison)
    if leaking:
        _show_leaks(leaking)


def _show(comparison: Comparison) -> None:
    from rich.padding import Padding
    from rich.table import Table

    from triage.io.terminal import cell, console, safe_text

    out = console()
    seeds = comparison.standings[0].seeds if comparison.standings else 0
    title = f"{comparison.corpus}, {comparison.split} split, {seeds} seed{'s' if seeds != 1 else ''}"
    out.print(cell(title, style="bold"))
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    columns = ("backend", "macro-F1", "95%", "accuracy", "95%", "log loss", "ECE", "fit", "docs/s", "MB")
    table.add_column("backend", max_width=26)
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    for each in comparison.standings:
        macro, accuracy = each.intervals["macro_f1"], each.intervals["accuracy"]
        name = cell(each.backend, style="bold")
        name.no_wrap, name.overflow = False, "fold"  # its options tell it from the others
        table.add_row(
            name,
            f"{each.means['macro_f1']:.3f}",
            cell(_range(macro), style="dim"),
            f"{each.means['accuracy']:.3f}",
            cell(_range(accuracy), style="dim"),
            f"{each.means['log_loss']:.3f}",
            f"{each.means['ece']:.3f}",
            f"{each.fit_seconds:.1f} s",
            f"{each.predict_rate:,.0f}",
            f"{each.peak_memory_mb:,.0f}",
        )
    out.print(table)
    out.print()
    for sentence in comparison.verdicts():
        out.print(Padding(safe_text(sentence), (0, 0, 0, 2)))
    for reason in comparison.skipped:
        out.print(Padding(cell(f"left out: {reason}", style="yellow"), (0, 0, 0, 2)))
    out.print()


def _show_leaks(leaking: Sequence[Leak]) -> None:
    from rich.padding import Padding

    from triage.io.terminal import cell, console, safe_text

    out = console()
    out.print(cell("what a naive split flatters", style="bold"))
    for leak in leaking:
        out.print(Padding(safe_text(leak.sentence()), (0, 0, 0, 2)))
    out.print()


def _range(interval: tuple[float, float]) -> str:
    """An interval within 0 and 1 in few columns."""
    low, high = (f"{value:.3f}".removeprefix("0") for value in interval)
    return f"{low} to {high}"


def _curve(comparison: Comparison) -> None:
    """Print the score against the number of training documents, as bars."""
    from rich.table import Table

    from triage.io.terminal import cell, console, safe_text

    out = console()
    if not comparison.curve:
        out.print(safe_text("no learning curve yet: `triage evaluate CORPUS --learning-curve` measures one"))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("backend", "documents", "macro-F1", ""):
        table.add_column(column, justify="right" if column in ("documents", "macro-F1") else "left")
    for backend, points in comparison.curve.items():
        for documents, score in points:
            table.add_row(
                cell(backend, style="bold"), f"{documents:,}", f"{score:.3f}", "█" * round(40 * score)
            )
    out.print(table)
    for backend, points in comparison.curve.items():
        (fewer, before), (_, after) = points[-2:]
        if after - before > 0.01:
            advice = f"still rising: {after - before:+.3f} since {fewer:,} documents; more labels would help"
        else:
            advice = f"flat: {after - before:+.3f} since {fewer:,} documents; more labels would help little"
        out.print(safe_text(f"{backend}: {advice}"))
    out.print()
