"""`triage train`: learn from a corpus and write a model."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
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
    tell,
)
from triage.data.checks import counted
from triage.errors import TriageError, UsageError
from triage.host.manager import Plugins
from triage.host.protocols import Watch
from triage.models.training import Prepared
from triage.records import Epoch

if TYPE_CHECKING:
    from triage.config import Experiment
    from triage.models.model import Model
    from triage.routing.promises import Promise


@click.command()
@click.argument("corpus", required=False, shell_complete=CORPUS)
@click.option("--model", required=True, metavar="MODEL", help="The directory to write.")
@click.option(
    "--backend", "-b", metavar="NAME", shell_complete=BACKEND, help="What learns; see `triage plugins`."
)
@click.option("--strict", is_flag=True, help="Stop where a row would be quarantined.")
@click.option("--resume", is_flag=True, help="Go on with a training of the same model that was stopped.")
@click.option(
    "--isolate", is_flag=True, help="No secrets, no files and a time limit for what runs the backend."
)
@click.option(
    "--time-limit",
    type=click.FloatRange(0, min_open=True),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="Of the training, with --isolate.",
)
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
    isolate: bool,
    time_limit: float,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Learn from CORPUS and write the model MODEL.

    CORPUS is a corpus plugin's name (see `triage corpora`) or a file: .csv, .jsonl, .parquet, each also .gz.
    What was at MODEL before stays whole until the new model is complete. The model learns from every
    document; the figures come from --folds more models, each of which judges the documents that it has not
    seen. Backends that take minutes are judged on one fold unless --folds asks for more; --folds 0 learns
    from a part of the documents and judges the rest. Answers of folds and the progress of epochs are kept
    beside MODEL until it is written: after a kill the same command with --resume continues, and comes to the
    same model. With --isolate a process with few environment variables, an empty directory to work in and a
    time limit does all of this.

    \b
    Examples:
      triage train complaints --model model
      triage train past.csv --text-column body --label-column team --model model
      triage train past.csv --backend tfidf --set max-features=50000 --seed 7 --model model
      triage train --config triage.toml --model model
    """
    from triage.data.defaults import policy_chain, with_defaults
    from triage.evaluation.evaluate import evaluate, with_held_out
    from triage.models import bundle
    from triage.models.model import save_model
    from triage.models.training import fit, prepare
    from triage.routing.names import name_warnings
    from triage.routing.promises import renewed

    talk = Talk(quiet=quiet)
    experiment = read_experiment(corpus, backend, settings, given)
    if not experiment.location:
        raise UsageError("what to learn from? Name a CORPUS, or a location in the [corpus] of --config")
    plugins = Plugins.discover(warn=talk.say)
    named = bool(experiment.policies)
    experiment = with_defaults(experiment, plugins)
    plugins.backend(experiment.backend)
    # A rule that cannot be used is an error before anything is learned.
    chain = policy_chain(experiment, plugins)
    policies = [plugins.build(plugins.policy(policy), dict(options)) for policy, options in chain]
    if isolate:
        if strict or resume:
            raise UsageError("--isolate goes without --strict and --resume: nothing is kept of what fails")
        isolated(talk, experiment, plugins, model, time_limit=time_limit, as_json=as_json)
        return
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
            prepared = prepare(dataset, experiment, plugins, test_share=0.2 if experiment.folds == 0 else 0.0)
        tell_splits(talk, prepared)
        for warning in name_warnings(prepared.labels.classes, experiment.queues, policies):
            talk.say(warning)
        progress = held.place.parent / f".{held.place.name}.training"
        if not resume:
            shutil.rmtree(progress, ignore_errors=True)
        with watching(talk, experiment.backend) as watch:
            fitted = fit(
                prepared,
                experiment,
                plugins,
                watch=watch,
                progress=progress,
                tell=lambda words: talk.say(f"training {experiment.backend}: {words}"),
            )
        evaluation = evaluate(fitted, prepared, plugins)
        with talk.stage(f"writing {model}"):
            written, promise = renewed(
                with_held_out(fitted.model, prepared),
                former_records(model),
                plugins,
                again=not named,
            )
            saved = save_model(model, written, held=held)
            shutil.rmtree(progress, ignore_errors=True)
    tell_promise(talk, promise, saved)
    tell_scores(talk, model, saved.sha256, evaluation.metrics, as_json=as_json)


def former_records(path: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the further records of the model that is replaced; none where there is no sound one."""
    from triage.models import bundle

    try:
        return bundle.read(path).extra
    except TriageError:
        return {}


def tell_promise(talk: Talk, promise: Promise | None, model: Model) -> None:
    """Say what a training proved, and by which policy the model routes from now on."""
    if promise is None:
        return
    goal = f"at most {promise.max_error:g} wrong at {promise.confidence:g}"
    if promise.kept:
        coverage = sum(each.accepted for each in promise.certificates) / max(
            1, sum(each.documents for each in promise.certificates)
        )
        talk.say(f"the promise of {goal} is proven for this model: it routes {coverage:.1%} automatically")
        return
    name, _ = model.experiment.policies[-1]
    how = (
        "route nothing until one is"
        if name == "bounded"
        else f"route by the policy {name}, without a promise"
    )
    talk.say(f"the promise of {goal} could not be proven for this model: `triage route` will {how}")


def tell_scores(talk: Talk, model: str, sha256: str, scores: Mapping[str, Any], *, as_json: bool) -> None:
    """Say how good a model is that was written, and where it is."""
    talk.say(scores["calibration"]["note"])
    was, now = scores["reliability"]["before"], scores["reliability"]["after"]
    talk.say(
        f"on {judged_words(scores)}: "
        + ", ".join(f"{name.replace('_', ' ')} {was[name]:.4f} to {now[name]:.4f}" for name in was)
    )
    if scores["cut"] and scores["cut"]["documents"]:
        talk.say(cut_words(scores))
    if as_json:
        print_json({"model": model, "sha256": sha256, **scores})
        return
    values = ", ".join(
        f"{name} {scores[key]:.3f} ({low:.3f} to {high:.3f})"
        for name, key in (("accuracy", "accuracy"), ("macro-F1", "macro_f1"))
        for low, high in (scores[f"{key}_interval"],)
    )
    tell(f"{scores['backend']} on {scores['corpus']}: {values} on {judged_words(scores)}")
    talk.say(f"wrote {model}; next: triage route {model} FILE")


def judged_words(scores: Mapping[str, Any]) -> str:
    """Return which documents the figures are about, and who judged them."""
    documents, folds = scores["documents"], scores["folds"]
    if documents["test"]:
        return f"{documents['judged']:,} held-out documents"
    models = f"{folds} models that had" if folds > 1 else "a model that had"
    judges = f"judged by one of {models}" if folds > 1 else f"judged by {models}"
    return f"{documents['judged']:,} documents, each {judges} not seen it"


def cut_words(scores: Mapping[str, Any]) -> str:
    """Return how many texts are longer than the model reads."""
    cut = scores["cut"]
    return (
        f"the first {cut['max_length']:,} words of each text are read: {cut['documents']:,} of "
        f"{scores['documents']['train']:,} texts are longer (max-length in [pipeline])"
    )


def isolated(
    talk: Talk, experiment: Experiment, plugins: Plugins, model: str, *, time_limit: float, as_json: bool
) -> None:
    """Train in a process that can harm little, and say what came of it.

    Raises:
        JobFailed: the process ended without a model; what stood at `model` still stands.
    """
    from triage.evaluation.jobs import Job, follow, placed
    from triage.evaluation.runs import read_run
    from triage.host.sandbox import Isolation
    from triage.models import bundle

    place = str(Path(model).absolute())
    with tempfile.TemporaryDirectory(prefix="triage-train-") as runs:
        job = Job(placed(experiment, plugins), None, "run", runs, place)
        with talk.stage(f"training {experiment.backend}") as change:
            follow(
                job,
                lambda event: change(f"{experiment.backend}: {event['event']}"),
                isolation=Isolation(time_limit),
            )
        scores = read_run(job.folder).metrics
    tell_scores(talk, model, bundle.read(model).sha256, scores, as_json=as_json)


def tell_splits(talk: Talk, prepared: Prepared) -> None:
    """Say how many documents each part has, and what was set aside."""
    splits = prepared.splits
    parts = {name: len(part) for name, part in splits.parts.items() if len(part)}
    talk.say(", ".join(f"{name} {count:,}" for name, count in parts.items()))
    if prepared.twins:
        talk.say(
            f"{prepared.twins:,} test documents have a near-duplicate among those learned from and are left out"
        )
    if splits.set_aside:
        few = counted(splits.set_aside, most=5)
        talk.say(f"set aside, too few documents to learn: {few}")
    empty = Counter(
        part.classes[code]
        for part in splits.parts.values()
        for code, text in zip(part.codes.tolist(), part.texts, strict=True)
        if not text
    )
    if empty:
        talk.say(f"empty after cleaning, so nothing is learned from them: {counted(empty, most=5)}")
    judged = set(splits.test.codes.tolist())
    alone = Counter(
        name
        for part in splits.parts.values()
        for name in (part.classes[code] for code in part.codes.tolist() if code not in judged)
    )
    if alone and judged:
        talk.say(
            f"no document of these is in the test part, so they are not judged: {counted(alone, most=5)}"
        )
    if splits.unlabelled:
        talk.say(f"{splits.unlabelled:,} documents have no label and were not used")
    for rule, count in prepared.timed_out.items():
        talk.say(f"{count:,} documents left out: {rule}")
    if prepared.unseen:
        unseen = counted(prepared.unseen, most=5)
        talk.say(f"labels that training never saw, each counted as an error: {unseen}")


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
