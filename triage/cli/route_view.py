"""Show decisions and what was counted of them: the table of a terminal, the files, and the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from triage.cli.common import Talk
from triage.errors import UsageError
from triage.records import Decision, Document, Quarantined

if TYPE_CHECKING:
    from triage.routing.batches import RouteCounts

__all__ = ["Watcher", "show_summary", "write"]

MAX_ROWS = 30
"""How many decisions a table shows: the input may have no end."""
_MAX_UNREADABLE = 5


class Watcher:
    """Names the first rows that cannot be read, and keeps the first texts for the table."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.texts: dict[int, str] = {}
        self._unreadable = 0

    def row(self, row: Document | Quarantined) -> None:
        """Take note of one row before it is decided."""
        if isinstance(row, Document):
            if len(self.texts) < MAX_ROWS:
                self.texts[row.row] = row.text
            return
        self._unreadable += 1
        if self._unreadable <= _MAX_UNREADABLE:
            self.talk.say(f"  cannot read row {row.row}, line {row.line}: {row.reason}")

    @contextmanager
    def progress(self) -> Iterator[Callable[[int], None]]:
        """Show how many rows are decided; yields what is to be called with their number."""
        with self.talk.stage("routing") as change:
            yield lambda done: change(f"routing: {done:,} decided")


def write(
    decisions: Iterator[Decision],
    format: str,  # noqa: A002 - the option's name
    out: str | None,
    stamp: dict[str, Any],
    watcher: Watcher,
    *,
    explain: bool,
) -> None:
    """Write decisions to a file, to stdout, or as a table on the terminal.

    Raises:
        UsageError: a table with a file to write it to.
        CannotWrite: `out` cannot be written.
    """
    from triage.io.files import AtomicWriter
    from triage.io.terminal import write_data
    from triage.routing.decision_writer import csv_lines, json_lines, write_parquet

    if format == "table":
        _show_table(decisions, out, watcher)
    elif format == "parquet":
        assert out is not None
        write_parquet(out, decisions, stamp, explain=explain)
    else:
        lines = (json_lines if format == "jsonl" else csv_lines)(decisions, stamp, explain=explain)
        if out is None:
            write_data(lines)
            return
        with AtomicWriter(out) as file:
            for line in lines:
                file.write(line.encode("utf-8", "surrogatepass"))


def _show_table(decisions: Iterator[Decision], out: str | None, watcher: Watcher) -> None:
    """Print the first screen of decisions, and decide on the rest for the summary."""
    from triage.io.terminal import console, decisions_table

    if out is not None:
        raise UsageError("--format table goes to the terminal; for a file take jsonl, csv or parquet")
    first = list(islice(decisions, MAX_ROWS))
    texts = [watcher.texts.get(decision.row, "") for decision in first]
    console().print(decisions_table(first, texts))
    rest = sum(1 for _ in decisions)
    if rest:
        watcher.talk.say(f"and {rest:,} more; --format jsonl, csv or parquet writes them all")


def show_summary(
    talk: Talk, counts: RouteCounts, timed_out: Mapping[str, int], notes: tuple[str, ...]
) -> None:
    """Say how many rows were read, where they went, and what the reader noted."""
    from triage.data.sources import row_counts

    total = counts.actions.total()
    talk.say(row_counts(kept=total - counts.quarantined, quarantined=counts.quarantined))
    routed = counts.actions["route"]
    share = f" ({routed / total:.1%})" if total else ""
    talk.say(f"routed {routed:,}{share}, held for review {counts.actions['review']:,}")
    for queue, count in counts.queues.most_common(10):
        talk.say(f"  {count:>8,}  {queue}")
    if counts.over_capacity:
        talk.say(
            f"{counts.over_capacity:,} of the routed should have been reviewed: the limit on reviews was "
            "reached, and no promise covers them"
        )
    for rule, count in timed_out.items():
        talk.say(f"{count:,} of them held for review because {rule}")
    for note in notes:
        talk.say(f"  {note}")
