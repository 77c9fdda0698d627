"""A trained model: the same cleaning, classifier and calibration at training and at routing."""

from __future__ import annotations

import copy
import os
import platform
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.config import Experiment
from triage.data.cleaning import Cleaning, build_cleaning
from triage.data.frames import list_of_texts
from triage.data.vocabulary import Vectorizer
from triage.errors import BadOption, NotFitted, PluginFailed, Refused, Unavailable, UnknownName, UsageError
from triage.host.guard import aside, name_of_error
from triage.host.manager import Plugins
from triage.host.protocols import Classifier, Explains, Remembers
from triage.io.files import quote_path
from triage.models import bundle
from triage.models.held_out import HeldOut, PrefixScores
from triage.records import Document, Prediction
from triage.stats.calibration import Calibration
from triage.stats.out_of_scope import Scope

__all__ = ["Model", "check_learned", "load_model", "predict_raw", "save_model", "state_of", "versions"]

# What a model must answer on loading, or it is refused. Written for this purpose; no real complaints.
GOLDEN_TEXTS = (
    "my card was charged twice and nobody answers the phone",
    "the loan payment was not applied to the balance",
    "great service, not a single problem",
    "account closed without notice",
    "qwertz uiop",
)
_HELD_OUT = "held_out"
_SCOPE = "scope"
_PREFIX_SCORES = "looks"  # its name in schema 1


@dataclass(frozen=True)
class Model:
    """A classifier with all that stands before and after it.

    Attributes:
        experiment: what it was trained with.
        options: the backend's options, resolved.
        classes: the k class names, in column order.
        cleaning: the steps that every text goes through first.
        classifier: fitted.
        calibration: fitted on answers about documents that the classifier that gave them was not fitted on.
        scope: what texts in scope look like, or None for no such guard.
        vectorizer: from clean texts to token ids, for backends that consume sequences; else None.
        held_out: what was said about documents by models that were not fitted on them, by name: "folds" holds the
            out-of-fold answers, "tune", "calibrate" and "test" what this model says about such a part. Promises are
            proven with this.
        prefix_scores: what it says about them while they are read, by name, where it keeps its place in a text.
        extra: further records that are kept with the model, such as a certificate, by name.
        trained: facts about the training: corpus, digest, counts, versions.
        sha256: of the bundle's manifest; "" before it is saved.
        path: the directory that it was saved to or loaded from; "" before.

    A model can be handed to another process: a pickle of it holds its path and its digest, and loading that
    reads the model again. One that was not saved cannot be pickled.
    """

    experiment: Experiment
    options: Mapping[str, Any]
    classes: tuple[str, ...]
    cleaning: Cleaning
    classifier: Classifier
    calibration: Calibration = field(default_factory=Calibration)
    scope: Scope | None = None
    vectorizer: Vectorizer | None = None
    held_out: Mapping[str, HeldOut] = field(default_factory=dict)
    prefix_scores: Mapping[str, PrefixScores] = field(default_factory=dict)
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trained: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    path: str = field(default="", compare=False)

    def __repr__(self) -> str:
        """Return the backend, the number of classes and the digest, on one line."""
        saved = f"sha256={self.sha256[:12]!r}" if self.sha256 else "not saved"
        return f"Model(backend={self.backend!r}, classes={len(self.classes)}, {saved})"

    def _repr_html_(self) -> str:
        """Return a small table, for notebooks."""
        from triage.io.html import element

        facts = {
            "backend": self.backend,
            "classes": ", ".join(self.classes[:12]) + (" …" if len(self.classes) > 12 else ""),
            "corpus": str(self.trained.get("corpus", "")),
            "documents": f"{self.trained.get('documents', {}).get('train', 0):,}",
            "sha256": self.sha256[:12] or "not saved",
        }
        rows = (element("tr", element("th", name), element("td", value)) for name, value in facts.items())
        return str(element("table", rows))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as path and digest.

        Raises:
            TypeError: the model was not saved, or was changed since.
        """
        if not self.sha256 or not self.path:
            raise TypeError(
                "a model must be saved before it can be handed to another process: call model.save(path) and "
                "pass on what that returns, or pass the path and call triage.load_model(path) there"
            )
        return _load_same, (self.path, self.sha256)

    def __copy__(self) -> Model:
        return replace(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        return Model(**{each.name: copy.deepcopy(getattr(self, each.name), memo) for each in fields(self)})

    def save(self, path: str | os.PathLike[str]) -> Model:
        """Write the model to the directory `path`, atomically, and return it with its path and digest.

        Raises:
            CannotWrite: `path` cannot be written; what was there before is unchanged.
            PluginFailed: the backend learned something that cannot be saved.
        """
        return save_model(os.fspath(path), self)

    @property
    def backend(self) -> str:
        """The backend's name."""
        return self.experiment.backend

    @property
    def queues(self) -> dict[str, str]:
        """The queue of every class."""
        return {label: self.experiment.queues.get(label, label) for label in self.classes}

    def inputs(self, cleaned: Sequence[str]) -> Sequence[Any]:
        """Return what the classifier consumes for texts that are clean: the texts, or their token ids."""
        return cleaned if self.vectorizer is None else self.vectorizer(cleaned)

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (len(texts), k), for texts as they were written.

        Column i belongs to `classes[i]`; each row sums to 1.

        Raises:
            TypeError: `texts` is not a list of str.
            PluginFailed: the classifier returned something else than n rows of k numbers.
        """
        return self.predict_cleaned(self.cleaning.apply(list_of_texts(texts)))

    def predict_cleaned(self, cleaned: Sequence[str]) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n, k), for texts that are clean.

        Raises:
            PluginFailed: the classifier returned something else than n rows of k numbers.
        """
        raw = self.predict_raw(cleaned)
        return self.calibration.apply(raw)

    def predict_raw(self, cleaned: Sequence[str]) -> NDArray[np.float64]:
        """Return the classifier's own probabilities, shape (n, k); errors as in `predict_cleaned`."""
        if not len(cleaned):
            return np.empty((0, len(self.classes)))
        found = predict_raw(self.classifier, self.inputs(cleaned))
        return checked(found, len(cleaned), len(self.classes), self.backend)

    def predict(self, documents: Sequence[Document] | Sequence[str]) -> Prediction:
        """Return what the model says about documents or texts, before anything is decided.

        `labels` of the result holds the likeliest label of each, `probabilities` those of all classes.

        Raises:
            TypeError: a str, a DataFrame or a mapping instead of a list.
        """
        if not (
            isinstance(documents, list | tuple) and all(isinstance(each, Document) for each in documents)
        ):
            documents = [Document(row, text) for row, text in enumerate(list_of_texts(documents), start=1)]
        read = [each for each in documents if isinstance(each, Document)]
        return self.prediction(read, self.cleaning.apply([document.text for document in read]))

    def prediction(
        self,
        documents: Sequence[Document],
        cleaned: Sequence[str],
        *,
        raw: NDArray[np.float64] | None = None,
    ) -> Prediction:
        """Return what the model says about documents whose texts are clean already.

        Args:
            documents: n documents as they were read.
            cleaned: their texts, clean.
            raw: what `predict_raw` says of them, where that is known.
        """
        raw = self.predict_raw(cleaned) if raw is None else raw
        calibrated = self.calibration.apply(raw)
        return Prediction(
            documents, cleaned, calibrated, self.classes, self.queues, *self.scope_of(cleaned, raw)
        )

    def scope_of(
        self, cleaned: Sequence[str], raw: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_] | None]:
        """Return how familiar n clean texts are and whether each is out of scope; None without a guard."""
        if self.scope is None:
            return None, None
        standing = self.scope.standing(cleaned)
        return self.scope.familiarity(standing), self.scope.outside(standing, raw)

    def explain(self, texts: Sequence[str], *, max_terms: int = 6) -> list[list[tuple[str, float]]]:
        """Return the terms that speak for the likeliest label of each text, with their weights, largest first.

        A list is empty where the backend cannot say.

        Raises:
            TypeError: `texts` is not a list of str.
        """
        cleaned = self.cleaning.apply(list_of_texts(texts))
        codes = self.predict_cleaned(cleaned).argmax(axis=1).tolist()
        return self.explain_cleaned(cleaned, codes, max_terms=max_terms)

    def explain_cleaned(
        self, cleaned: Sequence[str], codes: Sequence[int], *, max_terms: int = 6
    ) -> list[list[tuple[str, float]]]:
        """Return the terms that speak for class `codes[i]` in each clean text; [] where it cannot say."""
        if not isinstance(self.classifier, Explains) or not len(cleaned):
            return [[] for _ in cleaned]
        explained = self.classifier.explain(self.inputs(cleaned), codes, most=max_terms)
        if self.vectorizer is None:
            return explained
        vocabulary = self.vectorizer.vocabulary
        return [[(vocabulary[token], weight) for token, weight in terms] for terms in explained]


def checked(probabilities: Any, n: int, k: int, backend: str) -> NDArray[np.float64]:
    """Return `probabilities` as float64, or say which backend broke its contract.

    Numbers that are not finite pass: they are a verdict on the document or on the training, made later.

    Raises:
        PluginFailed: the shape is not (n, k), or finite rows are negative or do not sum to 1.
    """
    found = np.asarray(probabilities, dtype=np.float64)
    if found.shape != (n, k):
        raise PluginFailed(
            f"the backend {backend!r} returned shape {found.shape} for {n} texts and {k} classes"
        )
    rows = found[np.isfinite(found).all(axis=1)]
    if len(rows) and (rows.min() < -1e-9 or np.abs(rows.sum(axis=1) - 1).max() > 1e-4):
        raise PluginFailed(f"the backend {backend!r} returned rows that are not probabilities")
    return found


def state_of(classifier: Classifier) -> dict[str, Any]:
    """Return what a bundle saves of a classifier: what it says, or its attributes that end in `_`.

    Raises:
        NotFitted: there is nothing to save.
    """
    if isinstance(classifier, Remembers):
        return dict(classifier.get_state())
    state = _learned(classifier)
    if not state:
        raise NotFitted(f"{type(classifier).__name__} has no attribute that ends in '_': fit it first")
    return state


def predict_raw(classifier: Classifier, inputs: Sequence[Any]) -> NDArray[np.float64]:
    """Return what a classifier says, unchecked; one that learned nothing yet need not notice it itself.

    Raises:
        NotFitted: before `fit`.
    """
    if not isinstance(classifier, Remembers) and not _learned(classifier):
        raise NotFitted(f"{type(classifier).__name__} has not been fitted: call fit first, or load a model")
    with (
        aside(),
        np.errstate(all="ignore"),
    ):  # what is not finite is found in the answer, and judged by document
        try:
            return classifier.predict_proba(inputs)
        except SystemExit as error:
            raise PluginFailed(f"{type(classifier).__name__} failed with {name_of_error(error)}") from None


def check_learned(classifier: Classifier, before: Collection[str]) -> None:
    """Check that `fit` stored what it learned where a model can find and save it.

    Args:
        classifier: after its `fit`.
        before: the names of its attributes before `fit`.

    Raises:
        NotFitted: `fit` set no attribute whose name ends in `_`, and there is no `get_state`.
    """
    if isinstance(classifier, Remembers) or _learned(classifier):
        return
    found = sorted(set(vars(classifier)) - set(before))
    names = ", ".join(found) or "no new attribute"
    public = [name for name in found if not name.startswith("_")]
    it = "it" if len(found) == 1 else "".join(public[:1])
    rename = f"Rename {it} to {public[0]}_" if public else "Store what is learned in such attributes"
    raise NotFitted(f"fit set no attribute ending in '_'; found: {names}. {rename}")


def _learned(classifier: Classifier) -> dict[str, Any]:
    """The attributes that end in `_`: all that was learned, by the contract."""
    return {
        name: value
        for name, value in vars(classifier).items()
        if name.endswith("_") and not name.startswith("_")
    }


def save_model(path: str, model: Model, *, held: bundle.Lock | None = None) -> Model:
    """Write the model to `path`, atomically, and return it with its digest.

    Raises:
        CannotWrite: the bundle cannot be written; what stood at `path` still stands.
        PluginFailed: the backend's state holds something that is neither an array, nor bytes, nor JSON.
    """
    probabilities = model.predict_proba(GOLDEN_TEXTS)
    state = state_of(model.classifier)
    if model.vectorizer is not None:
        state["vocabulary_"] = list(model.vectorizer.vocabulary)
    state[_HELD_OUT] = {name: vars(part) for name, part in model.held_out.items()}
    if model.prefix_scores:
        state[_PREFIX_SCORES] = {name: vars(part) for name, part in model.prefix_scores.items()}
    if model.scope is not None:
        state[_SCOPE] = model.scope.to_state()
    written = bundle.Bundle(
        model={
            "backend": model.backend,
            "options": dict(model.options),
            "classes": list(model.classes),
            "cleaning": [[name, dict(options)] for name, options in model.cleaning.steps],
            "experiment": model.experiment.to_json(),
            "trained": dict(model.trained),
            "max_length": model.vectorizer.max_length if model.vectorizer else None,
        },
        state=state,
        calibration=model.calibration.to_json(),
        golden=bundle.Golden(texts=GOLDEN_TEXTS, probabilities=probabilities),
        extra=model.extra,
    )
    try:
        return replace(model, sha256=bundle.write(path, written, held=held), path=os.path.abspath(path))  # noqa: PTH100 - links stay links
    except TypeError as error:
        raise PluginFailed(f"the backend {model.backend!r} learned what cannot be saved: {error}") from error


def _load_same(path: str, sha256: str) -> Model:
    """Load the model that was pickled as its path and digest.

    Raises:
        Refused: another model is at `path` now; further errors as in `load_model`.
    """
    model = load_model(path)
    if model.sha256 != sha256:
        raise Refused(
            f"the model {quote_path(path)} was written again since it was pickled: its digest must be "
            f"{sha256[:12]}, got {model.sha256[:12]}. Hand over the model anew"
        )
    return model


def load_model(path: str | os.PathLike[str], plugins: Plugins | None = None) -> Model:
    """Read a model from `path` and check that it answers as it did when it was saved.

    Args:
        path: the model's directory.
        plugins: where its parts are looked up; None for the installed plugins.

    Raises:
        NoInput: there is nothing at `path`.
        Refused: it is no bundle, or not what its manifest says, or its golden answers do not come out.
        Unavailable: its backend, or a library that the backend needs, is not installed.
    """
    path = os.fspath(path)
    plugins = Plugins.discover() if plugins is None else plugins
    read = bundle.read(path)
    record = read.model
    try:
        experiment = Experiment.from_json(record["experiment"])
        classes = _classes(record["classes"])
        steps = [(name, dict(options)) for name, options in record["cleaning"]]
        options = dict(record["options"])
        trained = dict(record["trained"])
        max_length = record["max_length"]
        if max_length is not None and (type(max_length) is not int or max_length < 1):
            raise ValueError("max_length")  # noqa: TRY301 - only its type is told
    except (UsageError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise _misfit(
            path, f"model.json does not hold what a model needs ({type(error).__name__})"
        ) from error
    try:
        calibration = Calibration.from_json(read.calibration)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _misfit(path, f"calibration.json holds no calibration ({type(error).__name__})") from error
    try:
        classifier: Classifier = plugins.build(plugins.backend(experiment.backend), options)
        cleaning = build_cleaning(plugins, steps)
    except UnknownName as error:
        raise Unavailable(
            f"the model {quote_path(path)} needs a plugin that is not installed: {error}"
        ) from error
    except BadOption as error:
        raise _misfit(path, f"model.json holds an option that cannot be: {error}") from error
    try:
        state = dict(read.state)
        held_out = {name: HeldOut(**part) for name, part in state.pop(_HELD_OUT).items()}
        prefix_scores = {name: PrefixScores(**part) for name, part in state.pop(_PREFIX_SCORES, {}).items()}
        scope = state.pop(_SCOPE, None)
        vectorizer = None
        if max_length is not None:
            vectorizer = Vectorizer(tuple(state.pop("vocabulary_")), max_length)
        restore(classifier, state)
        model = Model(
            experiment=experiment,
            options=options,
            classes=classes,
            cleaning=cleaning,
            classifier=classifier,
            calibration=calibration,
            scope=None if scope is None else Scope.from_state(scope),
            vectorizer=vectorizer,
            held_out=held_out,
            prefix_scores=prefix_scores,
            extra=read.extra,
            trained=trained,
            sha256=read.sha256,
            path=os.path.abspath(path),  # noqa: PTH100 - links stay links
        )
        for part in held_out.values():
            part.check(len(classes))
        for name, seen in prefix_scores.items():
            seen.check(len(held_out[name].codes), len(classes))
        cleaned = cleaning.apply(read.golden.texts)
        raw = model.predict_raw(cleaned)
        with np.errstate(all="ignore"):
            answers = calibration.apply(raw)
        model.scope_of(cleaned, raw)
    except PluginFailed as error:
        raise _misfit(path, f"state.json and its weights do not fit model.json: {error}") from error
    except (Refused, Unavailable):
        raise
    except Exception as error:
        raise _misfit(path, f"state.json and its weights do not fit ({type(error).__name__})") from error
    bundle.check_golden(read.golden, answers, path=path)
    return model


def _classes(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise TypeError("classes")
    if len(set(names)) < len(names):
        raise ValueError("a class twice")
    return tuple(names)


def _misfit(path: str, what: str) -> Refused:
    return Refused(f"the model {quote_path(path)} is refused: {what}. Copy it again, or train it anew")


def restore(classifier: Classifier, state: Mapping[str, Any]) -> None:
    """Give a fresh classifier its learned state back."""
    if isinstance(classifier, Remembers):
        classifier.set_state(state)
        return
    for name, value in state.items():
        if not name.endswith("_") or name.startswith("_"):
            raise Refused(f"the state {name!r} is not learned state: such names end in '_'")
        setattr(classifier, name, value)


def versions(*modules: str) -> dict[str, str]:
    """Return the versions of Python, triage and those of `modules` that are installed."""
    found = {"python": platform.python_version()}
    for name in ("nlp-triage", "numpy", *modules):
        try:
            found[name] = metadata.version({"sklearn": "scikit-learn"}.get(name, name))
        except metadata.PackageNotFoundError:
            continue
    return found
