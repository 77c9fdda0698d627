"""Token ids: learned by the Keras layer, looked up without it, the same for every text."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.data.vocabulary import (
    UNKNOWN_TOKEN,
    Vectorizer,
    learn_vocabulary,
    pad,
    spelled,
    text_vectorization,
)

# What breaks saved vocabularies, look-alike blanks, empty-looking letters, astral and unpaired halves.
HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab \t\n\r\v\f\x1c\x1d\x85\u00a0\u2028\u2029\u3000\u200b\ufeff\x00é中😀\ud800"),
        st.characters(),
    ),
    max_size=20,
)


SAMPLES = [
    "a\u2028b b",
    "é中 \x85 😀",
    "a\x1cb \u00a0 a\ufeff",
    "b\x00 \u3000",
    "ab\ud800 a",
    "\u200b \v \f \x1d",
]


@pytest.fixture(scope="module")
def learned():
    """A look-up learned on hostile texts, and the Keras layer with the same tokens."""
    pytest.importorskip("keras")
    vectorizer = learn_vocabulary(SAMPLES, max_tokens=50, max_length=10_000)
    return vectorizer, text_vectorization(vocabulary=vectorizer.vocabulary[2:])


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.one_of(HOSTILE, st.sampled_from(SAMPLES)), min_size=1, max_size=12))
def test_the_look_up_gives_the_ids_of_the_layer_on_any_text(learned, texts):
    import tensorflow as tf

    vectorizer, layer = learned
    expected = layer(tf.constant([spelled(text).encode() for text in texts])).to_list()
    found = [sequence.tolist() for sequence in vectorizer(texts)]
    assert found == [ids or [UNKNOWN_TOKEN] for ids in expected]


def test_every_token_of_the_training_part_is_learned_whatever_it_holds(learned):
    vectorizer, _ = learned
    assert all(UNKNOWN_TOKEN not in sequence for sequence in vectorizer(SAMPLES))


@given(st.lists(HOSTILE, min_size=1, max_size=10), st.integers(1, 5))
def test_sequences_are_cut_never_empty_and_survive_json(texts, longest):
    tokens = sorted({token for text in texts for token in text.split()})
    vectorizer = Vectorizer(("", "[UNK]", *tokens), longest)
    again = Vectorizer(tuple(json.loads(json.dumps(vectorizer.vocabulary))), longest)
    for one, other in zip(vectorizer(texts), again(texts), strict=True):
        assert 1 <= len(one) <= longest
        assert one.tolist() == other.tolist()


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=6))
def test_padding_stands_on_the_right_and_only_as_far_as_the_longest(rows):
    padded = pad([np.array(row, np.int32) for row in rows])
    assert padded.shape == (len(rows), max(map(len, rows)))
    assert [row[row > 0].tolist() for row in padded] == rows
    assert all((np.diff((row > 0).astype(int)) <= 0).all() for row in padded)


def test_a_word_with_a_digit_is_stored_only_where_that_is_asked_for():
    pytest.importorskip("keras")
    texts = ["account 8821334455667 of x9 \u0661\u0662 closed"] * 5
    settings = {"max_tokens": 99, "max_length": 9, "min_documents": 3}
    assert "8821334455667" in learn_vocabulary(texts, **settings).vocabulary
    kept = learn_vocabulary(texts, **settings, digits=False).vocabulary
    assert kept[:2] == ("", "[UNK]")
    assert sorted(kept[2:]) == ["account", "closed", "of"]


def test_the_commonest_tokens_stay_and_rare_ones_may_be_left_out():
    pytest.importorskip("keras")
    texts = ["a b c", "a b", "a smith smith smith"]
    assert learn_vocabulary(texts, max_tokens=4, max_length=9).vocabulary == ("", "[UNK]", "smith", "a")
    kept = learn_vocabulary(texts, max_tokens=9, max_length=9, min_documents=2).vocabulary
    assert kept == ("", "[UNK]", "a", "b")


def test_an_experiment_says_whether_words_with_digits_are_stored():
    from triage.config import Experiment
    from triage.errors import BadOption

    assert not Experiment().digits
    with pytest.raises(BadOption, match="digits is yes or no"):
        Experiment(digits="yes")


def test_a_vocabulary_without_the_two_reserved_ids_is_refused():
    with pytest.raises(ValueError, match="begins with"):
        Vectorizer(("a", "b"), 5)


def test_a_token_without_an_end_is_not_stored_and_takes_no_memory():
    pytest.importorskip("tensorflow")
    endless = ["x" * 1001, "y" * 100_000]
    texts = [f"a {'z' * 1000} {word} b" for word in endless for _ in range(3)]
    vectorizer = learn_vocabulary(texts, max_tokens=100, max_length=10)
    assert set(vectorizer.vocabulary) == {"", "[UNK]", "a", "b", "z" * 1000}
    assert [len(ids) for ids in vectorizer(texts)] == [4] * 6
