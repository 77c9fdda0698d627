"""`triage monitor`: has the data drifted since training, and is the promise still kept?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from triage.cli.common import Talk, json_option, print_json, quiet_option
from triage.errors import CheckFailed
from triage.host.manager import Plugins

if TYPE_CHECKING:
    from triage.routing.monitoring import Audit, Finding


@click.command()
@click.argument("model")
@click.argument("decisions")
@click.option(
    "--audited",
    metavar="FILE",
    help="Cases that a person has judged: CSV with id or row, and label or queue.",
)
@click.option(
    "--max-error",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Tested on the audited cases. [what was promised]",
)
@json_option
@quiet_option
def command(
    *, model: str, decisions: str, audited: str | None, max_error: float | None, as_json: bool, quiet: bool
) -> None:
    """Compare DECISIONS, what `triage route MODEL` wrote as jsonl or csv, with what MODEL was trained on.

    Scores, label mix and vocabulary are compared with the held-out parts stored in MODEL. With --audited
    the promise is tested too, by a test that may be repeated after every case, so looking every day is
    allowed as long as the file only grows. Exit code 1 and a suggestion where something has moved; with
    nothing moved that happens to at most one look in twenty.

    \b
    Examples:
      triage monitor model decisions.jsonl
      triage monitor model decisions.jsonl --audited judged.csv
      triage monitor model decisions.jsonl --audited judged.csv --max-error 0.1 --json
    """
    from triage.models.model import load_model
    from triage.routing.decision_reader import read_audits, read_decisions
    from triage.routing.monitoring import look

    talk = Talk(quiet=quiet)
    loaded = load_model(model, Plugins.discover(warn=talk.say))
    stream, models = read_decisions(decisions)
    if models - {loaded.sha256, ""}:
        talk.say(f"some of these decisions were made by another model, or before {model} was last written")
    audits: list[Audit] = []
    if audited:
        audits, missing = read_audits(audited, stream, loaded.queues)
        talk.say(
            f"{len(audits):,} audited cases that the model routed by itself, {missing:,} others left out"
        )
    findings = look(loaded, stream, audits, max_error=max_error)
    if as_json:
        print_json([finding.to_json() for finding in findings])
    else:
        _show(findings)
    moved = [finding.what for finding in findings if finding.alarm]
    if moved:
        raise CheckFailed(f"moved since training: {', '.join(moved)}")


def _show(findings: list[Finding]) -> None:
    from rich.table import Table

    from triage.io.terminal import cell, console, safe_text

    out = console()
    table = Table(box=None, pad_edge=False)
    for column in ("what", "documents", "difference", "p-value", "alarm at", "moved"):
        table.add_column(column, justify="left" if column in ("what", "moved") else "right")
    for finding in findings:
        style = "bold red" if finding.alarm else "green"
        table.add_row(
            cell(finding.what),
            f"{finding.documents:,}",
            f"{finding.size:.3f}",
            f"{finding.p_value:.2g}",
            f"{finding.level:.2g}",
            cell("yes" if finding.alarm else "no", style=style),
        )
    out.print(table)
    for finding in findings:
        if finding.alarm:
            out.print()
            out.print(safe_text(f"{finding.what}: {finding.words}."))
