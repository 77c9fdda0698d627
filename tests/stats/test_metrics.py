import itertools
import json
import math
import warnings

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import triage
from triage.stats import metrics


@st.composite
def scored(draw, *, least=1, most=40):
    """True codes and probabilities of n documents, some of them tied."""
    k = draw(st.integers(2, 5))
    n = draw(st.integers(least, most))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    probabilities = random.dirichlet(np.full(k, draw(st.sampled_from([0.1, 1.0, 10.0]))), n)
    if draw(st.booleans()):
        probabilities = np.round(probabilities * 4 + 0.1) + 0.25
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    return random.integers(0, k, n), probabilities


@st.composite
def judged(draw, *, most=30):
    """Scores of n predictions, many of them tied, and whether each is wrong."""
    scores = draw(st.lists(st.sampled_from([0.1, 0.2, 0.35, 0.5, 0.9, 1.0]), min_size=1, max_size=most))
    wrong = draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)))
    return np.array(scores), np.array(wrong)


@given(scored())
@settings(deadline=None)
def test_scores_are_those_of_scikit_learn(case):
    from sklearn import metrics as theirs

    codes, probabilities = case
    k = probabilities.shape[1]
    predicted, _ = metrics.top_label(probabilities)
    matrix = metrics.confusion(codes, predicted, k)
    assert matrix.tolist() == theirs.confusion_matrix(codes, predicted, labels=range(k)).tolist()
    assert metrics.accuracy(matrix) == pytest.approx(theirs.accuracy_score(codes, predicted))
    for average, ours in (("macro", metrics.macro_f1), ("weighted", metrics.weighted_f1)):
        expected = theirs.f1_score(codes, predicted, average=average, zero_division=0)
        assert ours(matrix) == pytest.approx(expected)
    rows = theirs.precision_recall_fscore_support(codes, predicted, labels=range(k), zero_division=0)
    found = metrics.per_label(matrix)
    for ours, expected in zip((found.precision, found.recall, found.f1, found.support), rows, strict=True):
        assert ours == pytest.approx(expected)
    assert metrics.log_loss(codes, probabilities) == pytest.approx(
        theirs.log_loss(codes, probabilities, labels=range(k))
    )
    assert metrics.brier(codes, probabilities) == pytest.approx(
        np.mean(np.sum((probabilities - np.eye(k)[codes]) ** 2, axis=1))
    )


@given(scored(), st.randoms())
def test_the_order_of_the_documents_changes_nothing(case, random):
    codes, probabilities = case
    order = list(range(len(codes)))
    random.shuffle(order)
    names = [str(code) for code in range(probabilities.shape[1])]
    one = metrics.score(codes, probabilities, names)
    other = metrics.score(codes[order], probabilities[order], names)
    for key in ("accuracy", "macro_f1", "log_loss", "brier", "ece", "aurc", "augrc"):
        assert one[key] == pytest.approx(other[key], abs=1e-12), key
    assert one["coverage_at_accuracy"] == other["coverage_at_accuracy"]


@given(scored())
def test_every_metric_lies_where_it_must(case):
    codes, probabilities = case
    found = metrics.score(codes, probabilities, [str(code) for code in range(probabilities.shape[1])])
    for key in ("accuracy", "macro_f1", "weighted_f1", "ece", "aurc"):
        assert 0 <= found[key] <= 1 + 1e-12, key
    assert 0 <= found["brier"] <= 2
    assert 0 <= found["augrc"] <= 0.5
    assert found["log_loss"] >= 0
    assert sum(map(sum, found["confusion"]["matrix"])) == len(codes)
    coverages = list(found["coverage_at_accuracy"].values())
    assert coverages == sorted(coverages, reverse=True), "more accuracy never covers more"


def test_classes_that_neither_occur_nor_are_predicted_do_not_weigh_on_macro_f1():
    matrix = metrics.confusion([0, 0, 1, 1], [0, 0, 1, 1], 5)
    assert metrics.macro_f1(matrix) == 1.0


def test_a_class_that_is_only_predicted_counts_as_zero():
    matrix = metrics.confusion([0, 0, 1, 1], [0, 0, 1, 2], 3)
    assert metrics.macro_f1(matrix) == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_many_matrices_are_scored_at_once():
    random = np.random.default_rng(0)
    stack = random.integers(0, 9, (7, 4, 4))
    for measure in (metrics.accuracy, metrics.macro_f1, metrics.weighted_f1):
        assert measure(stack) == pytest.approx([measure(matrix) for matrix in stack])


def test_bins_hold_equally_many_documents_where_nothing_is_tied():
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(4), 150)
    found = metrics.reliability(random.integers(0, 4, 150), probabilities)
    assert found.count.tolist() == [10] * 15
    assert np.all(np.diff(found.confidence) > 0)


@given(scored(least=15))
def test_the_calibration_error_is_the_gap_within_bins_of_equal_mass(case):
    codes, probabilities = case
    predicted, confidence = metrics.top_label(probabilities)
    if len(set(confidence)) < len(confidence):
        return  # ties share a bin: the next test
    order = np.argsort(confidence)
    n, gaps = len(codes), 0.0
    for number in range(15):
        rows = [row for place, row in enumerate(order) if math.floor((place + 0.5) * 15 / n) == number]
        if rows:
            right = np.mean(predicted[rows] == codes[rows])
            gaps += len(rows) * abs(right - confidence[rows].mean())
    assert metrics.ece(codes, probabilities) == pytest.approx(gaps / n)


def test_documents_of_one_confidence_share_a_bin():
    codes = np.array([0] * 60 + [1] * 40)
    probabilities = np.tile([0.7, 0.3], (100, 1))
    found = metrics.reliability(codes, probabilities)
    assert found.count.tolist() == [100]
    assert metrics.ece(codes, probabilities) == pytest.approx(0.1)


@given(st.integers(1, 5000), st.integers(0, 10))
def test_a_model_that_is_as_right_as_it_says_has_no_calibration_error(right, wrong):
    share = right / (right + wrong)
    if share <= 0.5:
        return
    codes = np.array([0] * right + [1] * wrong)
    probabilities = np.tile([share, 1 - share], (right + wrong, 1))
    assert metrics.ece(codes, probabilities) == pytest.approx(0, abs=1e-12)


@given(judged(most=6))
@settings(deadline=None)
def test_aurc_is_the_mean_over_every_order_of_the_tied(case):
    scores, wrong = case
    areas = []
    for order in itertools.permutations(range(len(scores))):
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order)):
            errors = np.cumsum(wrong[list(order)])
            areas.append(np.mean(errors / np.arange(1, len(scores) + 1)))
    assert metrics.aurc(scores, wrong) == pytest.approx(np.mean(areas))


@given(judged())
@settings(deadline=None)
def test_augrc_is_what_its_paper_says(case):
    from sklearn.metrics import roc_auc_score

    scores, wrong = case
    error = wrong.mean()
    expected = error**2 / 2
    if 0 < error < 1:
        expected += (1 - roc_auc_score(~wrong, scores)) * error * (1 - error)
    assert metrics.augrc(scores, wrong) == pytest.approx(expected)


@given(judged(), st.sampled_from(metrics.ACCURACIES))
def test_coverage_at_an_accuracy_is_the_best_of_all_thresholds(case, least):
    scores, wrong = case
    shares = [0.0]
    for threshold in scores:
        accepted = scores >= threshold
        if round((~wrong[accepted]).mean(), 12) >= least:
            shares.append(accepted.mean())
    assert metrics.coverage_at_accuracy(scores, wrong, least=least) == pytest.approx(max(shares))


def test_one_error_in_ten_is_ninety_percent():
    wrong = np.array([False] * 9 + [True])
    assert metrics.coverage_at_accuracy(np.full(10, 0.5), wrong, least=0.9) == 1.0


@given(judged())
def test_the_risk_of_everything_is_the_error(case):
    scores, wrong = case
    curve = metrics.risk_coverage(scores, wrong)
    assert curve.coverage[-1] == 1.0
    assert curve.risk[-1] == pytest.approx(wrong.mean())
    assert np.all(np.diff(curve.threshold) < 0)
    assert np.all(np.diff(curve.coverage) > 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_no_decision_is_made_on_a_number_that_is_not_finite(bad):
    probabilities = np.full((3, 2), 0.5)
    probabilities[1, 0] = bad
    for measure in (metrics.log_loss, metrics.brier, metrics.ece, metrics.reliability):
        with pytest.raises(triage.Diverged, match="1 of 3 documents"):
            measure([0, 1, 0], probabilities)
    with pytest.raises(triage.Diverged, match="number 2"):
        metrics.top_label(probabilities)
    with pytest.raises(triage.Diverged):
        metrics.score([0, 1, 0], probabilities, ["a", "b"])
    for area in (metrics.aurc, metrics.augrc, metrics.risk_coverage):
        with pytest.raises(triage.Diverged):
            area([0.5, bad], [True, False])


def test_impossible_probability_of_the_truth_costs_much_but_not_everything():
    assert metrics.log_loss([1], [[1.0, 0.0]]) == pytest.approx(-math.log(np.finfo(float).eps))


def test_where_there_is_nothing_to_measure_the_answer_is_nan_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = metrics.score([], np.empty((0, 3)), ["a", "b", "c"])
    assert math.isnan(found["accuracy"])
    assert math.isnan(found["aurc"])
    assert found["per_label"]["a"]["support"] == 0


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 true labels and 3 predicted"):
        metrics.confusion([0, 1], [0, 1, 1], 2)
    with pytest.raises(ValueError, match="codes run from 0 to 1"):
        metrics.confusion([0, 2], [0, 1], 2)
    with pytest.raises(ValueError, match="codes run from 0 to 1"):
        metrics.confusion([0, -1], [0, 1], 2)
    with pytest.raises(ValueError, match="3 classes and 2 columns"):
        metrics.score([0], [[0.5, 0.5]], ["a", "b", "c"])
    with pytest.raises(ValueError, match="1 labels and 2 rows"):
        metrics.brier([0], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ValueError, match="scores of shape"):
        metrics.aurc([0.5, 0.6], [True])


def test_the_score_is_what_the_command_line_prints():
    found = metrics.score([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], ["Mortgage", "Card"])
    assert json.loads(json.dumps(found)) == found, "plain numbers and strings only"
    assert list(found["coverage_at_accuracy"]) == ["0.90", "0.95", "0.98", "0.99"]
    assert found["confusion"] == {"labels": ["Mortgage", "Card"], "matrix": [[1, 0], [1, 1]]}
    assert found["per_label"]["Card"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }
