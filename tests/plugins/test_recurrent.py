"""Recurrent backends: what they learn, what they save, and that nothing around a text changes its answer."""

import logging
import textwrap
import types

import numpy as np
import pytest
from small_sequences import FRESH, SIZE, TRAIN, TUNE, K, build, fitted, part

import triage
import triage_recurrent
from triage.host.options import build_with, options_of

pytest.importorskip("tensorflow")

NAMES = ["simplernn", "lstm", "stacked-lstm", "bilstm", "gru"]


@pytest.fixture(scope="module")
def trained():
    """One classifier of each design, trained for two epochs."""
    return {name: fitted(name) for name in NAMES}


@pytest.fixture(scope="module")
def gru(trained):
    return trained["gru"]


def test_the_five_designs_are_backends_on_sequences():
    backends = list(triage_recurrent.triage_backends())
    assert sorted(backend.name for backend in backends) == sorted(NAMES)
    assert all(backend.consumes == "sequences" for backend in backends)
    assert all(option.help for backend in backends for option in options_of(backend.build).values())


@pytest.mark.parametrize("name", NAMES)
def test_a_design_learns_and_answers_with_probabilities(trained, name):
    answers = trained[name].predict_proba(FRESH.sequences)
    assert answers.shape == (len(FRESH), K)
    assert np.allclose(answers.sum(axis=1), 1, atol=1e-12)
    assert (answers.argmax(axis=1) == FRESH.codes).mean() > 0.8


@pytest.mark.parametrize("name", NAMES)
def test_neither_company_nor_order_changes_an_answer(trained, name):
    classifier, order = trained[name], np.random.default_rng(0).permutation(len(FRESH))
    together = classifier.predict_proba(FRESH.sequences)
    alone = np.concatenate([classifier.predict_proba([sequence]) for sequence in FRESH.sequences])
    beside_a_long_one = classifier.predict_proba([*FRESH.sequences, np.full(250, 7, np.int32)])[:-1]
    shuffled = classifier.predict_proba([FRESH.sequences[i] for i in order])
    for other in (alone, beside_a_long_one, shuffled[np.argsort(order)]):
        assert np.abs(together - other).max() < 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_is_one_onnx_network_that_answers_the_same_to_the_bit(trained, name):
    state = trained[name].get_state()
    assert sorted(state) == ["classes", "network.onnx", "vocabulary_size"]
    again = build(name)
    again.set_state(state)
    assert np.array_equal(again.predict_proba(FRESH.sequences), trained[name].predict_proba(FRESH.sequences))


@pytest.mark.parametrize("k", [2, 5])
def test_two_classes_are_learned_as_well_as_many(k):
    classifier = fitted(train=part(60, k=k), tune=part(20, seed=1, k=k), epochs=1)
    fresh = part(30, seed=2, k=k)
    assert (classifier.predict_proba(fresh.sequences).argmax(axis=1) == fresh.codes).mean() > 0.7


def test_it_learns_without_a_tune_part_and_without_a_linear_model():
    empty = triage.Part([], np.empty(0, np.int64), TRAIN.classes, sequences=[], vocabulary=TRAIN.vocabulary)
    epochs = []
    classifier = fitted(tune=empty, linear_share=0, epochs=12, learning_rate=0.03, watch=epochs.append)
    assert all(epoch.tune_loss is None for epoch in epochs)
    assert (classifier.predict_proba(FRESH.sequences).argmax(axis=1) == FRESH.codes).mean() > 0.6


def test_the_target_may_be_shared_with_the_linear_model():
    fitted(distillation=0.5, linear_share=0, embeddings="random", averaging=0, epochs=1, class_weights="none")


def test_every_epoch_is_told_with_what_was_measured():
    epochs = []
    fitted(watch=epochs.append)
    assert [epoch.number for epoch in epochs] == [1, 2]
    first = epochs[0]
    assert first.best
    assert first.of == 2
    assert first.learning_rate == pytest.approx(3e-3)
    assert set(first.gradient_norms) == {"embedding", "recurrent", "logits"}
    assert min(first.tune_loss, first.tune_macro_f1, first.documents_per_second, first.loss) > 0


def test_before_it_is_fitted_it_has_nothing_to_say():
    with pytest.raises(triage.NotFitted):
        build("gru").predict_proba(FRESH.sequences)
    with pytest.raises(triage.NotFitted):
        build("gru").get_state()


@pytest.mark.parametrize("ids", [[], [0, 2], [SIZE], [-1]])
def test_ids_that_the_vocabulary_does_not_have_are_refused(gru, ids):
    with pytest.raises(triage.DataError, match="sequence"):
        gru.predict_proba([np.array(ids, np.int32)])


def test_a_part_that_cannot_be_learned_from_is_refused():
    lacking = triage.Part(
        TRAIN.texts,
        TRAIN.codes,
        (*TRAIN.classes, "none"),
        sequences=TRAIN.sequences,
        vocabulary=TRAIN.vocabulary,
    )
    with pytest.raises(triage.DataError, match="none"):
        fitted(train=lacking)
    with pytest.raises(triage.DataError, match="one class"):
        fitted(train=part(10, k=1))


def test_no_sequence_is_no_answer(gru):
    assert gru.predict_proba([]).shape == (0, K)


def test_the_tokens_of_a_class_explain_it_and_random_ones_do_not(gru):
    explained = gru.explain(FRESH.sequences, FRESH.codes, most=2)
    own = [{2 + 2 * code, 3 + 2 * code} for code in FRESH.codes.tolist()]
    hits = [token in tokens for found, tokens in zip(explained, own, strict=True) for token, _ in found]
    assert np.mean(hits) > 0.8
    weights = [[weight for _, weight in found] for found in explained]
    assert all(each == sorted(each, reverse=True) and min(each, default=1) > 0 for each in weights)


def test_a_text_of_one_word_can_be_explained(gru):
    (found,) = gru.explain([np.array([2], np.int32)], [0], most=5)
    assert [token for token, _ in found] == [2]


def test_training_leaves_the_generators_of_others_alone():
    import random

    random.seed(1)
    np.random.seed(1)
    expected = random.Random(1).random(), np.random.RandomState(1).rand()
    fitted(epochs=1)
    assert (random.random(), np.random.rand()) == expected


def bigru(vocabulary_size, classes, *, units: int = 4):
    import keras

    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocabulary_size, 8, mask_zero=True)(tokens)
    x = keras.layers.Bidirectional(keras.layers.GRU(units, return_sequences=True))(x)
    x = triage_recurrent.layers().AttentionPooling(4)(x)
    x = keras.layers.Concatenate()([x, keras.layers.Dense(4, activation="relu")(x)])
    return keras.Model(tokens, keras.layers.Dense(classes, activation="softmax")(x))


def normalised(vocabulary_size, classes):
    import keras

    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocabulary_size, 8, mask_zero=True)(tokens)
    x = keras.layers.LayerNormalization()(keras.layers.LSTM(5)(x))
    return keras.Model(tokens, keras.layers.Dense(classes, activation="softmax")(x))


def test_a_network_of_a_third_party_is_served_by_onnx_where_every_layer_is_known():
    backend = triage_recurrent.backend("bigru", "A GRU that reads both ways", network=bigru)
    assert "units" in options_of(backend.build)
    classifier = build_with(backend.build, {"units": 3, "epochs": 1})
    classifier.fit(TRAIN, TUNE, seed=1, watch=lambda epoch: None)
    assert "network.onnx" in classifier.get_state()


def test_the_example_in_the_documentation_is_a_plugin_that_works():
    import re

    (source,) = re.findall(r"```python\n(.*?)```", triage_recurrent.backend.__doc__, re.DOTALL)
    module = types.ModuleType("a_plugin")
    exec(textwrap.dedent(source), vars(module))
    plugins = triage.Plugins()
    plugins.register(module)
    classifier = plugins.build(plugins.backend("bigru"), {"epochs": 1})
    classifier.fit(TRAIN, TUNE, seed=1, watch=lambda epoch: None)
    assert "network.onnx" in classifier.get_state()


@pytest.mark.parametrize("linear", [0, 0.5])
def test_a_network_with_a_layer_that_is_not_known_is_kept_as_weights_and_says_so(caplog, linear):
    backend = triage_recurrent.backend("normalised", "An LSTM, normalised", network=normalised)
    classifier = build_with(backend.build, {"epochs": 1, "linear-share": linear})
    with caplog.at_level(logging.WARNING):
        classifier.fit(TRAIN, TUNE, seed=1, watch=lambda epoch: None)
    assert "served by Keras" in caplog.text
    state = classifier.get_state()
    assert "network.onnx" not in state
    again = build_with(backend.build, {"linear-share": linear})
    again.set_state(state)
    assert np.array_equal(again.predict_proba(FRESH.sequences), classifier.predict_proba(FRESH.sequences))


def test_options_of_a_network_cannot_take_the_names_of_the_training():
    def clash(vocabulary_size, classes, *, epochs: int = 1): ...

    def positional(vocabulary_size, classes, units=3): ...

    with pytest.raises(ValueError, match="epochs"):
        triage_recurrent.backend("clash", "Clashes", network=clash)
    with pytest.raises(TypeError, match="keyword-only"):
        triage_recurrent.backend("positional", "Positional", network=positional)
