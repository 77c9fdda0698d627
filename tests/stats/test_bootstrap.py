"""Coverage at an accuracy: its interval holds what was measured, and widens where evidence repeats itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.stats import metrics
from triage.stats.bootstrap import coverage_intervals


def drawn(n, seed):
    generator = np.random.default_rng(seed)
    scores = np.round(generator.random(n), 2)
    return scores, generator.random(n) > 0.5 + scores / 2


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(0, 999))
def test_intervals_are_shares_in_order(n, seed):
    scores, wrong = drawn(n, seed)
    found = coverage_intervals(scores, wrong, np.arange(n), least=(0.5, 0.9, 0.99), draws=50)
    for low, high in found:
        assert 0 <= low <= high <= 1
    # More accuracy is never cheaper.
    assert sorted(found, reverse=True) == found


def test_what_was_measured_lies_in_its_interval():
    scores, wrong = drawn(3000, 1)
    ((low, high),) = coverage_intervals(scores, wrong, np.arange(3000), least=(0.9,))
    assert low < metrics.coverage_at_accuracy(scores, wrong, least=0.9) < high
    assert high - low < 0.3


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    scores, wrong = drawn(400_000, 2)
    truth = metrics.coverage_at_accuracy(scores, wrong, least=0.8)
    hits = 0
    for part in range(100):
        rows = slice(part * 1000, (part + 1) * 1000)
        ((low, high),) = coverage_intervals(
            scores[rows], wrong[rows], np.arange(1000), least=(0.8,), draws=200
        )
        hits += low <= truth <= high
    assert 88 <= hits <= 100


def test_copies_are_no_evidence():
    scores, wrong = drawn(300, 3)
    groups = np.arange(300)
    once = coverage_intervals(scores, wrong, groups, least=(0.8,))
    copied = coverage_intervals(*(np.repeat(each, 5) for each in (scores, wrong, groups)), least=(0.8,))
    assert copied[0] == pytest.approx(once[0], abs=0.05)


def test_many_documents_are_drawn_in_pieces(monkeypatch):
    scores, wrong = drawn(200, 4)
    monkeypatch.setattr("triage.stats.bootstrap._CELLS", 500)
    ((low, high),) = coverage_intervals(scores, wrong, np.arange(200), least=(0.7,), draws=40)
    assert low <= high
