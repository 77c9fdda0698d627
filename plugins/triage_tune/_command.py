"""`triage tune`: search for better options of a backend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import triage
from triage.plugin_api import (
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

if TYPE_CHECKING:
    from triage.plugin_api import Experiment
    from triage_tune._report import Result


@click.command()
@click.argument("corpus", required=False, shell_complete=CORPUS)
@click.option("--backend", "-b", metavar="NAME", shell_complete=BACKEND, help="The backend to tune.")
@click.option("--trials", type=click.IntRange(1), default=30, show_default=True, help="How many trials.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Begin no trial after that long.")
@click.option(
    "--trial-minutes",
    type=click.FloatRange(0, min_open=True),
    default=15.0,
    show_default=True,
    help="The longest that one trial may take.",
)
@click.option("--study", default="study", show_default=True, metavar="DIR", help="Where the trials are kept.")
@click.option("--resume", is_flag=True, help="Continue the study in DIR.")
@click.option("--only", metavar="A,B", help="Search only these options. [all that can be searched]")
@click.option(
    "--again", type=click.IntRange(1), default=3, show_default=True, help="New seeds for the winner."
)
@experiment_options
@json_option
@quiet_option
def command(
    *,
    corpus: str | None,
    backend: str | None,
    trials: int,
    minutes: float | None,
    trial_minutes: float,
    study: str,
    resume: bool,
    only: str | None,
    again: int,
    settings: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Search for better options of a backend on CORPUS, and write the best as an experiment file.

    Each trial trains on the train part and is scored by macro-F1 on the tune part, in a process of its own. The
    calibrate and test parts are not even loaded: `triage evaluate` with the same --seed judges on documents that
    the search never saw. Options set with --set keep their value. Trial 0 is the default.

    The winner is trained anew under new seeds, beside the default, so that luck shows. A study that was killed
    loses nothing: --resume continues it with the same trials.

    \b
    Examples:
      triage tune complaints --backend tfidf --trials 20
      triage tune past.csv --backend gru --minutes 20 --set linear-share=0 --set distillation=0
      triage tune past.csv --backend gru --resume --trials 60
      triage evaluate --config study/best.toml
    """
    from triage_tune._report import conclude, show
    from triage_tune._search import begin

    talk = Talk(quiet=quiet)
    experiment = read_experiment(corpus, backend, settings, given)
    if not experiment.location:
        raise triage.UsageError("name a CORPUS, or a location in the [corpus] of --config")
    plugins = triage.Plugins.discover(warn=talk.say)
    dataset = read(
        talk,
        plugins,
        experiment.location,
        dict(experiment.columns),
        labelled=True,
        corrections=experiment.corrections,
    )
    search = begin(
        dataset,
        experiment,
        plugins,
        folder=Path(study),
        resume=resume,
        only=tuple(name.strip() for name in only.split(",")) if only else (),
        seconds=trial_minutes * 60,
    )
    for dimension in search.space:
        talk.say(f"  {dimension.name}: {dimension} (default {dimension.default})")
    with talk.stage("searching") as change:
        search.run(trials=trials, minutes=minutes, notify=_Progress(talk, change, trials))
    with talk.stage("training the winner under new seeds"):
        result = conclude(search, experiment, folder=Path(study), seeds=again)
    _finish(talk, result, experiment, as_json=as_json, show=show)


class _Progress:
    """Says how each trial ended, and the best so far."""

    def __init__(self, talk: Talk, change: Any, trials: int) -> None:
        self._talk, self._change, self._trials = talk, change, trials
        self._best = 0.0

    def __call__(self, number: int, options: Mapping[str, Any], outcome: Any) -> None:
        self._best = max(self._best, outcome.score or 0.0)
        score = "" if outcome.score is None else f", macro-F1 {outcome.score:.3f}"
        chosen = ", ".join(f"{name}={_short(value)}" for name, value in options.items())
        reason = f": {outcome.reason}" if outcome.reason else ""
        self._talk.say(f"trial {number}: {outcome.state}{score}{reason} ({chosen})")
        self._change(f"trial {number + 1} of {self._trials}, best macro-F1 {self._best:.3f}")


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _finish(talk: Talk, result: Result, experiment: Experiment, *, as_json: bool, show: Any) -> None:
    if as_json:
        print_json(result.to_json())
    else:
        show(result)
    talk.say(f"wrote {result.experiment}")
    talk.say(f"next: triage evaluate --config {result.experiment} --seed {experiment.seed}")
