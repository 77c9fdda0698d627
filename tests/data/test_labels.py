"""Labels: names in order, small ones set aside and named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage.data.labels import UNKNOWN, Labels, learn_labels

names = st.text(min_size=1, max_size=8)


@given(st.lists(names, min_size=1, max_size=8, unique=True))
def test_a_code_is_the_position_of_its_name(classes):
    labels = Labels(tuple(classes))
    assert [labels.classes[code] for code in labels.encode(classes)] == classes


@given(st.permutations(["b"] * 10 + ["a"] * 10))
def test_the_order_of_the_documents_does_not_change_the_order_of_the_classes(labels):
    assert learn_labels(labels).classes == ("a", "b")


def test_what_is_not_known_has_no_code():
    assert Labels(("a", "b")).encode(["b", None, "c"]).tolist() == [1, UNKNOWN, UNKNOWN]


def test_small_labels_are_set_aside_with_their_counts():
    labels = learn_labels(["a"] * 10 + ["b"] * 12 + ["c"] * 9)
    assert labels.classes == ("a", "b")
    assert labels.set_aside == {"c": 9}


def test_one_class_alone_is_refused_with_what_was_found():
    with pytest.raises(triage.DataError, match=r"found 'a' \(30\), 'b' \(3\)"):
        learn_labels(["a"] * 30 + ["b"] * 3)


def test_nothing_labelled_is_refused():
    with pytest.raises(triage.DataError, match="found none"):
        learn_labels([None, None])
