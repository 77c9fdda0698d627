"""Promises: exact, refused where the data is too little, and never weaker than stated."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.models.held_out import HeldOut
from triage.routing.promises import (
    Certificate,
    Promise,
    certify,
    documents_needed,
    promise_of,
    scores_of,
    scores_of_part,
    upper_bound,
)

QUEUES = ["a", "b", "c"]
stats = pytest.importorskip("scipy.stats")


def drawn(n, seed, *, k=3, sharpness=4.0):
    """Draw n documents from a known distribution: the top probability is the chance of being right."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(k, 1 / sharpness), size=n)
    cumulated = probabilities.cumsum(axis=1)
    codes = (generator.random(n)[:, None] > cumulated).sum(axis=1).clip(max=k - 1)
    return HeldOut(codes, probabilities)


@pytest.mark.parametrize(
    ("max_error", "errors", "needed"),
    [(0.05, 0, 59), (0.05, 1, 93), (0.01, 0, 299), (0.10, 0, 29)],
)
def test_the_documents_needed_are_those_of_the_exact_binomial(max_error, errors, needed):
    assert documents_needed(max_error, 0.95, errors=errors) == needed
    assert stats.binom.cdf(errors, needed, max_error) <= 0.05 < stats.binom.cdf(errors, needed - 1, max_error)


@given(st.integers(0, 60), st.integers(1, 300), st.floats(0.5, 0.999))
def test_the_upper_bound_is_where_the_tail_has_the_stated_weight(errors, accepted, confidence):
    bound = upper_bound(errors, accepted, confidence)
    assert errors / accepted <= bound or errors > accepted
    if errors < accepted:
        assert stats.binom.cdf(errors, accepted, bound) == pytest.approx(1 - confidence, abs=1e-6)


def test_with_fifty_documents_an_error_of_five_percent_is_refused_with_the_number_still_needed():
    promise = promise_of(drawn(50, 1), drawn(50, 2, sharpness=100), QUEUES, max_error=0.05)
    assert not promise.kept
    assert promise.overall.needed == 9


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["probability", "margin", "entropy"]), st.booleans())
def test_a_weaker_promise_never_routes_less(seed, score, per_queue):
    tune, calibrate = drawn(400, seed), drawn(400, seed + 1)
    routed = []
    for max_error in (0.05, 0.1, 0.2, 0.4):
        promise = promise_of(tune, calibrate, QUEUES, max_error=max_error, score=score)
        scores = scores_of(calibrate.probabilities, score)
        routed.append(0 if promise.threshold("a") is None else int((scores >= promise.threshold("a")).sum()))
    assert routed == sorted(routed)


@pytest.mark.slow
@pytest.mark.parametrize("max_error", [0.05, 0.10])
def test_the_true_error_exceeds_the_promise_in_at_most_five_percent_of_repeats(max_error):
    repeats, n = 300, 600
    world = drawn(200_000, 99)
    wrong, scores = world.wrong_queue(QUEUES), scores_of(world.probabilities)
    broken = 0
    for repeat in range(repeats):
        promise = promise_of(drawn(n, 2 * repeat), drawn(n, 2 * repeat + 1), QUEUES, max_error=max_error)
        if promise.kept:
            broken += wrong[scores >= promise.overall.threshold].mean() > max_error
    # Three standard errors above 5%: a sound test exceeds it once in 700 runs, and the seeds are fixed.
    assert broken / repeats <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)
    assert promise.kept


def test_the_search_ends_at_the_first_threshold_that_cannot_be_proven():
    table = promise_of(drawn(2000, 5), drawn(2000, 6), QUEUES, max_error=0.1).overall.table
    proven = [step.proven for step in table]
    assert proven == sorted(proven, reverse=True)
    assert all(step.p_value <= 0.05 for step in table if step.proven)
    thresholds = [step.threshold for step in table]
    assert thresholds == sorted(thresholds, reverse=True)


def test_each_queue_has_a_promise_of_its_own_where_its_documents_allow_one():
    tune, calibrate = drawn(3000, 7), drawn(3000, 8)
    rare = calibrate.probabilities.argmax(axis=1) == 2
    keep = ~rare | (np.cumsum(rare) <= 20)
    few = HeldOut(calibrate.codes[keep], calibrate.probabilities[keep])
    promise = promise_of(tune, few, QUEUES, max_error=0.1, per_queue=True)
    assert [promise.queues[queue].kept for queue in QUEUES] == [True, True, False]
    assert promise.queues["c"].needed > 0
    # Bonferroni: two queues share what may go wrong.
    assert promise.queues["a"].confidence == pytest.approx(0.975)


def test_a_queue_of_several_labels_counts_a_mix_up_among_them_as_right():
    part = HeldOut(np.array([0, 1, 2, 5]), np.eye(3)[[1, 0, 0, 0]])
    assert part.wrong_queue(["x", "x", "y"]).tolist() == [False, False, True, True]


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=9))
def test_scores_are_between_zero_and_one_and_order_as_certainty_does(rows):
    probabilities = np.array(
        [np.array(row) / sum(row) if sum(row) > 1e-6 else np.full(3, 1 / 3) for row in rows]
    )
    certain = np.vstack([probabilities, [[1.0, 0.0, 0.0]]])
    for score in ("probability", "margin", "entropy"):
        found = scores_of(certain, score)
        assert ((found > -1e-9) & (found < 1 + 1e-9)).all()
        assert found.max() == pytest.approx(found[-1])


def test_what_is_not_finite_has_no_score_and_is_never_accepted():
    probabilities = np.array([[np.nan, 0.5, 0.5], [0.8, 0.1, 0.1]])
    assert np.isnan(scores_of(probabilities)).tolist() == [True, False]


def test_a_promise_survives_json():
    promise = promise_of(drawn(500, 1), drawn(500, 2), QUEUES, max_error=0.2, per_queue=True)
    assert Promise.from_json(json.loads(json.dumps(promise.to_json()))) == promise


@pytest.mark.parametrize(
    "settings", [{"max_error": 0}, {"max_error": 1.5}, {"max_error": 0.1, "confidence": 1}]
)
def test_a_promise_of_nothing_is_refused(settings):
    with pytest.raises(triage.BadOption):
        promise_of(drawn(9, 1), drawn(9, 2), QUEUES, **settings)


def test_an_empty_tune_part_fixes_no_order_and_so_proves_nothing():
    nothing = (np.empty(0), np.empty(0, dtype=bool))
    assert not certify(nothing, np.ones(500), np.zeros(500, dtype=bool), max_error=0.05).kept


def test_an_unknown_score_is_refused_by_name():
    with pytest.raises(triage.BadOption, match="not 'luck'"):
        scores_of(np.eye(3), "luck")


def test_a_tune_part_of_which_nothing_is_routed_lets_only_everything_be_tried():
    """Where no score is finite, routing everything is the one threshold there is."""
    nothing = (np.full(50, np.nan), np.zeros(50, dtype=bool))
    found = certify(nothing, np.ones(500), np.zeros(500, dtype=bool), max_error=0.05)
    assert [step.threshold for step in found.table] == [0.0]
    assert found.threshold == 0.0
    assert (found.accepted, found.errors, found.coverage) == (500, 0, 1.0)


def test_where_nothing_is_accepted_the_number_still_needed_is_that_of_no_errors():
    ordering = (np.linspace(0, 1, 100), np.zeros(100, dtype=bool))
    found = certify(ordering, np.full(100, np.nan), np.ones(100, dtype=bool), max_error=0.05)
    assert not found.kept
    assert found.needed == documents_needed(0.05, 0.95) == 59


def test_where_too_much_goes_wrong_no_number_of_documents_is_said_to_help():
    scores, wrong = np.linspace(0.5, 1, 200), np.arange(200) % 2 == 0
    found = certify((scores, wrong), scores, wrong, max_error=0.05)
    assert not found.kept
    assert found.needed == 0


def test_where_only_the_number_is_missing_more_of_the_same_is_enough():
    generator = np.random.default_rng(3)
    scores, wrong = np.ones(100), np.arange(100) < 3
    found = certify((scores, wrong), scores, wrong, max_error=0.05)
    assert not found.kept
    assert found.needed > 0
    more = 100 + found.needed
    assert certify(
        (scores, wrong), np.ones(more), generator.permutation(more) < math.ceil(0.03 * more), max_error=0.05
    ).kept


def test_a_certificate_says_what_it_was_proven_with():
    scores, wrong = np.ones(100), np.zeros(100, dtype=bool)
    found = certify((scores, wrong), scores, wrong, max_error=0.05)
    assert found.kept
    assert (found.threshold, found.documents, found.accepted, found.errors) == (1.0, 100, 100, 0)
    assert found.upper_bound == pytest.approx(upper_bound(0, 100, 0.95))
    assert found.needed == 0
    assert Certificate.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_bound_where_everything_goes_wrong_or_nothing_was_accepted_is_one():
    assert upper_bound(0, 0, 0.95) == upper_bound(5, 5, 0.95) == 1.0


def test_of_two_thresholds_that_are_proven_the_one_that_routes_more_is_taken():
    scores = np.concatenate([np.full(100, 0.9), np.full(100, 0.8), np.full(100, 0.1)])
    wrong = np.concatenate([np.zeros(200, dtype=bool), np.ones(100, dtype=bool)])
    found = certify((scores, wrong), scores, wrong, max_error=0.05)
    assert (found.threshold, found.accepted, found.errors) == (0.8, 200, 0)


def test_documents_that_are_out_of_scope_are_never_accepted_and_prove_nothing():
    part = HeldOut(
        np.zeros(4, dtype=int), np.eye(3)[[0, 0, 0, 1]], None, np.array([True, False, False, False])
    )
    assert np.isnan(scores_of_part(part)).tolist() == [True, False, False, False]
    assert scores_of_part(HeldOut(part.codes, part.probabilities)).tolist() == [1.0] * 4


def test_a_promise_for_each_queue_has_no_threshold_for_a_queue_that_it_does_not_know():
    promise = Promise(0.05, 0.95, "probability", None, {"a": Certificate(0.05, 0.95, "probability", 0.8, 10)})
    assert promise.threshold("a") == 0.8
    assert promise.threshold("elsewhere") is None
    assert promise.kept
    assert not Promise(0.05, 0.95, "probability").kept
