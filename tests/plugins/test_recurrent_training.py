"""Training that looks after itself: the same twice, resumed after a kill, and watched by a guard."""

import logging
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sequences import TRAIN, TUNE, build, fitted

import triage
from triage_recurrent._batches import by_length, training_batches
from triage_recurrent._guard import Guard, TrainingTrouble

pytest.importorskip("tensorflow")


def network_of(classifier):
    return classifier.get_state()["network.onnx"]


@pytest.fixture(scope="module")
def three_epochs():
    """The saved network of a training of three epochs that nothing stopped."""
    return network_of(fitted("gru", epochs=3))


def test_the_same_seed_gives_the_same_weights_to_the_bit(three_epochs):
    assert network_of(fitted("gru", epochs=3)) == three_epochs


def test_another_seed_gives_other_weights(three_epochs):
    assert network_of(fitted("gru", epochs=3, seed=6)) != three_epochs


class Killed(BaseException):
    """What stands for the end of the process: nothing in a training catches it."""


def test_a_training_that_was_killed_goes_on_and_ends_in_the_same_weights(tmp_path, three_epochs):
    def kill(epoch):
        if epoch.number == 3:
            raise Killed

    first = build("gru", epochs=3)
    first.keep_progress(tmp_path)
    with pytest.raises(Killed):
        first.fit(TRAIN, TUNE, seed=5, watch=kill)
    told = []
    second = build("gru", epochs=3)
    second.keep_progress(tmp_path)
    second.fit(TRAIN, TUNE, seed=5, watch=told.append)
    assert [epoch.number for epoch in told] == [1, 2, 3]
    assert network_of(second) == three_epochs


def test_progress_of_another_network_is_refused(tmp_path):
    first = build("gru", epochs=1)
    first.keep_progress(tmp_path)
    first.fit(TRAIN, TUNE, seed=5, watch=lambda epoch: None)
    other = build("gru", epochs=2, units=7)
    other.keep_progress(tmp_path)
    with pytest.raises(triage.DataError, match="does not belong"):
        other.fit(TRAIN, TUNE, seed=5, watch=lambda epoch: None)


def test_an_interrupt_keeps_the_best_epoch_so_far(caplog):
    def interrupt(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    with caplog.at_level(logging.WARNING):
        classifier = fitted("gru", epochs=9, watch=interrupt)
    assert "interrupted" in caplog.text
    assert network_of(classifier) == network_of(fitted("gru", epochs=2))


def test_an_interrupt_before_the_first_epoch_ends_the_training(monkeypatch):
    from triage_recurrent import _training

    def interrupted(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(_training.Trainer, "_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fitted("gru")


def test_a_learning_rate_of_a_thousand_is_stopped_with_a_sign_and_advice():
    with pytest.raises(triage.Diverged, match=r"epoch 1: .*learning-rate") as caught:
        fitted("lstm", learning_rate=1e3, linear_share=0)
    assert caught.value.exit_code == 70
    assert "no good weights" in str(caught.value)


def test_trouble_after_good_epochs_gives_the_good_weights_back(monkeypatch, caplog):
    good = network_of(fitted("gru", epochs=2))
    seen = Guard.step

    def step(self, loss, norms):
        self.total = getattr(self, "total", 0) + 1
        seen(self, math.nan if self.total > 8 else loss, norms)  # two epochs of four steps each

    monkeypatch.setattr(Guard, "step", step)
    with caplog.at_level(logging.WARNING):
        classifier = fitted("gru", epochs=9)
    assert "the loss is nan" in caplog.text
    assert network_of(classifier) == good


NORMAL = np.array([0.5, 0.5])


def watched(steps, *, after=None, weights=None, reached=1.0):
    guard = Guard(["embedding", "recurrent"], classes=3)
    guard.start_epoch()
    for loss, norms in steps:
        guard.step(loss, norms)
    guard.end_epoch(after or reached, weights or (np.ones(2), np.ones(2)))
    return guard


def test_a_sound_epoch_is_let_pass_with_its_norms():
    assert watched([(1.0, NORMAL)] * 20).norms() == {"embedding": 0.5, "recurrent": 0.5}


@pytest.mark.parametrize(
    ("steps", "weights", "sign"),
    [
        ([(math.inf, NORMAL)], None, "loss is inf"),
        ([(1.0, np.array([0.1, math.nan]))], None, "gradient of the layer 'recurrent'"),
        ([(1.0, NORMAL)] * 3 + [(90.0, NORMAL)] * 8, None, "loss jumped"),
        ([(1.0, np.array([1.0, 1e6]))], None, "exploding gradients.*'recurrent'"),
        ([(1.0, np.array([1.0, 0.0]))] * 2, None, "vanishing gradients.*'recurrent'"),
        ([(1.0, NORMAL)], (np.ones(2), np.array([1.0, math.nan])), "weights of the layer 'recurrent'"),
    ],
)
def test_each_sign_of_trouble_is_named_with_what_to_try(steps, weights, sign):
    with pytest.raises(TrainingTrouble, match=sign) as caught:
        watched(steps, weights=weights)
    assert "Try" in str(caught.value)


def test_one_hard_batch_is_no_trouble_and_neither_are_zero_gradients_when_all_is_learned():
    watched([(1.0, NORMAL)] * 8 + [(30.0, NORMAL)])
    watched([(1e-6, np.zeros(2))] * 2, after=1e-6)


def test_one_step_is_too_few_to_call_gradients_vanishing():
    watched([(1.0, np.array([1.0, 0.0]))])


SEQUENCES = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), min_size=1, max_size=30)


@given(SEQUENCES, st.integers(1, 8), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.9]))
def test_an_epoch_holds_every_document_once_and_never_an_empty_one(rows, batch, seed, dropout):
    sequences = [np.array(row, np.int32) for row in rows]
    settings = {"batch": batch, "seed": seed, "epoch": 3, "word_dropout": dropout}
    seen = []
    for positions, ids in training_batches(sequences, **settings):
        assert len(positions) <= batch
        assert ids.shape[1] == (ids > 0).sum(axis=1).max()
        for position, row in zip(positions.tolist(), ids, strict=True):
            left = row[row > 0].tolist()
            assert left
            remaining = iter(rows[position])
            assert all(token in remaining for token in left)  # in the same order
            assert dropout or left == rows[position]
        seen.extend(positions.tolist())
    assert sorted(seen) == list(range(len(rows)))
    again = [ids.tolist() for _, ids in training_batches(sequences, **settings)]
    assert again == [ids.tolist() for _, ids in training_batches(sequences, **settings)]


@given(SEQUENCES, st.integers(1, 8))
def test_for_prediction_the_documents_come_in_order_of_length(rows, batch):
    sequences = [np.array(row, np.int32) for row in rows]
    found = [
        (position, ids.shape[1])
        for positions, ids in by_length(sequences, batch=batch)
        for position in positions
    ]
    assert sorted(position for position, _ in found) == list(range(len(rows)))
    assert [width for _, width in found] == sorted(width for _, width in found)
