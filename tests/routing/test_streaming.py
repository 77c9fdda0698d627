"""Texts that are read while they are written: the end is that of the whole text, and a word costs the same."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import KeywordClassifier
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.config import Experiment
from triage.data.cleaning import Cleaning, CleaningTimeout, build_cleaning
from triage.data.defaults import policy_chain
from triage.models.model import load_model, save_model
from triage.models.prefix_scores import prefix_scores_of
from triage.routing.early import outcome_of
from triage.routing.streaming.growing import GrowingText
from triage.testing import samples

CLOSE = 1e-5


def divided(text, cuts):
    places = sorted({cut % (len(text) + 1) for cut in cuts})
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def read(batch, pieces_of):
    """Read texts side by side, each in its own pieces, and end them."""
    left = {name: list(pieces) for name, pieces in pieces_of.items()}
    while any(left.values()):
        batch.feed({name: pieces.pop(0) for name, pieces in left.items() if pieces})
    return batch.end(pieces_of)


def ended(model, text, plugins, *, cuts=()):
    return read(triage.StreamBatch(model, plugins), {"": divided(text, cuts)})[""]


CUTS = st.lists(st.integers(0, 100_000), max_size=40)


@settings(max_examples=60, deadline=None)
@given(chosen=st.lists(st.tuples(st.integers(0, 10_000), CUTS), min_size=1, max_size=6))
def test_test_documents_in_any_pieces_end_where_the_batch_answer_is(reader, chosen):
    texts = {str(place): reader.texts[which % len(reader.texts)] for place, (which, _) in enumerate(chosen)}
    batch = triage.StreamBatch(reader.model, reader.plugins)
    found = read(
        batch, {name: divided(texts[name], cuts) for name, (_, cuts) in zip(texts, chosen, strict=True)}
    )
    expected = reader.model.predict_proba(list(texts.values()))
    given_ = np.array([found[name].probabilities for name in texts])
    assert np.abs(given_ - expected).max() < CLOSE
    assert batch.open == ()
    assert batch.ended == len(chosen)


PIECES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [*samples.HOSTILE, *samples.UNSEEN_SCRIPT, "XXXX ", "XX/XX/2021", " n't", "&am", "p;lt; "]
    ),
    st.sampled_from(
        ["my credit card was charged twice ", "the mortgage escrow ", "\u0430ccount ", "don", "'t "]
    ),
)


@settings(max_examples=80, deadline=None)
@given(pieces=st.lists(PIECES, max_size=40))
def test_any_characters_in_any_pieces_end_where_the_batch_answer_is(reader, pieces):
    found = read(triage.StreamBatch(reader.model, reader.plugins), {"": [*pieces, ""]})[""]
    expected = reader.model.predict_proba(["".join(pieces)])[0]
    assert np.abs(found.probabilities - expected).max() < CLOSE


@pytest.mark.parametrize("cleaners", ["general", "reviews", "complaints"])
def test_every_preset_is_followed_to_the_end(reader, cleaners):
    model = replace(reader.model, cleaning=build_cleaning(reader.plugins, cleaners))
    for text in reader.texts[:20]:
        found = ended(model, text, reader.plugins, cuts=range(0, len(text), 3))
        assert np.abs(found.probabilities - model.predict_proba([text])[0]).max() < CLOSE


def test_after_each_word_it_says_what_the_words_so_far_would_get(reader):
    stream = triage.Stream(reader.model, reader.plugins)
    for text in reader.texts[:5]:
        written = ""
        for word in text.split(" "):
            stream.feed(word)
            written += f"{word} "
            answer = stream.feed(" ")
            assert np.abs(answer.probabilities - reader.model.predict_proba([written])[0]).max() < CLOSE
            assert answer.words == len(reader.model.cleaning(written).split())
            assert answer.decision is None
            assert not answer.ended
        stream.reset()


def test_half_a_word_does_not_count_yet(reader):
    stream = triage.Stream(reader.model, reader.plugins)
    before = stream.feed("my mortgage ")
    assert stream.feed("escr").words == before.words
    assert stream.feed("ow ").words == before.words + 1
    assert (
        np.abs(stream.end().probabilities - reader.model.predict_proba(["my mortgage escrow"])[0]).max()
        < CLOSE
    )


def test_the_final_decision_is_that_of_route(reader):
    from triage.routing.router import Router

    router = Router(reader.model, policy_chain(reader.model.experiment, reader.plugins), reader.plugins)
    for number, text in enumerate(reader.texts[:30]):
        (expected,) = router.decide_batch([triage.Document(row=1, text=text)])
        found = ended(reader.model, text, reader.plugins, cuts=range(number, 400, 17))
        assert (found.decision.action, found.decision.queue, found.decision.reasons) == (
            expected.action,
            expected.queue,
            expected.reasons,
        )
        assert found.decision == found.final
        assert found.early is None


def test_a_cleaner_that_looks_at_the_whole_text_costs_one_more_reading_at_the_end(reader):
    def shouting(text):
        return text.upper() if "!" in text else text

    model = replace(reader.model, cleaning=Cleaning((("shouting", {}),), (shouting,)))
    batch = triage.StreamBatch(model, reader.plugins)
    text = "the card was charged twice and " * 20
    found = read(
        batch, {"calm": divided(text, range(0, 600, 7)), "loud": divided(text + "!", range(0, 600, 7))}
    )
    assert batch.read_again == 1
    for name, whole in (("calm", text), ("loud", text + "!")):
        assert np.abs(found[name].probabilities - model.predict_proba([whole])[0]).max() < CLOSE


def test_words_behind_the_longest_that_is_read_change_nothing(reader):
    model = replace(reader.model, vectorizer=replace(reader.model.vectorizer, max_length=30))
    stream = triage.Stream(model, reader.plugins)
    text = " ".join(reader.texts[:8])
    answers = [stream.feed(f"{word} ") for word in text.split(" ")]
    assert max(answer.words for answer in answers) == 30
    last = stream.end()
    assert np.abs(last.probabilities - model.predict_proba([text])[0]).max() < CLOSE
    assert np.array_equal(answers[-1].probabilities, answers[-100].probabilities)


def test_what_is_kept_of_a_text_beside_its_characters_does_not_grow(reader):
    model = replace(reader.model, vectorizer=replace(reader.model.vectorizer, max_length=20_000))
    batch = triage.StreamBatch(model, reader.plugins)
    words = " ".join(reader.texts[:100]).split()[:3000]
    sizes = []
    for word in words:
        batch.feed({"": f"{word} "})
        text = batch._texts[""]
        states = sum(array.nbytes for place in text.places for array in place.states)
        sizes.append((states, len(text.growing.window), len(text.growing._open)))
    early, late = np.array(sizes[:500]).max(axis=0), np.array(sizes[-500:]).max(axis=0)
    assert (late <= early * 1.5).all(), (early, late)
    assert len(text.growing._open.split()) < 60
    assert text.places[1].words > len(text.seen) - 60


def joining(text):
    """Makes one word of `not very`, and of any number of `so so so`."""
    return re.sub(r"\bso(?: so)+\b", "soso", text.replace("not very", "notvery"))


def test_a_window_is_cut_where_cutting_changes_nothing():
    growing = GrowingText(Cleaning((("joining", {}),), (joining,)), str.split)
    words = ["well", *["not", "very"] * 200]
    settled = []
    for word in words:
        growing.feed(f"{word} ")
        before, window = growing.settled, growing.window
        growing.settle()
        settled += window[: growing.settled - before]
        assert window == [*window[: growing.settled - before], *growing.window]
        assert len(growing.window) < 40
    assert growing.settled > 150
    assert set(settled) == {"well", "notvery"}


def test_a_window_that_cannot_be_cut_does_not_grow_for_ever(reader):
    model = replace(reader.model, cleaning=Cleaning((("joining", {}),), (joining,)))
    growing = GrowingText(model.cleaning, str.split)
    for _ in range(1000):
        growing.feed("so ")
        growing.settle()
        assert len(growing._open) < 1000
    text = "so " * 1000 + "the mortgage"
    found = ended(model, text, reader.plugins, cuts=range(0, len(text), 3))
    assert np.abs(found.probabilities - model.predict_proba([text])[0]).max() < CLOSE


def test_an_empty_text_goes_to_a_person(reader):
    stream = triage.Stream(reader.model, reader.plugins)
    answer = stream.feed(" ... ")
    assert (answer.words, answer.label, answer.confidence) == (0, None, None)
    assert np.abs(answer.probabilities - reader.model.predict_proba([""])[0]).max() < CLOSE
    assert stream.end().decision.reasons == ("empty_after_cleaning",)
    stream.reset()
    assert stream.end().decision.reasons == ("empty_after_cleaning",)


def test_a_text_ends_once_and_reset_begins_the_next(reader):
    stream = triage.Stream(reader.model, reader.plugins, most_characters=100)
    stream.feed("my mortgage ")
    first = stream.end()
    for call in (stream.end, lambda: stream.feed("more")):
        with pytest.raises(triage.UsageError, match=r"reset\(\) begins the next"):
            call()
    stream.reset()
    stream.feed("something else ")
    stream.reset()
    stream.feed("my mort")
    with pytest.raises(triage.DataError, match="longer than 100 characters"):
        stream.feed("x" * 100)
    with pytest.raises(TypeError, match="not bytes"):
        stream.feed(b"gage")
    stream.feed("gage ")
    assert np.abs(stream.end().probabilities - first.probabilities).max() < CLOSE
    with pytest.raises(triage.UsageError, match="before it has begun"):
        triage.StreamBatch(reader.model, reader.plugins).end(["nobody"])


def test_a_text_on_which_cleaning_runs_out_of_time_goes_to_a_person(reader):
    def slow(text):
        if "trap" in text:
            raise CleaningTimeout("slow", "too slow")
        return text

    model = replace(reader.model, cleaning=Cleaning((("slow", {}),), (slow,)))
    stream = triage.Stream(model, reader.plugins)
    assert stream.feed("my card ").words == 2
    stream.feed("trap ")
    stream.feed("and more ")
    assert stream.end().decision.reasons == ("unreadable_row",)


def test_early_decisions_are_those_that_were_counted_when_they_were_proven(reader):
    model = reader.promising
    queues = [model.queues[label] for label in model.classes]
    expected = outcome_of(reader.promise, model.held_out["test"], model.prefix_scores["test"], queues)
    batch = triage.StreamBatch(model, reader.plugins)
    lengths = (*reader.promise.lengths, None)
    truth = model.held_out["test"].codes.tolist()
    early = 0
    for number, text in enumerate(reader.texts[:150]):
        found = read(batch, {"": divided(text, range(number % 5, len(text), 11))})[""]
        place = int(expected.place[number])
        assert found.decision.action == ("route" if place >= 0 else "review")
        assert found.early == (lengths[place] if place >= 0 else None)
        if place >= 0:
            wrong = found.decision.queue != queues[truth[number]]
            assert wrong == expected.wrong[number]
        early += found.early is not None
    assert 20 < early < 140
    assert batch.read_again == 0


@settings(max_examples=30, deadline=None)
@given(which=st.integers(0, 10_000), cuts=CUTS)
def test_an_early_decision_does_not_depend_on_the_pieces(reader, which, cuts):
    text = reader.texts[which % len(reader.texts)]
    one, other = (ended(reader.promising, text, reader.plugins, cuts=each) for each in ((), cuts))
    assert one.early == other.early
    assert one.decision.queue == other.decision.queue
    assert one.final.reasons == other.final.reasons


def test_a_decision_stands_once_it_is_made_and_the_end_says_what_the_whole_text_gets(reader):
    stream = triage.Stream(reader.promising, reader.plugins)
    differing = 0
    for text in reader.texts[:120]:
        stream.reset()
        decisions = [stream.feed(f"{word} ").decision for word in text.split(" ")]
        first = next((decision for decision in decisions if decision), None)
        assert all(decision == first for decision in decisions[len(decisions) - sum(map(bool, decisions)) :])
        end = stream.end()
        assert end.ended
        if first is not None:
            assert end.decision == first
            assert end.decision.reasons == ("confident",)
            differing += end.final.queue != first.queue
    assert differing


def test_what_a_rule_claims_waits_for_the_end(reader):
    text = next(
        text for text in reader.texts if ended(reader.promising, text, reader.plugins).early is not None
    )
    word = text.split(" ")[0]
    rules = {"always": {"pattern": word, "review": True}}
    experiment = reader.promising.experiment.changed(rules=rules)
    found = ended(replace(reader.promising, experiment=experiment), text, reader.plugins)
    assert found.early is None
    assert found.decision.reasons == ("rule:always",)


def test_a_model_from_before_there_were_early_looks_streams_without_early_decisions(reader, tmp_path):
    path = str(tmp_path / "old")
    save_model(path, replace(reader.model, prefix_scores={}))
    model = load_model(path, reader.plugins)
    assert model.prefix_scores == {}
    stream = triage.Stream(model, reader.plugins)
    assert stream.promise is None
    stream.feed(reader.texts[0])
    assert np.abs(stream.end().probabilities - model.predict_proba(reader.texts[:1])[0]).max() < CLOSE


def keyword_model():
    classifier = KeywordClassifier()
    classifier.words_ = ["card", "loan"]
    return triage.Model(Experiment(), {}, ("card", "loan"), Cleaning(), classifier)


def test_what_needs_the_whole_text_says_so_and_reads_again_where_that_is_asked_for(plugins):
    model = keyword_model()
    with pytest.raises(triage.UsageError, match=r"needs the whole text .* --reread"):
        triage.Stream(model, plugins)
    stream = triage.Stream(model, plugins, reread=True)
    assert stream.feed("my lo").words == 1
    assert stream.feed("an ").label == "loan"
    assert stream.feed("was late ").label == "loan"
    assert stream.end().confidence == pytest.approx(0.9)


class Counting:
    """Counts the words that speak for each class, and keeps its place: a backend of texts."""

    def __init__(self):
        self.words_ = ["card", "loan"]

    def start(self, n):
        return [np.ones((n, 2))]

    def advance(self, states, pieces):
        counts = np.array(states[0])
        for row, piece in zip(counts, pieces, strict=True):
            row += [piece.split().count(word) for word in self.words_]
        return [counts], counts / counts.sum(axis=1, keepdims=True)

    def predict_proba(self, texts):
        return self.advance(self.start(len(texts)), texts)[1]


def test_a_backend_of_texts_that_keeps_its_place_is_given_whole_words(plugins):
    model = replace(keyword_model(), classifier=Counting())
    text = "card loan loan, the card and the loan \u2028 card loan " * 30
    batch = triage.StreamBatch(model, plugins)
    found = read(batch, {"a": divided(text, range(0, len(text), 5)), "b": [text[:99]]})
    expected = model.predict_proba([text, text[:99]])
    assert np.abs(found["a"].probabilities - expected[0]).max() < CLOSE
    assert np.abs(found["b"].probabilities - expected[1]).max() < CLOSE
    assert batch.read_again == 0
    looks = prefix_scores_of(model, [text, "card loan card"])
    assert looks.lengths.tolist() == [5, 10, 20, 40, 80, 160]
    assert looks.scores[0, 0] == pytest.approx(
        model.predict_proba([" ".join(model.cleaning(text).split()[:5])]).max()
    )
    assert np.isnan(looks.scores[1]).all()
    assert prefix_scores_of(keyword_model(), [text]) is None


def test_streaming_needs_neither_tensorflow_nor_onnx_nor_scikit_learn(reader):
    code = (
        "import sys, json, triage\n"
        "plugins = triage.Plugins.discover()\n"
        f"stream = triage.Stream(triage.load_model({reader.promising_path!r}, plugins), plugins)\n"
        "for word in 'my credit report shows an account that is not mine and nobody helps'.split():\n"
        "    stream.feed(word + ' ')\n"
        "answer = stream.end()\n"
        "heavy = {'tensorflow', 'keras', 'onnx', 'sklearn', 'scipy', 'pandas', 'nltk'}\n"
        "print(json.dumps([answer.words, sorted(heavy & {name.split('.')[0] for name in sys.modules})]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    words, heavy = json.loads(done.stdout)
    assert words > 4
    assert heavy == []


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["max-mean", "attention", "last"])
@pytest.mark.parametrize("name", ["simplernn", "lstm", "stacked-lstm", "gru"])
def test_every_embedded_test_document_ends_where_the_batch_answer_is(name, pooling, reader):
    from triage.data.sources import gather, open_source
    from triage.models.training import fit, prepare

    units = {"units": [6, 5, 4] if name == "stacked-lstm" else 6}
    options = {**reader.model.experiment.options, **units, "pooling": pooling}
    experiment = reader.model.experiment.changed(backend=name, options=options, train_share=0.2)
    dataset = gather(
        reader.plugins,
        open_source(reader.plugins, "complaints", options={}),
        location="complaints",
        labelled=True,
    )
    prepared = prepare(dataset, experiment, reader.plugins)
    model = fit(prepared, experiment, reader.plugins).model
    draw = np.random.default_rng(1)
    batch = triage.StreamBatch(model, reader.plugins)
    expected = model.predict_proba(reader.texts)
    for start in range(0, len(reader.texts), 64):
        texts = {str(row): reader.texts[row] for row in range(start, min(start + 64, len(reader.texts)))}
        cuts = {row: draw.integers(0, 100_000, draw.integers(0, 60)).tolist() for row in texts}
        found = read(batch, {row: divided(text, cuts[row]) for row, text in texts.items()})
        for row, answer in found.items():
            assert np.abs(answer.probabilities - expected[int(row)]).max() < CLOSE
    assert batch.ended == len(reader.texts)
