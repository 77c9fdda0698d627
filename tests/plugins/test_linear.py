"""The backend `linear` reads what it should, stores no word, and explains itself by the text it is asked about."""

import csv
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_parts import FRESH, HOSTILE, NONE, TRAIN, part

import triage
from triage.config import Experiment
from triage.data.sources import load
from triage.models.bundle.state import pack
from triage.models.model import state_of
from triage.models.training import fit, prepare
from triage_linear import _backend, _features, _hashing, _learning

SECRET = "Quetzalcoatlus"
TEXTS = st.lists(
    st.text(st.sampled_from("ab cd'!?.\u00e9\u4fe1\u7528 \u0e01\U0001f600\0\n\u2019")), max_size=6
)


def learned(train=TRAIN, **options):
    model = _backend.linear(**options)
    model.fit(train, NONE, seed=7, watch=lambda epoch: None)
    return model


def vectorizer(**options):
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(**options)


def read(grams, batch, text=0):
    chosen = np.flatnonzero(grams.text == text)
    return [batch.text[grams.start[i] : grams.end[i]].replace("\0", " ") for i in chosen]


def test_character_n_grams_are_those_of_scikit_learn():
    text = "The card's number, twice charged: 12345 (again)"
    batch = _hashing.Batch([text])
    theirs = vectorizer(analyzer="char_wb", ngram_range=(3, 4)).build_analyzer()(text)
    assert sorted(read(batch.characters(3, 4), batch)) == sorted(theirs)


def test_words_are_runs_of_letters_and_of_the_marks_that_tell_moods_apart():
    batch = _hashing.Batch(["Didn't 'they' call me_back?! No \u2013 never\u2019s fine..."])
    words, pairs = batch.words()
    assert read(words, batch) == ["didn't", "they", "call", "me_back", "?!", "no", "never's", "fine"]
    assert read(pairs, batch)[:2] == ["didn't 'they", "they' call"]


def test_each_letter_of_a_script_without_spaces_is_a_word():
    batch = _hashing.Batch(["\u4fe1\u7528\u5361 \u30ab\u30fc\u30c9 \u0e1a\u0e31\u0e15\u0e23 \ud55c\uad6d"])
    words = read(batch.words()[0], batch)
    assert words[:3] == list("\u4fe1\u7528\u5361")
    assert words[-1] == "\ud55c\uad6d"  # Korean has spaces


@settings(deadline=None)
@given(TEXTS)
def test_a_text_has_the_same_features_alone_as_in_a_batch(texts):
    def features(batch, text):
        found = (*batch.words(), batch.characters(3, 4))
        return [sorted(grams.hashes[grams.text == text].tolist()) for grams in found]

    batch = _hashing.Batch(texts)
    for number, text in enumerate(texts):
        assert features(batch, number) == features(_hashing.Batch([text]), 0)


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("abc xyz"), min_size=3, max_size=12), min_size=2, max_size=30))
def test_equal_n_grams_and_only_equal_ones_share_a_hash(texts):
    batch = _hashing.Batch(texts)
    for grams in (*batch.words(), batch.characters(3, 4)):
        names = [re.sub("[\0 ]+", " ", batch.text[a:b]) for a, b in zip(grams.start, grams.end, strict=True)]
        assert len(set(zip(names, grams.hashes.tolist(), strict=True))) == len(set(names))
        assert len(set(grams.hashes.tolist())) == len(set(names))


def test_more_texts_than_a_batch_holds_are_answered_as_one_by_one(monkeypatch):
    model = learned()
    whole = model.predict_proba(FRESH.texts)
    monkeypatch.setattr(_hashing, "_BLOCK_TEXTS", 3)
    monkeypatch.setattr(_backend, "_GATHERED", 40)
    assert np.array_equal(model.predict_proba(FRESH.texts), whole)


def test_counts_and_lengths_are_as_in_scikit_learn():
    texts = ["late late fee", "card fee", "late card charge"]
    buckets = _learning.learn_buckets(texts, min_documents=1, max_buckets=1000)
    features = _features.Features(buckets, np.ones(len(buckets), np.float32))
    entries = _learning.all_entries(features, texts)
    words = entries.column < np.searchsorted(buckets, 1 << _features.BITS)
    ours = [np.sort(features.weights(entries)[words & (entries.text == i)]) for i in range(3)]
    theirs = vectorizer(ngram_range=(1, 2), sublinear_tf=True, use_idf=False).fit_transform(texts)
    for row, mine in enumerate(ours):
        assert np.allclose(mine, np.sort(theirs[row].data), atol=1e-6)


def test_a_feature_of_one_class_weighs_more_than_one_of_all():
    texts = ["fee card"] * 20 + ["fee loan"] * 20
    codes = np.repeat([0, 1], 20)
    buckets = _learning.learn_buckets(texts, min_documents=1, max_buckets=1000)
    features = _features.Features(buckets, np.ones(len(buckets), np.float32))
    weight = _learning.learn_weights(_learning.all_entries(features, texts), codes, columns=len(buckets), k=2)
    words, columns = features.found_in(_hashing.Batch(["fee card"]))[0]
    common, own = weight[columns[np.argsort(words.start)]]
    assert common == pytest.approx(1.0, abs=1e-6)  # in every text, and of no class
    assert own > 2


def test_a_word_of_one_text_stands_in_no_byte_of_the_model():
    rows = [(text, TRAIN.classes[code]) for text, code in zip(TRAIN.texts, TRAIN.codes, strict=True)]
    rows[0] = (f"{rows[0][0]} {SECRET}", rows[0][1])
    rows[5] = (f"{SECRET} {rows[5][0]}", rows[5][1])
    model = learned(part(rows))
    state = state_of(model)
    assert all(isinstance(value, np.ndarray) for value in state.values())
    written = b"".join(pack(state).values()).lower()
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        assert SECRET.lower().encode(encoding) not in written
        assert SECRET.lower()[::-1].encode(encoding) not in written
    # It was learned all the same: the text that is asked about says how it is spelled.
    code = int(part(rows).codes[0])
    assert SECRET.lower() in dict(model.explain([f"the {SECRET}"], [code], most=9)[0])


def test_marks_and_smileys_are_read():
    rows = [
        (f"my order number {i} came today {mark}", mark) for i in range(12) for mark in ("!!", ":(", ":)")
    ]
    model = learned(part(rows))
    asked = part([(f"your letter {i} is here {mark}", mark) for i in range(3) for mark in ("!!", ":(", ":)")])
    assert np.array_equal(model.predict_proba(asked.texts).argmax(axis=1), asked.codes)


def test_it_explains_by_the_words_and_pairs_of_the_text():
    model = learned()
    word = "charge" if "charge" in " ".join(TRAIN.texts) else "card"
    ((best, weight), *others) = model.explain([f"Problem: {word.upper()}, with it"], [0], most=4)[0]
    assert best == word
    assert weight > 0
    assert all(term in f"problem: {word}, with it" for term, _ in others)
    assert model.explain(["\u4fe1"], [0], most=4) == [[]]


def test_a_text_in_another_script_is_explained_by_its_own_letters():
    rows = [(f"{a}{b}", label) for a in "\u8bf7\u6211\u4f60\u4ed6" for b, label in (("\u4fe1\u7528\u5361", "card"), ("\u8d37\u6b3e", "loan"))]  # fmt: skip
    model = learned(part(rows))
    (terms,) = model.explain(["\u5979\u8d37\u6b3e"], [1], most=20)
    assert terms[0][0] in ("\u8d37", "\u6b3e", "\u8d37\u6b3e")
    assert {"\u8d37", "\u8d37\u6b3e"} <= {term for term, _ in terms}


@pytest.mark.parametrize(
    "options", [{}, {"loss": "logistic"}, {"balance": 0.0, "c": 3.0}, {"min_documents": 3}]
)
def test_it_learns_with_any_of_its_options(options):
    model = learned(**options)
    answers = model.predict_proba(FRESH.texts)
    assert np.mean(answers.argmax(axis=1) == FRESH.codes) > 0.9
    assert np.isfinite(model.predict_proba(HOSTILE)).all()


def test_rare_classes_weigh_more_when_they_are_balanced():
    common = [(f"payment of loan number {i} was late", "loan") for i in range(60)]
    rare = [(f"payment of card number {i} was late", "card") for i in range(3)]
    asked = ["payment was late"]
    shares = [
        learned(part(common + rare), balance=balance).predict_proba(asked)[0, 0] for balance in (0.0, 1.0)
    ]
    assert shares[0] < shares[1]


def test_no_more_buckets_are_stored_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(_backend, "_COEFFICIENTS", 200)
    model = learned()
    assert model.coef_.shape == (200 // TRAIN.k, TRAIN.k)


def test_where_nothing_can_be_learned_the_shares_of_the_classes_are_said(caplog):
    model = learned(part([("!", "a"), ("x", "a"), ("?", "b")]), min_documents=2)
    assert model.predict_proba(["whatever"])[0] == pytest.approx([2 / 3, 1 / 3])
    assert "no feature is in 2 texts" in caplog.text


@pytest.mark.parametrize(
    ("train", "says"),
    [
        (part([("a", "x")]), "two classes or more"),
        (part([("a", "x"), ("b", "y")], ("w", "x", "y")), "none of: w"),
    ],
)
def test_what_cannot_be_learned_from_is_said(train, says):
    with pytest.raises(triage.DataError, match=says):
        learned(train)


def test_a_saved_model_answers_and_explains_with_numpy_alone(tmp_path):
    model = learned()
    for file, data in pack(state_of(model)).items():
        (tmp_path / file).write_bytes(data)
    code = (
        "import sys, json, pathlib, triage_linear\n"
        "from triage.models.bundle.state import unpack\n"
        "files = {file.name: bytearray(file.read_bytes()) for file in pathlib.Path(sys.argv[1]).iterdir()}\n"
        "(model,) = [backend.build() for backend in triage_linear.triage_backends()]\n"
        "vars(model).update(unpack(files))\n"
        "answers = model.predict_proba(json.loads(sys.argv[2])).tolist()\n"
        "model.explain(['card charge'], [0], most=2)\n"
        "assert not {'sklearn', 'scipy', 'pandas'} & set(sys.modules)\n"
        "print(json.dumps(answers))"
    )
    texts = FRESH.texts[:5]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), json.dumps(texts)], check=True, capture_output=True
    )
    assert np.array_equal(json.loads(done.stdout), model.predict_proba(texts))


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("coef_", lambda array: array[:-1], "do not fit"),
        ("weight_", lambda array: array[:-1], "do not fit"),
        ("buckets_", lambda array: array[::-1], "must be rising"),
        ("buckets_", lambda array: array + np.uint32(1 << 30), "must be rising numbers below 2,097,152"),
    ],
)
def test_a_state_that_does_not_fit_together_is_refused(name, change, says):
    forged = _backend.linear()
    state = state_of(learned())
    vars(forged).update({**state, name: change(state[name])})
    with pytest.raises(triage.DataError, match=says):
        forged.predict_proba(["card"])


def test_the_backend_chooses_the_cleaning_unless_the_user_does(plugins):
    rows = [
        triage.Document(row=i, text=f"My {word} &amp; number {i}!", label=word)
        for i in range(40)
        for word in ("card", "loan")
    ]
    dataset = triage.Dataset(name="tiny", documents=rows, cleaners=("complaints",))
    for backend, cleaners, text in (
        ("linear", None, "My card & number 0!"),
        ("majority", None, "card number"),
        ("linear", (("lower", {}),), "my card &amp; number 0!"),
    ):
        prepared = prepare(dataset, Experiment(backend=backend, cleaners=cleaners), plugins)
        assert text in [each for part in prepared.splits.parts.values() for each in part.texts]


@pytest.mark.data
def test_chinese_complaints_are_read(real_data, plugins):
    path = real_data.parent / "cases" / "letters-without-spaces" / "past.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    model = learned(part(rows[::2]))
    asked = part(rows[1::2])
    assert np.mean(model.predict_proba(asked.texts).argmax(axis=1) == asked.codes) > 0.95


@pytest.mark.data
def test_tweets_are_told_apart_better_than_by_the_baseline(real_data, plugins):
    options = {"text-column": "text", "label-column": "airline_sentiment"}
    dataset = load(plugins, str(real_data / "airline_tweets.csv.gz"), options=options, labelled=True)
    found = {}
    for backend in ("linear", "tfidf"):
        experiment = Experiment(backend=backend)
        prepared = prepare(dataset, experiment, plugins)
        test = prepared.splits.test
        answers = fit(prepared, experiment, plugins).model.predict_cleaned(test.texts)
        found[backend] = np.mean(answers.argmax(axis=1) == test.codes)
    assert found["linear"] > found["tfidf"] + 0.01
