"""Out-of-fold answers: what models say about documents that they, and their families, were not fitted on.

Each document is in one fold; the model of a fold is fitted on all other folds. A fold depends on nothing but its
documents, the experiment and the seed, so its answers are the same in whatever process it is fitted, and those of a
training that was stopped are read again.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triage.config import Experiment
from triage.data.splitting import split_stratified
from triage.data.vocabulary import Vectorizer, learn_vocabulary
from triage.errors import Diverged, TriageError, Unavailable
from triage.host.extensions import Backend, Engine
from triage.host.manager import Plugins
from triage.host.protocols import Refits, Resumes, Watch
from triage.models.model import checked, predict_raw
from triage.models.prefix_scores import read_prefixes
from triage.records import Part
from triage.stats.out_of_scope import Measured, measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FoldAnswers",
    "FoldFailed",
    "Folds",
    "cores",
    "fit_fold",
    "fold_task",
    "run_folds",
    "take",
    "vectorized",
    "vectorizer_for",
]

_MIN_DOCUMENTS = 3  # a token in fewer may be somebody's name, and a vocabulary is stored
_TUNE = 0.1  # of what a fold's model is fitted on, for backends that choose their number of epochs


@dataclass(frozen=True)
class Folds:
    """What the model of each fold is fitted on.

    Attributes:
        whole: all documents.
        fold_of: shape (n,): the fold of each, from 0; -1 for a document that is in none and always learned from.
        experiment: names the backend, its options and the seed.
        tuned: whether a tenth of the documents that a fold's model is fitted on is its tune part.
    """

    whole: Part
    fold_of: NDArray[np.int64]
    experiment: Experiment
    tuned: bool = False

    @property
    def count(self) -> int:
        """The number of folds."""
        return int(self.fold_of.max()) + 1


@dataclass(frozen=True)
class FoldAnswers:
    """What the model of one fold says about the documents in it.

    Attributes:
        raw: shape (m, k): the classifier's own probabilities; 0 for a class that it never saw.
        measured: how familiar the m texts are, by the characters of the texts that it was fitted on.
        prefixes: what `read_prefixes` returns, or None.
        chosen: what the classifier chose on its tune part (see `triage.host.protocols.Refits`), or None.
    """

    raw: NDArray[np.float64]
    measured: Measured
    prefixes: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
    chosen: Mapping[str, Any] | None = None

    def to_bytes(self) -> bytes:
        """Return what `from_bytes` takes."""
        import safetensors.numpy

        arrays = {"raw": self.raw, **vars(self.measured)}
        if self.prefixes is not None:
            arrays |= {"lengths_read": self.prefixes[0], "prefixes": self.prefixes[1]}
        arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        return bytes(safetensors.numpy.save(arrays, metadata={"chosen": json.dumps(self.chosen)}))

    @classmethod
    def from_bytes(cls, data: bytes) -> FoldAnswers:
        """Take back what `to_bytes` returned.

        Raises:
            ValueError, KeyError: it is damaged.
        """
        import safetensors.numpy

        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        arrays = safetensors.numpy.load(data)
        prefixes = (arrays["lengths_read"], arrays["prefixes"]) if "prefixes" in arrays else None
        measured = Measured(*(arrays[name] for name in ("means", "lengths", "variances")))
        return cls(arrays["raw"], measured, prefixes, json.loads(header["__metadata__"]["chosen"]))


def run_folds(
    folds: Folds,
    plugins: Plugins,
    *,
    numbers: Sequence[int] | None = None,
    folder: Path | None = None,
    workers: int = 1,
    watch: Watch = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[FoldAnswers]:
    """Fit the model of each fold and return what it says about the documents in it.

    Args:
        folds: which documents are in which fold.
        plugins: where the backend is looked up.
        numbers: of the folds to do; None for all.
        folder: where answers are kept, and read again after a training that was stopped; None for nowhere.
        workers: how many processes fit folds side by side; 1 for this process alone.
        watch: told of the epochs of folds that are fitted in this process.
        tell: told in words when a fold is done.

    Raises:
        Diverged: a probability is not finite.
        PluginFailed: the backend raised, or broke its contract.
    """
    asked = list(range(folds.count)) if numbers is None else list(numbers)
    found = {number: kept for number in asked if (kept := _kept(folder, number)) is not None}
    waiting = [number for number in asked if number not in found]

    def done(number: int, answers: FoldAnswers) -> None:
        found[number] = answers
        if folder is not None:
            _keep(folder, number, answers)
        tell(f"fold {len(found)} of {len(asked)} is done")

    workers = min(workers, len(waiting))
    if workers > 1 and _found_again(plugins, folds.experiment.backend):
        for number, answers in _in_workers(folds, plugins, waiting, workers=workers, folder=folder):
            done(number, answers)
    else:
        for number in waiting:
            with _one_thread():
                done(number, fit_fold(folds, number, plugins, folder=folder, watch=watch))
    return [found[number] for number in asked]


def fit_fold(
    folds: Folds, number: int, plugins: Plugins, *, folder: Path | None = None, watch: Watch = lambda _: None
) -> FoldAnswers:
    """Fit the model of one fold and return what it says about the documents in it.

    A class whose documents are all in this fold is unknown to its model, which gives it the probability 0.
    """
    experiment, whole = folds.experiment, folds.whole
    backend = plugins.backend(experiment.backend)
    inside, outside = np.flatnonzero(folds.fold_of == number), np.flatnonzero(folds.fold_of != number)
    learned, judged = take(whole, outside), take(whole, inside)
    measured = measure(learned.texts if experiment.false_alarms else (), judged.texts)
    known, codes = np.unique(learned.codes, return_inverse=True)
    raw = np.zeros((len(judged), whole.k))
    if len(known) < 2:
        raw[:, known] = 1.0
        return FoldAnswers(raw, measured)
    learned = replace(
        learned, codes=codes.astype(np.int64), classes=tuple(whole.classes[code] for code in known)
    )
    train, tune = learned, take(learned, outside[:0])
    if folds.tuned:
        apart = split_stratified(
            learned.codes, learned.groups, seed=experiment.seed, shares=(1 - _TUNE, _TUNE)
        )
        train, tune = (take(learned, np.flatnonzero(apart == part)) for part in (0, 1))
    vectorizer = vectorizer_for(backend, train.texts, experiment)
    train, tune = vectorized(train, vectorizer), vectorized(tune, vectorizer)
    classifier = plugins.build(backend, dict(experiment.options))
    if folder is not None and isinstance(classifier, Resumes):
        classifier.keep_progress(folder / f"fold-{number}")
    with plugins.attribute_errors_to(backend):
        classifier.fit(train, tune, seed=experiment.seed, watch=watch)
        inputs = vectorized(judged, vectorizer).inputs
        answers = predict_raw(classifier, inputs) if len(judged) else np.empty((0, len(known)))
        raw[:, known] = checked(answers, len(judged), len(known), backend.name)
        prefixes = read_prefixes(classifier, vectorizer, judged.texts, k=len(known))
        chosen = dict(classifier.chosen()) if folds.tuned and isinstance(classifier, Refits) else None
    if not np.isfinite(raw).all():
        raise Diverged(
            f"the backend {backend.name!r} answers with numbers that are not finite after training. "
            "Try a lower learning rate; the model is not kept"
        )
    if prefixes is not None:
        spread = np.full((*prefixes[1].shape[:2], whole.k), 0.0)
        spread[np.isnan(prefixes[1]).any(axis=2)] = np.nan
        spread[..., known] = prefixes[1]
        prefixes = prefixes[0], spread
    return FoldAnswers(raw, measured, prefixes, chosen)


def take(part: Part, rows: NDArray[np.intp]) -> Part:
    """Return the documents of `part` at these positions, without their sequences."""
    return replace(
        part,
        texts=tuple(part.texts[row] for row in rows.tolist()),
        codes=part.codes[rows],
        rows=part.rows[rows] if len(part.rows) else part.rows,
        groups=part.groups[rows] if len(part.groups) else part.groups,
        sequences=None,
        vocabulary=(),
    )


def vectorizer_for(backend: Backend, texts: Sequence[str], experiment: Experiment) -> Vectorizer | None:
    """Return the vocabulary of `texts`, for a backend that consumes sequences; else None."""
    if backend.consumes != "sequences":
        return None
    return learn_vocabulary(
        texts,
        max_tokens=experiment.max_tokens,
        max_length=experiment.max_length,
        min_documents=_MIN_DOCUMENTS,
        digits=experiment.digits,
    )


def vectorized(part: Part, vectorizer: Vectorizer | None) -> Part:
    """Return `part` with its sequences, where the backend consumes them."""
    if vectorizer is None:
        return part
    return replace(part, sequences=vectorizer(part.texts), vocabulary=vectorizer.vocabulary)


def fold_task(payload: Mapping[str, Any]) -> str:
    """Fit one fold in a worker process; what is taken and returned can be JSON."""
    codes, groups = (np.asarray(payload[name], dtype=np.int64) for name in ("codes", "groups"))
    whole = Part(tuple(payload["texts"]), codes, tuple(payload["classes"]), groups=groups)
    experiment = Experiment.from_json(payload["experiment"])
    fold_of = np.asarray(payload["fold_of"], dtype=np.int64)
    folder = None if payload["folder"] is None else Path(payload["folder"])
    folds = Folds(whole, fold_of, experiment, tuned=payload["tuned"])
    with _one_thread():
        answers = fit_fold(folds, payload["number"], Plugins.discover(), folder=folder)
    return base64.b64encode(answers.to_bytes()).decode("ascii")


def _in_workers(
    folds: Folds, plugins: Plugins, numbers: Sequence[int], *, workers: int, folder: Path | None
) -> Iterator[tuple[int, FoldAnswers]]:
    """Yield the answers of folds as they come, from worker processes."""
    whole = folds.whole
    payload = {
        "texts": list(whole.texts),
        "codes": whole.codes.tolist(),
        "groups": whole.groups.tolist(),
        "classes": list(whole.classes),
        "fold_of": folds.fold_of.tolist(),
        "experiment": folds.experiment.to_json(),
        "tuned": folds.tuned,
        "folder": None if folder is None else str(folder),
    }
    waiting = list(numbers)
    engine = plugins.extension(Engine, plugins.role(Engine, "default"))
    with plugins.build(engine, {"workers": workers}) as started:

        def submit() -> None:
            number = waiting.pop(0)
            started.submit(number, "triage.models.folds:fold_task", {**payload, "number": number})

        for _ in range(workers):
            submit()
        for _ in numbers:
            result = started.next()
            if waiting:
                submit()
            if result.died or result.error:
                raise FoldFailed(result.number, result.error, result.exit_code)
            yield result.number, FoldAnswers.from_bytes(base64.b64decode(result.value))


class FoldFailed(TriageError):
    """The worker process of a fold ended without an answer; it carries the exit code of what stopped it."""

    def __init__(self, number: int, error: str | None, exit_code: int | None) -> None:
        super().__init__(
            error or f"the process that fitted fold {number + 1} ended; try again with --folds 0"
        )
        self.exit_code = exit_code or 70


def _found_again(plugins: Plugins, backend: str) -> bool:
    """Return whether a worker process finds the backend too: it knows what is installed, and nothing else."""
    try:
        plugins.role(Engine, "default")
    except Unavailable:
        return False
    return bool(plugins.get(Backend, backend).origin.distribution)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Fit with one BLAS thread, as a worker process does, so that both come to the same bits."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(1, user_api="blas"):
        yield


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _kept(folder: Path | None, number: int) -> FoldAnswers | None:
    """Return the answers that a training that was stopped kept, or None."""
    from triage.io.text_tables import read_whole

    path = None if folder is None else folder / f"fold-{number}.safetensors"
    if path is None or not path.is_file():
        return None
    try:
        return FoldAnswers.from_bytes(read_whole(path, most=1 << 34))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the fold is done again
        return None


def _keep(folder: Path, number: int, answers: FoldAnswers) -> None:
    from triage.io.files import write_file

    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / f"fold-{number}.safetensors", answers.to_bytes())
