"""Any backend as a scikit-learn classifier of texts."""

import doctest
import pickle
import subprocess
import sys

import numpy as np
import pytest

import triage

pytest.importorskip("sklearn")
adapter = pytest.importorskip("triage.sklearn")

TEXTS = ["card blocked", "new card please", "loan too high", "loan paid late"] * 6
LABELS = ["cards", "cards", "loans", "loans"] * 6


def test_the_example_in_its_docstring_runs():
    outcome = doctest.testmod(adapter)
    assert outcome.attempted
    assert not outcome.failed


@pytest.mark.parametrize("backend", ["naive-bayes", "tfidf", "majority"])
def test_a_backend_learns_and_its_columns_are_the_sorted_classes(backend):
    fitted = adapter.TriageClassifier(backend).fit(TEXTS, LABELS)
    probabilities = fitted.predict_proba(["my card", "my loan"])
    assert fitted.classes_.tolist() == ["cards", "loans"]
    assert probabilities.shape == (2, 2)
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_labels_keep_their_type():
    fitted = adapter.TriageClassifier("naive-bayes").fit(
        TEXTS, [10 if each == "cards" else 9 for each in LABELS]
    )
    assert fitted.predict(["my card", "my loan"]).tolist() == [10, 9]


def test_it_is_searched_and_cross_validated_in_a_pipeline():
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import Pipeline

    pipeline = Pipeline([("triage", adapter.TriageClassifier("tfidf", max_features=100))])
    assert clone(pipeline).get_params()["triage__max_features"] == 100
    assert cross_val_score(pipeline, TEXTS, LABELS, cv=3).tolist() == [1, 1, 1]
    grid = GridSearchCV(pipeline, {"triage__max_features": [50, 100], "triage__backend": ["tfidf"]}, cv=2)
    assert grid.fit(TEXTS, LABELS).best_score_ == 1


def test_a_fitted_classifier_is_pickled_and_answers_the_same():
    fitted = adapter.TriageClassifier("naive-bayes").fit(TEXTS, LABELS)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_what_is_wrong_is_said():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        adapter.TriageClassifier().predict(["a"])
    with pytest.raises(TypeError, match=r"pass \[text\]"):
        adapter.TriageClassifier().fit("a", ["b"])
    with pytest.raises(ValueError, match="same length"):
        adapter.TriageClassifier().fit(["a"], ["b", "c"])
    with pytest.raises(ValueError, match="at least two classes"):
        adapter.TriageClassifier().fit(["a", "b"], ["c", "c"])
    with pytest.raises(triage.BadOption, match="max-featurs"):
        adapter.TriageClassifier("tfidf", max_featurs=5).fit(TEXTS, LABELS)


def test_only_this_module_imports_scikit_learn():
    code = "import sys, triage.api; assert 'sklearn' not in sys.modules; import triage.sklearn; assert 'sklearn' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
