"""Every number of a saved estimator that compiled code of scikit-learn trusts, checked before it sees it.

Compiled code follows feature numbers, child numbers and class codes without a look at the sizes of arrays. So
only estimators whose trusted numbers are known here are read back; in all others prediction is numpy's and
scipy's work, which look at every shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

__all__ = ["SOUND", "check_sound"]

SOUND: Final = {
    "calibration": {"CalibratedClassifierCV", "_CalibratedClassifier", "_SigmoidCalibration"},
    "decomposition": {"PCA", "TruncatedSVD"},
    "dummy": {"DummyClassifier"},
    "ensemble": {
        "AdaBoostClassifier", "BaggingClassifier", "ExtraTreesClassifier", "GradientBoostingClassifier",
        "RandomForestClassifier", "StackingClassifier", "VotingClassifier",
    },
    "feature_selection": {"SelectFromModel", "SelectKBest", "SelectPercentile", "VarianceThreshold"},
    "linear_model": {
        "LogisticRegression", "LogisticRegressionCV", "PassiveAggressiveClassifier", "Perceptron", "Ridge",
        "RidgeClassifier", "RidgeClassifierCV", "SGDClassifier",
    },
    "multiclass": {"OneVsOneClassifier", "OneVsRestClassifier", "_ConstantPredictor"},
    "naive_bayes": {"BernoulliNB", "ComplementNB", "GaussianNB", "MultinomialNB"},
    "neighbors": {"KNeighborsClassifier", "NearestCentroid"},
    "neural_network": {"MLPClassifier"},
    "pipeline": {"FeatureUnion", "Pipeline"},
    "preprocessing": {"LabelBinarizer", "LabelEncoder", "MaxAbsScaler", "Normalizer", "StandardScaler"},
    "random_projection": {"GaussianRandomProjection", "SparseRandomProjection"},
    "svm": {"LinearSVC"},
    "tree": {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier"},
}  # fmt: skip
"""The estimators that can be read back, by the package of scikit-learn that they are in."""

_METRICS: Final = {"cosine", "euclidean", "l1", "l2", "manhattan", "minkowski", "cityblock"}


def check_sound(estimator: Any, *, features: int | None = None) -> None:
    """Check an estimator and all that it holds.

    Args:
        estimator: as it was read back.
        features: the number of columns of the rows that it will be asked about, where that is known.

    Raises:
        ValueError: a number points outside of its array.
    """
    if features is not None and getattr(estimator, "n_features_in_", features) != features:
        raise ValueError("n_features_in_")
    for each in _objects(estimator):
        state = vars(each)
        if "_fit_X" in state:
            _check_neighbours(state)
        if "tree_" in state:
            _check_tree(state)
        if "estimators_" in state:
            _check_ensemble(state)


def _objects(value: Any) -> Iterator[Any]:
    """Yield every object with attributes that a value holds."""
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist() if value.dtype == object else ()
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple):
        for each in value:
            yield from _objects(each)
    elif hasattr(value, "__dict__") and type(value).__module__.partition(".")[0] != "scipy":
        yield value
        yield from _objects(vars(value))


def _demand(sound: bool, what: str) -> None:  # noqa: FBT001 - read as a sentence
    if not sound:
        raise ValueError(what)


def _check_neighbours(state: dict[str, Any]) -> None:
    rows, codes, classes = state["_fit_X"], np.asarray(state["_y"]), np.asarray(state["classes_"])
    n = rows.shape[0]
    _demand(rows.ndim == 2 and rows.shape == (state["n_samples_fit_"], state["n_features_in_"]), "_fit_X")
    _demand(rows.dtype == np.float64 or rows.dtype == np.float32, "_fit_X")
    _demand(codes.shape == (n,) and codes.dtype.kind == "i" and classes.ndim == 1, "_y")
    _demand(bool(n) and codes.min() >= 0 and codes.max() < len(classes), "_y")
    _demand(type(state["n_neighbors"]) is int and 1 <= state["n_neighbors"] <= n, "n_neighbors")
    _demand(state["_fit_method"] == "brute" and state["_tree"] is None, "_fit_method")
    _demand(state["weights"] in ("uniform", "distance") and not state["outputs_2d_"], "weights")
    _demand({state["metric"], state["effective_metric_"]} <= _METRICS, "metric")
    _demand(set(state["effective_metric_params_"]) <= {"p"} and not state["metric_params"], "metric_params")


def _check_tree(state: dict[str, Any]) -> None:
    tree = state["tree_"]
    _demand(
        tree.n_features == state["n_features_in_"] and tree.n_outputs == 1 == state["n_outputs_"], "tree_"
    )
    if "classes_" in state:
        _demand(tree.max_n_classes == len(state["classes_"]) == int(state["n_classes_"]), "n_classes_")


def _check_ensemble(state: dict[str, Any]) -> None:
    members = list(_members(state["estimators_"]))
    if "n_classes_" in state:
        _demand(state["n_classes_"] == len(state["classes_"]), "n_classes_")
    chosen = state.get("estimators_features_")
    width = state.get("n_features_in_")
    for number, member in enumerate(members):
        expected = width
        if chosen is not None:
            columns = np.asarray(chosen[number])
            _demand(columns.dtype.kind == "i" and columns.ndim == 1, "estimators_features_")
            _demand(
                not len(columns) or 0 <= columns.min() <= columns.max() < (width or 0), "estimators_features_"
            )
            expected = len(columns)
        if "tree_" in vars(member):
            _demand(vars(member).get("n_features_in_") == expected, "n_features_in_")
    if "n_trees_per_iteration_" in state:
        _check_boosting(state)


def _members(estimators: Any) -> Iterator[Any]:
    for each in np.asarray(estimators, dtype=object).ravel().tolist():
        if hasattr(each, "__dict__"):
            yield each


def _check_boosting(state: dict[str, Any]) -> None:
    """Gradient boosting adds each tree to a column of its answer, counted from the shape of `estimators_`."""
    outputs = state["n_trees_per_iteration_"]
    trees = state["estimators_"]
    classes = 2 if outputs == 1 else outputs
    _demand(
        isinstance(trees, np.ndarray) and trees.ndim == 2 and trees.shape[1] == outputs >= 1, "estimators_"
    )
    _demand(all(vars(tree).get("tree_") is not None for tree in trees.ravel().tolist()), "estimators_")
    first = state["init_"]
    if first != "zero":
        _demand(type(first).__name__ == "DummyClassifier", "init_")
        _demand(len(first.classes_) == len(first.class_prior_) == classes, "init_")
