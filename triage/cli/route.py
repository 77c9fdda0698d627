"""`triage route`: decide where new texts go."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import click

from triage.cli.common import POLICY, Talk, columns_of, columns_options, quiet_option
from triage.config import Step
from triage.errors import BadOption, DataError, UsageError
from triage.host.manager import Plugins
from triage.io.files import quote_path
from triage.records import Decision, Document, Quarantined

if TYPE_CHECKING:
    import datetime

    from triage.host.protocols import Source
    from triage.models.model import Model
    from triage.routing.capacity import Capacity
    from triage.routing.router import Router

FORMATS = ("table", "jsonl", "csv", "parquet")
LONGEST_LINE = 16 << 20
"""Bytes of one line on stdin: a text of 10 MB passes whole."""
ENDLESS = 2 << 30
"""Bytes after which a line on stdin is given up, as it may have no end."""
SCREEN = 30
"""How many decisions a table shows of a file that has no end in sight."""


@click.command()
@click.argument("model", required=False)
@click.argument("file", required=False)
@click.option("--text", "texts", multiple=True, metavar="TEXT", help="Decide on this text; repeatable.")
@click.option("--policy", metavar="NAME", shell_complete=POLICY, help="What decides. [the model's own]")
@click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, help="An option of the policy; repeatable."
)
@click.option("--format", "-f", "form", type=click.Choice(FORMATS), help="[table on a terminal, else jsonl]")
@click.option("--json", "as_json", is_flag=True, help="The same as --format jsonl.")
@click.option("--out", "-o", metavar="FILE", help="Write there instead of to stdout.")
@click.option("--explain", is_flag=True, help="Name the terms that decided.")
@click.option("--limit", type=click.IntRange(1), help="Decide on the first rows only.")
@click.option(
    "--reviewers-per-day",
    type=click.IntRange(0),
    metavar="N",
    help="Most documents of one day that people can look at; needs dates.",
)
@click.option(
    "--max-review-share",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Largest share of all rows that may go to people.",
)
@click.option("--strict", is_flag=True, help="Stop where a row cannot be read.")
@click.option("--server", metavar="URL", help="Ask a running `triage serve`; leave MODEL out.")
@columns_options
@quiet_option
def command(
    *,
    model: str | None,
    file: str | None,
    texts: tuple[str, ...],
    policy: str | None,
    settings: tuple[str, ...],
    form: str | None,
    as_json: bool,
    out: str | None,
    explain: bool,
    limit: int | None,
    reviewers_per_day: int | None,
    max_review_share: float | None,
    strict: bool,
    server: str | None,
    quiet: bool,
    **given: Any,
) -> None:
    """Decide where each row of FILE goes, with the model MODEL: one decision a row, in order.

    FILE is a corpus plugin's name or a file, as for `train`; `-` reads one text a line from stdin. No label
    is needed. Rows that cannot be read get a decision too: review, with the reason unreadable_row.

    With --reviewers-per-day or --max-review-share people see the documents where their look saves most, and
    never more than that; the rest goes by itself with the reason over_capacity, and no promise covers it.
    Nothing is written before the input ends: all decisions are held, about 1 kB each.

    \b
    Examples:
      triage route model --text "I was charged twice for one transfer"
      triage route model new.csv --format jsonl --out decisions.jsonl
      triage route model new.csv --policy threshold --set confidence=0.9 --explain
      triage route model new.csv --policy costs --set matrix=costs.csv --set review=2 --reviewers-per-day 40
      tail -f complaints.log | triage route model - --format jsonl
      TRIAGE_TOKEN=… triage route --server http://127.0.0.1:8088 new.csv
    """
    if server is not None:
        fixed = (file, policy, settings or None, reviewers_per_day, max_review_share)
        if any(given_too is not None for given_too in fixed):
            raise UsageError(
                "with --server, model and policy are the service's: give only FILE or --text TEXT"
            )
        model, file = None, model
    elif model is None:
        raise UsageError("what is to decide? Name a MODEL, or give --server URL")
    if bool(texts) == (file is not None):
        raise UsageError("what is to be decided on? Name a FILE, or give --text TEXT")
    if as_json and form not in (None, "jsonl"):
        raise UsageError(f"--json and --format {form} cannot both be")
    talk = Talk(quiet=quiet)
    form = form or ("jsonl" if as_json or out or not sys.stdout.isatty() else "table")
    if form == "parquet" and not out:
        raise UsageError("--format parquet needs --out FILE")
    plugins = Plugins.discover(warn=talk.say)
    capacity = None
    if model is None:
        from triage.cli.remote import RemoteRouter

        router: Any = RemoteRouter(str(server), explain=explain)
        stamp = router.stamp
    else:
        router, stamp, capacity = _local(
            model,
            plugins,
            (policy, settings),
            (reviewers_per_day, max_review_share),
            explain=explain,
        )
    learned = {} if model is None else router.model.trained.get("columns", {})
    rows, source = _rows(plugins, file, texts, columns_of(given), learned)
    seen = _Seen(talk, quote_path(file or "--text"), strict=strict)
    decisions = seen.count(router, islice(rows, limit), live=file == "-", capacity=capacity)
    _write(decisions, form, out, stamp, seen, explain=explain)
    if not texts:
        seen.summary()
        for rule, count in router.timed_out_.items():
            talk.say(f"{count:,} of them in front of a person because {rule}")
        for note in getattr(source, "notes", ()):
            talk.say(f"  {note}")
    if out:
        talk.say(f"wrote {out}")


def _local(
    path: str,
    plugins: Plugins,
    changed: tuple[str | None, Sequence[str]],
    limit: tuple[int | None, float | None],
    *,
    explain: bool,
) -> tuple[Router, dict[str, Any], Capacity | None]:
    """Load the model; return its router, what its decisions are stamped with, and the limit on reviews.

    Args:
        path: of the model.
        plugins: where its parts are looked up.
        changed: what --policy and --set say.
        limit: what --reviewers-per-day and --max-review-share say.
        explain: whether decisions name terms.
    """
    from triage.data.defaults import policy_chain
    from triage.models.model import load_model
    from triage.routing.router import Router

    loaded = load_model(path, plugins)
    chain = _chain(plugins, policy_chain(loaded.experiment, plugins), *changed)
    name, options = chain[-1]
    stamp = {"model": loaded.sha256, "policy": {"name": name, "options": dict(options)}}
    return Router(loaded, chain, plugins, explain=explain), stamp, _capacity(loaded, *limit)


def _chain(
    plugins: Plugins, own: Sequence[Step], policy: str | None, settings: Sequence[str]
) -> tuple[Step, ...]:
    """The model's policies; --policy and --set replace or change the last."""
    from triage.host.options import parse_settings

    *before, (name, options) = own
    changed = parse_settings(settings)
    if policy is not None and policy != name:
        name, options = policy, {}
    if changed and "rules" in plugins.policy(name).roles:
        raise BadOption("rules are given in the experiment file, not by --set")
    return (*before, (name, {**options, **changed}))


def _capacity(model: Model, per_day: int | None, share: float | None) -> Capacity | None:
    """The limit on reviews; what the model has no say on goes to the commonest label's queue."""
    if per_day is None and share is None:
        return None
    import numpy as np

    from triage.routing.capacity import Capacity

    codes = [part.codes[part.codes < len(model.classes)] for part in model.held_out.values()]
    counts = np.bincount(np.concatenate([np.zeros(0, dtype=np.int64), *codes]), minlength=1)
    commonest = model.classes[int(counts.argmax())]
    return Capacity(per_day=per_day, share=share, fallback=model.queues[commonest])


def _rows(
    plugins: Plugins, file: str | None, texts: Sequence[str], columns: dict[str, Any], learned: dict[str, Any]
) -> tuple[Iterator[Document | Quarantined], Source | None]:
    """Return the rows to decide on, and the source that they come from where there is one."""
    if file is None:
        return (Document(row=row, text=text) for row, text in enumerate(texts, start=1)), None
    if file == "-":
        return _lines(sys.stdin.buffer), None
    from triage.data.sources import checked, open_source

    source = open_source(plugins, file, options=columns, learned=learned)
    return iter(checked(source, file)), source


def _lines(stream: IO[bytes]) -> Iterator[Document | Quarantined]:
    """One text a line; of a line that is too long only the beginning is ever held."""
    row = 0
    while line := stream.readline(LONGEST_LINE + 1):
        row += 1
        if len(line) > LONGEST_LINE:
            for _ in range(ENDLESS >> 20):
                if not line or line.endswith(b"\n"):
                    break
                line = stream.readline(1 << 20)
            else:
                raise DataError(f"stdin, line {row:,}: longer than {ENDLESS >> 30} GB; this is no text")
            yield Quarantined(row, row, f"longer than {LONGEST_LINE >> 20} million bytes")
            continue
        try:
            yield Document(row=row, text=line.decode("utf-8").rstrip("\r\n"))
        except UnicodeDecodeError as error:
            yield Quarantined(row, row, f"not UTF-8 at byte {error.start} of the line")


class _Seen:
    """Counts what goes by, and remembers the last batch for a table."""

    def __init__(self, talk: Talk, where: str, *, strict: bool) -> None:
        self.talk = talk
        self.where = where
        self.strict = strict
        self.actions: Counter[str] = Counter()
        self.queues: Counter[str] = Counter()
        self.quarantined = 0
        self.over_capacity = 0
        self.texts: dict[int, str] = {}

    def count(
        self,
        router: Any,
        rows: Iterable[Document | Quarantined],
        *,
        live: bool,
        capacity: Capacity | None = None,
    ) -> Iterator[Decision]:
        """Yield the decisions on `rows`; `live` decides on each line as it comes."""
        with self.talk.stage("routing") as change:
            decided = self._decided(router, iter(rows), change, live=live)
            final = (decision for _, decision in decided) if capacity is None else capacity.hold(decided)
            for decision in final:
                self.actions[decision.action] += 1
                self.over_capacity += "over_capacity" in decision.reasons
                if decision.action == "route":
                    self.queues[str(decision.queue)] += 1
                yield decision

    def _decided(
        self,
        router: Any,
        rows: Iterator[Document | Quarantined],
        change: Callable[[str], None],
        *,
        live: bool,
    ) -> Iterator[tuple[datetime.date | None, Decision]]:
        """Yield the day of each row and the decision on it."""
        from triage.routing.router import BATCH

        done = 0
        while batch := list(islice(rows, 1 if live else BATCH)):
            self._look(batch)
            days = [row.date if isinstance(row, Document) else None for row in batch]
            yield from zip(days, router.decide_batch(batch), strict=True)
            done += len(batch)
            change(f"routing: {done:,} decided")

    def _look(self, batch: Sequence[Document | Quarantined]) -> None:
        for row in batch:
            if isinstance(row, Quarantined):
                self.quarantined += 1
                if self.strict:
                    place = f"{self.where}, row {row.row:,}, line {row.line:,}"
                    raise DataError(f"{place}: {row.reason} (--strict allows no row to be set aside)")
                if self.quarantined <= 5:
                    self.talk.say(f"  cannot read row {row.row}, line {row.line}: {row.reason}")
            elif len(self.texts) < SCREEN:
                self.texts[row.row] = row.text

    def summary(self) -> None:
        """Say how many rows were read and where they went."""
        total = self.actions.total()
        readable = total - self.quarantined
        self.talk.say(f"{total:,} rows in = {readable:,} kept + {self.quarantined:,} quarantined")
        routed = self.actions["route"]
        share = f" ({routed / total:.1%})" if total else ""
        self.talk.say(f"routed {routed:,}{share}, in front of a person {self.actions['review']:,}")
        for queue, count in self.queues.most_common(10):
            self.talk.say(f"  {count:>8,}  {queue}")
        if self.over_capacity:
            self.talk.say(
                f"{self.over_capacity:,} of the routed should have been seen by a person: there was no "
                "capacity left, and no promise covers them"
            )


def _write(
    decisions: Iterator[Decision],
    form: str,
    out: str | None,
    stamp: dict[str, Any],
    seen: _Seen,
    *,
    explain: bool,
) -> None:
    from triage.io.files import AtomicWriter
    from triage.io.terminal import write_data
    from triage.routing.decision_writer import csv_lines, json_lines, write_parquet

    if form == "table":
        _table(decisions, out, seen)
    elif form == "parquet":
        assert out is not None
        write_parquet(out, decisions, stamp, explain=explain)
    else:
        lines = (json_lines if form == "jsonl" else csv_lines)(decisions, stamp, explain=explain)
        if out is None:
            write_data(lines)
            return
        with AtomicWriter(out) as file:
            for line in lines:
                file.write(line.encode("utf-8", "surrogatepass"))


def _table(decisions: Iterator[Decision], out: str | None, seen: _Seen) -> None:
    """Print the first screen of decisions, and decide on the rest for the summary."""
    from triage.io.terminal import console, decisions_table

    if out is not None:
        raise UsageError("--format table goes to the terminal; for a file take jsonl, csv or parquet")
    shown = list(islice(decisions, SCREEN))
    console().print(decisions_table(shown, [seen.texts.get(decision.row, "") for decision in shown]))
    rest = sum(1 for _ in decisions)
    if rest:
        seen.talk.say(f"and {rest:,} more; --format jsonl, csv or parquet writes them all")
