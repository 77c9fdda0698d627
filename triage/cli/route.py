"""`triage route`: decide where new texts go."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

import click

from triage.cli.common import POLICY, Talk, columns_of, columns_options, quiet_option
from triage.errors import UsageError
from triage.host.manager import Plugins
from triage.io.files import quote_path

FORMATS = ("table", "jsonl", "csv", "parquet")


@click.command()
@click.argument("model", required=False)
@click.argument("file", required=False)
@click.option("--text", "texts", multiple=True, metavar="TEXT", help="Decide on this text; repeatable.")
@click.option("--policy", metavar="NAME", shell_complete=POLICY, help="What decides. [the model's own]")
@click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, help="An option of the policy; repeatable."
)
@click.option(
    "--format", "-f", "format_", type=click.Choice(FORMATS), help="[table on a terminal, else jsonl]"
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format jsonl.")
@click.option("--out", "-o", metavar="FILE", help="Write there instead of to stdout.")
@click.option("--explain", is_flag=True, help="Name the terms that decided.")
@click.option("--limit", type=click.IntRange(1), help="Decide on the first rows only.")
@click.option(
    "--reviewers-per-day",
    type=click.IntRange(0),
    metavar="N",
    help="The most documents of one day that can be reviewed; needs dates.",
)
@click.option(
    "--max-review-share",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="The largest share of all rows that is held for review.",
)
@click.option("--strict", is_flag=True, help="Stop where a row cannot be read.")
@click.option("--server", metavar="URL", help="Ask a running `triage serve`, without MODEL.")
@columns_options
@quiet_option
def command(
    *,
    model: str | None,
    file: str | None,
    texts: tuple[str, ...],
    format_: str | None,
    as_json: bool,
    out: str | None,
    explain: bool,
    limit: int | None,
    strict: bool,
    server: str | None,
    quiet: bool,
    **given: Any,
) -> None:
    """Decide where each row of FILE goes, with the model MODEL: one decision for each row, in order.

    FILE is a corpus plugin's name or a file, as for `train`; `-` reads one text a line from stdin. No label
    is needed. Rows that cannot be read get a decision too: review, with the reason unreadable_row.

    With --reviewers-per-day or --max-review-share the documents where a review saves most are held for
    review, and never more than that; the rest is routed with the reason over_capacity, and no promise covers
    it. Nothing is written before the input ends: all decisions are kept in memory, about 1 kB each.

    \b
    Examples:
      triage route model --text "I was charged twice for one transfer"
      triage route model new.csv --format jsonl --out decisions.jsonl
      triage route model new.csv --policy threshold --set confidence=0.9 --explain
      triage route model new.csv --policy costs --set matrix=costs.csv --set review=2 --reviewers-per-day 40
      tail -f complaints.log | triage route model - --format jsonl
      TRIAGE_TOKEN=… triage route --server http://127.0.0.1:8088 new.csv
    """
    from triage.cli.route_input import open_router, open_rows
    from triage.cli.route_view import Watcher, show_summary, write
    from triage.routing.batches import RouteCounts, route_rows
    from triage.routing.router import BATCH

    changed = {
        name: given.pop(name) for name in ("policy", "settings", "reviewers_per_day", "max_review_share")
    }
    model, file = _what(model, file, texts, server, changed)
    format_ = _format(format_, out, as_json=as_json)
    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    router, stamp, capacity, learned = open_router(model, server, plugins, changed, explain=explain)
    for warning in getattr(router, "warnings", ()):
        talk.say(warning)
    rows, source = open_rows(plugins, file, texts, columns_of(given), learned)
    watcher, counts = Watcher(talk), RouteCounts()
    with watcher.progress() as on_batch:
        decisions = route_rows(
            router,
            islice(rows, limit),
            counts=counts,
            batch=1 if file == "-" else BATCH,
            capacity=capacity,
            strict=strict,
            source=quote_path(file or "--text"),
            on_row=watcher.row,
            on_batch=on_batch,
        )
        write(decisions, format_, out, stamp, watcher, explain=explain)
    if not texts:
        show_summary(talk, counts, router.timed_out_, getattr(source, "notes", ()))
    if out:
        talk.say(f"wrote {out}")


def _what(
    model: str | None, file: str | None, texts: tuple[str, ...], server: str | None, changed: dict[str, Any]
) -> tuple[str | None, str | None]:
    """Return the model and the file: with --server the only argument is the file."""
    if server is not None:
        if file is not None or any(value not in (None, ()) for value in changed.values()):
            raise UsageError(
                "with --server, model and policy are the service's: give only FILE or --text TEXT"
            )
        model, file = None, model
    elif model is None:
        raise UsageError("MODEL or --server URL must be given: what decides?")
    if bool(texts) == (file is not None):
        raise UsageError("either FILE or --text TEXT must be given: what is to be decided on?")
    return model, file


def _format(asked: str | None, out: str | None, *, as_json: bool) -> str:
    if as_json and asked not in (None, "jsonl"):
        raise UsageError(f"--json and --format {asked} exclude each other")
    found = asked or ("jsonl" if as_json or out or not sys.stdout.isatty() else "table")
    if found == "parquet" and not out:
        raise UsageError("--format parquet needs --out FILE")
    return found
