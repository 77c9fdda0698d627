"""`triage evaluate`: measure how good backends are on a corpus."""

from __future__ import annotations

from typing import Any

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
from triage.data.checks import unseen_warnings
from triage.errors import UsageError
from triage.host.extensions import Report
from triage.host.manager import Plugins

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
@click.option("--again", is_flag=True, help="Repeat runs that are finished.")
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

    Each run is a process of its own, so that its time and memory are measured alone. A run that is finished
    is not repeated: an evaluation that was stopped is resumed. With several backends, --set sets the option
    of those that have it. With --isolate that process has few environment variables, an empty working
    directory and a time limit; a backend that crashes or hangs fails alone.

    \b
    Examples:
      triage evaluate complaints --backend majority,tfidf
      triage evaluate reviews --backend tfidf --seeds 3
      triage evaluate past.csv --label-column team --test this-year.csv --json
    """
    from triage.cli.evaluate_view import run_all, show_division
    from triage.data.defaults import with_defaults
    from triage.evaluation.jobs import job_of, options_of_each
    from triage.evaluation.runs import METRICS, read_run
    from triage.host.sandbox import Isolation

    talk = Talk(quiet=quiet)
    experiment = read_experiment(corpus, None, settings, given)
    if not experiment.location:
        raise UsageError("CORPUS must be given, or a location in the [corpus] of --config")
    plugins = Plugins.discover(warn=talk.say)
    experiment = with_defaults(experiment, plugins)
    names = [name.strip() for name in backends.split(",")] if backends else [experiment.backend]
    options = options_of_each(plugins, names, experiment.options)
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
        for warning in unseen_warnings(dataset.label_counts, test.label_counts):
            talk.say(warning)

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
    failures = run_all(talk, jobs, again=again, isolation=Isolation(time_limit) if isolate else None)
    finished = [read_run(job.folder) for job in jobs if (job.folder / METRICS).is_file()]
    for evaluation in finished[:1]:
        show_division(talk, evaluation.metrics)
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
