"""`triage monitor`: has the world moved since training, and is the promise still kept?"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from triage.cli.common import Talk, json_option, print_json, quiet_option
from triage.errors import CheckFailed, DataError, NoInput
from triage.plugins import Plugins

if TYPE_CHECKING:
    from triage.drift import Audit, Finding, Seen
    from triage.model import Model


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
    from triage.drift import look
    from triage.model import load_model

    talk = Talk(quiet=quiet)
    loaded = load_model(model, Plugins.discover(warn=talk.say))
    stream, models = _stream(decisions)
    if models - {loaded.sha256, ""}:
        talk.say(f"some of these decisions were made by another model, or before {model} was last written")
    audits: list[Audit] = []
    if audited:
        audits, missing = _audits(audited, stream, loaded)
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


def _stream(path: str) -> tuple[list[Seen], set[str]]:
    """Read decisions; returns them and the digests of the models that made them.

    Raises:
        NoInput: no such file.
        DataError: a line that is no decision; it is named.
    """
    from triage.drift import Seen

    found, models = [], set()
    for number, record in _records(path):
        try:
            found.append(
                Seen(
                    row=int(record["row"]),
                    id=record["id"],
                    action=record["action"],
                    queue=record["queue"] or None,
                    label=record["label"] or None,
                    confidence=_number(record["confidence"]),
                    reasons=tuple(record["reasons"]),
                    familiarity=_number(record.get("familiarity")),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}, line {number}: not a decision of `triage route`") from error
        models.add(str(record.get("model", "")))
    if not found:
        raise DataError(f"{path}: there is no decision in it")
    return found, models


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


def _records(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    from triage.files import csv_uncell

    try:
        with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123
            first = file.read(1)
            file.seek(0)
            if first == "{":
                for number, line in enumerate(file, start=1):
                    yield number, json.loads(line)
                return
            for number, row in enumerate(csv.DictReader(file), start=2):
                cells = {key: csv_uncell(cell or "") for key, cell in row.items() if isinstance(key, str)}
                yield number, {**cells, "reasons": cells.get("reasons", "").split(";")}
    except FileNotFoundError as error:
        raise NoInput(f"there is no file {path!r}") from error
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: a line that is not JSON") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: it cannot be read ({type(error).__name__})") from error


def _audits(path: str, stream: list[Seen], model: Model) -> tuple[list[Audit], int]:
    """Match judged cases with decisions; returns those that a promise covers and the count of all others."""
    from triage.drift import Audit

    by_id = {seen.id: seen for seen in stream if seen.id}
    by_row = {str(seen.row): seen for seen in stream}
    found, others = [], 0
    for number, row in _records(path):
        if not ({"id", "row"} & set(row) and {"label", "queue"} & set(row)):
            raise DataError(
                f"{path}, line {number}: a judged case has a column id or row, and one of label or queue"
            )
        seen = by_id.get(str(row.get("id") or "")) or by_row.get(str(row.get("row") or ""))
        true = row.get("queue") or model.queues.get(str(row.get("label")), row.get("label"))
        if seen is None or not seen.promised or seen.queue is None or not true:
            others += 1
        else:
            found.append(Audit(seen.queue, str(true)))
    return found, others


def _show(findings: list[Finding]) -> None:
    from rich.table import Table

    from triage.terminal import cell, console, safe_text

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
