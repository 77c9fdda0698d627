"""Fit a backend on all documents; calibrate it, and learn its limits, with out-of-fold answers.

With folds the model is fitted on every document of the train part, and what it would say about new documents is told
by the models of the folds. Without folds (`--folds 0`) it is fitted on the train part alone, and the tune and
calibrate parts tell it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.data.defaults import with_defaults
from triage.data.splitting import assign_folds
from triage.data.vocabulary import Vectorizer, tokens
from triage.errors import Diverged, PluginFailed
from triage.host.options import resolve
from triage.host.protocols import Classifier, Refits, Resumes, Watch
from triage.models.folds import FoldAnswers, Folds, cores, run_folds, take, vectorized, vectorizer_for
from triage.models.held_out import HeldOut
from triage.models.model import Model, check_learned, checked, versions
from triage.models.prefix_scores import scores_from
from triage.models.preparing import Prepared, prepare
from triage.records import Epoch, Part, Run
from triage.stats.calibration import (
    Calibration,
    Method,
    check_method,
    cross_fitted,
    fit_calibration,
    part_for,
)
from triage.stats.class_order import misplaced
from triage.stats.out_of_scope import Measured, Scope, fit_scope, learn_scope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.config import Experiment
    from triage.host.extensions import Backend
    from triage.host.manager import Plugins

__all__ = ["FOLDS", "Fitted", "OutOfFold", "Prepared", "fit", "folds_of", "prepare"]

FOLDS = 5
_SURER = 0.25  # log odds, where it is not measured
_QUICK = 2.0  # seconds: where one fit is faster, worker processes cost more time than they save


@dataclass(frozen=True)
class OutOfFold:
    """What the models of the folds say about the documents in them.

    Attributes:
        part: the n documents.
        folds: shape (n,): the fold of each.
        raw: shape (n, k): the classifiers' own probabilities.
        held_out: the same calibrated, with what is out of scope.
    """

    part: Part
    folds: NDArray[np.int64]
    raw: NDArray[np.float64]
    held_out: HeldOut


@dataclass(frozen=True)
class Fitted:
    """A model fresh from training.

    Attributes:
        model: not saved yet.
        run: as observers saw it.
        history: the epochs, for backends that have any.
        seconds: how long fitting took, folds and calibration included.
        out_of_fold: answers about the documents of the train part; None without folds.
    """

    model: Model
    run: Run
    history: tuple[Epoch, ...]
    seconds: float
    out_of_fold: OutOfFold | None = None


def folds_of(experiment: Experiment, backend: Backend) -> int:
    """Return the number of folds: what the experiment asks for, else 5, or 1 for a backend that takes minutes."""
    if experiment.folds is not None:
        return experiment.folds
    return 1 if backend.cost == "minutes" else FOLDS


def fit(
    prepared: Prepared,
    experiment: Experiment,
    plugins: Plugins,
    *,
    watch: Any = None,
    progress: Path | None = None,
    workers: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Fitted:
    """Fit the experiment's backend and calibrate it on documents that it has not seen.

    Args:
        prepared: the parts.
        experiment: names the backend, its options, the folds and the seed.
        plugins: where the backend is looked up; its observers are told of every epoch.
        watch: called with every epoch, besides the observers.
        progress: a directory for the answers of folds and for the progress of backends that can resume; what is
            there from the same experiment on the same corpus is not done again.
        workers: how many processes fit folds side by side; None for one on each core. The model does not depend on
            it.
        tell: told in words when a fold is done.

    Raises:
        Diverged: the model's probabilities for documents that it has not seen are not finite.
        PluginFailed: the backend raised, or broke its contract.
    """
    started = time.perf_counter()
    experiment = with_defaults(experiment, plugins)
    backend = plugins.backend(experiment.backend)
    options = resolve(backend.build, experiment.options, owner=backend.name)
    run = Run(prepared.dataset.name, backend.name, options, experiment.seed, len(prepared.splits.train))
    history: list[Epoch] = []

    def told(epoch: Epoch) -> None:
        history.append(epoch)
        plugins.epoch_finished(run, epoch)
        if watch is not None:
            watch(epoch)

    folder = None if progress is None else progress / _fingerprint(prepared, experiment, options)
    training = _Training(prepared, experiment, plugins, backend, options, told, folder)
    if experiment.folds == 0:
        model, out_of_fold = training.on_parts(), None
    else:
        model, out_of_fold = training.on_folds(workers=cores() if workers is None else workers, tell=tell)
    return Fitted(model, run, tuple(history), time.perf_counter() - started, out_of_fold)


@dataclass(frozen=True)
class _Training:
    """One training of one backend."""

    prepared: Prepared
    experiment: Experiment
    plugins: Plugins
    backend: Backend
    options: Mapping[str, Any]
    watch: Callable[[Epoch], None]
    folder: Path | None

    def on_parts(self) -> Model:
        """Fit on the train part alone, and calibrate on the tune or calibrate part."""
        splits = self.prepared.splits
        vectorizer = vectorizer_for(self.backend, splits.train.texts, self.experiment)
        train, tune, calibrate = (
            vectorized(part, vectorizer) for part in (splits.train, splits.tune, splits.calibrate)
        )
        classifier = self._built()
        before = set(getattr(classifier, "__dict__", ()))
        with self.plugins.attribute_errors_to(self.backend):
            classifier.fit(train, tune, seed=self.experiment.seed, watch=self.watch)
        check_learned(classifier, before)
        model = self._model(classifier, vectorizer, folds=0)
        with self.plugins.attribute_errors_to(self.backend):
            method = check_method(self.experiment.calibration)
            calibration = _calibrated(
                classifier, tune if part_for(method) == "tune" else calibrate, self.backend.name, method
            )
            scope = _scope(classifier, train, tune, model)
        return replace(model, calibration=calibration, scope=scope)

    def on_folds(self, *, workers: int, tell: Callable[[str], None]) -> tuple[Model, OutOfFold]:
        """Fit on the whole train part, and a model for each fold."""
        whole, experiment = self.prepared.splits.train, self.experiment
        together = np.arange(len(whole), dtype=np.int64) if experiment.split == "naive" else whole.groups
        count = folds_of(experiment, self.backend)
        fold_of = assign_folds(whole.codes, together, folds=count, seed=experiment.seed)
        tuned = self.backend.cost == "minutes"
        folds = Folds(whole, fold_of, experiment, tuned=tuned)
        settings: dict[str, Any] = {"folder": self.folder, "tell": tell}
        if tuned:
            if count == 1:  # the epochs that have a tune part are those of this fold
                settings["watch"] = self.watch
            answers = run_folds(folds, self.plugins, workers=workers, **settings)
            classifier, vectorizer = self._whole(answers, watch=_ignored if count == 1 else self.watch)
        else:
            started = time.perf_counter()
            classifier, vectorizer = self._whole(watch=self.watch)
            quick = time.perf_counter() - started < _QUICK
            answers = run_folds(folds, self.plugins, workers=1 if quick else workers, **settings)
        model, out_of_fold = self._judged(self._model(classifier, vectorizer, folds=count), folds, answers)
        surer = _SURER if folds.count < 3 or tuned else self._surer(model, folds, answers[0])
        return replace(model, trained={**model.trained, "surer": surer}), out_of_fold

    def _surer(self, model: Model, folds: Folds, answers: FoldAnswers) -> float:
        """Return by how many log odds the written model is surer of its answers than the models of the folds.

        One more model judges the first fold; it is fitted without the second, so on one fold less. What it is less
        sure of, on the surer half of the documents, is carried on to the step from K - 1 to K folds in proportion to
        the logarithm of the number of documents. Never below 0.
        """
        count, rows = folds.count, np.flatnonzero(folds.fold_of != 1)
        fewer = replace(
            folds, whole=take(folds.whole, rows), fold_of=np.where(folds.fold_of[rows] == 0, 0, -1)
        )
        folder = None if self.folder is None else self.folder / "fewer"
        (with_fewer,) = run_folds(fewer, self.plugins, folder=folder)
        less, more = (
            model.calibration.apply(each.raw).max(axis=1, initial=0.0) for each in (with_fewer, answers)
        )
        if not len(more):
            return _SURER
        surer = more >= np.median(more)
        odds = [np.log(p / (1 - p)) for p in (np.clip(each[surer], 1e-6, 1 - 1e-6) for each in (less, more))]
        step = np.log(count / (count - 1)) / np.log((count - 1) / (count - 2))
        return max(0.0, float(step * (odds[1] - odds[0]).mean()))

    def _whole(
        self, answers: Sequence[FoldAnswers] = (), *, watch: Watch
    ) -> tuple[Classifier, Vectorizer | None]:
        """Fit the model that is written, on everything."""
        whole = self.prepared.splits.train
        vectorizer = vectorizer_for(self.backend, whole.texts, self.experiment)
        train = vectorized(whole, vectorizer)
        nothing = vectorized(take(whole, np.empty(0, np.intp)), vectorizer)
        classifier = self._built()
        before = set(getattr(classifier, "__dict__", ()))
        chosen = [each.chosen for each in answers if each.chosen is not None]
        with self.plugins.attribute_errors_to(self.backend):
            if chosen and isinstance(classifier, Refits):
                classifier.refit(train, chosen, seed=self.experiment.seed, watch=watch)
            else:
                classifier.fit(train, nothing, seed=self.experiment.seed, watch=watch)
        check_learned(classifier, before)
        return classifier, vectorizer

    def _judged(self, model: Model, folds: Folds, answers: list[FoldAnswers]) -> tuple[Model, OutOfFold]:
        """Calibrate with the answers of the folds, and fix the limits of scope."""
        rows = np.concatenate([np.flatnonzero(folds.fold_of == fold) for fold in range(len(answers))])
        order = np.argsort(rows, kind="stable")  # in the order of the corpus, whatever the folds
        rows = rows[order]
        part, fold_of = take(folds.whole, rows), folds.fold_of[rows]
        raw = np.concatenate([each.raw for each in answers])[order]
        measured = Measured(
            *(np.concatenate([getattr(each.measured, name) for each in answers])[order] for name in _MEASURES)
        )
        method = check_method(self.experiment.calibration)
        _check_order(raw, part.codes, self.backend.name)
        calibration = fit_calibration(raw, part.codes, method=method)
        scope = fit_scope(folds.whole.texts, measured, raw, false_alarms=self.experiment.false_alarms)
        model = replace(model, calibration=calibration, scope=scope)
        standing = None if scope is None else scope.standing_of(measured)
        held_out = HeldOut(
            part.codes,
            cross_fitted(calibration, raw, part.codes, fold_of),
            None if scope is None or standing is None else scope.familiarity(standing),
            None if scope is None or standing is None else scope.outside(standing, raw),
            part.groups,
        )
        prefix_scores = {}
        if all(each.prefixes is not None for each in answers):
            read = [each.prefixes for each in answers if each.prefixes is not None]
            prefixes = np.concatenate([each for _, each in read])[order]
            prefix_scores = {"folds": scores_from(model, part.texts, read[0][0], prefixes)}
        model = replace(model, held_out={"folds": held_out}, prefix_scores=prefix_scores)
        return model, OutOfFold(part, fold_of, raw, held_out)

    def _built(self) -> Classifier:
        classifier: Classifier = self.plugins.build(self.backend, dict(self.options))
        if self.folder is not None and isinstance(classifier, Resumes):
            classifier.keep_progress(self.folder)
        return classifier

    def _model(self, classifier: Classifier, vectorizer: Vectorizer | None, *, folds: int) -> Model:
        prepared, splits = self.prepared, self.prepared.splits
        modules = (*self.backend.requires, *(("tensorflow", "keras") if vectorizer else ()))
        trained: dict[str, Any] = {
            "corpus": prepared.dataset.name,
            "corpus_sha256": prepared.dataset.sha256,
            "columns": dict(prepared.dataset.columns),
            "documents": {name: len(part) for name, part in splits.parts.items()},
            "folds": folds,
            "learned": len(splits.train),
            "set_aside": dict(splits.set_aside),
            "seed": self.experiment.seed,
            "versions": versions(*modules),
        }
        if vectorizer is not None:
            cut = sum(len(tokens(text)) > vectorizer.max_length for text in splits.train.texts)
            trained["cut"] = {"max_length": vectorizer.max_length, "documents": cut}
        return Model(
            experiment=self.experiment,
            options=self.options,
            classes=prepared.labels.classes,
            cleaning=prepared.cleaning,
            classifier=classifier,
            vectorizer=vectorizer,
            trained=trained,
        )


def _ignored(_: Epoch) -> None:
    pass


_MEASURES = ("means", "lengths", "variances")


def _fingerprint(prepared: Prepared, experiment: Experiment, options: Mapping[str, Any]) -> str:
    """Return a name that differs wherever the result of a training may."""
    learned = {**experiment.to_json(), "options": dict(options)}
    for name in ("location", "columns", "policies", "queues", "rules"):
        del learned[name]
    digest = hashlib.sha256(json.dumps(learned, sort_keys=True, default=str).encode())
    digest.update(prepared.dataset.sha256.encode())
    for part in (prepared.splits.train, prepared.splits.tune):
        digest.update(part.rows.tobytes())
    return digest.hexdigest()[:16]


def _calibrated(classifier: Classifier, part: Part, backend: str, method: Method) -> Calibration:
    if not len(part):
        return Calibration(note=f"not calibrated: the {part_for(method)} part is empty")
    probabilities = checked(classifier.predict_proba(part.inputs), len(part), part.k, backend)
    if not np.isfinite(probabilities).all():
        raise Diverged(
            f"the backend {backend!r} answers with numbers that are not finite after training. "
            "Try a lower learning rate; the model is not kept"
        )
    _check_order(probabilities, part.codes, backend)
    return fit_calibration(probabilities, part.codes, method=method)


def _check_order(probabilities: NDArray[np.float64], codes: NDArray[np.int64], backend: str) -> None:
    if misplaced(probabilities, codes):
        raise PluginFailed(
            f"the backend {backend!r} gives its probabilities in another order than that of the classes: "
            "column i belongs to train.classes[i]; the model is not kept"
        )


def _scope(classifier: Classifier, train: Part, tune: Part, model: Model) -> Scope | None:
    """Learn what is in scope from the train part, with limits fixed on the tune part."""
    if not len(tune) or not model.experiment.false_alarms:
        return None
    raw = checked(classifier.predict_proba(tune.inputs), len(tune), tune.k, model.backend)
    return learn_scope(train.texts, tune.texts, raw, false_alarms=model.experiment.false_alarms)
