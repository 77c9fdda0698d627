"""Any classifier of scikit-learn becomes a backend, is saved without pickle, and nothing else is let in."""

import copy
import re
import sys
import types

import numpy as np
import pytest
from small_parts import FRESH, HOSTILE, NONE, TRAIN

import triage
import triage_sklearn
from triage.models.bundle.state import pack, unpack
from triage_sklearn._frozen import freeze, thaw

ROWS = np.abs(np.random.default_rng(0).normal(size=(60, 8))) * (
    np.random.default_rng(1).random((60, 8)) < 0.5
)
CODES = np.arange(60) % 3
ROWS[np.arange(60), CODES] += 2


def through_a_bundle(frozen):
    """What comes back of a frozen estimator after it was saved."""
    return unpack({name: bytearray(data) for name, data in pack({"estimator_": frozen}).items()})[
        "estimator_"
    ]


def estimators():
    from sklearn import calibration, ensemble, linear_model, naive_bayes, neighbors, neural_network, svm, tree
    from sklearn.decomposition import TruncatedSVD
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer, StandardScaler

    logistic = linear_model.LogisticRegression
    return [
        calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2),
        ensemble.AdaBoostClassifier(n_estimators=5, random_state=0),
        ensemble.BaggingClassifier(n_estimators=3, random_state=0),
        ensemble.ExtraTreesClassifier(5, random_state=0),
        ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0),
        ensemble.RandomForestClassifier(5, random_state=0),
        ensemble.StackingClassifier([("a", logistic()), ("b", naive_bayes.MultinomialNB())], cv=2),
        ensemble.VotingClassifier([("a", logistic()), ("b", naive_bayes.BernoulliNB())], voting="soft"),
        linear_model.LogisticRegression(),
        linear_model.SGDClassifier(random_state=0),
        linear_model.RidgeClassifier(),
        naive_bayes.ComplementNB(),
        naive_bayes.MultinomialNB(),
        neighbors.KNeighborsClassifier(3, metric="cosine"),
        neighbors.NearestCentroid(),
        neural_network.MLPClassifier((4,), max_iter=20, random_state=0, tol=1.0),
        OneVsRestClassifier(logistic()),
        svm.LinearSVC(),
        tree.DecisionTreeClassifier(random_state=0),
        make_pipeline(TruncatedSVD(3, random_state=0), StandardScaler(), logistic()),
        make_pipeline(Normalizer(), logistic(class_weight={0: 1.0, 1: 2.0, 2: 1.0})),
    ]


@pytest.mark.parametrize("number", range(21))
def test_an_estimator_comes_back_as_it_was(number):
    from scipy.sparse import csr_matrix

    estimator, rows = estimators()[number], csr_matrix(ROWS)
    estimator.fit(rows, CODES)
    back = thaw(through_a_bundle(freeze(estimator)))
    assert type(back) is type(estimator)
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(estimator, method):
            assert np.array_equal(getattr(back, method)(rows), getattr(estimator, method)(rows))


def test_labels_that_are_words_come_back():
    from sklearn.naive_bayes import MultinomialNB

    for words in (np.array(["a", "b", "c"]), np.array(["a", "b", "c"], object)):
        back = thaw(through_a_bundle(freeze(MultinomialNB().fit(ROWS, words[CODES]))))
        assert (
            back.predict(ROWS[:3]).tolist()
            == MultinomialNB().fit(ROWS, words[CODES]).predict(ROWS[:3]).tolist()
        )


def test_what_only_pickle_could_save_is_named():
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.svm import SVC

    with pytest.raises(triage.TriageError, match="SVC cannot be read back safely: use LinearSVC"):
        freeze(SVC().fit(ROWS, CODES))
    with pytest.raises(triage.TriageError, match=r"_tree is a sklearn.* use algorithm='brute'"):
        freeze(KNeighborsClassifier(algorithm="kd_tree").fit(ROWS, CODES))
    with pytest.raises(triage.TriageError, match="FunctionTransformer cannot be read back safely"):
        freeze(FunctionTransformer(np.log1p))
    ring = MultinomialNB()
    ring.alpha = ring
    with pytest.raises(triage.TriageError, match="holds itself"):
        freeze(ring)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("triage.errors", "Refused"),
        ("sklearn.tree._tree", "Tree"),
        ("sklearn.pipeline", "clone"),
        ("sklearn.pipeline", "sparse"),
        ("sklearn.svm._classes", "SVC"),
        ("sklearn.linear_model._logistic", "__loader__"),
        ("sklearn.linear_model.._logistic", "LogisticRegression"),
        ("sklearn.linear_model._nothing", "LogisticRegression"),
        ("sklearn.datasets._openml", "fetch_openml"),
        ("sklearn.externals._packaging.version", "Version"),
        ("sklearn.linear_model", "LogisticRegression"),
        (None, "LogisticRegression"),
    ],
)
def test_no_other_class_is_let_in(module, name):
    with pytest.raises(triage.Refused, match="cannot be read"):
        thaw({"is": "object", "module": module, "name": name, "state": {}})


def test_no_other_module_is_even_imported():
    with pytest.raises(triage.Refused, match="cannot be read"):
        thaw({"is": "object", "module": "this", "name": "d", "state": {}})
    assert "this" not in sys.modules


@pytest.mark.parametrize(
    "frozen",
    [
        {},
        {"is": "pickle"},
        {"is": "loss", "name": "os"},
        {"is": "sparse", "name": "load_npz", "shape": [1, 1], "arrays": []},
        {"is": "dict", "keys": ["a"], "values": []},
        {"is": "float", "value": "__import__('os')"},
        {"is": "objects", "shape": [3], "items": []},
        {"is": "scalar", "array": np.array([])},
        {"is": "dict", "keys": [[]], "values": [1]},
        object(),
    ],
    ids=str,
)
def test_what_freeze_does_not_write_is_refused(frozen):
    with pytest.raises(triage.Refused, match="cannot be read"):
        thaw(frozen)


def test_matrices_that_point_outside_are_refused():
    from scipy.sparse import csr_matrix

    frozen = freeze(csr_matrix(ROWS))
    assert (thaw(frozen) != csr_matrix(ROWS)).nnz == 0
    for array, place, value in [(1, 0, 8), (1, 0, -1), (2, -1, 10**9), (2, 1, 10**6)]:
        broken = copy.deepcopy(frozen)
        broken["arrays"][array][place] = value
        with pytest.raises(triage.Refused):
            thaw(broken)


def test_trees_that_point_outside_or_in_a_circle_are_refused():
    from sklearn.tree import DecisionTreeClassifier

    frozen = freeze(DecisionTreeClassifier(random_state=0).fit(ROWS, CODES))
    thaw(copy.deepcopy(frozen))
    for field, value in [
        ("left_child", 0),
        ("left_child", 10**6),
        ("left_child", -7),
        ("right_child", 0),
        ("right_child", -1),
        ("right_child", 10**6),
        ("feature", 8),
        ("feature", -2),
    ]:
        broken = copy.deepcopy(frozen)
        broken["state"]["tree_"]["nodes"][field][0] = value
        with pytest.raises(triage.Refused):
            thaw(broken)
    for sizes in ([8, 5], [8, 5, 0], [8, 5, 4], [8, 5, 3, 3], [0, 5, 3], []):
        broken = copy.deepcopy(frozen)
        broken["state"]["tree_"]["sizes"] = sizes
        with pytest.raises(triage.Refused):
            thaw(broken)


def fit(backend, **settings):
    model = backend.build(**settings)
    model.fit(TRAIN, NONE, seed=3, watch=lambda epoch: None)
    return model


def a_backend(estimator, **settings):
    return triage_sklearn.backend("mine", "My own", estimator=estimator, **settings)


def test_the_documented_plugin_runs():
    (source,) = re.findall(r"```python\n(.*?)```", triage_sklearn.backend.__doc__, re.DOTALL)
    plugin = types.ModuleType("documented")
    exec("\n".join(line.removeprefix("    ") for line in source.splitlines()), vars(plugin))
    plugins = triage.Plugins(strict=True)
    plugins.register(plugin)
    (backend,) = plugin.triage_backends()
    assert triage.host.options.options_of(backend.build)["smoothing"].type is float
    model = fit(backend, smoothing=0.1)
    assert (model.predict_proba(FRESH.texts).argmax(axis=1) == FRESH.codes).mean() >= 0.9
    assert model.estimator_["state"]["alpha"] == 0.1


def test_options_without_a_type_are_of_the_type_of_their_default():
    def build(*, smoothing=0.5, fit_prior=True, **_):
        from sklearn.naive_bayes import MultinomialNB

        return MultinomialNB(alpha=smoothing, fit_prior=fit_prior)

    factory = a_backend(build).build
    model = triage.host.options.build_with(factory, {"smoothing": "2", "fit-prior": "no", "ngrams": "1"})
    model.fit(TRAIN, NONE, seed=3, watch=print)
    state = model.estimator_["state"]
    assert (state["alpha"], state["fit_prior"], model.terms.ngrams) == (2.0, False, 1)


def test_terms_may_have_other_defaults():
    def build():
        from sklearn.naive_bayes import MultinomialNB

        return MultinomialNB()

    model = fit(a_backend(build, terms=triage_sklearn.TermOptions(ngrams=1, max_features=7)))
    assert len(model.vocabulary_) == 7
    assert fit(a_backend(build)).terms.ngrams == 2


def test_what_has_no_probabilities_gets_them_from_its_decision_values():
    def build():
        from sklearn.linear_model import RidgeClassifier

        return RidgeClassifier()

    model = fit(a_backend(build))
    answers = model.predict_proba(HOSTILE + FRESH.texts)
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    assert (answers[len(HOSTILE) :].argmax(axis=1) == FRESH.codes).mean() >= 0.9


def test_the_seed_of_the_training_reaches_every_part():
    def build():
        from sklearn.decomposition import TruncatedSVD
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        return make_pipeline(TruncatedSVD(4, random_state=11), LogisticRegression())

    model = fit(a_backend(build))
    first, second = (
        step._random if hasattr(step, "_random") else step.random_state for step in model._estimator
    )
    assert (first, second) == (11, 3)


def test_a_class_of_ones_own_may_be_used():
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Shares(ClassifierMixin, BaseEstimator):
        def fit(self, rows, codes):
            self.classes_, counts = np.unique(codes, return_counts=True)
            self.shares_ = counts / counts.sum()
            return self

        def predict_proba(self, rows):
            return np.tile(self.shares_, (rows.shape[0], 1))

    model = fit(a_backend(Shares))
    np.testing.assert_allclose(model.predict_proba(["card"]), 0.25)
    with pytest.raises(triage.Refused):
        thaw(model.estimator_)


def test_numbers_that_are_no_probabilities_are_not_hidden():
    def build():
        from sklearn.naive_bayes import MultinomialNB

        return MultinomialNB()

    model = fit(a_backend(build))
    unsure = types.SimpleNamespace(predict_proba=lambda rows: np.array([[0, 0, 0, 0], [np.nan, 0, 0, 1.0]]))
    model._thawed = (model.estimator_, unsure)
    nothing, broken = model.predict_proba(["a", "b"])
    assert nothing.tolist() == [0.25] * 4
    assert np.isnan(broken).any()


def test_estimators_that_could_not_be_told_options_are_refused_at_once():
    with pytest.raises(TypeError, match="'alpha' is not keyword-only"):
        a_backend(lambda alpha=0.3: alpha)
    with pytest.raises(ValueError, match="'ngrams'"):
        a_backend(lambda *, ngrams=0.3: ngrams)
    with pytest.raises(TypeError):
        a_backend(3)
