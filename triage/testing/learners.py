"""The backend under test: trained once for all laws, asked, saved and loaded again."""

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
from triage.errors import NotFitted
from triage.host.options import resolve
from triage.host.protocols import Classifier
from triage.models.model import Model, check_learned, predict_raw, save_model
from triage.records import Epoch, Part
from triage.testing import samples
from triage.testing.laws import LawBroken, hold
from triage.testing.subjects import Heard, Subject, fresh_process, listening, once

__all__ = ["SEED", "Lesson", "Trained", "rows_hold"]

SEED = 42
_CODES = {"C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "": {}}


@dataclass(frozen=True)
class Lesson:
    """One training and its results.

    Attributes:
        classifier: fitted.
        train: what it was fitted on, as it is afterwards.
        before: an equal part that the classifier was not given.
        epochs: as reported.
        heard: what was printed and logged meanwhile.
        drew: whether the global random state of Python or numpy changed.
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
        """The lookup of token ids, or None where the backend consumes texts."""
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
        if "lesson" in self.kept:
            _ = self.lesson  # where the first training failed, every law that trains again is skipped
        attributes = set(getattr(classifier, "__dict__", ()))
        states = random.getstate(), np.random.get_state()
        with listening() as heard:
            classifier.fit(train, self.part(tune, train.classes), seed=SEED, watch=epochs.append)
        after = random.getstate(), np.random.get_state()
        try:
            check_learned(classifier, attributes)
        except NotFitted as error:
            raise LawBroken(str(error)) from error
        drew = repr(states) != repr(after)
        return Lesson(classifier, train, before, tuple(epochs), heard, drew)

    def answers(self, classifier: Classifier, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of texts; skip the law where answers are known to have a wrong shape."""
        _ = self.has_right_shape
        return np.asarray(predict_raw(classifier, self.inputs(texts)))

    @once
    def has_right_shape(self) -> bool:
        """Whether two texts get two rows with a column for each class; raises LawBroken if not."""
        found = np.shape(predict_raw(self.lesson.classifier, self.inputs(self.texts[:2])))
        k = self.lesson.before.k
        hold(found == (2, k), f"the shape for 2 texts and {k} classes must be (2, {k}), got {found}")
        return True

    @once
    def lesson(self) -> Lesson:
        """The training that most laws look at: four classes, with a tune part."""
        return self.learn(samples.complaints())

    @once
    def texts(self) -> list[str]:
        """Texts that were not in the training part, sorted."""
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
        """A temporary folder that is removed with the subject."""
        folder = tempfile.mkdtemp(prefix="triage-check-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    @once
    def bundle(self) -> Path:
        """The classifier, saved as `triage train` saves it."""
        _ = self.has_right_shape
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
    """Check that `found` is n rows of k probabilities; its messages never quote a text."""
    found = np.asarray(found)
    hold(
        found.shape == (n, k),
        f"the shape for {n} texts and {k} classes must be ({n}, {k}), got {found.shape}",
    )
    hold(
        np.isfinite(found).all(),
        f"{int((~np.isfinite(found)).sum())} of {found.size} values are NaN or infinite",
    )
    hold((found >= 0).all(), f"probabilities must be at least 0, the lowest is {found.min(initial=0):.3g}")
    off = np.abs(found.sum(axis=1) - 1).max(initial=0)
    hold(off <= 1e-6, f"each row must sum to 1; one is off by {off:.3g}")
