"""The baseline and its relatives keep what a backend promises."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_parts import FRESH, HOSTILE, NONE, TRAIN, complaints, part

import triage
import triage_sklearn
from triage.models.bundle.state import pack, unpack
from triage.models.model import state_of

BACKENDS = {backend.name: backend for backend in triage_sklearn.triage_backends()}


def build(name, **settings):
    if name == "random-forest":
        settings.setdefault("trees", 20)
    return BACKENDS[name].build(**settings)


def fit(name, train, *, seed=7, tune=NONE, **settings):
    model = build(name, **settings)
    model.fit(train, tune, seed=seed, watch=lambda epoch: None)
    return model


@pytest.fixture(scope="module", params=BACKENDS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model(name):
    return fit(name, TRAIN)


def test_the_backends_are_found_and_their_options_are_described(name):
    options = triage.host.options.options_of(BACKENDS[name].build)
    assert options["min-documents"].default == 3
    assert all(option.help for option in options.values())
    assert triage.host.options.build_with(BACKENDS[name].build, {"ngrams": "1"}).terms.ngrams == 1


def test_before_fit_there_is_no_answer(name):
    with pytest.raises(triage.NotFitted):
        build(name).predict_proba(["a card"])


def test_new_texts_are_told_apart(name, model):
    assert (model.predict_proba(FRESH.texts).argmax(axis=1) == FRESH.codes).mean() >= 0.9


def test_any_text_gets_probabilities(model):
    answers = model.predict_proba(HOSTILE)
    assert answers.shape == (len(HOSTILE), 4)
    assert np.isfinite(answers).all()
    assert (answers >= 0).all()
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-12)
    assert model.predict_proba([]).shape == (0, 4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(FRESH.texts + HOSTILE), min_size=1, max_size=12), st.data())
def test_what_stands_beside_a_text_does_not_matter(model, texts, data):
    together = model.predict_proba(texts)
    order = data.draw(st.permutations(range(len(texts))))
    np.testing.assert_allclose(model.predict_proba([texts[i] for i in order]), together[order], atol=1e-12)
    np.testing.assert_allclose(
        np.vstack([model.predict_proba([text]) for text in texts]), together, atol=1e-12
    )


def test_thousands_of_texts_at_once_get_what_each_gets_alone(model):
    texts = FRESH.texts * 150
    np.testing.assert_allclose(
        model.predict_proba(texts), np.tile(model.predict_proba(FRESH.texts), (150, 1)), atol=1e-12
    )


def test_the_same_seed_gives_the_same_probabilities(name, model):
    assert np.array_equal(fit(name, TRAIN).predict_proba(FRESH.texts), model.predict_proba(FRESH.texts))


def test_training_again_forgets(name, model):
    again = fit(name, part(complaints(k=2, seed=5)))
    again.fit(TRAIN, NONE, seed=7, watch=lambda epoch: None)
    assert np.array_equal(again.predict_proba(FRESH.texts), model.predict_proba(FRESH.texts))


def test_inputs_are_left_as_they_were(name):
    texts, codes = tuple(TRAIN.texts), TRAIN.codes.copy()
    codes.flags.writeable = False
    fit(name, triage.Part(texts=texts, codes=codes, classes=TRAIN.classes))
    assert codes.tolist() == TRAIN.codes.tolist()


@pytest.mark.parametrize("order", [(1, 0), (2, 3, 1, 0)])
def test_another_order_of_the_classes_only_moves_the_columns(name, order):
    rows = complaints(k=len(order))
    train = part(rows)
    moved = part(rows, [train.classes[i] for i in order])
    before, after = fit(name, train), fit(name, moved)
    texts = FRESH.texts + HOSTILE
    np.testing.assert_allclose(after.predict_proba(texts), before.predict_proba(texts)[:, order], atol=1e-12)


def test_two_classes_are_enough(name):
    model = fit(name, part(complaints(k=2)))
    fresh = part(complaints(k=2, seed=1))
    assert (model.predict_proba(fresh.texts).argmax(axis=1) == fresh.codes).mean() >= 0.9


def test_forty_classes_are_not_too_many(name):
    train = part(complaints(k=40, each=6))
    answers = fit(name, train).predict_proba(train.texts)
    assert (answers.argmax(axis=1) == train.codes).mean() >= 0.9


def test_a_class_may_have_a_single_document(name):
    train = part([*complaints(), ("please help with my parcel", "parcels")])
    answers = fit(name, train).predict_proba(["card charge", "parcel"])
    assert answers.shape == (2, 5)
    assert np.isfinite(answers).all()


def test_texts_without_a_word_leave_the_shares_of_the_classes(name, caplog):
    train = part([("", "a"), ("?", "a"), ("x", "a"), ("", "b")])
    np.testing.assert_allclose(fit(name, train).predict_proba(["", "card"]), [[0.75, 0.25]] * 2)
    assert "no word is in 3 texts" in caplog.text


def test_one_class_cannot_be_learned(name):
    with pytest.raises(triage.DataError, match="one class"):
        fit(name, part([("a card", "card")] * 4))


def test_a_class_without_a_document_is_named(name):
    with pytest.raises(triage.DataError, match="fees"):
        fit(name, part(complaints(), ["class 0", "class 1", "class 2", "class 3", "fees"]))


def test_an_interrupted_training_leaves_nothing_half_way(name, monkeypatch):
    model = fit(name, TRAIN)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(model, "learn_rows", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(FRESH, NONE, seed=1, watch=lambda epoch: None)
    with pytest.raises(triage.NotFitted):
        model.predict_proba(["a card"])


def test_what_a_bundle_keeps_gives_the_same_probabilities(name, model):
    kept = unpack({file: bytearray(data) for file, data in pack(state_of(model)).items()})
    loaded = build(name)
    for attribute, value in kept.items():
        setattr(loaded, attribute, value)
    assert np.array_equal(loaded.predict_proba(HOSTILE), model.predict_proba(HOSTILE))


def test_neither_listing_nor_building_imports_scikit_learn():
    code = (
        "import sys, triage_sklearn\n"
        "for backend in triage_sklearn.triage_backends(): backend.build()\n"
        "assert not {'sklearn', 'scipy', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
