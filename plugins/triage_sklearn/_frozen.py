"""A fitted scikit-learn estimator as plain arrays, numbers and words, and back: nothing that could run.

Pickle runs whatever it is told to. Here an estimator is the name of its class and its attributes, walked
down to numpy arrays. Reading looks the name up among scikit-learn's own estimators, makes an empty object of
that class without calling anything of it, and fills in the attributes; numbers that index memory are checked.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from triage import Refused, TriageError
from triage_sklearn._sound import SOUND, check_sound

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["freeze", "thaw"]

_PACKAGES = (
    "calibration decomposition dummy ensemble feature_selection kernel_approximation linear_model multiclass "
    "naive_bayes neighbors neural_network pipeline preprocessing random_projection semi_supervised svm tree"
)
_MODULE = re.compile(rf"sklearn\.({'|'.join(_PACKAGES.split())})(\._[a-z_]+)*")
# The compiled library behind these reads its arrays without a look at their sizes.
_NO_BOUNDS = {"SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM"}
_LOSSES = {"ExponentialLoss", "HalfBinomialLoss", "HalfMultinomialLoss"}
# What only going on with learning needs: random numbers, optimizers, compiled losses.
_TO_LEARN = (
    "numpy.random.",
    "sklearn.neural_network._stochastic_optimizers.",
    "sklearn.linear_model._sgd_fast.",
)
_QUIET = {"n_jobs": None, "verbose": 0}
_SHAPES = {"csr_matrix", "csc_matrix", "csr_array", "csc_array"}


def freeze(estimator: Any, *, trusted: Iterable[type] = ()) -> dict[str, Any]:
    """Return a fitted estimator as numpy arrays, numbers, strings, lists, and dicts with string keys.

    Args:
        estimator: it may hold other estimators, trees, sparse matrices, and collections of these.
        trusted: further classes that may be met, beside scikit-learn's own.

    Raises:
        TriageError: it holds something that only pickle could keep; the message says where.
    """
    try:
        frozen: dict[str, Any] = _Freezer(trusted).freeze(estimator, "")
    except RecursionError:
        raise TriageError(f"{type(estimator).__name__} holds itself and cannot be saved") from None
    return frozen


def thaw(frozen: Mapping[str, Any], *, trusted: Iterable[type] = (), features: int | None = None) -> Any:
    """Return the estimator that was frozen, checked: see `triage_sklearn._sound`.

    Args:
        frozen: what `freeze` returned.
        trusted: the classes that `freeze` was allowed.
        features: the number of columns of the rows that it will be asked about, where that is known.

    Raises:
        Refused: `freeze` did not write this, it names a class that is not an estimator of scikit-learn,
            or it holds numbers that point outside of their arrays.
    """
    try:
        estimator = _Thawer(trusted).thaw(frozen)
        check_sound(estimator, features=features)
    except (
        ArithmeticError,
        AttributeError,
        ImportError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as e:
        raise Refused(f"the estimator in this model cannot be read ({type(e).__name__})") from None
    return estimator


def _is_estimator(kind: type) -> bool:
    """Whether a class is one of scikit-learn's that hold nothing but what they learned."""
    from sklearn.base import BaseEstimator

    return (
        _MODULE.fullmatch(kind.__module__) is not None
        and kind.__name__ in SOUND.get(kind.__module__.split(".")[1], ())
        and (issubclass(kind, BaseEstimator) or kind.__name__ == "_CalibratedClassifier")
    )


class _Freezer:
    def __init__(self, trusted: Iterable[type]) -> None:
        self._trusted = frozenset(trusted)

    def freeze(self, value: Any, where: str) -> Any:
        if value is None or isinstance(value, str | bool | int):
            return value
        if isinstance(value, np.generic):
            return {"is": "scalar", "array": np.array([value])}
        if isinstance(value, float):
            return value if math.isfinite(value) else {"is": "float", "value": repr(value)}
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if isinstance(value, list):
            return self._items(value, where)
        if type(value) is tuple:
            return {"is": "tuple", "items": self._items(value, where)}
        if isinstance(value, dict):
            keys, values = self._items(value, where), self._items(value.values(), where)
            return {"is": "dict", "keys": keys, "values": values}
        return self._object(value, where)

    def _items(self, values: Iterable[Any], where: str) -> list[Any]:
        return [self.freeze(value, f"{where}[{i}]") for i, value in enumerate(values)]

    def _array(self, array: NDArray[Any], where: str) -> Any:
        if array.dtype.kind in "biuf":
            return array
        items = self._items(array.ravel().tolist(), where)
        kind = "strings" if array.dtype.kind == "U" else "objects"
        return {"is": kind, "shape": list(array.shape), "items": items}

    def _object(self, value: Any, where: str) -> Any:
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}"
        if kind in self._trusted or _is_estimator(kind):
            state = {key: self.freeze(part, f"{where}.{key}") for key, part in vars(value).items()}
            return {"is": "object", "module": kind.__module__, "name": kind.__qualname__, "state": state}
        if name == "sklearn.tree._tree.Tree":
            return _freeze_tree(value)
        if name.startswith("scipy.sparse.") and kind.__name__ in _SHAPES:
            arrays = [np.asarray(value.data), np.asarray(value.indices), np.asarray(value.indptr)]
            return {"is": "sparse", "name": kind.__name__, "shape": list(value.shape), "arrays": arrays}
        if kind.__module__ == "sklearn._loss.loss" and kind.__name__ in _LOSSES:
            return {"is": "loss", "name": kind.__name__, "classes": int(value.n_classes or 2)}
        if name.startswith(_TO_LEARN):
            return None
        if _MODULE.fullmatch(kind.__module__) and hasattr(kind, "get_params"):
            hint = ": use LinearSVC" if kind.__name__ in _NO_BOUNDS else ""
            raise TriageError(f"{kind.__name__} cannot be read back safely{hint}")
        hint = ": use algorithm='brute'" if name.startswith("sklearn.neighbors.") else ""
        raise TriageError(f"{where.lstrip('.') or 'this'} is a {name}, which only pickle could save{hint}")


class _Thawer:
    def __init__(self, trusted: Iterable[type]) -> None:
        self._trusted = {(kind.__module__, kind.__qualname__): kind for kind in trusted}
        self._kinds = {
            "object": self._object,
            "tuple": lambda frozen: tuple(map(self.thaw, frozen["items"])),
            "dict": self._dict,
            "objects": self._objects,
            "strings": lambda frozen: np.array(frozen["items"], dtype=np.str_).reshape(frozen["shape"]),
            "scalar": lambda frozen: frozen["array"][0],
            "float": lambda frozen: float(frozen["value"]),
            "tree": _thaw_tree,
            "sparse": _thaw_sparse,
            "loss": _thaw_loss,
        }

    def thaw(self, frozen: Any) -> Any:
        if frozen is None or isinstance(frozen, str | bool | int | float | np.ndarray):
            return frozen
        if isinstance(frozen, list | tuple):
            return [self.thaw(part) for part in frozen]
        return self._kinds[frozen["is"]](frozen)

    def _object(self, frozen: Mapping[str, Any]) -> Any:
        module, name = frozen["module"], frozen["name"]
        kind = self._trusted.get((module, name))
        if kind is None:
            if not _MODULE.fullmatch(module):
                raise ValueError
            kind = getattr(importlib.import_module(module), name)
            if not isinstance(kind, type) or kind.__module__ != module or not _is_estimator(kind):
                raise ValueError
        made: Any = object.__new__(kind)
        vars(made).update({str(key): self.thaw(part) for key, part in frozen["state"].items()})
        # How many processes and how much talk is not for a model to say.
        vars(made).update({name: value for name, value in _QUIET.items() if name in vars(made)})
        return made

    def _dict(self, frozen: Mapping[str, Any]) -> dict[Any, Any]:
        return dict(zip(self.thaw(frozen["keys"]), self.thaw(frozen["values"]), strict=True))

    def _objects(self, frozen: Mapping[str, Any]) -> NDArray[Any]:
        array = np.empty(len(frozen["items"]), object)
        for place, part in enumerate(frozen["items"]):
            array[place] = self.thaw(part)
        return array.reshape(frozen["shape"])


def _freeze_tree(tree: Any) -> dict[str, Any]:
    state = tree.__getstate__()
    nodes = {name: np.ascontiguousarray(state["nodes"][name]) for name in state["nodes"].dtype.names}
    sizes = [int(tree.n_features), int(tree.max_depth), *np.asarray(tree.n_classes).tolist()]
    return {"is": "tree", "sizes": sizes, "nodes": nodes, "values": state["values"]}


def _thaw_tree(frozen: Mapping[str, Any]) -> Any:
    """A decision tree, whose numbers are followed by compiled code that trusts them.

    A child comes after its parent, so no walk can go in a circle.
    """
    from sklearn.tree._tree import NODE_DTYPE, Tree

    features, deepest, *classes = (int(size) for size in frozen["sizes"])
    nodes = np.zeros(len(frozen["nodes"]["left_child"]), NODE_DTYPE)
    for name in nodes.dtype.names or ():
        nodes[name] = frozen["nodes"][name]
    values = np.ascontiguousarray(frozen["values"], np.float64)
    inner = np.flatnonzero(nodes["left_child"] != -1)
    children = np.stack([nodes["left_child"][inner], nodes["right_child"][inner]])
    tested = nodes["feature"][inner]
    sound = (
        len(nodes) > 0
        and min(classes) > 0
        and values.shape == (len(nodes), len(classes), max(classes))
        and bool(np.all((children > inner) & (children < len(nodes))))
        and bool(np.all((tested >= 0) & (tested < features)))
    )
    if not sound:
        raise ValueError
    tree = Tree(features, np.array(classes, np.intp), len(classes))
    tree.__setstate__({"max_depth": deepest, "node_count": len(nodes), "nodes": nodes, "values": values})
    return tree


def _thaw_sparse(frozen: Mapping[str, Any]) -> Any:
    from scipy import sparse

    if frozen["name"] not in _SHAPES:
        raise ValueError
    matrix = getattr(sparse, frozen["name"])(tuple(frozen["arrays"]), shape=tuple(frozen["shape"]))
    matrix.check_format(full_check=True)
    return matrix


def _thaw_loss(frozen: Mapping[str, Any]) -> Any:
    from sklearn._loss import loss

    name = frozen["name"]
    if name not in _LOSSES:
        raise ValueError
    if name == "HalfMultinomialLoss":
        return loss.HalfMultinomialLoss(n_classes=int(frozen["classes"]))
    return getattr(loss, name)()
