"""What is served is what was trained: ONNX Runtime against Keras, and nothing but what we write."""

import json
from dataclasses import replace

import numpy as np
import pytest
from small_sequences import FRESH, SIZE, TRAIN, build, fitted

import triage
from triage.data.vocabulary import pad
from triage_recurrent._embeddings import ppmi_svd
from triage_recurrent._keras import KerasNetwork
from triage_recurrent._linear import learn_linear, out_of_fold
from triage_recurrent._proto import check

keras = pytest.importorskip("keras")
onnx = pytest.importorskip("onnx")

NAMES = ["simplernn", "lstm", "stacked-lstm", "bilstm", "gru"]
LENGTHS = [1, 2, 3, 8, 40, 250]


@pytest.fixture(scope="module")
def linear():
    """A linear model of the training part."""
    found, _ = learn_linear(TRAIN, c=1.0, pairs=1000, folds=[], least=1)
    return found


@pytest.mark.parametrize(
    ("name", "pooling"),
    [
        *((name, pooling) for name in NAMES for pooling in ("max-mean", "attention")),
        ("stacked-lstm", "last"),
        ("bilstm", "last"),
    ],
)
def test_onnx_answers_as_keras_does_whatever_the_length(name, pooling, linear):
    from triage_recurrent._onnx import to_onnx
    from triage_recurrent._serving import Network

    keras.utils.set_random_seed(3)
    draw = np.random.default_rng(4)
    network = build(name, pooling=pooling)._network(SIZE, 3)
    network.set_weights([draw.normal(0, 0.5, weight.shape).astype("f") for weight in network.get_weights()])
    served = KerasNetwork(network, linear, SIZE, 3, share=0.5)
    sequences = [draw.integers(1, SIZE, length).astype(np.int32) for length in LENGTHS]
    expected = served.probabilities(sequences)
    found = Network(to_onnx(served.model), vocabulary_size=SIZE, classes=3).probabilities(sequences)
    assert np.abs(found - expected).max() < 1e-5
    padded = np.pad(pad(sequences), ((0, 0), (0, 100)))
    assert np.abs(np.asarray(served.model(padded)) - expected).max() < 1e-5


def test_the_network_holds_the_linear_model_to_the_last_pair(linear):
    from triage_recurrent._layers import layers

    layer = layers().LinearTerms(linear)
    expected = linear.logits(FRESH.sequences)
    assert np.abs(np.asarray(layer(pad(FRESH.sequences))) - expected).max() < 1e-5
    assert len(linear.pairs) > 10
    assert linear.logits([]).shape == (0, 3)


def test_the_tables_are_a_logistic_regression_on_unit_rows_of_weighted_words_and_pairs():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [" ".join(f"t{token}" for token in sequence) for sequence in TRAIN.sequences]
    fresh = [" ".join(f"t{token}" for token in sequence) for sequence in FRESH.sequences]
    vectorizer = CountVectorizer(ngram_range=(1, 2)).fit(texts)
    counts = vectorizer.transform(texts)
    idf = np.log((1 + len(texts)) / (1 + np.asarray((counts > 0).sum(axis=0)).ravel())) + 1

    def rows(some):
        held = vectorizer.transform(some)
        length = np.sqrt(held @ idf**2)
        return held.multiply(idf).multiply(1 / np.maximum(length, 1e-9)[:, None]).tocsr()

    model = LogisticRegression(C=1.0, class_weight="balanced", solver="newton-cg", tol=1e-8, max_iter=500)
    expected = model.fit(rows(texts), TRAIN.codes).decision_function(rows(fresh))
    linear, _ = learn_linear(TRAIN, c=1.0, pairs=1000, folds=[], reach=1, least=1)
    # A few pairs of few documents lose their slot to another: none does in so small a part.
    assert np.abs(linear.logits(FRESH.sequences) - expected).max() < 0.01


def test_a_pair_is_known_across_one_word_and_not_across_two():
    def part_of(*rows):
        codes = np.arange(len(rows)) % 2
        sequences = [np.array(row, np.int32) for row in rows]
        return triage.Part(
            ["" for _ in rows], codes, ("a", "b"), sequences=sequences, vocabulary=TRAIN.vocabulary
        )

    train = part_of(*[[2, 9, 3], [3, 9, 2]] * 6)
    linear, _ = learn_linear(train, c=10.0, pairs=10, folds=[], least=1)
    near, far = (linear.logits(part_of(row).sequences)[0] for row in ([2, 8, 3], [2, 8, 8, 3]))
    assert near[0] - near[1] > 0.5
    assert abs(far[0] - far[1]) < 0.1


def test_answers_out_of_fold_come_from_models_that_did_not_see_the_family():
    groups = np.repeat(np.arange(20), 3)
    part = triage.Part(TRAIN.texts, TRAIN.codes, TRAIN.classes, groups=groups)
    folds = out_of_fold(part, folds=5, seed=1)
    assert sorted(np.concatenate(folds).tolist()) == list(range(60))
    assert sum(len(np.unique(groups[fold])) for fold in folds) == 20
    lone = out_of_fold(TRAIN, folds=5, seed=1)
    _, held_out = learn_linear(TRAIN, c=10.0, pairs=0, folds=lone)
    assert 0.5 < (held_out.argmax(axis=1) == TRAIN.codes).mean() <= 1


def test_a_class_that_a_fold_lacks_is_unlikely_in_it():
    rare = TRAIN.codes.copy()
    rare[rare == 2] = 0
    rare[:2] = 2
    part = triage.Part(
        TRAIN.texts, rare, TRAIN.classes, sequences=TRAIN.sequences, vocabulary=TRAIN.vocabulary
    )
    _, held_out = learn_linear(part, c=1.0, pairs=0, folds=[np.arange(2), np.arange(2, 60)])
    assert np.isfinite(held_out).all()
    assert (held_out[:2].argmax(axis=1) != 2).all()


def test_word_vectors_of_like_words_are_alike_and_the_same_twice():
    draw = np.random.default_rng(0)
    # 2 and 3 stand among the same words, 4 among others.
    near = [np.array([word, *draw.integers(5, 15, 6)], np.int32) for word in (2, 3) for _ in range(40)]
    far = [np.array([4, *draw.integers(15, 25, 6)], np.int32) for _ in range(40)]
    vectors = ppmi_svd(near + far, 25, size=8, seed=1)
    assert np.array_equal(vectors, ppmi_svd(near + far, 25, size=8, seed=1))
    assert not vectors[0].any()

    def cosine(a, b):
        return vectors[a] @ vectors[b] / np.linalg.norm(vectors[a]) / np.linalg.norm(vectors[b])

    assert cosine(2, 3) > 0.5 > cosine(2, 4) + 0.3
    assert vectors[1:].std() == pytest.approx(0.1, rel=1e-3)


def test_texts_of_single_words_give_no_vectors_and_no_error():
    assert not ppmi_svd([np.array([2], np.int32)] * 3, 5, size=4, seed=1).any()


@pytest.fixture(scope="module")
def network():
    """A saved network."""
    return fitted("gru", epochs=1).get_state()["network.onnx"]


def changed(data, change):
    model = onnx.load_from_string(data)
    change(model)
    return model.SerializeToString()


def outside(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/hostname")


def strange_operator(model):
    model.graph.node[0].op_type = "Loop"


def strange_domain(model):
    model.opset_import.add(domain="com.example", version=1)


def graph_in_a_node(model):
    model.graph.node[0].attribute.add(name="body", type=onnx.AttributeProto.GRAPH).g.name = "inner"


def function(model):
    model.functions.add(name="f")


@pytest.mark.parametrize("change", [outside, strange_operator, strange_domain, graph_in_a_node, function])
def test_a_network_with_anything_that_we_do_not_write_is_refused_unseen(network, change):
    check(network)
    with pytest.raises(triage.Refused, match=r"network\.onnx"):
        check(changed(network, change))


def test_bytes_that_are_no_network_are_refused(network):
    draw = np.random.default_rng(0)
    for data in (b"", b"\x08", b"PK\x03\x04", network[:-1], network[:1000], bytes(draw.bytes(500))):
        with pytest.raises(triage.Refused):
            build("gru").set_state({"vocabulary_size": SIZE, "classes": 3, "network.onnx": data})


@pytest.mark.parametrize("size", [None, "40", 0, True])
def test_a_state_without_its_size_is_refused(network, size):
    with pytest.raises(triage.Refused):
        build("gru").set_state({"vocabulary_size": size, "classes": 3, "network.onnx": network})


@pytest.mark.parametrize("name", ["simplernn", "bilstm", "gru"])
def test_a_network_comes_back_from_its_onnx_file_with_every_weight(name, linear):
    from triage_recurrent._onnx import to_onnx
    from triage_recurrent._rebuild import rebuild

    draw = np.random.default_rng(4)
    first, second = (build(name, pooling="attention")._network(SIZE, 3) for _ in range(2))
    first.set_weights([draw.normal(size=weight.shape).astype("f") for weight in first.get_weights()])
    whole = KerasNetwork(first, linear, SIZE, 3, share=0.25)
    found, share = rebuild(to_onnx(whole.model), second)
    assert share == 0.25
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(found.logits(FRESH.sequences), linear.logits(FRESH.sequences))
    with pytest.raises(triage.Refused):
        rebuild(to_onnx(first), build("lstm")._network(SIZE, 3))


def test_the_file_says_its_opset_and_holds_no_path(network):
    model = onnx.load_from_string(network)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 17)]
    assert model.producer_name == "triage"
    assert b"/" not in json.dumps([node.name for node in model.graph.node]).encode()


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["complaints", "reviews"])
def test_on_every_embedded_test_document_onnx_answers_as_keras_does(corpus):
    from triage.config import Experiment
    from triage.data.sources import load
    from triage.data.vocabulary import learn_vocabulary
    from triage.models.training import prepare
    from triage_recurrent._onnx import to_onnx
    from triage_recurrent._serving import Network

    plugins = triage.Plugins.discover()
    if corpus not in plugins.names(triage.Corpus):
        pytest.skip(f"there is no corpus {corpus!r} here")
    splits = prepare(load(plugins, corpus), Experiment(location=corpus), plugins).splits
    vectorizer = learn_vocabulary(splits.train.texts, max_tokens=20_000, max_length=250, min_documents=3)
    size, k = len(vectorizer.vocabulary), splits.train.k
    draw = np.random.default_rng(4)
    keras.utils.set_random_seed(3)
    train = replace(splits.train, sequences=vectorizer(splits.train.texts), vocabulary=vectorizer.vocabulary)
    linear, _ = learn_linear(train, c=1.0, pairs=50_000, folds=[])
    network = build("bilstm", units=16, embedding_size=32)._network(size, k)
    network.set_weights([draw.normal(0, 0.3, weight.shape).astype("f") for weight in network.get_weights()])
    served = KerasNetwork(network, linear, size, k, share=0.4)
    sequences = vectorizer(splits.test.texts)
    expected = served.probabilities(sequences)
    found = Network(to_onnx(served.model), vocabulary_size=size, classes=k).probabilities(sequences)
    assert len(found) > 100
    assert np.abs(found - expected).max() < 1e-5
