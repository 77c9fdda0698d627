"""The shares of network and linear model: fitted where neither was trained, and never worse there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_sequences import FRESH, TRAIN, build, part

from triage_recurrent._stacking import FEWEST, Shares, stacked

pytest.importorskip("tensorflow")
START = Shares(network=0.4, linear=0.6)


def logits(codes, k, *, strength, seed):
    """Logits that are right as often as they are strong."""
    draw = np.random.default_rng(seed)
    return (strength * np.eye(k)[codes] + draw.normal(size=(len(codes), k))).astype(np.float32)


def loss(shares, network, linear, codes):
    """Log loss with every class weighing the same."""
    total = (shares[0] * network + shares[1] * linear).astype(np.float64)
    total -= total.max(axis=1, keepdims=True)
    total -= np.log(np.exp(total).sum(axis=1, keepdims=True))
    own = total[np.arange(len(codes)), codes]
    return -np.mean([own[codes == code].mean() for code in np.unique(codes)])


@settings(deadline=None)
@given(
    k=st.integers(2, 5),
    strengths=st.tuples(
        st.floats(0, 4), st.floats(0.5, 4)
    ),  # where neither knows anything, nothing is fitted
    seed=st.integers(0, 1000),
    skew=st.floats(0.2, 3),
)
def test_no_other_shares_have_a_lower_loss_and_none_is_negative(k, strengths, seed, skew):
    codes = np.random.default_rng(seed).choice(k, 150)
    codes[: int(40 * skew)] = 0
    network, linear = (logits(codes, k, strength=each, seed=seed + i) for i, each in enumerate(strengths))
    found = stacked(network, linear, codes, start=START)
    assert min(found) >= 0
    best = loss(found, network, linear, codes)
    for network_share, linear_share in [
        START,
        (0, 1),
        (1, 0),
        (found[0] * 0.9, found[1]),
        (found[0], found[1] * 0.9),
    ]:
        assert best <= loss((network_share, linear_share), network, linear, codes) + 1e-4


def test_a_network_that_knows_nothing_is_left_out():
    codes = np.arange(3000) % 3
    network, linear = logits(codes, 3, strength=0, seed=1), logits(codes, 3, strength=3, seed=2)
    found = stacked(network, linear, codes, start=START)
    assert found.network < 0.1 * found.linear


def test_too_few_documents_change_nothing():
    codes = np.arange(FEWEST - 1) % 3
    network = logits(codes, 3, strength=0, seed=1)
    assert stacked(network, network, codes, start=START) == START


def test_a_training_fits_the_shares_to_the_tune_part_unless_told_not_to(caplog):
    tune = part(FEWEST + 20, seed=4)
    caplog.set_level("INFO")

    def answers(**options):
        classifier = build("gru", **options)
        classifier.fit(TRAIN, tune, seed=5, watch=lambda epoch: None)
        return classifier.predict_proba(FRESH.sequences)

    fitted = answers()
    assert [line for line in caplog.messages if line.startswith("gru: the answer is")]
    assert not np.allclose(fitted, answers(stacking=False))


def test_a_network_that_adds_nothing_is_named_with_what_would_do_as_well(caplog):
    tune = part(FEWEST + 20, seed=4)
    classifier = build("gru", epochs=1, learning_rate=1e-9, distillation=0)
    classifier.fit(TRAIN, tune, seed=5, watch=lambda epoch: None)
    assert any("adds next to nothing" in line for line in caplog.messages)
