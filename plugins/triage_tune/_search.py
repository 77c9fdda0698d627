"""Begin a search: divide the corpus, read the space, open the study."""

from __future__ import annotations

from pathlib import Path

import triage
from triage.plugin_api import Experiment, options_of, placed, prepare, resolve
from triage_tune._space import space_of
from triage_tune._study import Search, open_study
from triage_tune._trial import TrialJob

__all__ = ["begin"]


def begin(
    dataset: triage.Dataset,
    experiment: Experiment,
    plugins: triage.Plugins,
    *,
    folder: Path,
    resume: bool,
    only: tuple[str, ...] = (),
    seconds: float = 900.0,
) -> Search:
    """Return a search for better options of the experiment's backend.

    Args:
        dataset: the corpus; trials read only its train and tune parts again.
        experiment: names the backend, the options that are fixed, and the seed of the division.
        plugins: where the backend is looked up.
        folder: where the study is kept.
        resume: whether to continue the study in `folder`.
        only: the options to search; all that can be searched where none is named.
        seconds: the longest that one trial may take.

    Raises:
        UsageError: nothing to search, or a study that exists and is not to be resumed.
        DataError: the corpus cannot be divided.
    """
    backend = plugins.backend(experiment.backend)
    resolve(backend.build, experiment.options, owner=backend.name)
    options = options_of(backend.build)
    space = space_of(options, fixed=[name.replace("_", "-") for name in experiment.options], only=only)
    if not space:
        raise triage.UsageError(f"the backend {backend.name!r} has no option that can be searched")
    experiment = experiment.changed(folds=0)  # trials are scored on a tune part
    prepared = prepare(dataset, experiment, plugins)
    train, tune = prepared.splits.train, prepared.splits.tune
    if not len(tune):
        raise triage.DataError("the tune part is empty: there are too few documents to search with")
    job = TrialJob(
        experiment=placed(experiment, plugins).changed(cleaners=tuple(prepared.cleaning.steps)),
        classes=prepared.labels.classes,
        train=tuple(train.rows.tolist()),
        tune=tuple(tune.rows.tolist()),
        codes=tuple(train.codes.tolist() + tune.codes.tolist()),
    )
    facts = {
        "corpus_sha256": dataset.sha256,
        "backend": backend.name,
        "options": dict(experiment.options),
        "space": {dimension.name: str(dimension) for dimension in space},
        "seed": experiment.seed,
        "cleaning": [[name, dict(given)] for name, given in prepared.cleaning.steps],
    }
    study = open_study(folder, facts, resume=resume)
    return Search(study=study, space=space, job=job, seed=experiment.seed, seconds=seconds)
