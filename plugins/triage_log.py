"""Tell the standard library's logging of every epoch and every evaluation, for programs that embed triage.

Nothing is shown unless the program listens: `logging.getLogger("triage").setLevel(logging.INFO)`.
"""

from __future__ import annotations

import logging

import triage


@triage.hookimpl
def triage_epoch_finished(run: triage.Run, epoch: triage.Epoch) -> None:
    """Log the epoch at level DEBUG: numbers only, never a text."""
    logging.getLogger("triage").debug(
        "%s on %s: epoch %d of %d, loss %.4f", run.backend, run.corpus, epoch.number, epoch.of, epoch.loss
    )


@triage.hookimpl
def triage_run_finished(run: triage.Run, evaluation: triage.Evaluation) -> None:
    """Log the outcome at level INFO."""
    logging.getLogger("triage").info(
        "%s on %s, seed %d: accuracy %.4f, macro-F1 %.4f",
        run.backend,
        run.corpus,
        run.seed,
        evaluation.metrics["accuracy"],
        evaluation.metrics["macro_f1"],
    )
