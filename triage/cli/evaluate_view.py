"""Run the jobs of an evaluation one after the other, and show how far each is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from triage.cli.common import Talk
from triage.data.checks import counted
from triage.errors import TriageError

if TYPE_CHECKING:
    from rich.table import Table

    from triage.evaluation.jobs import Job
    from triage.host.sandbox import Isolation

__all__ = ["run_all", "show_division"]


def run_all(
    talk: Talk, jobs: Sequence[Job], *, again: bool, isolation: Isolation | None = None
) -> list[TriageError]:
    """Run what is not finished, one after the other; return what failed."""
    from triage.evaluation.jobs import JobFailed, follow
    from triage.evaluation.runs import METRICS

    failures: list[TriageError] = []
    board = _Board([_Line(job) for job in jobs])
    with board.shown(talk):
        for line in board.lines:
            if (line.job.folder / METRICS).is_file() and not again:
                line.state = "finished before"
                continue
            line.started = time.perf_counter()
            try:
                follow(line.job, line.tell, isolation=isolation)
            except JobFailed as failure:
                line.state = "failed"
                failures.append(failure)
            line.seconds = time.perf_counter() - line.started
            if not talk.console.is_terminal:
                talk.say(line.sentence())
    return failures


def show_division(talk: Talk, metrics: Mapping[str, Any]) -> None:
    """Say how many documents each part of the corpus has, and what was set aside."""
    parts = ", ".join(
        f"{part} {metrics['documents'][part]:,}" for part in ("train", "tune", "calibrate", "test")
    )
    talk.say(parts)
    for words, key in (
        ("set aside, too few documents to learn", "set_aside"),
        ("labels that training never saw, each counted as an error", "unseen"),
    ):
        if metrics[key]:
            talk.say(f"{words}: {counted(metrics[key], most=5)}")
    for rule, count in metrics.get("timed_out", {}).items():
        talk.say(f"{count:,} documents left out: {rule}")


@dataclass
class _Line:
    """What the live table shows of one run."""

    job: Job
    state: str = "waiting"
    macro_f1: float | None = None
    started: float | None = None
    seconds: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def tell(self, event: Mapping[str, Any]) -> None:
        """Take in what the run's process says."""
        if event["event"] == "epoch":
            self.state = f"epoch {event['number']} of {event['of']}, loss {event['loss']:.3f}"
            self.macro_f1 = event["tune_macro_f1"]
        else:
            self.state = event["event"]
            self.macro_f1 = event.get("macro_f1", self.macro_f1)

    def sentence(self) -> str:
        """Return the line in words, for where nothing can be redrawn."""
        score = "" if self.macro_f1 is None else f", macro-F1 {self.macro_f1:.3f}"
        experiment = self.job.experiment
        return (
            f"{experiment.backend}, seed {experiment.seed}: {self.state}{score} in {self.seconds or 0:.1f} s"
        )


class _Board:
    """The live table of all runs."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self.lines = lines

    @contextmanager
    def shown(self, talk: Talk) -> Iterator[None]:
        """Draw the table on a terminal while the context lasts; elsewhere nothing."""
        if talk.quiet or not talk.console.is_terminal:
            yield
            return
        from rich.live import Live

        with Live(get_renderable=self._table, console=talk.console, refresh_per_second=4, transient=True):
            yield

    def _table(self) -> Table:
        from rich.table import Table

        from triage.io.terminal import cell

        table = Table(box=None, pad_edge=False)
        for column in ("backend", "seed", "state", "macro-F1", "seconds"):
            table.add_column(column, justify="right" if column in ("seed", "macro-F1", "seconds") else "left")
        styles = {"done": "green", "failed": "red", "waiting": "dim", "finished before": "dim"}
        for line in self.lines:
            running = line.started is not None and line.seconds is None
            seconds = time.perf_counter() - (line.started or 0) if running else line.seconds
            table.add_row(
                cell(line.job.experiment.backend, style="bold"),
                f"{line.job.experiment.seed:d}",
                cell(line.state, style=styles.get(line.state, "cyan")),
                "" if line.macro_f1 is None else f"{line.macro_f1:.3f}",
                "" if seconds is None else f"{seconds:.0f}",
            )
        return table
