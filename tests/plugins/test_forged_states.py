"""A model may lie about every number in it: it is refused before compiled code trusts one."""

import copy
import warnings

import numpy as np
import pytest

import triage
from triage_sklearn._frozen import freeze, thaw

RNG = np.random.default_rng(0)
sparse = pytest.importorskip("scipy.sparse")
ROWS = sparse.csr_matrix(RNG.random((30, 12)) * (RNG.random((30, 12)) < 0.5))
CODES = np.arange(30) % 3


def fitted(kind):
    from sklearn import ensemble, neighbors, tree

    made = {
        "knn": lambda: neighbors.KNeighborsClassifier(4, algorithm="brute", metric="manhattan"),
        "cosine": lambda: neighbors.KNeighborsClassifier(4, metric="cosine", weights="distance"),
        "tree": lambda: tree.DecisionTreeClassifier(random_state=0),
        "forest": lambda: ensemble.RandomForestClassifier(3, random_state=0),
        "extra": lambda: ensemble.ExtraTreesClassifier(3, random_state=0),
        "bagging": lambda: ensemble.BaggingClassifier(n_estimators=3, random_state=0, max_features=0.5),
        "boosting": lambda: ensemble.GradientBoostingClassifier(n_estimators=2, random_state=0),
    }[kind]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return freeze(made.fit(ROWS, CODES))


def places(value, path=()):
    """Every number and array in a frozen state, by its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for key, inner in enumerate(value):
            yield from places(inner, (*path, key))
    elif isinstance(value, np.ndarray) or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield path


def changed(state, path, change):
    state = copy.deepcopy(state)
    holder = state
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = change(holder[path[-1]])
    return state


def huge(value):
    if not isinstance(value, np.ndarray):
        return 10**8
    return np.full_like(value, min(10**8, np.iinfo(value.dtype).max) if value.dtype.kind in "iu" else 10**8)


LIES = {
    "huge": huge,
    "negative": lambda v: np.full_like(v, -3) if isinstance(v, np.ndarray) and v.dtype.kind != "u" else -3,
    "short": lambda v: v[: len(v) // 2] if isinstance(v, np.ndarray) and v.ndim else 0,
    "long": lambda v: np.concatenate([v, v]) if isinstance(v, np.ndarray) and v.ndim else 40,
    "nan": lambda v: np.full(np.shape(v), np.nan) if isinstance(v, np.ndarray) else float("nan"),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("kind", ["knn", "cosine", "tree", "forest", "extra", "bagging", "boosting"])
def test_no_lie_about_a_number_ends_the_process(kind, lie):
    """In a process of its own: a signal would end this one."""
    import multiprocessing

    child = multiprocessing.get_context("fork").Process(target=_lie, args=(fitted(kind), lie))
    child.start()
    child.join(120)
    assert child.exitcode == 0


def _lie(state, lie):
    warnings.simplefilter("ignore")
    for path in places(state):
        try:
            estimator = thaw(changed(state, path, LIES[lie]), features=ROWS.shape[1])
        except (triage.Refused, MemoryError):
            continue
        try:
            estimator.predict_proba(ROWS)
        except Exception:  # noqa: BLE001 - numpy looked at a shape: that is what it is there for
            continue


def test_a_class_code_outside_of_the_classes_is_refused():
    state = fitted("knn")
    state["state"]["_y"] = np.full(30, 10**8)
    with pytest.raises(triage.Refused):
        thaw(state)


def test_a_forest_of_more_features_than_the_rows_have_is_refused():
    state = fitted("forest")
    for tree in state["state"]["estimators_"]:
        tree["state"]["tree_"]["sizes"][0] = 10**6
        tree["state"]["n_features_in_"] = 10**6
    with pytest.raises(triage.Refused):
        thaw(state, features=12)
    state["state"]["n_features_in_"] = 10**6
    with pytest.raises(triage.Refused):
        thaw(state, features=12)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn.decomposition._lda", "LatentDirichletAllocation"),
        ("sklearn.ensemble._hist_gradient_boosting.gradient_boosting", "HistGradientBoostingClassifier"),
        ("sklearn.neighbors._classification", "RadiusNeighborsClassifier"),
        ("sklearn.preprocessing._polynomial", "SplineTransformer"),
    ],
)
def test_an_estimator_whose_numbers_nobody_checks_is_not_read_back(module, name):
    with pytest.raises(triage.Refused):
        thaw({"is": "object", "module": module, "name": name, "state": {}})


onnx = pytest.importorskip("onnx")


def network(*nodes, constants=(), kind=7):
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("ids", kind, [None])],
        [helper.make_tensor_value_info("out", TensorProto.INT64, [None])],
        [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in constants],
    )
    return helper.make_model(graph).SerializeToString()


@pytest.mark.parametrize("operator", ["Div", "Mod"])
@pytest.mark.parametrize("divisor", [0, -1, "ids", "cast", "twice"])
def test_a_network_that_divides_integers_by_what_may_trap_is_refused(operator, divisor):
    from onnx import helper

    from triage_recurrent._proto import check

    constants = [("c", divisor)] if isinstance(divisor, int) else [("c", 3)]
    constants += [("c", 0)] if divisor == "twice" else []
    names = {"ids": "ids", "cast": "k"}
    nodes = [
        helper.make_node("Cast", ["ids"], ["k"], to=7),
        helper.make_node(operator, ["ids", names.get(divisor, "c")], ["out"]),
    ]
    with pytest.raises(triage.Refused):
        check(network(*nodes, constants=constants))


def test_a_network_that_divides_by_a_constant_above_zero_or_in_floats_is_read():
    from onnx import helper

    from triage_recurrent._proto import check

    check(network(helper.make_node("Mod", ["ids", "c"], ["out"]), constants=[("c", 7)]))
    floats = [helper.make_node("Cast", ["ids"], ["f"], to=1), helper.make_node("Div", ["f", "f"], ["out"])]
    check(network(*floats))
