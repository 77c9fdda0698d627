"""Any backend as a scikit-learn classifier of texts."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin  # noqa: TID253 - a base class cannot be imported later
from sklearn.utils.multiclass import check_classification_targets, type_of_target  # noqa: TID253
from sklearn.utils.validation import check_is_fitted, column_or_1d  # noqa: TID253

from triage.config import Experiment
from triage.data.cleaning import build_cleaning
from triage.data.defaults import cleaning_steps
from triage.data.duplicates import near_duplicates
from triage.data.frames import list_of_texts
from triage.data.vocabulary import learn_vocabulary
from triage.host.extensions import Backend
from triage.host.manager import Plugins
from triage.host.options import resolve
from triage.models.model import checked, predict_raw, restore, state_of
from triage.records import Part

__all__ = ["TriageClassifier"]


class TriageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # sklearn has no types
    """A backend of triage as a scikit-learn classifier: for pipelines, grid searches and cross-validation.

    Texts are cleaned as the backend asks. Probabilities are the backend's own: wrap the classifier in
    `sklearn.calibration.CalibratedClassifierCV`, or use `triage.train`, for calibrated ones and for promises.
    A fitted classifier can be pickled where the backend is installed.

    Args:
        backend: a backend's name, see `triage plugins`.
        seed: of the training.
        options: of the backend, such as `max_features=50_000`; a grid search sets them by name.

    Attributes:
        classes_: shape (k,), sorted: column i of `predict_proba` belongs to `classes_[i]`.

    >>> from triage.sklearn import TriageClassifier
    >>> texts = ["card blocked", "new card please", "loan too high", "loan paid late"] * 5
    >>> classifier = TriageClassifier("naive-bayes").fit(texts, ["cards", "cards", "loans", "loans"] * 5)
    >>> classifier.predict(["my card", "my loan"]).tolist()
    ['cards', 'loans']
    >>> classifier.predict_proba(["my card"]).shape
    (1, 2)
    """

    def __init__(self, backend: str = "", *, seed: int = 42, **options: Any) -> None:
        self.backend = backend
        self.seed = seed
        for name, value in options.items():
            setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 - scikit-learn's signature
        """Return the backend's name, the seed and the options of the backend that were set."""
        return {**super().get_params(deep=deep), **self._options()}

    def set_params(self, **params: Any) -> TriageClassifier:
        """Set parameters and options of the backend; an unknown option is an error of `fit`."""
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def fit(self, X: Iterable[str], y: Any) -> TriageClassifier:  # noqa: N803 - scikit-learn's name
        """Learn from n texts and their labels.

        Args:
            X: n texts: a list, an array or a Series of str.
            y: shape (n,): the labels, of any type that can be sorted.

        Raises:
            TypeError: `X` is not a list of texts.
            ValueError: no text, another number of labels than of texts, or a single class.
            UnknownName, BadOption, Unavailable: a backend or an option that does not exist.
        """
        texts, targets = list_of_texts(X), self._targets(y)
        if len(texts) != len(targets):
            raise ValueError(
                f"X and y must have the same length, got {len(texts)} texts and {len(targets)} labels"
            )
        self.classes_, codes = np.unique(targets, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least two classes, got {len(self.classes_)} class")
        plugins, experiment = Plugins.discover(), Experiment(backend=self.backend)
        backend = plugins.backend(self.backend or plugins.role(Backend, "default"))
        options = resolve(backend.build, self._options(), owner=backend.name)
        self.cleaning_ = build_cleaning(plugins, cleaning_steps(experiment, (), plugins))
        cleaned = tuple(self.cleaning_.apply(texts))
        train = Part(
            texts=cleaned,
            codes=codes.astype(np.int64),
            classes=tuple(str(name) for name in self.classes_),
            rows=np.arange(len(texts)),
            groups=near_duplicates(texts),
        )
        self.vectorizer_ = None
        if backend.consumes == "sequences":
            self.vectorizer_ = learn_vocabulary(
                cleaned, max_tokens=experiment.max_tokens, max_length=experiment.max_length
            )
            sequences = self.vectorizer_(cleaned)
            train = replace(train, sequences=sequences, vocabulary=self.vectorizer_.vocabulary)
        self.classifier_ = plugins.build(backend, options)
        with plugins.attribute_errors_to(backend):
            self.classifier_.fit(train, _empty(train), seed=self.seed, watch=lambda _: None)
        return self

    def predict_proba(self, X: Iterable[str]) -> NDArray[np.float64]:  # noqa: N803
        """Return shape (n, k): the probability of each class for n texts; errors as in `fit`."""
        check_is_fitted(self, "classes_")
        cleaned = self.cleaning_.apply(list_of_texts(X))
        if not cleaned:
            return np.empty((0, len(self.classes_)))
        inputs = cleaned if self.vectorizer_ is None else self.vectorizer_(cleaned)
        return checked(predict_raw(self.classifier_, inputs), len(cleaned), len(self.classes_), self.backend)

    def predict(self, X: Iterable[str]) -> NDArray[Any]:  # noqa: N803
        """Return shape (n,): the likeliest class of each text; errors as in `fit`."""
        probabilities = self.predict_proba(X)
        found: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return found

    def _options(self) -> dict[str, Any]:
        own = set(inspect.signature(type(self).__init__).parameters)
        return {
            name: value
            for name, value in vars(self).items()
            if name not in own and not name.endswith("_") and not name.startswith("_")
        }

    def _targets(self, y: Any) -> NDArray[Any]:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        if type_of_target(y, input_name="y") == "unknown":
            y = np.asarray([str(label) for label in y])
        check_classification_targets(y)
        targets: NDArray[Any] = column_or_1d(y, warn=True)
        return targets

    def __getstate__(self) -> dict[str, Any]:
        """Return what was learned as arrays and options: the parts of a backend need not be picklable."""
        state = dict(super().__getstate__())
        if "classifier_" in state:
            state["classifier_"] = state_of(state["classifier_"])
            state["cleaning_"] = self.cleaning_.steps
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Build the backend and the cleaning again and give them what was learned."""
        super().__setstate__(state)
        if "classifier_" in state:
            plugins = Plugins.discover()
            backend = plugins.backend(self.backend or plugins.role(Backend, "default"))
            learned = state["classifier_"]
            self.classifier_ = plugins.build(
                backend, resolve(backend.build, self._options(), owner=backend.name)
            )
            restore(self.classifier_, learned)
            self.cleaning_ = build_cleaning(plugins, state["cleaning_"])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


def _empty(part: Part) -> Part:
    """Return a part like `part` without documents: nothing is kept back to stop the training on."""
    sequences: list[NDArray[np.int32]] | None = None if part.sequences is None else []
    return replace(
        part, texts=(), codes=part.codes[:0], rows=part.rows[:0], groups=part.groups[:0], sequences=sequences
    )
