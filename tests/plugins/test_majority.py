"""The floor: what it promises, it promises for every text alike."""

import numpy as np
import pytest

import triage
import triage_majority


def part(codes, classes=("card", "loan", "fee")):
    return triage.Part(texts=["a text"] * len(codes), codes=np.array(codes, np.int64), classes=classes)


def fitted(codes):
    model = triage_majority.Majority()
    model.fit(part(codes), part([]), seed=1, watch=print)
    return model


def test_every_text_gets_the_shares_of_the_training_part():
    answers = fitted([1, 1, 1, 0]).predict_proba(["", "a loan", "\u202e"])
    assert answers.tolist() == [[0.25, 0.75, 0.0]] * 3


def test_on_equal_counts_the_first_class_comes_first():
    assert fitted([2, 1, 0]).predict_proba(["x"]).argmax() == 0


def test_no_texts_get_no_rows():
    assert fitted([0, 1, 2]).predict_proba([]).shape == (0, 3)


def test_training_again_forgets():
    model = fitted([0, 0, 1])
    model.fit(part([2]), part([]), seed=1, watch=print)
    assert model.predict_proba(["x"]).tolist() == [[0.0, 0.0, 1.0]]


def test_it_cannot_answer_before_it_has_counted():
    with pytest.raises(triage.NotFitted, match="call fit first"):
        triage_majority.Majority().predict_proba(["x"])


def test_there_must_be_something_to_count():
    with pytest.raises(triage.DataError, match="empty"):
        fitted([])


def test_it_is_found_by_its_name():
    plugins = triage.Plugins(strict=True)
    plugins.register(triage_majority)
    (backend,) = triage_majority.triage_backends()
    assert backend.name == "majority"
    assert backend.requires == ()
