"""`triage selftest`: are promises kept as often as stated? Tried out where the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from triage.cli.common import Talk, json_option, print_json, quiet_option
from triage.errors import CheckFailed, UsageError

if TYPE_CHECKING:
    from triage.calibration import Method
    from triage.simulation import Outcome

SIZES = (200, 1000, 5000)
MAX_ERRORS = (0.02, 0.05, 0.10)
TOO_FEW = 50


@click.command()
@click.option("--promises", is_flag=True, help="Simulate promises from a known distribution.")
@click.option("--repeats", type=click.IntRange(1), default=500, show_default=True, help="Draws of each size.")
@click.option(
    "--calibration",
    type=click.Choice(["temperature", "isotonic", "venn-abers", "none"]),
    default="temperature",
    show_default=True,
    help="What is fitted before a promise is made.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all draws.")
@json_option
@quiet_option
def command(
    *, promises: bool, repeats: int, calibration: Method, seed: int, as_json: bool, quiet: bool
) -> None:
    """Test what cannot be seen from a single corpus.

    --promises draws documents from a known distribution, calibrates, promises an error of at most 2, 5 and
    10% at 95% with 200, 1,000 and 5,000 calibrate documents, for everything and for each queue, and counts
    how often the true error is above the promised one: 5% of the repeats at most, sampling noise aside.
    With 50 documents an error of 2 or 5% must be refused. Exit code 1 where any of this fails.

    \b
    Examples:
      triage selftest --promises
      triage selftest --promises --repeats 100 --calibration venn-abers --json
    """
    from triage.promises import documents_needed
    from triage.simulation import CONFIDENCE, simulate

    if not promises:
        raise UsageError("what is to be tested? --promises")
    talk = Talk(quiet=quiet)
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
    from rich.table import Table

    from triage.terminal import cell, console

    table = Table(box=None, pad_edge=False)
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
    for column in columns:
        table.add_column(column, justify="left" if column in ("promise for", "") else "right")
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
