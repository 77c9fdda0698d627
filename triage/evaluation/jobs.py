"""One evaluation in a process of its own, so that its time and its memory are its own.

`python -m triage.evaluation.jobs` reads one job from stdin, writes its run directory, and reports progress on
stdout as JSON Lines. What plugins print goes to stderr.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from triage.config import Experiment
from triage.data.corrections import correct
from triage.data.sources import load
from triage.errors import DataError, PluginFailed, TriageError
from triage.evaluation.evaluate import evaluate, with_held_out
from triage.evaluation.runs import run_name, to_json, write_run
from triage.host.extensions import Corpus
from triage.host.manager import Plugins
from triage.host.options import options_of, resolve
from triage.host.sandbox import Isolation, launch
from triage.models.model import save_model
from triage.models.training import fit, prepare
from triage.records import Dataset, Epoch

__all__ = ["Job", "JobFailed", "follow", "job_of", "options_of_each", "placed"]

_MOST, _LONGEST = 20, 300  # warnings that are kept with a run, and characters of each


@dataclass(frozen=True)
class Job:
    """What is to be evaluated, and where the run goes.

    Attributes:
        experiment: names the corpus, the backend, its options and the seed.
        test: a corpus to judge on, or None for a share of the experiment's own.
        run: the name of the run's directory: it holds a digest of all that decides the outcome.
        runs: the directory in which that directory lies.
        model: where the model is written, or "" where it is not kept.
        corpus_sha256: of the corpus as it was when the job was made, or "" for whatever is there.
        test_sha256: the same of `test`.
    """

    experiment: Experiment
    test: str | None
    run: str
    runs: str
    model: str = ""
    corpus_sha256: str = ""
    test_sha256: str = ""

    @property
    def folder(self) -> Path:
        """The run's directory."""
        return Path(self.runs) / self.run


class JobFailed(TriageError):
    """A job ended without a run; it carries the exit code of what stopped it."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def job_of(
    experiment: Experiment,
    plugins: Plugins,
    dataset: Dataset,
    test: Dataset | None,
    *,
    test_location: str | None,
    runs: str,
) -> Job:
    """Return the job for an experiment on a corpus that was read already.

    Raises:
        UnknownName, BadOption, Unavailable: a backend or an option that cannot be.
    """
    backend = plugins.backend(experiment.backend)
    options = resolve(backend.build, experiment.options, owner=backend.name)
    rest = {
        "experiment": {**experiment.to_json(), "location": "", "options": options},
        "corpus": dataset.sha256,
        "test": test.sha256 if test else None,
    }
    name = run_name(dataset.name, backend.name, experiment.split, experiment.seed, rest=rest)
    return Job(
        placed(experiment, plugins),
        _whole(test_location, plugins.names(Corpus)),
        name,
        os.path.abspath(runs),  # noqa: PTH100 - links stay links
        corpus_sha256=dataset.sha256,
        test_sha256=test.sha256 if test else "",
    )


def options_of_each(
    plugins: Plugins, names: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Give each backend the settings that it has; one that none of them has is an error.

    Raises:
        UnknownName, BadOption, Unavailable: a backend or an option that cannot be.
    """
    known = {name: options_of(plugins.backend(name).build) for name in names}
    everywhere = {option for options in known.values() for option in options}
    found = {}
    for name, options in known.items():
        mine = {key: value for key, value in settings.items() if key in options or key not in everywhere}
        resolve(plugins.backend(name).build, mine, owner=name)
        found[name] = mine
    return found


def placed(experiment: Experiment, plugins: Plugins) -> Experiment:
    """Return the experiment with absolute paths: a job may have another working directory."""
    return experiment.changed(
        location=_whole(experiment.location, plugins.names(Corpus)),
        corrections=_whole(experiment.corrections, ()),
    )


def _whole(location: str | None, known: Sequence[str]) -> str | None:
    if not location or location in known or not os.path.lexists(location):
        return location
    return os.path.abspath(location)  # noqa: PTH100 - links stay links


def follow(
    job: Job, tell: Callable[[Mapping[str, Any]], None], *, isolation: Isolation | None = None
) -> None:
    """Run a job in a process of its own and `tell` of every event until it ends.

    Args:
        job: what is to be done.
        tell: called with each event.
        isolation: what the process may have and how long it may take; None for what this one has.

    Raises:
        JobFailed: it ended without a run; the process's own last words are in it.
    """
    # Libraries talk on stderr at length; shown only when debugging.
    talk = None if os.environ.get("TRIAGE_DEBUG", "") not in ("", "0") else subprocess.DEVNULL
    last: dict[str, Any] = {}
    with launch([sys.executable, "-m", "triage.evaluation.jobs"], isolation, stderr=talk) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it ended before it read: what it left behind says how
            process.stdin.write(to_json({**asdict(job), "experiment": job.experiment.to_json()}).encode())
            process.stdin.close()
        for line in process.stdout:
            with contextlib.suppress(ValueError):  # a line that broke off when the process did
                last = json.loads(line)
                tell(last)
        ended = process.ending()
    if last.get("event") == "done" and not ended:
        return
    backend, seed = job.experiment.backend, job.experiment.seed
    if last.get("event") == "failed":
        raise JobFailed(f"{backend}, seed {seed}: {last['message']}", last["exit_code"])
    # What ends a process without a word is what runs in it: the backend.
    raise JobFailed(
        f"the backend {backend!r}, seed {seed}: {ended or 'its process ended before the run was done'}",
        PluginFailed.exit_code,
    )


def _check_unchanged(dataset: Dataset, expected: str) -> None:
    """Refuse a corpus that is another than when the evaluation began: its runs could not be compared.

    Raises:
        DataError: its digest is another.
    """
    if expected and dataset.sha256 != expected:
        raise DataError(
            f"{dataset.name} has changed since the evaluation began: its texts or labels are not those that the "
            "other runs learned from. Run it again on a file that nothing writes to"
        )


def _work(job: Job, tell: Callable[..., None]) -> None:
    """Do the job, in the process that is its own."""
    plugins = Plugins.discover()
    experiment = job.experiment
    tell("reading")
    dataset = load(plugins, experiment.location, options=experiment.columns, labelled=True)
    if experiment.corrections:
        dataset, _ = correct(dataset, experiment.corrections)
    test = None
    if job.test:
        columns, learned = experiment.columns, dataset.columns
        test = load(plugins, job.test, options=columns, learned=learned, labelled=True)
    _check_unchanged(dataset, job.corpus_sha256)
    if test is not None:
        _check_unchanged(test, job.test_sha256)
    tell("preparing")
    # A model that is kept learns from every document; a run keeps a test part that nothing has seen.
    share = 0.0 if job.model and experiment.folds != 0 else 0.2
    prepared = prepare(dataset, experiment, plugins, test=test, test_share=share)
    tell("training", documents=len(prepared.splits.train))

    def watch(epoch: Epoch) -> None:
        tell("epoch", number=epoch.number, of=epoch.of, loss=epoch.loss, tune_macro_f1=epoch.tune_macro_f1)

    with _warnings() as warnings:
        fitted = fit(prepared, experiment, plugins, watch=watch)
    tell("judging")
    found = evaluate(fitted, prepared, plugins, test_documents=test.documents if test else None)
    found = replace(
        found,
        metrics={
            **found.metrics,
            "run": job.run,
            "test_corpus": test.name if test else None,
            "test_corpus_sha256": test.sha256 if test else None,
            "warnings": warnings,
        },
    )
    if job.model:
        tell("writing")
        save_model(job.model, with_held_out(fitted.model, prepared))
    write_run(job.folder, found)
    tell("done", macro_f1=found.metrics["macro_f1"], accuracy=found.metrics["accuracy"])


@contextlib.contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what backends warn about in the log while they learn: it belongs to the run."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage()[:_LONGEST]
            if len(found) < _MOST and message not in found:
                found.append(message)

    collector = Collector(logging.WARNING)
    root = logging.getLogger()
    root.addHandler(collector)
    try:
        yield found
    finally:
        root.removeHandler(collector)


def main() -> int:
    """Read a job from stdin and do it; returns the exit code."""
    # Events have stdout for themselves: what a plugin prints goes to stderr.
    events = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)

    def tell(event: str, **facts: Any) -> None:
        events.write(json.dumps({"event": event, **facts}) + "\n")
        events.flush()

    try:
        record = json.loads(sys.stdin.buffer.read())
        _work(Job(**{**record, "experiment": Experiment.from_json(record["experiment"])}), tell)
    except TriageError as error:
        tell("failed", message=str(error), exit_code=error.exit_code)
        return error.exit_code
    except Exception as error:  # its message may quote a text, so only its kind is told
        if os.environ.get("TRIAGE_DEBUG", "") not in ("", "0"):
            raise
        tell("failed", message=f"a bug: {type(error).__name__}; TRIAGE_DEBUG=1 shows where", exit_code=70)
        return 70
    return 0


if __name__ == "__main__":
    sys.exit(main())
