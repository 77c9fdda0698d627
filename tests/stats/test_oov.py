"""Words at evaluation that training never saw are counted, and those are listed that can be nobody's name."""

from hypothesis import given
from hypothesis import strategies as st

from triage.stats.oov import unseen_words

texts = st.lists(st.text(alphabet="ab1 ", max_size=8), max_size=8)


def test_unknown_words_are_counted_by_word_by_place_and_by_text():
    found = unseen_words(["card loan"], ["card fee fee", "fee card", "loan", "fee ghost", ""])
    assert found == {
        "words": 2,
        "distinct": 4,
        "occurrences": 5,
        "share": 5 / 8,
        "documents": 3,
        "commonest": [{"word": "fee", "documents": 3}],
    }


def test_a_word_of_few_texts_or_with_a_digit_is_counted_and_not_listed():
    found = unseen_words([], ["smith 4111x"] * 2 + ["4111x"])
    assert (found["words"], found["occurrences"], found["commonest"]) == (2, 5, [])


@given(texts, texts)
def test_every_word_is_either_known_or_counted(train, judged):
    found = unseen_words(train, judged)
    known = {word for text in train for word in text.split()}
    words = [word for text in judged for word in text.split()]
    assert found["occurrences"] == sum(word not in known for word in words)
    assert found["words"] == len(set(words) - known)
    assert found["distinct"] == len(set(words))
    assert 0 <= found["share"] <= 1
