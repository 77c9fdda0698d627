"""`triage selftest`: faults done on purpose, and promises made where the truth is known."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from triage import CheckFailed, UnknownName, UsageError
from triage.plugin_api import Talk, json_option, print_json, quiet_option

if TYPE_CHECKING:
    from rich.table import Table

    from triage.plugin_api import Method
    from triage_selftest._battery import Fault, Trial
    from triage_selftest._simulation import Outcome

SIZES = (200, 1000, 5000)
MAX_ERRORS = (0.02, 0.05, 0.10)
TOO_FEW = 50
SHOWN = 5
"""How many trials of one fault that did not hold are listed; --json lists all."""


def _names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    from triage_selftest._battery import battery

    return [fault.name for fault in battery() if fault.name.startswith(incomplete)]


@click.command()
@click.option("--list", "listed", is_flag=True, help="Say what each fault is and what must happen.")
@click.option(
    "--only", metavar="NAME", multiple=True, shell_complete=_names, help="Try this fault; repeatable."
)
@click.option("--promises", is_flag=True, help="Simulate promises from a known distribution instead.")
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="Draws of each size (--promises).",
)
@click.option(
    "--calibration",
    type=click.Choice(["temperature", "isotonic", "venn-abers", "none"]),
    default="temperature",
    show_default=True,
    help="What is fitted before a promise is made (--promises).",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is random.")
@json_option
@quiet_option
def command(
    *,
    listed: bool,
    only: tuple[str, ...],
    promises: bool,
    repeats: int,
    calibration: Method,
    seed: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Do on purpose what goes wrong in the field, and see that nothing is lost, silent or let in.

    Saves are killed, models are damaged and forged, files come cut off or never end, texts carry terminal
    escapes and scripts, plugins hang, the network is cut. Everything is tried on this machine, in a
    temporary directory, in less than ten minutes. Each fault must end in the right answer, or in one clear
    message with the right exit code. `lost` counts data or models that were gone or changed, `silent` wrong
    answers without a clear message, `let in` what ran, was read or was revealed and must not be. Exit code 1
    where any of them is not 0. The last line is always "N faults tried, 0 lost, 0 silent, 0 let in".

    --promises draws documents from a known distribution, calibrates, promises an error of at most 2, 5 and
    10% at 95% with 200, 1,000 and 5,000 calibrate documents, for everything and for each queue, and counts
    how often the true error is above the promised one: 5% of the repeats at most, sampling noise aside.
    With 50 documents an error of 2 or 5% must be refused. Exit code 1 where any of this fails.

    \b
    Examples:
      triage selftest
      triage selftest --list
      triage selftest --only killed-saves --only damaged-models --json
      triage selftest --promises
      triage selftest --promises --repeats 100 --calibration venn-abers --json
    """
    talk = Talk(quiet=quiet)
    if promises:
        if listed or only:
            raise UsageError("--promises goes without --list and --only: those are about faults")
        _promises(talk, repeats=repeats, calibration=calibration, seed=seed, as_json=as_json)
        return
    faults = _chosen(only)
    if listed:
        _list(faults, as_json=as_json)
    else:
        _try(talk, faults, seed=seed, as_json=as_json)


def _chosen(only: Sequence[str]) -> list[Fault]:
    from triage_selftest._battery import battery

    faults = battery()
    names = [fault.name for fault in faults]
    for name in only:
        if name not in names:
            raise UnknownName("fault", name, names, remedy="See `triage selftest --list`.")
    return [fault for fault in faults if not only or fault.name in only]


def _list(faults: Sequence[Fault], *, as_json: bool) -> None:
    from triage.plugin_api import cell, console, safe_text

    if as_json:
        print_json([{"name": fault.name, "does": fault.does, "must": fault.must} for fault in faults])
        return
    out = console()
    for fault in faults:
        out.print(cell(fault.name, style="bold"), soft_wrap=True)
        out.print(safe_text(f"  {fault.does}"), soft_wrap=True)
        out.print(safe_text(f"  Must: {fault.must}"), soft_wrap=True)


def _try(talk: Talk, faults: Sequence[Fault], *, seed: int, as_json: bool) -> None:
    from triage_selftest._battery import run, tally

    found: list[tuple[Fault, list[Trial], float]] = []
    with (
        tempfile.TemporaryDirectory(prefix="triage-selftest-", ignore_cleanup_errors=True) as folder,
        _progress(talk, len(faults)) as (watch, ended),
    ):
        before = time.perf_counter()
        for fault, trials in run(faults, seed=seed, folder=Path(folder), watch=watch):
            now = time.perf_counter()
            found.append((fault, trials, now - before))
            ended(fault, tally(trials), now - before)
            before = now
    totals = tally(trial for _, trials, _ in found for trial in trials)
    verdict = (
        f"{totals['tried']:,} faults tried, {totals['lost']:,} lost, {totals['silent']:,} silent, "
        f"{totals['let_in']:,} let in"
    )
    if as_json:
        print_json(_record(found, totals, seed))
        talk.say(verdict)
    else:
        _report(found, verdict)
    if totals["lost"] or totals["silent"] or totals["let_in"] or not totals["tried"]:
        raise click.exceptions.Exit(CheckFailed.exit_code)


@contextmanager
def _progress(
    talk: Talk, total: int
) -> Iterator[tuple[Callable[[Fault, int], None], Callable[[Fault, Counter[str], float], None]]]:
    """Show how far the battery is: a bar on a terminal, a line for each fault elsewhere."""
    if talk.quiet:
        yield lambda _fault, _done: None, lambda _fault, _counts, _seconds: None
        return
    if not talk.console.is_terminal:

        def line(fault: Fault, counts: Counter[str], seconds: float) -> None:
            talk.say(f"{fault.name}: {counts['tried']:,} tried, {_bad(counts):,} failed, {seconds:.1f} s")

        yield lambda _fault, _done: None, line
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        MofNCompleteColumn(),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=talk.console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield (
            lambda fault, done: progress.update(task, description=f"{fault.name}: {done:,}"),
            lambda _fault, _counts, _seconds: progress.advance(task),
        )


def _bad(counts: Counter[str]) -> int:
    return counts["lost"] + counts["silent"] + counts["let_in"]


def _record(
    found: Sequence[tuple[Fault, list[Trial], float]], totals: Counter[str], seed: int
) -> dict[str, Any]:
    from triage_selftest._battery import tally

    return {
        "seed": seed,
        **totals,
        "faults": [
            {
                "name": fault.name,
                **tally(trials),
                "seconds": round(seconds, 3),
                "trials": [
                    {"what": trial.what, "outcome": trial.outcome, "detail": trial.detail}
                    for trial in trials
                    if trial.outcome != "held"
                ],
            }
            for fault, trials, seconds in found
        ],
    }


def _report(found: Sequence[tuple[Fault, list[Trial], float]], verdict: str) -> None:
    from triage.plugin_api import cell, console
    from triage_selftest._battery import tally

    out = console()
    columns = ("fault", "tried", "lost", "silent", "let in", "skipped", "seconds")
    table = _table(columns, left=("fault",))
    for fault, trials, seconds in found:
        counts = tally(trials)
        table.add_row(
            cell(fault.name, style="bold red" if _bad(counts) else ""),
            f"{counts['tried']:,}",
            *(
                cell(f"{counts[name]:,}", style="bold red" if counts[name] else "dim", justify="right")
                for name in ("lost", "silent", "let_in")
            ),
            cell(f"{counts['skipped']:,}", style="" if counts["skipped"] else "dim", justify="right"),
            f"{seconds:.1f}",
        )
    out.print(table)
    for fault, trials, _ in found:
        failed = [trial for trial in trials if trial.outcome not in ("held", "skipped")]
        skipped = [trial for trial in trials if trial.outcome == "skipped"]
        if failed:
            out.print()
            out.print(cell(fault.name, style="bold red"))
            out.print(cell(f"  Must: {fault.must}"), soft_wrap=True)
        for shown in (failed, skipped):
            for trial in shown[:SHOWN]:
                name = "" if failed else f"{fault.name}: "
                outcome = trial.outcome.replace("_", " ")
                line = f"{outcome}: {name}{trial.what}{': ' + trial.detail if trial.detail else ''}"
                out.print(cell(f"  {line}" if failed else line), soft_wrap=True)
            if len(shown) > SHOWN:
                out.print(cell(f"  and {len(shown) - SHOWN:,} more; --json lists all"))
    out.print()
    out.print(cell(verdict), soft_wrap=True)


def _promises(talk: Talk, *, repeats: int, calibration: Method, seed: int, as_json: bool) -> None:
    from triage.plugin_api import documents_needed
    from triage_selftest._simulation import CONFIDENCE, simulate

    found: list[Outcome] = []
    total = 2 * (len(SIZES) + 1) * repeats
    with talk.stage("simulating promises") as change:
        for per_queue in (False, True):
            before = per_queue * total // 2

            def watch(done: int, before: int = before) -> None:
                change(f"simulating promises: {before + done:,} of {total:,}")

            found += simulate(
                sizes=(TOO_FEW, *SIZES),
                max_errors=MAX_ERRORS,
                repeats=repeats,
                per_queue=per_queue,
                method=calibration,
                seed=seed,
                watch=watch,
            )
    if as_json:
        print_json([outcome.to_json() for outcome in found])
    else:
        _show(found)
    broken = [outcome for outcome in found if not outcome.kept]
    rash = [
        outcome
        for outcome in found
        if outcome.promised and outcome.documents < documents_needed(outcome.max_error, CONFIDENCE)
    ]
    if broken or rash:
        raise CheckFailed(
            f"{len(broken)} of {len(found)} kinds of promises are broken too often, "
            f"{len(rash)} are made with too few documents"
        )
    talk.say(f"all {len(found)} kinds of promises are kept as often as stated")


def _show(found: list[Outcome]) -> None:
    from triage.plugin_api import cell, console

    columns = (
        "promise for",
        "max error",
        "documents",
        "promised",
        "coverage",
        "broken",
        "share",
        "allowed",
        "",
    )
    table = _table(columns, left=("promise for", ""))
    for outcome in found:
        verdict: Any = cell("kept", style="green") if outcome.kept else cell("BROKEN", style="bold red")
        table.add_row(
            "each queue" if outcome.per_queue else "everything",
            f"{outcome.max_error:.0%}",
            f"{outcome.documents:,}",
            f"{outcome.promised:,} of {outcome.repeats:,}",
            f"{outcome.coverage:.1%}",
            f"{outcome.broken:,}",
            f"{outcome.share:.1%}",
            f"{outcome.allowed:.1%}",
            verdict,
        )
    console().print(table)


def _table(columns: Sequence[str], *, left: Sequence[str]) -> Table:
    from rich.table import Table

    from triage.plugin_api import cell

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(cell(column), justify="left" if column in left else "right")
    return table
