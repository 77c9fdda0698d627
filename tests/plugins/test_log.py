"""The built-in observer: numbers to the standard library's logging, never a text."""

import logging

import numpy as np

import triage
import triage_log


def plugins_with_log():
    plugins = triage.Plugins(strict=True)
    plugins.register(triage_log)
    return plugins


RUN = triage.Run("tiny", "gru", {}, 7, 2)


def test_an_epoch_is_logged_for_those_who_listen(caplog):
    with caplog.at_level(logging.DEBUG, logger="triage"):
        plugins_with_log().epoch_finished(RUN, triage.Epoch(number=2, of=9, loss=0.5))
    assert caplog.messages == ["gru on tiny: epoch 2 of 9, loss 0.5000"]


def test_an_evaluation_is_logged_with_its_scores(caplog):
    nothing = np.empty(0, np.int64)
    evaluation = triage.Evaluation(
        run=RUN,
        metrics={"accuracy": 0.75, "macro_f1": 0.5},
        labels=("a", "b"),
        confusion=np.zeros((2, 2), np.int64),
        codes=nothing,
        probabilities=np.empty((0, 2)),
        rows=nothing,
        groups=nothing,
    )
    with caplog.at_level(logging.INFO, logger="triage"):
        plugins_with_log().run_finished(RUN, evaluation)
    assert caplog.messages == ["gru on tiny, seed 7: accuracy 0.7500, macro-F1 0.5000"]


def test_nothing_is_shown_to_those_who_do_not_listen(capsys):
    plugins_with_log().epoch_finished(RUN, triage.Epoch(number=1, of=1, loss=0.5))
    assert capsys.readouterr() == ("", "")
