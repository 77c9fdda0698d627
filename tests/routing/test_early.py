"""Early decisions: proven together over all lengths, kept where the truth is known, off where nothing is proven."""

import json

import numpy as np
import pytest

import triage
from triage.models.held_out import HeldOut, PrefixScores
from triage.routing.early import EarlyPromise, bounds_of, early_promise_of, outcome_of

LENGTHS = np.array([5, 10, 20])
QUEUES = ["card", "loan", "tax"]


def drawn(n, *, seed, boast=1.0):
    """Documents about which more is known with every word; `boast` above 1 makes the first words too sure."""
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 3, n)
    evidence = np.zeros((n, 3))
    words = draw.integers(4, 60, n)
    scores, said = np.full((n, 3), np.nan), np.zeros((n, 3), np.int16)
    for place, length in enumerate((*LENGTHS, None)):
        gained = draw.normal(0, 1, (n, 3)) * 1.2
        gained[np.arange(n), codes] += 1.44
        evidence += gained
        logits = evidence * (boast if place == 0 else 1.0)
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        if length is None:
            return HeldOut(codes.astype(np.int64), chances), PrefixScores(LENGTHS, said, scores)
        reach = words >= length + 2
        said[reach, place] = chances[reach].argmax(axis=1)
        scores[reach, place] = chances[reach].max(axis=1)
    raise AssertionError


def promised(seed, max_error=0.1, n=800, **given):
    return early_promise_of(
        drawn(n, seed=seed, **given), drawn(n, seed=seed + 1000, **given), QUEUES, max_error=max_error
    )


def test_a_rule_decides_early_and_its_errors_are_bounded():
    promise = promised(1)
    assert promise.kept
    assert promise.rule.early > 200
    assert promise.rule.early_errors / promise.rule.early <= 0.1
    bounds = bounds_of(promise)
    assert promise.rule.early_errors / promise.rule.early < bounds["early"] <= 0.1
    assert promise.rule.errors / promise.rule.accepted < bounds["all"] <= 0.1
    assert promise.rule.early <= promise.rule.accepted <= promise.documents == 800
    counts = outcome_of(promise, *drawn(800, seed=1001), QUEUES).counts(3)
    rule = promise.rule
    assert counts == (rule.accepted, rule.errors, rule.early, rule.early_errors)


@pytest.mark.parametrize("boast", [1.0, 4.0])
def test_promises_hold_for_nearly_all_calibrate_parts(boast):
    truth = drawn(40_000, seed=77, boast=boast)
    broken = kept = 0
    for seed in range(40):
        promise = promised(seed, n=400, boast=boast)
        accepted, errors, early, early_errors = outcome_of(promise, *truth, QUEUES).counts(3)
        kept += promise.kept
        if promise.kept:
            broken += errors / accepted > 0.1 or early_errors / early > 0.1
    assert kept > 15
    assert broken <= 5  # 5% of 40 are expected at most; more than 5 are seen once in 70 such tests


def test_first_words_that_boast_need_a_higher_probability():
    plain, boasting = promised(3).rule, promised(3, boast=4.0).rule
    assert boasting.thresholds[0] > plain.thresholds[0]
    assert boasting.thresholds[0] > boasting.thresholds[1]


def test_a_weaker_promise_never_decides_less():
    found = [promised(5, max_error=error) for error in (0.02, 0.05, 0.1, 0.2, 0.4)]
    early = [promise.rule.early if promise.kept else 0 for promise in found]
    assert early == sorted(early)
    assert early[-1] > early[1]


def test_too_few_documents_prove_nothing_and_the_number_that_is_missing_is_said():
    promise = promised(1, n=60)
    assert not promise.kept
    assert promise.needed > 10
    assert bounds_of(promise) == {}
    assert (outcome_of(promise, *drawn(50, seed=9), QUEUES).place == -1).all()
    hopeless = promised(1, max_error=0.0001)
    assert hopeless.needed == 0 or hopeless.needed > 1000
    with pytest.raises(triage.BadOption, match="max-error is between 0 and 1"):
        promised(1, max_error=1.5)


def test_the_first_rule_that_cannot_be_proven_ends_the_search():
    promise = promised(0, n=300, max_error=0.08)
    alone = [step.p_value <= 0.05 for step in promise.table]
    first = alone.index(False)
    assert any(alone[first:])  # one behind it would pass if it were tried alone
    assert [step.proven for step in promise.table] == [place < first for place in range(len(alone))]


def test_what_is_out_of_scope_or_ended_is_not_decided_early():
    tune, calibrate = drawn(800, seed=1), drawn(800, seed=2)
    never = PrefixScores(LENGTHS, calibrate[1].codes, np.full((800, 3), np.nan))
    promise = early_promise_of(tune, (calibrate[0], never), QUEUES, max_error=0.3)
    assert not promise.kept
    outcome = outcome_of(promised(1), calibrate[0], never, QUEUES)
    assert set(outcome.place.tolist()) == {-1, 3}


def test_labels_of_one_queue_are_not_confused_with_each_other_and_unseen_ones_are_always_wrong():
    held, looks = drawn(800, seed=1)
    together = early_promise_of(drawn(800, seed=4), (held, looks), ["a", "a", "b"], max_error=0.1)
    apart = early_promise_of(drawn(800, seed=4), (held, looks), QUEUES, max_error=0.1)
    assert together.rule.early > apart.rule.early
    unseen = HeldOut(np.full(800, 3), held.probabilities)
    outcome = outcome_of(apart, unseen, looks, QUEUES)
    assert outcome.wrong.all()


def test_a_promise_is_the_same_after_it_was_stored():
    promise = promised(1)
    assert EarlyPromise.from_json(json.loads(json.dumps(promise.to_json()))) == promise
    nothing = promised(1, n=60)
    assert EarlyPromise.from_json(json.loads(json.dumps(nothing.to_json()))) == nothing


def test_looks_that_do_not_fit_are_refused():
    _, looks = drawn(20, seed=1)
    looks.check(20, 3)
    wrong = {
        "rise": PrefixScores(LENGTHS[::-1], looks.codes, looks.scores),
        "shape": PrefixScores(LENGTHS, looks.codes[:5], looks.scores),
        "below 3": PrefixScores(LENGTHS, looks.codes + np.int16(3), looks.scores),
    }
    for words, each in wrong.items():
        with pytest.raises(ValueError, match=words):
            each.check(20, 3)


def test_looks_are_those_of_the_texts_cut_there(reader):
    model, texts = reader.model, [reader.model.cleaning(text) for text in reader.texts[:60]]
    from triage.models.prefix_scores import prefix_scores_of

    looks = prefix_scores_of(model, texts)
    assert looks.lengths.tolist() == [5, 10, 20, 40, 80, 160]
    for row, text in enumerate(texts):
        words = text.split()
        for column, length in enumerate(looks.lengths.tolist()):
            score = looks.scores[row, column]
            if len(words) < length + 2:
                assert np.isnan(score)
                continue
            prediction = model.prediction([triage.Document(row=1, text="")], [" ".join(words[:length])])
            if prediction.out_of_scope[0]:
                assert np.isnan(score)
            else:
                assert score == pytest.approx(prediction.probabilities.max(), abs=1e-5)
                assert looks.codes[row, column] == prediction.probabilities.argmax()


@pytest.mark.slow
@pytest.mark.parametrize("boast", [1.0, 4.0])
def test_promises_hold_for_the_stated_share_of_calibrate_parts(boast):
    truth = drawn(200_000, seed=77, boast=boast)
    broken = 0
    for seed in range(1000):
        promise = promised(seed, n=400, boast=boast)
        accepted, errors, early, early_errors = outcome_of(promise, *truth, QUEUES).counts(3)
        if promise.kept:
            broken += errors / accepted > 0.1 or early_errors / early > 0.1
    assert broken <= 67  # 50 are expected at most; more than 67 are seen once in 130 such tests
