# ruff: noqa: RUF001 - look-alikes are what is tested
"""What is odd about labels is said with names and counts, and what cannot be learned from is refused."""

import pytest
from conftest import dataset_of
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage.config import Experiment
from triage.data.checks import alike, contradictory, counted, dataset_warnings
from triage.models.training import prepare

PLUGINS = triage.Plugins.discover()


def test_plain_labels_raise_no_doubt():
    assert (
        dataset_warnings(dataset_of(("card", "a lost card"), ("loan", "a loan"), ("card", "a lost card")))
        == []
    )


def test_labels_that_look_alike_are_named_with_their_counts():
    found = dataset_warnings(
        dataset_of(("Card", "a"), ("card ", "b"), ("ＣＡＲＤ", "c"), ("Card", "d"), ("loan", "e"))
    )
    assert found == [
        "labels that differ only in case, spaces or decimals are different labels: 'Card' (2), 'card ' (1), 'ＣＡＲＤ' (1)"
    ]


def test_texts_with_several_labels_are_counted_and_the_labels_named():
    pairs = [("card", "one  text"), ("loan", "one text"), ("card", "two"), ("loan", "two"), ("loan", "three")]
    assert contradictory(dataset_of(*pairs)) == {("card", "loan"): 2}
    assert dataset_warnings(dataset_of(*pairs)) == [
        "2 texts carry more than one label and count with each; most often 'card' and 'loan' (2)"
    ]


@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), max_size=30))
def test_every_label_is_in_at_most_one_set_and_no_text_is_needed_for_it(pairs):
    dataset = dataset_of(*pairs)
    groups = alike(dataset.label_counts)
    names = [name for group in groups for name in group]
    assert len(set(names)) == len(names)
    assert all(dataset.label_counts[name] == count for group in groups for name, count in group.items())
    assert all(isinstance(line, str) for line in dataset_warnings(dataset))


def test_ten_thousand_labels_make_a_short_message():
    assert (
        counted({f"label {i}": i for i in range(10_000)}, most=2)
        == "'label 0' (0), 'label 1' (1) and 9,998 more"
    )
    assert len(counted({"x" * 10_000: 1})) < 100


def test_texts_that_are_all_empty_after_cleaning_are_refused_with_the_labels():
    dataset = dataset_of(*[("ab"[i % 2], "*** --- " * (i % 5)) for i in range(40)])
    with pytest.raises(triage.DataError, match=r"all 40 labelled texts are empty.*'a' \(20\), 'b' \(20\)"):
        prepare(dataset, Experiment(backend="tfidf", split="naive"), PLUGINS)


def test_texts_that_are_all_the_same_are_refused_unless_copies_may_be_divided():
    dataset = dataset_of(*[("ab"[i % 2], "the very same words every time") for i in range(40)])
    with pytest.raises(triage.DataError, match=r"near-duplicates of one another: 'a' \(20\), 'b' \(20\)"):
        prepare(dataset, Experiment(), PLUGINS)
    assert len(prepare(dataset, Experiment(split="naive"), PLUGINS).splits.test)


def test_so_many_labels_that_memory_would_fill_are_refused_with_their_counts(monkeypatch):
    letters = "abcdefghijklmnopqrst"
    words = [f"{letters[i % 20]}{letters[i // 20]}" for i in range(400)]
    dataset = dataset_of(*[(f"label {i % 20}", word) for i, word in enumerate(words)])
    prepare(dataset, Experiment(), PLUGINS)
    monkeypatch.setattr("triage.data.checks._SCORES", 20 * 400 - 1)
    with pytest.raises(triage.DataError, match=r"400 documents cannot .* on 20 labels: 'label 0' \(20\)"):
        prepare(dataset, Experiment(), PLUGINS)
