"""`triage train`: learn from a corpus and write a model."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
from triage.errors import UsageError
from triage.plugins import Plugins
from triage.protocols import Watch
from triage.training import Prepared
from triage.values import Epoch


@click.command()
@click.argument("corpus", required=False, shell_complete=CORPUS)
@click.option("--model", required=True, metavar="MODEL", help="The directory to write.")
@click.option("--backend", "-b", metavar="NAME", shell_complete=BACKEND, help="What learns. [tfidf]")
@click.option("--strict", is_flag=True, help="Stop where a row would be quarantined.")
@click.option("--resume", is_flag=True, help="Go on with a training of the same model that was stopped.")
@experiment_options
@json_option
@quiet_option
def command(
    *,
    corpus: str | None,
    model: str,
    backend: str | None,
    settings: tuple[str, ...],
    strict: bool,
    resume: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Learn from CORPUS and write the model MODEL.

    CORPUS is a corpus plugin's name (see `triage corpora`) or a file: .csv, .jsonl, .parquet, each also .gz.
    What stood at MODEL before stays whole until the new model is complete. The test part is judged once,
    and the figures are shown. Backends that learn in epochs keep their progress beside MODEL until it is
    written: after a kill the same command with --resume goes on, to the same model.

    \b
    Examples:
      triage train complaints --model model
      triage train past.csv --text-column body --label-column team --model model
      triage train past.csv --backend tfidf --set max-features=50000 --seed 7 --model model
      triage train --config triage.toml --model model
    """
    from triage import bundle
    from triage.evaluation import evaluate, with_held_out
    from triage.model import save_model
    from triage.training import fit, prepare

    talk = Talk(quiet=quiet)
    experiment = read_experiment(corpus, backend, settings, given)
    if not experiment.location:
        raise UsageError("what to learn from? Name a CORPUS, or a location in the [corpus] of --config")
    plugins = Plugins.discover(warn=talk.say)
    plugins.backend(experiment.backend)
    with bundle.lock(model) as held:
        dataset = read(
            talk,
            plugins,
            experiment.location,
            dict(experiment.columns),
            strict=strict,
            labelled=True,
            corrections=experiment.corrections,
        )
        with talk.stage("cleaning and dividing the corpus"):
            prepared = prepare(dataset, experiment, plugins)
        tell_splits(talk, prepared)
        progress = held.place.parent / f".{held.place.name}.training"
        if not resume:
            shutil.rmtree(progress, ignore_errors=True)
        with watching(talk, experiment.backend) as watch:
            fitted = fit(prepared, experiment, plugins, watch=watch, progress=progress)
        evaluation = evaluate(fitted, prepared, plugins)
        with talk.stage(f"writing {model}"):
            saved = save_model(model, with_held_out(fitted.model, prepared), held=held)
            shutil.rmtree(progress, ignore_errors=True)
    scores = evaluation.metrics
    talk.say(saved.calibration.note)
    was, now = scores["reliability"]["before"], scores["reliability"]["after"]
    talk.say(
        "on the test part: "
        + ", ".join(f"{name.replace('_', ' ')} {was[name]:.4f} to {now[name]:.4f}" for name in was)
    )
    if as_json:
        print_json({"model": model, "sha256": saved.sha256, **scores})
        return
    click.echo(
        f"{experiment.backend} on {dataset.name}: accuracy {scores['accuracy']:.3f}, "
        f"macro-F1 {scores['macro_f1']:.3f} on {len(prepared.splits.test):,} held-out documents"
    )
    talk.say(f"wrote {model}; next: triage route {model} FILE")


def tell_splits(talk: Talk, prepared: Prepared) -> None:
    """Say how many documents each part has, and what was set aside."""
    splits = prepared.splits
    talk.say(", ".join(f"{name} {len(part):,}" for name, part in splits.parts.items()))
    if splits.set_aside:
        few = ", ".join(f"{label} ({count})" for label, count in list(splits.set_aside.items())[:5])
        more = f" and {len(splits.set_aside) - 5} more" if len(splits.set_aside) > 5 else ""
        talk.say(f"set aside, too few documents to learn: {few}{more}")
    if splits.unlabelled:
        talk.say(f"{splits.unlabelled:,} documents have no label and were not used")
    if prepared.timed_out:
        talk.say(f"{prepared.timed_out:,} documents left out: a cleaning rule ran out of time on them")
    if prepared.unseen:
        talk.say("labels that training never saw, each counted as an error: " + ", ".join(prepared.unseen))


@contextmanager
def watching(talk: Talk, backend: str) -> Iterator[Watch]:
    """Show a training; yields what is to be called after each epoch."""
    with talk.stage(f"training {backend}") as change:
        since: list[tuple[int, float]] = []  # the first epoch that was told, and when

        def watch(epoch: Epoch) -> None:
            now = time.perf_counter()
            since.append((epoch.number, now))
            first, started = since[0]
            left = None
            if epoch.number > first:
                left = (epoch.of - epoch.number) * (now - started) / (epoch.number - first)
            words = f"training {backend}: {epoch_words(epoch, seconds_left=left)}"
            change(words)
            if not talk.console.is_terminal:
                talk.say(words)

        yield watch


def epoch_words(epoch: Epoch, *, seconds_left: float | None) -> str:
    """Return one line on an epoch: what was measured of it, and how long it may still take."""
    words = [f"epoch {epoch.number} of {epoch.of}", f"loss {epoch.loss:.3f}"]
    if epoch.tune_macro_f1 is not None:
        words.append(f"tune macro-F1 {epoch.tune_macro_f1:.3f}")
    if epoch.learning_rate is not None:
        words.append(f"learning rate {epoch.learning_rate:.1e}")
    if epoch.documents_per_second is not None:
        words.append(f"{epoch.documents_per_second:,.0f} documents/s")
    if seconds_left:
        words.append(f"at most {seconds_left:.0f} s left")
    return ", ".join(words)
