"""What is trained once and shared by the laws of a backend."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.config import Experiment
from triage.data.cleaning import Cleaning
from triage.host.options import resolve
from triage.host.protocols import Classifier
from triage.models.model import Model, predict_raw, save_model
from triage.records import Epoch, Part
from triage.testing import samples
from triage.testing.laws import hold
from triage.testing.subjects import Heard, Subject, fresh_process, listening, once

__all__ = ["SEED", "Lesson", "Trained", "rows_hold"]

SEED = 42
_CODES = {"C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "": {}}


@dataclass(frozen=True)
class Lesson:
    """One training and what it left behind.

    Attributes:
        classifier: fitted.
        train: what it was fitted on, as it is afterwards.
        before: an equal part that nobody was given.
        epochs: as reported.
        heard: what was said meanwhile.
        drew: whether the global random state of Python or numpy is another than before.
    """

    classifier: Classifier
    train: Part
    before: Part
    epochs: tuple[Epoch, ...]
    heard: Heard
    drew: bool


class Trained(Subject):
    """A backend under test."""

    @once
    def vectorizer(self) -> Any:
        """The look-up of token ids, or None where it consumes texts."""
        return samples.vectorizer() if self.extension.consumes == "sequences" else None

    def inputs(self, texts: Sequence[str]) -> Any:
        """Return what the backend consumes for texts."""
        return list(texts) if self.vectorizer is None else self.vectorizer(texts)

    def part(self, rows: Sequence[tuple[str, str]], classes: Sequence[str] = ()) -> Part:
        """Return a new part of pairs."""
        return samples.part(rows, classes, vectorizer=self.vectorizer)

    def learn(
        self,
        rows: Sequence[tuple[str, str]],
        classes: Sequence[str] = (),
        *,
        tune: Sequence[tuple[str, str]] | None = None,
        classifier: Classifier | None = None,
    ) -> Lesson:
        """Fit a new classifier, or `classifier` again, on pairs."""
        train, before = self.part(rows, classes), self.part(rows, classes)
        if tune is None:
            tune = samples.complaints(seed=2)[::4]
        tune = [row for row in tune if row[1] in train.classes]
        epochs: list[Epoch] = []
        classifier = classifier or self.make()
        states = random.getstate(), np.random.get_state()
        with listening() as heard:
            classifier.fit(train, self.part(tune, train.classes), seed=SEED, watch=epochs.append)
        after = random.getstate(), np.random.get_state()
        drew = repr(states) != repr(after)
        return Lesson(classifier, train, before, tuple(epochs), heard, drew)

    def answers(self, classifier: Classifier, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of texts."""
        return np.asarray(predict_raw(classifier, self.inputs(texts)))

    @once
    def lesson(self) -> Lesson:
        """The training that most laws look at: four classes, with a tune part."""
        return self.learn(samples.complaints())

    @once
    def texts(self) -> list[str]:
        """Texts that it was not trained on, sorted."""
        return samples.texts_of(samples.fresh_texts())

    @once
    def given(self) -> NDArray[np.float64]:
        """Its answers to `texts`."""
        return self.answers(self.lesson.classifier, self.texts)

    @once
    def second(self) -> Lesson:
        """The same training with the same seed, once more."""
        return self.learn(samples.complaints())

    @once
    def again(self) -> NDArray[np.float64]:
        """The answers to `texts` of a second training with the same seed."""
        return self.answers(self.second.classifier, self.texts)

    @once
    def two(self) -> tuple[Classifier, NDArray[np.float64]]:
        """A classifier of two classes, and its answers to `texts`."""
        classifier = self.learn(samples.complaints(2, each=10, seed=3)).classifier
        return classifier, self.answers(classifier, self.texts)

    @once
    def folder(self) -> Path:
        """A folder that goes when the subject does."""
        folder = tempfile.mkdtemp(prefix="triage-check-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    @once
    def bundle(self) -> Path:
        """The classifier, saved as `triage train` saves it."""
        path: Path = self.folder / "model"
        name, vectorizer = self.extension.name, self.vectorizer
        model = Model(
            experiment=Experiment(backend=name),
            options=resolve(self.extension.build, self.options, owner=name),
            classes=self.lesson.before.classes,
            cleaning=Cleaning(),
            classifier=self.lesson.classifier,
            vectorizer=vectorizer,
        )
        save_model(str(path), model)
        return path

    @once
    def reloaded(self) -> NDArray[np.float64]:
        """The answers to `texts` of the saved classifier in a fresh process."""
        return self._reload("")

    @once
    def reloaded_elsewhere(self) -> NDArray[np.float64]:
        """The same in a process whose locale is C and whose default encoding is ASCII."""
        return self._reload("C")

    def _reload(self, locale: str) -> NDArray[np.float64]:
        given = {"module": self.host.name, "model": str(self.bundle), "texts": self.texts}
        said = fresh_process(
            ["-m", "triage.testing.reload"], given=json.dumps(given), environment=_CODES[locale]
        )
        return np.array(json.loads(said.splitlines()[-1]))


def rows_hold(found: Any, n: int, k: int) -> None:
    """Check that `found` is n rows of k probabilities; says nothing about what they are of."""
    found = np.asarray(found)
    hold(found.shape == (n, k), f"shape {found.shape} for {n} texts and {k} classes")
    finite = np.isfinite(found).all()
    hold(finite and (found >= 0).all(), "numbers that are no probabilities")
    hold(not n or np.abs(found.sum(axis=1) - 1).max() <= 1e-6, "rows that do not sum to 1")
