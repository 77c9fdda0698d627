"""What the alarm promises: it is rarely false at any look, it comes soon, and simpler figures do neither."""

import statistics

import numpy as np
import pytest

from service.audit_streams import LEVEL, PROMISE, alarms, delays, flattered, looks, stream

NOISE = 3 * np.sqrt(LEVEL * (1 - LEVEL) / 2000)


def test_answers_in_their_own_order_flatter_the_figure():
    assert flattered(200) < 0.8 * PROMISE


def test_no_look_sees_more_than_the_last_one_that_knows_everything():
    dice = np.random.default_rng(5)
    for _ in range(5):
        wrong, family, answered = stream(dice, 0.1, 300, families=True)
        lowers = [bound.lower for bound in looks(wrong, family, answered)]
        (*_, known) = looks(wrong, family, np.zeros(300))
        assert max(lowers) <= known.lower + 1e-6


def test_a_true_upper_bound_is_not_undercut_while_answers_are_missing():
    dice = np.random.default_rng(6)
    undercut = 0
    for _ in range(40):
        wrong, family, answered = stream(dice, 0.1, 300)
        undercut += any(bound.upper < 0.1 for bound in looks(wrong, family, answered, every=50))
    assert undercut <= 8  # 2 are expected; more than 8 has a probability below 0.001


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "easy first", "families"])
def test_of_2000_streams_at_exactly_the_promise_few_raise_an_alarm(kind):
    assert alarms(kind, 2000) <= LEVEL + NOISE


@pytest.mark.slow
def test_the_naive_figure_raises_many_false_alarms():
    assert alarms("naive", 300) > 4 * LEVEL


def test_few_streams_at_exactly_the_promise_raise_an_alarm():
    assert alarms("plain", 300) <= LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / 300)


def test_half_of_all_streams_at_twice_the_promise_alarm_by_150_audits():
    assert statistics.median(delays(0.10, 600)) <= 150
