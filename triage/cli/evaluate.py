"""`triage evaluate`: measure how good backends are on a corpus."""

from __future__ import annotations

from pathlib import Path
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
from triage.cli.train import tell_splits, watching
from triage.errors import UsageError
from triage.experiment import Experiment
from triage.options import resolve
from triage.plugins import Plugins
from triage.values import Dataset, Evaluation


@click.command()
@click.argument("corpus", required=False, shell_complete=CORPUS)
@click.option(
    "--backend", "-b", "backends", metavar="A,B", shell_complete=BACKEND, help="What to measure. [tfidf]"
)
@click.option(
    "--seeds", type=click.IntRange(1), default=1, show_default=True, help="How many seeds, from --seed up."
)
@click.option("--test", "test_corpus", metavar="CORPUS", help="Judge on this, not on a share of CORPUS.")
@click.option("--runs", default="runs", show_default=True, metavar="RUNS", help="Where run directories go.")
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
    settings: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Train backends on CORPUS, judge each on the same held-out test part, and keep the runs in RUNS.

    \b
    Examples:
      triage evaluate complaints --backend majority,tfidf
      triage evaluate reviews --backend tfidf --seeds 3
      triage evaluate past.csv --label-column team --test this-year.csv --json
    """
    talk = Talk(quiet=quiet)
    experiment = read_experiment(corpus, None, settings, given)
    if not experiment.location:
        raise UsageError("what to evaluate on? Name a CORPUS, or a location in the [corpus] of --config")
    plugins = Plugins.discover(warn=talk.say)
    names = [name.strip() for name in backends.split(",")] if backends else [experiment.backend]
    for name in names:
        resolve(plugins.backend(name).build, experiment.options if len(names) == 1 else {}, owner=name)
    dataset = read(talk, plugins, experiment.location, dict(experiment.columns))
    test = read(talk, plugins, test_corpus, dict(experiment.columns)) if test_corpus else None

    evaluations = []
    for seed in range(experiment.seed, experiment.seed + seeds):
        evaluations += _evaluate_all(
            talk, plugins, experiment.changed(seed=seed), names, dataset, test, Path(runs)
        )
    if as_json:
        print_json([evaluation.metrics for evaluation in evaluations])
        return
    from triage.cli.report import show

    show(plugins, "terminal", evaluations)
    talk.say(f"runs are kept in {runs}; see them again with: triage report {runs}")


def _evaluate_all(
    talk: Talk,
    plugins: Plugins,
    experiment: Experiment,
    names: list[str],
    dataset: Dataset,
    test: Dataset | None,
    runs: Path,
) -> list[Evaluation]:
    """Evaluate every backend on one and the same division of the corpus."""
    from triage.evaluation import evaluate
    from triage.runs import run_name, write_run
    from triage.training import fit, prepare

    with talk.stage("cleaning and dividing the corpus"):
        prepared = prepare(dataset, experiment, plugins, test=test)
    tell_splits(talk, prepared)
    evaluations = []
    for name in names:
        mine = experiment.changed(backend=name)
        with watching(talk, name) as watch:
            fitted = fit(prepared, mine, plugins, watch=watch)
        evaluation = evaluate(fitted, prepared, plugins, test_documents=test.documents if test else None)
        metrics = evaluation.metrics
        rest = {key: metrics[key] for key in ("corpus_sha256", "options")} | {"experiment": mine.to_json()}
        folder = run_name(dataset.name, name, experiment.split, experiment.seed, rest=rest)
        evaluation = _named(evaluation, folder)
        write_run(runs / folder, evaluation)
        evaluations.append(evaluation)
        talk.say(
            f"{name}, seed {experiment.seed}: macro-F1 {metrics['macro_f1']:.3f} in {fitted.seconds:.1f} s"
        )
    return evaluations


def _named(evaluation: Evaluation, folder: str) -> Evaluation:
    from dataclasses import replace

    return replace(evaluation, metrics={**evaluation.metrics, "run": folder})
