"""Networks that keep their place in a text: any division into pieces ends where the whole text does."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_sequences import FRESH, SIZE, TRAIN, build, fitted

import triage
import triage_recurrent
from triage.host.protocols import Streams
from triage_recurrent._linear import learn_linear

keras = pytest.importorskip("keras")
pytest.importorskip("onnx")

SIZES = {"vocabulary_size": SIZE, "classes": 3}
NAMES = ["simplernn", "lstm", "stacked-lstm", "gru"]
POOLINGS = ["max-mean", "attention", "last"]


@functools.cache
def network(name, pooling):
    """A classifier with weights by chance, far larger than training would make them, and a linear model."""
    from triage_recurrent._keras import KerasNetwork
    from triage_recurrent._onnx import to_onnx

    classifier = build(name, pooling=pooling)
    made = by_chance(classifier)
    linear, _ = learn_linear(TRAIN, c=1.0, pairs=1000, folds=[], least=1)
    whole = KerasNetwork(made, linear, SIZE, 3, share=0.5).model
    classifier.set_state({**SIZES, "network.onnx": to_onnx(whole)})
    return classifier


def by_chance(classifier):
    keras.utils.set_random_seed(3)
    draw = np.random.default_rng(4)
    made = classifier._network(SIZE, 3)
    made.set_weights([draw.normal(0, 0.5, weight.shape).astype("f") for weight in made.get_weights()])
    return made


def read(classifier, pieces_of):
    """Read many texts side by side, each in its own pieces, and return the last answer to each."""
    states = classifier.start(len(pieces_of))
    left = [list(pieces) for pieces in pieces_of]
    found = {}
    while rows := [row for row, pieces in enumerate(left) if pieces]:
        before = [array[rows] for array in states]
        after, chances = classifier.advance(before, [left[row].pop(0) for row in rows])
        for array, rest in zip(states, after, strict=True):
            array[rows] = rest
        found.update(zip(rows, chances, strict=True))
    return np.array([found[row] for row in range(len(pieces_of))])


def divided(sequence, cuts):
    return [
        piece
        for piece in np.split(sequence, sorted({cut % (len(sequence) + 1) for cut in cuts}))
        if len(piece)
    ]


TEXTS = st.lists(
    st.tuples(
        st.lists(st.integers(1, SIZE - 1), min_size=1, max_size=60),
        st.lists(st.integers(0, 10_000), max_size=8),
    ),
    min_size=1,
    max_size=5,
)


FAST = {("stacked-lstm", "max-mean"), ("simplernn", "last"), ("gru", "attention"), ("lstm", "max-mean")}
PAIRS = [
    pytest.param(name, pooling, marks=[] if (name, pooling) in FAST else [pytest.mark.slow])
    for name in NAMES
    for pooling in POOLINGS
]


@pytest.mark.parametrize(("name", "pooling"), PAIRS)
@settings(max_examples=25, deadline=None)
@given(texts=TEXTS)
def test_any_texts_in_any_pieces_side_by_side_end_where_the_whole_texts_do(name, pooling, texts):
    classifier = network(name, pooling)
    sequences = [np.array(ids, np.int32) for ids, _ in texts]
    found = read(classifier, [divided(np.array(ids, np.int32), cuts) for ids, cuts in texts])
    assert np.abs(found - classifier.predict_proba(sequences)).max() < 1e-5


def test_a_trained_network_says_after_each_word_what_it_says_of_the_words_so_far():
    classifier = fitted("gru", pairs=50)
    assert isinstance(classifier, Streams)
    sequence = np.concatenate(FRESH.sequences)
    states = classifier.start(1)
    said = []
    for word in sequence:
        states, chances = classifier.advance(states, [np.array([word])])
        said.append(chances[0])
    prefixes = [sequence[: end + 1] for end in range(len(sequence))]
    assert np.abs(np.array(said) - classifier.predict_proba(prefixes)).max() < 1e-5


def test_states_stay_as_they_were_and_do_not_grow():
    classifier = network("gru", "attention")
    states = classifier.start(2)
    before = [array.copy() for array in states]
    after, _ = classifier.advance(states, [np.array([3]), np.array([4, 5, 6])])
    assert all(np.array_equal(one, other) for one, other in zip(states, before, strict=True))
    later, _ = classifier.advance(after, [np.arange(1, 40), np.arange(1, 30)])
    assert [array.shape for array in later] == [array.shape for array in states]


def test_ten_thousand_words_read_a_few_at_a_time_add_up_as_those_read_at_once():
    classifier = network("lstm", "max-mean")
    sequence = np.random.default_rng(1).integers(1, SIZE, 10_000).astype(np.int32)
    found = read(classifier, [[sequence[i : i + 4] for i in range(0, len(sequence), 4)]])
    assert np.abs(found - classifier.predict_proba([sequence])).max() < 1e-5


def test_what_reads_backwards_says_that_it_cannot():
    with pytest.raises(triage.UsageError, match=r"bilstm cannot keep its place in a text: .*backwards"):
        network("bilstm", "max-mean").start(1)
    with pytest.raises(triage.NotFitted):
        build("gru").start(1)
    with pytest.raises(triage.DataError, match="not from 1 to"):
        network("gru", "last").advance(network("gru", "last").start(1), [np.array([SIZE])])
    assert network("gru", "last").advance(network("gru", "last").start(0), [])[1].shape == (0, 3)


def own(vocabulary_size, classes, *, kind: str = "forward"):
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocabulary_size, 8, mask_zero=True)(tokens)
    if kind == "forward":
        x = keras.layers.GRU(6, return_sequences=True)(keras.layers.Dense(7, activation="tanh")(x))
        both = [keras.layers.LSTM(5)(x), triage_recurrent.layers().AttentionPooling()(x)]
        x = keras.layers.Concatenate()(both)
    elif kind == "whole text":
        pooled = keras.layers.Dense(8)(triage_recurrent.layers().MaxMeanPooling()(x))
        x = triage_recurrent.layers().MaxMeanPooling()(keras.layers.Add()([x, pooled]))
    else:
        x = keras.layers.GRU(6, activation="relu")(x)
    return keras.Model(tokens, keras.layers.Dense(classes, activation="softmax")(x))


def test_a_network_of_ones_own_streams_where_its_layers_are_known_and_read_forwards():
    from triage_recurrent._onnx import to_onnx

    backend = triage_recurrent.backend("own", "One's own", network=own)
    classifier = backend.build(kind="forward")
    classifier.set_state({**SIZES, "network.onnx": to_onnx(by_chance(classifier))})
    draw = np.random.default_rng(2)
    pieces = [divided(sequence, draw.integers(0, 99, 4).tolist()) for sequence in FRESH.sequences]
    assert np.abs(read(classifier, pieces) - classifier.predict_proba(FRESH.sequences)).max() < 1e-5
    served_by_keras = backend.build(kind="no usual activation")
    weights = by_chance(served_by_keras).get_weights()
    served_by_keras.set_state({**SIZES, "weights": weights, "linear": None, "share": 1.0})
    with pytest.raises(triage.UsageError, match="cannot be written as ONNX"):
        served_by_keras.start(1)


def test_a_layer_in_which_later_words_change_earlier_ones_is_never_made_a_running_one():
    from triage_recurrent._onnx import to_onnx
    from triage_recurrent._stepping import NotForward, stepping

    with pytest.raises(NotForward, match="the whole text changes what a word says"):
        stepping(to_onnx(own(SIZE, 3, kind="whole text")))
