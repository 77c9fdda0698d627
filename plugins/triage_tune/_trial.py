"""One trial in a process of its own: `python -m triage_tune._trial` reads a trial from stdin.

Only the documents that the trial names are kept in memory; those of the calibrate and test parts are passed over
while the corpus is read. Events go to stdout as JSON Lines: `epoch` with the macro-F1 on the tune part, then
`done` with the score.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import triage
from triage import Plugins
from triage.plugin_api import (
    Experiment,
    Labels,
    Prepared,
    build_cleaning,
    checked,
    confusion,
    fit,
    macro_f1,
    near_duplicates,
    open_source,
)

__all__ = ["TrialJob", "prepared_for", "score_of"]


@dataclass(frozen=True)
class TrialJob:
    """What one trial learns from, and how.

    Attributes:
        experiment: names the corpus, the cleaning as resolved, the backend, its options and the seed.
        classes: the classes in column order.
        train: positions of the documents to learn from, among the documents that can be read.
        tune: positions of the documents to score on.
        codes: the class of each document of `train`, then of `tune`; corrections are applied already.
    """

    experiment: Experiment
    classes: tuple[str, ...]
    train: tuple[int, ...]
    tune: tuple[int, ...]
    codes: tuple[int, ...]

    def to_json(self) -> str:
        """Return the job as JSON."""
        return json.dumps({**asdict(self), "experiment": self.experiment.to_json()})

    @classmethod
    def from_json(cls, text: str | bytes) -> TrialJob:
        """Take back what `to_json` gave."""
        record = json.loads(text)
        return cls(
            experiment=Experiment.from_json(record["experiment"]),
            classes=tuple(record["classes"]),
            train=tuple(record["train"]),
            tune=tuple(record["tune"]),
            codes=tuple(record["codes"]),
        )


def prepared_for(job: TrialJob, plugins: Plugins) -> Prepared:
    """Read and clean the documents of a trial; its calibrate and test parts are empty.

    Raises:
        DataError: the corpus has changed since the study began.
    """
    experiment = job.experiment
    wanted = np.sort(np.asarray(job.train + job.tune, np.int64))
    documents = list(_chosen(plugins, experiment, wanted))
    if len(documents) != len(wanted):
        raise triage.DataError("the corpus has fewer documents than when the study began: begin a new study")
    cleaning = build_cleaning(plugins, experiment.cleaners or ())
    labels = Labels(job.classes)
    texts = cleaning.apply([document.text for document in documents])
    codes = np.empty(len(wanted), np.int64)
    codes[np.searchsorted(wanted, np.asarray(job.train + job.tune, np.int64))] = job.codes
    groups = near_duplicates([document.text for document in documents])

    def part(rows: Sequence[int]) -> triage.Part:
        at = np.searchsorted(wanted, np.asarray(rows, np.int64))
        return triage.Part(
            texts=tuple(texts[i] for i in at.tolist()),
            codes=codes[at],
            classes=job.classes,
            rows=wanted[at],
            groups=groups[at],
        )

    splits = triage.Splits(train=part(job.train), tune=part(job.tune), calibrate=part(()), test=part(()))
    dataset = triage.Dataset(name=experiment.location, documents=documents)
    return Prepared(dataset, cleaning, labels, splits)


def _chosen(
    plugins: Plugins, experiment: Experiment, positions: NDArray[np.int64]
) -> Iterator[triage.Document]:
    """Yield the documents at these positions, passing over all others."""
    source = open_source(plugins, experiment.location, options=experiment.columns)
    rows = checked(source, experiment.location)
    readable = (row for row in rows if isinstance(row, triage.Document))
    wanted = iter(positions.tolist())
    following = next(wanted, None)
    for position, document in enumerate(readable):
        if following is None:
            return
        if position == following:
            yield document
            following = next(wanted, None)


def score_of(job: TrialJob, plugins: Plugins, *, watch: Any = None) -> float:
    """Train as the job says and return the macro-F1 on its tune documents, 0 to 1.

    Raises:
        Diverged: the training gave numbers that are not finite.
    """
    prepared = prepared_for(job, plugins)
    fitted = fit(prepared, job.experiment, plugins, watch=watch)
    tune = prepared.splits.tune
    predicted = fitted.model.predict_cleaned(tune.texts).argmax(axis=1)
    return float(macro_f1(confusion(tune.codes, predicted, tune.k)))


def main() -> int:
    """Read a job from stdin, train, and report on stdout; return the exit code."""
    # Events have stdout for themselves: what a plugin prints goes to stderr.
    events = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)

    def report(event: str, **facts: Any) -> None:
        events.write(json.dumps({"event": event, **facts}) + "\n")
        events.flush()

    def watch(epoch: triage.Epoch) -> None:
        if epoch.tune_macro_f1 is not None:
            report("epoch", number=epoch.number, macro_f1=epoch.tune_macro_f1)

    try:
        job = TrialJob.from_json(sys.stdin.buffer.read())
        report("done", score=score_of(job, triage.Plugins.discover(), watch=watch))
    except triage.TriageError as error:
        report("failed", message=str(error), exit_code=error.exit_code)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - a message may quote a text: only its type is reported
        report("failed", message=f"a bug: {type(error).__name__}", exit_code=70)
        return 70
    return 0


if __name__ == "__main__":
    sys.exit(main())
