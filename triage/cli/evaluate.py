"""`triage evaluate`: measure how good backends are on a corpus."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from triage.cli.common import (
    BACKEND,
    CORPUS,
    Talk,
    experiment_options,
    json_option,
    print_json,
    quiet_option,
    read,
    read_experiment,
)
from triage.data.checks import counted
from triage.errors import TriageError, UsageError
from triage.host.extensions import Report
from triage.host.manager import Plugins

if TYPE_CHECKING:
    from rich.table import Table

    from triage.evaluation.jobs import Job
    from triage.host.sandbox import Isolation


CURVE = (0.1, 0.2, 0.4, 0.7, 1.0)
"""The shares of the training part that a learning curve is drawn through."""


@click.command()
@click.argument("corpus", required=False, shell_complete=CORPUS)
@click.option(
    "--backend",
    "-b",
    "backends",
    metavar="A,B",
    shell_complete=BACKEND,
    help="What to measure; see `triage plugins`.",
)
@click.option(
    "--seeds", type=click.IntRange(1), default=1, show_default=True, help="How many, from --seed up."
)
@click.option("--test", "test_corpus", metavar="CORPUS", help="Judge on this, not on a share of CORPUS.")
@click.option("--runs", default="runs", show_default=True, metavar="RUNS", help="Where run directories go.")
@click.option("--learning-curve", is_flag=True, help="Also train on shares of the training part.")
@click.option("--again", is_flag=True, help="Do runs anew that are finished already.")
@click.option("--isolate", is_flag=True, help="No secrets, no files and a time limit for what runs backends.")
@click.option(
    "--time-limit",
    type=click.FloatRange(0, min_open=True),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="Of each run, with --isolate.",
)
@experiment_options
@json_option
@quiet_option
def command(
    *,
    corpus: str | None,
    backends: str | None,
    seeds: int,
    test_corpus: str | None,
    runs: str,
    learning_curve: bool,
    again: bool,
    isolate: bool,
    time_limit: float,
    settings: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Train backends on CORPUS, judge each on the same held-out test part, and keep the runs in RUNS.

    Every run has a process of its own, so that its time and its memory are its own. A run that is finished
    is not done again: an evaluation that was stopped goes on where it was. With several backends, --set
    sets the option of those that have it. With --isolate that process has few environment variables, an
    empty directory to work in and a time limit; a backend that crashes or hangs fails alone.

    \b
    Examples:
      triage evaluate complaints --backend majority,tfidf
      triage evaluate reviews --backend tfidf --seeds 3
      triage evaluate past.csv --label-column team --test this-year.csv --json
    """
    from triage.data.defaults import with_defaults
    from triage.evaluation.runs import METRICS, read_run

    talk = Talk(quiet=quiet)
    experiment = read_experiment(corpus, None, settings, given)
    if not experiment.location:
        raise UsageError("what to evaluate on? Name a CORPUS, or a location in the [corpus] of --config")
    plugins = Plugins.discover(warn=talk.say)
    experiment = with_defaults(experiment, plugins)
    names = [name.strip() for name in backends.split(",")] if backends else [experiment.backend]
    options = _options_of_each(plugins, names, experiment.options)
    dataset = read(
        talk,
        plugins,
        experiment.location,
        dict(experiment.columns),
        labelled=True,
        corrections=experiment.corrections,
    )
    test = None
    if test_corpus:
        columns, learned = dict(experiment.columns), dataset.columns
        test = read(talk, plugins, test_corpus, columns, labelled=True, learned=learned)

    from triage.evaluation.jobs import job_of
    from triage.host.sandbox import Isolation

    jobs = [
        job_of(
            experiment.changed(backend=name, options=options[name], seed=seed, train_share=share),
            plugins,
            dataset,
            test,
            test_location=test_corpus,
            runs=runs,
        )
        for seed in range(experiment.seed, experiment.seed + seeds)
        for name in names
        for share in (CURVE if learning_curve else (experiment.train_share,))
    ]
    failures = _run_all(talk, jobs, again=again, isolation=Isolation(time_limit) if isolate else None)
    finished = [read_run(job.folder) for job in jobs if (job.folder / METRICS).is_file()]
    for evaluation in finished[:1]:
        _tell_division(talk, evaluation.metrics)
    if as_json:
        print_json([evaluation.metrics for evaluation in finished])
    elif finished:
        from triage.cli.report import show

        whole = [each for each in finished if each.metrics["train_share"] == 1.0]
        show(plugins, plugins.role(Report, "default"), whole or finished)
        talk.say(f"runs are kept in {runs}; see them again with: triage report {runs}")
    if failures:
        for failure in failures[:-1]:
            talk.say(f"triage: {failure}")
        raise failures[-1]


def _options_of_each(
    plugins: Plugins, names: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Give each backend the settings that it has; one that none of them has is an error.

    Raises:
        UnknownName, BadOption, Unavailable: a backend or an option that cannot be.
    """
    from triage.host.options import options_of, resolve

    known = {name: options_of(plugins.backend(name).build) for name in names}
    everywhere = {option for options in known.values() for option in options}
    found = {}
    for name, options in known.items():
        mine = {key: value for key, value in settings.items() if key in options or key not in everywhere}
        resolve(plugins.backend(name).build, mine, owner=name)
        found[name] = mine
    return found


def _run_all(
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


def _tell_division(talk: Talk, metrics: Mapping[str, Any]) -> None:
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
        for column in ("backend", "seed", "what it does", "macro-F1", "seconds"):
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
