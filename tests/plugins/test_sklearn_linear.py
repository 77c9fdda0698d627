"""What is counted, stored and scored by the linear backends is what scikit-learn would, and no more."""

import collections
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_parts import FRESH, HOSTILE, NONE, TRAIN, complaints, part

import triage
import triage_sklearn
from triage.models.bundle.state import pack
from triage.models.model import state_of
from triage_sklearn import _learning, _linear, _terms
from triage_sklearn._learning import learn_terms

BACKENDS = {backend.name: backend for backend in triage_sklearn.triage_backends()}
LINEAR = ["tfidf", "naive-bayes", "sgd", "linear-svm"]


def build(name, **settings):
    return BACKENDS[name].build(**settings)


def fit(name, train, **settings):
    model = build(name, **settings)
    model.fit(train, NONE, seed=7, watch=lambda epoch: None)
    return model


@pytest.mark.parametrize("name", LINEAR)
def test_a_saved_linear_model_scores_with_numpy_alone(name, tmp_path):
    model = fit(name, TRAIN)
    files = pack(state_of(model))
    for file, data in files.items():
        (tmp_path / file).write_bytes(data)
    code = (
        "import sys, json, pathlib, triage_sklearn\n"
        "from triage.models.bundle.state import unpack\n"
        "files = {file.name: bytearray(file.read_bytes()) for file in pathlib.Path(sys.argv[1]).iterdir()}\n"
        "(model,) = [b.build() for b in triage_sklearn.triage_backends() if b.name == sys.argv[2]]\n"
        "vars(model).update(unpack(files))\n"
        "answers = model.predict_proba(json.loads(sys.argv[3])).tolist()\n"
        "explained = model.explain(['card charge'], [0], most=2)\n"
        "assert not {'sklearn', 'scipy', 'pandas', 'threadpoolctl'} & set(sys.modules)\n"
        "print(json.dumps(answers))"
    )
    texts = FRESH.texts[:5]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), name, json.dumps(texts)],
        check=True,
        capture_output=True,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONPATH": ":".join(sys.path)},
    )
    assert np.array_equal(json.loads(done.stdout), model.predict_proba(texts))


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("name", LINEAR)
def test_probabilities_are_those_of_scikit_learn(name, k, monkeypatch):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.naive_bayes import MultinomialNB

    kind, method = {
        "tfidf": (LogisticRegression, "fit"),
        "naive-bayes": (MultinomialNB, "fit"),
        "sgd": (SGDClassifier, "partial_fit"),
        "linear-svm": (CalibratedClassifierCV, "fit"),
    }[name]
    theirs, original = [], getattr(kind, method)

    def remembered(self, *args, **kwargs):
        theirs.append(self)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(kind, method, remembered)
    rows = complaints(k=k)
    classes = list(dict.fromkeys(label for _, label in rows))  # in the order in which the solver numbers them
    model = fit(name, part(rows, classes))
    texts = HOSTILE + FRESH.texts
    expected = theirs[0].predict_proba(model.rows(texts))
    np.testing.assert_allclose(model.predict_proba(texts), expected, atol=1e-9, rtol=0)


def test_rows_are_those_of_scikit_learns_vectorizer():
    from sklearn.feature_extraction.text import TfidfVectorizer

    train = part([*complaints(), *[("please help with this", "class 0")] * 3])
    model = fit("tfidf", train, ngrams=3)
    names = [model.index.name(term) for term in range(len(model.index))]
    theirs = TfidfVectorizer(
        token_pattern=_terms.WORD, ngram_range=(1, 3), sublinear_tf=True, vocabulary=names
    ).fit(train.texts)
    texts = [*HOSTILE, *FRESH.texts, "card card charge card charge please help with this"]
    assert any(name.count(" ") == 2 for name in names)
    np.testing.assert_allclose(model.rows(texts).toarray(), theirs.transform(texts).toarray(), atol=1e-12)


def terms_of(texts, **settings):
    """The terms that are stored for texts, with how many of the texts hold each."""
    options = {"longest": 2, "least": 3, "most": 1000, "digits": False} | settings
    terms, frequency, _ = learn_terms(texts, **options)
    return dict(zip(map(terms.name, range(len(terms))), frequency.tolist(), strict=True))


def test_what_fewer_than_three_people_wrote_is_not_stored():
    texts = ["john smith lost a card", "john lost the card", "she lost the card of john"]
    assert terms_of(texts) == {"card": 3, "john": 3, "lost": 3}
    assert terms_of(texts, least=2) == {
        "card": 3, "john": 3, "lost": 3, "the": 2, "lost the": 2, "the card": 2,
    }  # fmt: skip


def test_words_with_digits_are_stored_only_where_that_is_asked_for():
    texts = ["account 4111 closed", "account 4111 closed", "account 4111 closed"]
    assert terms_of(texts) == {"account": 3, "closed": 3}
    assert "account 4111" in terms_of(texts, digits=True)


def test_an_apostrophe_does_not_end_a_word_and_marks_are_words():
    assert terms_of(["It didn't work!! a b"] * 3, longest=1) == {"!!": 3, "didn't": 3, "it": 3, "work": 3}


def test_letters_without_end_are_no_word():
    assert terms_of(["x" * 65 + " card"] * 3) == {"card": 3}


@given(
    st.lists(st.lists(st.sampled_from(["aa", "bb", "cc", "dd"]), max_size=12).map(" ".join), max_size=9),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 40),
)
def test_the_terms_in_the_most_texts_are_stored(texts, longest, least, most):
    counted = collections.Counter()
    for text in texts:
        words = text.split()
        runs = {tuple(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1)}
        counted.update(runs)
    frequent = [(-often, len(run), run) for run, often in counted.items() if often >= least]
    expected = {" ".join(run): -often for often, _, run in sorted(frequent)[:most]}
    assert terms_of(texts, longest=longest, least=least, most=most) == expected


@given(st.randoms())
def test_terms_do_not_depend_on_the_order_of_the_texts(draw):
    texts = draw.sample(TRAIN.texts, len(TRAIN.texts))
    assert list(terms_of(texts).items()) == list(terms_of(TRAIN.texts).items())


def test_terms_are_the_same_when_they_are_counted_in_many_portions(monkeypatch):
    whole = terms_of(TRAIN.texts, longest=3)
    monkeypatch.setattr(_terms, "_TEXTS", 2)
    monkeypatch.setattr(_learning, "_PENDING", 10)
    assert terms_of(TRAIN.texts, longest=3) == whole


def test_terms_that_do_not_fit_together_are_refused():
    for words, runs in [
        (["a", "a"], []),
        (["a", "b"], [[0, 2]]),
        (["a", "b"], [[0, 1], [0, 0]]),
        (["a"], [[1, 0]]),
    ]:
        with pytest.raises(triage.DataError, match="do not fit together"):
            _terms.Terms(words, np.array(runs, np.int64))


@pytest.mark.parametrize("attribute", ["idf_", "coef_"])
def test_a_state_of_other_sizes_is_refused(attribute):
    model = fit("tfidf", TRAIN)
    loaded = build("tfidf")
    vars(loaded).update(state_of(model) | {attribute: getattr(model, attribute)[:-1]})
    with pytest.raises(triage.DataError, match="do not fit"):
        loaded.predict_proba(["card"])


@pytest.mark.parametrize("name", LINEAR)
def test_the_terms_that_are_named_make_up_the_score(name):
    model = fit(name, TRAIN)
    (explained,) = model.explain(["please card charge rate"], [0], most=99)
    (first,) = model.explain(["please card charge rate"], [0], most=1)
    assert first == explained[:1]
    weights = [weight for _, weight in explained]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0
    assert {"card", "charge"} <= {term for term, _ in explained}
    assert "rate" not in dict(explained)
    rows = model.rows(["please card charge rate"]).toarray()[0]
    scores = rows[:, None] * model.coef_
    gain = scores[:, 0] - scores[:, 1:].mean(axis=1)
    assert sum(weights) == pytest.approx(gain[gain > 0].sum())


def test_without_a_known_word_nothing_is_named():
    assert fit("tfidf", TRAIN).explain(["", "qwertz", "card"], [0, 0, 1], most=3) == [[], [], []]


def test_passes_are_reported_and_the_best_on_the_tune_part_is_kept():
    epochs = []
    model = build("sgd", epochs=30, patience=2, alpha=1e-3)
    model.fit(TRAIN, FRESH, seed=1, watch=epochs.append)
    assert [epoch.number for epoch in epochs] == list(range(1, len(epochs) + 1))
    losses = [epoch.tune_loss for epoch in epochs]
    assert [epoch.best for epoch in epochs] == [min(losses[: i + 1]) == loss for i, loss in enumerate(losses)]
    chances = model.predict_proba(FRESH.texts)[np.arange(len(FRESH)), FRESH.codes]
    assert -np.log(chances).mean() == pytest.approx(min(losses))


def test_too_many_classes_for_memory_store_fewer_terms(monkeypatch):
    monkeypatch.setattr(_linear, "_COEFFICIENTS", 4 * 5)
    assert len(fit("tfidf", TRAIN).idf_) == 5


def test_too_many_documents_and_classes_at_once_are_refused(monkeypatch):
    monkeypatch.setattr(_linear, "_SCORES", 100)
    with pytest.raises(triage.DataError, match="36 documents of 4 classes"):
        fit("tfidf", TRAIN)


def test_a_class_that_cannot_be_held_out_is_spoken_of(caplog):
    fit("linear-svm", part([*complaints(), ("please help with my parcel", "parcels")]))
    assert "one document only" in caplog.text


def test_small_blocks_of_coefficients_give_the_same_scores(monkeypatch):
    model = fit("tfidf", TRAIN)
    before = model.predict_proba(FRESH.texts + HOSTILE)
    monkeypatch.setattr(_linear, "_BLOCK", 10)
    assert np.array_equal(model.predict_proba(FRESH.texts + HOSTILE), before)
