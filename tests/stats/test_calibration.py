"""Calibration: kept only where it helps, monotone, total, and the same after JSON."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.stats.calibration import METHODS, Calibration, fit_calibration, part_for
from triage.stats.isotonic import Steps, isotonic, venn_abers, venn_abers_bounds

FITTED = [method for method in METHODS if method != "none"]


def drawn(n, seed, *, sharper=1.0, k=3):
    """Documents whose true chances are known, and a model that states them `sharper` than they are."""
    generator = np.random.default_rng(seed)
    chances = generator.dirichlet(np.full(k, 0.6), size=n)
    codes = (generator.random(n)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(max=k - 1)
    stated = np.clip(chances, 1e-9, None) ** sharper
    return stated / stated.sum(axis=1, keepdims=True), codes


@pytest.mark.parametrize("method", FITTED)
def test_a_model_that_is_too_sure_of_itself_is_made_less_so(method):
    calibration = fit_calibration(*drawn(1500, 1, sharper=3), method=method)
    assert calibration.kept
    assert method in calibration.note
    fresh, codes = drawn(4000, 2, sharper=3)
    found = calibration.apply(fresh)
    assert triage.stats.metrics.ece(codes, found) < 0.5 * triage.stats.metrics.ece(codes, fresh)
    assert triage.stats.metrics.log_loss(codes, found) < triage.stats.metrics.log_loss(codes, fresh)
    for number in ("log_loss", "brier", "ece"):
        assert calibration.after[number] < calibration.before[number]


def test_the_temperature_found_is_the_one_that_was_applied():
    assert fit_calibration(*drawn(5000, 3, sharper=2.5)).temperature == pytest.approx(2.5, rel=0.1)


@pytest.mark.parametrize("method", FITTED)
def test_what_would_make_held_out_log_loss_worse_is_not_kept_and_that_is_said(method):
    for seed in range(40):
        probabilities, codes = drawn(60, seed)
        calibration = fit_calibration(probabilities, codes, method=method)
        worse = calibration.after["log_loss"] > calibration.before["log_loss"]
        assert calibration.kept != worse
        if worse:
            assert "not kept" in calibration.note
            assert np.array_equal(calibration.apply(probabilities), probabilities)
            return
    pytest.fail("no draw made it worse")


def test_none_changes_nothing_and_an_unknown_method_is_refused_by_name():
    probabilities, codes = drawn(200, 4)
    assert np.array_equal(
        fit_calibration(probabilities, codes, method="none").apply(probabilities), probabilities
    )
    with pytest.raises(triage.BadOption, match="isotonic"):
        fit_calibration(probabilities, codes, method="isotonc")


def test_fewer_than_twenty_documents_calibrate_nothing():
    assert not fit_calibration(*drawn(19, 5)).kept


def test_maps_with_many_steps_are_not_fitted_on_the_part_that_a_promise_is_proven_on():
    assert {method: part_for(method) for method in METHODS} == {
        "temperature": "calibrate", "isotonic": "tune", "venn-abers": "tune", "none": "calibrate"
    }  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_a_calibration_survives_json(method):
    probabilities, codes = drawn(400, 6, sharper=3)
    calibration = fit_calibration(probabilities, codes, method=method)
    again = Calibration.from_json(json.loads(json.dumps(calibration.to_json())))
    assert again == calibration
    assert np.array_equal(again.apply(probabilities), calibration.apply(probabilities))


@pytest.mark.parametrize("method", FITTED)
@pytest.mark.parametrize("row", [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [1e-300, 1.0, 0.0], [0.5, 0.5, 0.0]])
def test_every_row_of_probabilities_stays_one(method, row):
    found = fit_calibration(*drawn(300, 7, sharper=2), method=method).apply(np.array([row]))
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("method", FITTED)
def test_what_is_not_finite_stays_so(method):
    rows = np.array([[np.nan, 0.5, 0.5], [np.inf, 0.5, 0.5], [-np.inf, 1.0, 0.0], [0.2, 0.3, 0.5]])
    calibration = fit_calibration(*drawn(300, 8, sharper=2), method=method)
    found = calibration.apply(rows)
    assert np.isfinite(found).all(axis=1).tolist() == [False, False, False, True]
    assert np.array_equal(found[3:], calibration.apply(rows[3:]))


scored = st.lists(st.tuples(st.integers(0, 12).map(lambda i: i / 12), st.booleans()), min_size=1, max_size=25)


@settings(deadline=None)
@given(scored)
def test_venn_abers_is_the_isotonic_regression_with_one_document_more(pairs):
    from scipy.optimize import isotonic_regression

    scores, hits = np.array([s for s, _ in pairs]), np.array([h for _, h in pairs])
    places, low, high = venn_abers_bounds(scores, hits)
    for place, *found in zip(places, low, high, strict=True):
        for hit, value in zip((0, 1), found, strict=True):
            levels, which = np.unique(np.append(scores, place), return_inverse=True)
            counts = np.bincount(which)
            shares = np.bincount(which, np.append(hits, hit)) / counts
            wanted = isotonic_regression(shares, weights=counts).x[levels.searchsorted(place)]
            assert value == pytest.approx(wanted, abs=1e-9)


@settings(deadline=None)
@given(scored, st.lists(st.floats(-0.5, 1.5), min_size=2, max_size=20))
def test_every_map_rises_and_stays_between_zero_and_one(pairs, asked):
    scores, hits = np.array([s for s, _ in pairs]), np.array([h for _, h in pairs])
    asked = np.sort(np.concatenate([asked, scores]))
    for learn in (isotonic, venn_abers):
        values = learn(scores, hits)(asked)
        assert (np.diff(values) >= -1e-12).all()
        assert ((values > 0) & (values < 1)).all()


def test_a_step_function_has_its_own_value_on_a_place():
    steps = Steps([0.2, 0.6], [2.0, 4.0], [1.0, 3.0, 5.0])
    assert steps(np.array([0.1, 0.2, 0.4, 0.6, 0.7])).tolist() == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="1 places"):
        Steps([0.1], [0.1], [0.1])


def test_documents_without_an_error_do_not_sharpen_without_bound():
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 4, 40)
    probabilities = np.full((40, 4), 0.1)
    probabilities[np.arange(40), codes] = 0.7
    found = fit_calibration(probabilities, codes)
    assert found.kept
    assert 0.9 < found.apply(probabilities).max() <= 1 - 1 / 42
    assert "none of 40 documents was wrong" in found.note
