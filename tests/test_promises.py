"""Promises: exact, refused where the data is too little, and never weaker than stated."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.model import HeldOut
from triage.promises import Promise, certify, documents_needed, promise_of, scores_of, upper_bound

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
