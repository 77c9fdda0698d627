"""Prepare the parts, fit a backend, calibrate. Knows no backend; nothing is fitted on the test part."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.config import Experiment
from triage.data.checks import check_size, check_texts
from triage.data.cleaning import Cleaning, CleaningTimeout, build_cleaning
from triage.data.defaults import cleaning_steps, with_defaults
from triage.data.duplicates import near_duplicates
from triage.data.labels import UNKNOWN, Labels, learn_labels
from triage.data.splitting import PARTS, SHARES, split_by_time, split_stratified, thin_stratified
from triage.data.vocabulary import Vectorizer, learn_vocabulary
from triage.errors import DataError, Diverged, PluginFailed
from triage.host.guard import aside
from triage.host.manager import Plugins
from triage.host.options import resolve
from triage.host.protocols import Classifier, Resumes
from triage.models.model import Model, check_learned, checked, versions
from triage.records import Dataset, Epoch, Part, Run, Splits
from triage.stats.calibration import Calibration, Method, check_method, fit_calibration, part_for
from triage.stats.class_order import misplaced
from triage.stats.out_of_scope import Scope, learn_scope

__all__ = ["Fitted", "Prepared", "fit", "prepare"]

_MIN_DOCUMENTS = 3  # a token in fewer may be somebody's name, and a vocabulary is stored


@dataclass(frozen=True)
class Prepared:
    """A corpus ready for any backend: the same parts for each of them.

    Attributes:
        dataset: what was read.
        cleaning: the steps as resolved.
        labels: the classes, and what was set aside.
        splits: the four parts; `test` may hold labels that training never saw, with codes from k on.
        unseen: labels of the test part that training never saw, with their counts; code k is the first.
        timed_out: how many documents each cleaning rule ran out of its time budget on, by what is to be said
            of it; they are left out.
        seconds: how long preparing took.
    """

    dataset: Dataset
    cleaning: Cleaning
    labels: Labels
    splits: Splits
    unseen: Mapping[str, int] = field(default_factory=dict)
    timed_out: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Fitted:
    """A model fresh from training.

    Attributes:
        model: not saved yet.
        run: as observers saw it.
        history: the epochs, for backends that have any.
        seconds: how long fitting took, calibration included.
    """

    model: Model
    run: Run
    history: tuple[Epoch, ...]
    seconds: float


def prepare(
    dataset: Dataset,
    experiment: Experiment,
    plugins: Plugins,
    *,
    test: Dataset | None = None,
) -> Prepared:
    """Clean, encode and divide a corpus.

    Args:
        dataset: what to learn from.
        experiment: says how.
        plugins: where cleaners are looked up.
        test: judged on instead of a share of `dataset`.

    Raises:
        DataError: nothing labelled, fewer than two classes, or a split that cannot be made.
    """
    started = time.perf_counter()
    if not len(dataset):
        raise DataError(f"{dataset.name}: there is no document in it")
    cleaning = build_cleaning(plugins, cleaning_steps(experiment, dataset.cleaners, plugins))
    labels = learn_labels(dataset.labels, min_per_class=experiment.min_per_class)
    codes = labels.encode(dataset.labels)
    shares = SHARES if test is None else (0.75, 0.125, 0.125, 0.0)
    check_size(dataset, labels.classes, judged=max(int(max(shares[1:]) * len(dataset)), len(test or ())))
    with aside():
        texts, timed_out, slow = _clean(dataset, cleaning)
    usable = np.flatnonzero((codes != UNKNOWN) & ~timed_out)
    codes = codes[usable]
    cleaned = [texts[row] for row in usable.tolist()]
    # Families are found even where they are not kept together: intervals are drawn over them.
    groups = near_duplicates([dataset.documents[row].text for row in usable.tolist()])
    kept = Counter(labels.classes[code] for code in codes.tolist())
    steps = [step for step, _ in cleaning.steps]
    check_texts(dataset.name, kept, cleaned, steps, groups if experiment.split == "grouped" else None)
    if experiment.split == "time":
        assigned = split_by_time([dataset.documents[row].date for row in usable.tolist()], shares=shares)
    else:
        together = groups if experiment.split == "grouped" else np.arange(len(usable), dtype=np.int64)
        assigned = split_stratified(codes, together, seed=experiment.seed, shares=shares)

    def part(number: int) -> Part:
        chosen = np.flatnonzero(assigned == number)
        if number == 0 and experiment.train_share < 1:
            share, seed = experiment.train_share, experiment.seed
            chosen = chosen[thin_stratified(codes[chosen], groups[chosen], share=share, seed=seed)]
        return Part(
            texts=tuple(cleaned[position] for position in chosen.tolist()),
            codes=codes[chosen],
            classes=labels.classes,
            rows=usable[chosen],
            groups=groups[chosen],
        )

    parts = {name: part(number) for number, name in enumerate(PARTS)}
    unseen: dict[str, int] = {}
    if test is not None:
        parts["test"], unseen, late = _test_part(test, cleaning, labels)
        slow.update(late)
    splits = Splits(
        **parts,
        set_aside=labels.set_aside,
        unlabelled=sum(label is None for label in dataset.labels),
    )
    seconds = time.perf_counter() - started
    return Prepared(dataset, cleaning, labels, splits, unseen, dict(slow), seconds)


def fit(
    prepared: Prepared,
    experiment: Experiment,
    plugins: Plugins,
    *,
    watch: Any = None,
    progress: Path | None = None,
) -> Fitted:
    """Fit the experiment's backend on the train part and calibrate it on a part it has not seen.

    Args:
        prepared: the parts.
        experiment: names the backend, its options and the seed.
        plugins: where the backend is looked up; its observers are told of every epoch.
        watch: called with every epoch, besides the observers.
        progress: a directory in which a backend that can resume keeps its progress; what stands there from
            the same experiment on the same corpus is gone on with.

    Raises:
        Diverged: the model's probabilities on the calibrate or tune part are not finite.
        PluginFailed: the backend raised, or broke its contract.
    """
    started = time.perf_counter()
    experiment = with_defaults(experiment, plugins)
    backend = plugins.backend(experiment.backend)
    options = resolve(backend.build, experiment.options, owner=backend.name)
    splits, vectorizer = prepared.splits, None
    if backend.consumes == "sequences":
        vectorizer = learn_vocabulary(
            splits.train.texts,
            max_tokens=experiment.max_tokens,
            max_length=experiment.max_length,
            min_documents=_MIN_DOCUMENTS,
            digits=experiment.digits,
        )
    train, tune, calibrate = (
        _for(part, vectorizer) for part in (splits.train, splits.tune, splits.calibrate)
    )
    run = Run(prepared.dataset.name, backend.name, options, experiment.seed, len(train))
    history: list[Epoch] = []

    def told(epoch: Epoch) -> None:
        history.append(epoch)
        plugins.epoch_finished(run, epoch)
        if watch is not None:
            watch(epoch)

    classifier: Classifier = plugins.build(backend, options)
    if progress is not None and isinstance(classifier, Resumes):
        classifier.keep_progress(progress / _fingerprint(prepared, experiment, options))
    before = set(getattr(classifier, "__dict__", ()))
    with plugins.attribute_errors_to(backend):
        classifier.fit(train, tune, seed=experiment.seed, watch=told)
    check_learned(classifier, before)
    model = Model(
        experiment=experiment,
        options=options,
        classes=prepared.labels.classes,
        cleaning=prepared.cleaning,
        classifier=classifier,
        vectorizer=vectorizer,
        trained={
            "corpus": prepared.dataset.name,
            "corpus_sha256": prepared.dataset.sha256,
            "columns": dict(prepared.dataset.columns),
            "documents": {name: len(part) for name, part in prepared.splits.parts.items()},
            "set_aside": dict(prepared.splits.set_aside),
            "seed": experiment.seed,
            "versions": versions(*backend.requires, *(("tensorflow", "keras") if vectorizer else ())),
        },
    )
    with plugins.attribute_errors_to(backend):
        method = check_method(experiment.calibration)
        calibration = _calibrate(
            classifier, tune if part_for(method) == "tune" else calibrate, backend.name, method
        )
        scope = _scope(classifier, train, tune, model)
    fitted = replace(model, calibration=calibration, scope=scope)
    return Fitted(fitted, run, tuple(history), time.perf_counter() - started)


def _fingerprint(prepared: Prepared, experiment: Experiment, options: Mapping[str, Any]) -> str:
    """Return a name that differs wherever the outcome of a training may."""
    learned = {**experiment.to_json(), "options": dict(options)}
    for name in ("location", "columns", "policies", "queues", "rules"):
        del learned[name]
    digest = hashlib.sha256(json.dumps(learned, sort_keys=True, default=str).encode())
    digest.update(prepared.dataset.sha256.encode())
    for part in (prepared.splits.train, prepared.splits.tune):
        digest.update(part.rows.tobytes())
    return digest.hexdigest()[:16]


def _for(part: Part, vectorizer: Vectorizer | None) -> Part:
    """Give a part its sequences, where the backend consumes them."""
    if vectorizer is None:
        return part
    return replace(part, sequences=vectorizer(part.texts), vocabulary=vectorizer.vocabulary)


def _calibrate(classifier: Classifier, part: Part, backend: str, method: Method) -> Calibration:
    if not len(part):
        return Calibration(note=f"not calibrated: the {part_for(method)} part is empty")
    probabilities = checked(classifier.predict_proba(part.inputs), len(part), part.k, backend)
    if not np.isfinite(probabilities).all():
        raise Diverged(
            f"the backend {backend!r} answers with numbers that are not finite after training. "
            "Try a lower learning rate; the model is not kept"
        )
    if misplaced(probabilities, part.codes):
        raise PluginFailed(
            f"the backend {backend!r} gives its probabilities in another order than that of the classes: "
            "column i belongs to train.classes[i]; the model is not kept"
        )
    return fit_calibration(probabilities, part.codes, method=method)


def _scope(classifier: Classifier, train: Part, tune: Part, model: Model) -> Scope | None:
    """Learn what is in scope from the train part, with limits fixed on the tune part."""
    if not len(tune) or not model.experiment.false_alarms:
        return None
    raw = checked(classifier.predict_proba(tune.inputs), len(tune), tune.k, model.backend)
    return learn_scope(train.texts, tune.texts, raw, false_alarms=model.experiment.false_alarms)


def _clean(dataset: Dataset, cleaning: Cleaning) -> tuple[list[str], NDArray[np.bool_], Counter[str]]:
    """Clean all texts; those on which a rule runs out of time are marked and counted, not raised."""
    timed_out = np.zeros(len(dataset), dtype=bool)
    slow: Counter[str] = Counter()
    texts = []
    for position, document in enumerate(dataset.documents):
        try:
            texts.append(cleaning(document.text))
        except CleaningTimeout as late:
            texts.append("")
            timed_out[position] = True
            slow[str(late)] += 1
    return texts, timed_out, slow


def _test_part(
    test: Dataset, cleaning: Cleaning, labels: Labels
) -> tuple[Part, dict[str, int], Counter[str]]:
    """A test part of its own; labels that training never saw get codes of their own, so none is dropped."""
    counts = test.label_counts
    unseen = {label: counts[label] for label in sorted(set(counts) - set(labels.classes))}
    classes = labels.classes + tuple(unseen)
    codes = Labels(classes).encode(test.labels)
    with aside():
        texts, timed_out, slow = _clean(test, cleaning)
    usable = np.flatnonzero((codes != UNKNOWN) & ~timed_out)
    if not len(usable):
        raise DataError(f"{test.name}: there is no labelled document in it to judge on")
    part = Part(
        texts=tuple(texts[row] for row in usable.tolist()),
        codes=codes[usable],
        classes=classes,
        rows=usable,
        groups=near_duplicates([test.documents[row].text for row in usable.tolist()]),
    )
    return part, unseen, slow
