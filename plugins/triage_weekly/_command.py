"""`triage weekly`: one page about a week of routing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

import triage
from triage.plugin_api import Talk, json_option, print_json, quiet_option

if TYPE_CHECKING:
    from triage.plugin_api import Audit, Promise, Seen


@click.command()
@click.argument("decisions", nargs=-1, required=True)
@click.option(
    "--audited", metavar="FILE", help="Cases that a person has judged: id or row, and label or queue."
)
@click.option("--model", metavar="MODEL", help="The model, for its promise and its queues.")
@click.option("--week", metavar="WEEK", help="2026-W48, or a day in it. [the week of the last decision]")
@click.option("--title", default="A week of routing", show_default=True, help="The heading of the page.")
@click.option("--out", metavar="FILE", help="Write a page (HTML) to FILE; it prints on one sheet.")
@json_option
@quiet_option
def command(
    *,
    decisions: tuple[str, ...],
    audited: str | None,
    model: str | None,
    week: str | None,
    title: str,
    out: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Sum up a week of DECISIONS for management: received, routed, held for review, wrong where that is known.

    DECISIONS are files that `triage route` wrote as jsonl or csv, with dates. The week before stands beside it where
    it is in the files. The page is one file without scripts; print it, or save it as a PDF, from a browser.

    \b
    Examples:
      triage weekly november.jsonl
      triage weekly week-47.jsonl week-48.jsonl --audited judged.csv --model model --out week.html
      triage weekly november.csv --week 2026-W48 --json
    """
    from triage.plugin_api import read_audits, read_decisions, write_file
    from triage_weekly._page import page, show
    from triage_weekly._week import report_of, week_of

    talk = Talk(quiet=quiet)
    stream: list[Seen] = [seen for path in decisions for seen in read_decisions(path)[0]]
    first = week_of(week, stream)
    promise, queues = _promise_of(model, talk)
    audits: list[Audit] = []
    if audited:
        this = [seen for seen in stream if seen.date is not None and 0 <= (seen.date - first).days < 7]
        named = {seen.queue: seen.queue for seen in stream if seen.queue}  # without a model: what was decided
        audits, others = read_audits(audited, this, queues or named)
        if others:
            talk.say(f"{others:,} audited cases are not of documents that were routed in this week")
    report = report_of(stream, first, audits=audits, promise=promise)
    if report.undated:
        talk.say(f"{report.undated:,} decisions without a date are left out")
    if out:
        write_file(out, page(report, title=title).encode())
        talk.say(f"wrote {out}")
    if as_json:
        print_json(report.to_json())
    elif not out:
        show(report)


def _promise_of(model: str | None, talk: Talk) -> tuple[Promise | None, dict[str, str]]:
    """Return the promise of a model and its queues by label."""
    from triage import load_model
    from triage.plugin_api import Promise

    if model is None:
        return None, {}
    loaded = load_model(model, triage.Plugins.discover(warn=talk.say))
    record = loaded.extra.get("promise")
    return (Promise.from_json(record) if record else None), loaded.queues
