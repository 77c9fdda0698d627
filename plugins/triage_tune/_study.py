"""A study on disk: trials that a kill cannot lose, and the same trials after it is resumed.

The trials are in Optuna's journal (`JournalStorage`), one line for each change. The sampler keeps no state between
trials: for each it is made anew from the seed and the number of finished trials, so that a study that was killed and
resumed proposes what it would have proposed. A trial that was running when the study was killed is marked failed and
run again. Sampler: the tree-structured Parzen estimator (Bergstra et al. 2011). Pruning: the median rule over the
epochs (Golovin et al. 2017).
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import triage
from triage.plugin_api import launch, quote_path, read_whole, write_file
from triage_tune._space import Dimension
from triage_tune._trial import TrialJob

if TYPE_CHECKING:
    import optuna

__all__ = ["Outcome", "Search", "open_study", "run_trial"]

_FACTS, _JOURNAL = "study.json", "journal.log"
_REASON = "reason"  # the attribute of a trial that failed by itself, not by a kill
_STARTUP = 10  # trials at random before the sampler learns from them
_WARMUP = 3  # epochs before a trial may be pruned


@dataclass(frozen=True)
class Outcome:
    """How one trial ended.

    Attributes:
        state: "complete", "pruned" or "failed".
        score: the macro-F1 on the tune part; None where it failed.
        reason: why it failed, or "".
    """

    state: str
    score: float | None
    reason: str = ""


def run_trial(
    job: TrialJob, *, seconds: float, stop_early: Callable[[int, float], bool] = lambda *_: False
) -> Outcome:
    """Run a trial in a process of its own.

    Args:
        job: what to train and to score on.
        seconds: the longest that it may take; then it is stopped and has failed.
        stop_early: told the number of each epoch and its macro-F1; true prunes the trial.
    """
    import threading

    last: dict[str, Any] = {}
    score: float | None = None
    with launch([sys.executable, "-m", "triage_tune._trial"]) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(seconds, process.stop, kwargs={"late": True})
        timer.start()
        try:
            process.stdin.write(job.to_json().encode())
            process.stdin.close()
            for line in process.stdout:
                last = json.loads(line)
                if last["event"] == "epoch":
                    score = last["macro_f1"]
                    if stop_early(last["number"], last["macro_f1"]):
                        process.stop()
                        return Outcome("pruned", score)
            ended = process.ending()
        finally:
            late = not timer.is_alive()
            timer.cancel()
    if last.get("event") == "done" and not ended:
        return Outcome("complete", last["score"])
    if late:
        return Outcome("failed", None, f"it took longer than {seconds:g} seconds")
    return Outcome("failed", None, last.get("message") or ended or "its process ended without a score")


def open_study(folder: Path, facts: Mapping[str, Any], *, resume: bool) -> optuna.Study:
    """Return the study in `folder`, begun where there is none.

    Args:
        folder: a directory; its journal and its facts are in it.
        facts: what decides the outcome of every trial: corpus digest, backend, fixed options, space, seed.
        resume: whether a study that exists already is meant.

    Raises:
        UsageError: there is a study and `resume` is false, or the study was begun with other facts.
        NoInput: there is no study to resume.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / _FACTS
    if path.exists():
        known = json.loads(read_whole(path, most=1 << 20))
        differing = sorted(key for key in facts if known.get(key) != json.loads(json.dumps(facts[key])))
        if differing:
            raise triage.UsageError(
                f"the study in {quote_path(folder)} was begun with another {differing[0]}. "
                "Name another --study, or the settings of then"
            )
        if not resume:
            raise triage.UsageError(
                f"there is a study in {quote_path(folder)}: pass --resume, or another --study"
            )
    elif resume:
        raise triage.NoInput(f"there is no study in {quote_path(folder)} to resume")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps(facts, indent=1).encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the journal's file backend is marked experimental
        storage = JournalStorage(JournalFileBackend(str(folder / _JOURNAL)))
        return optuna.create_study(
            storage=storage, study_name="tune", direction="maximize", load_if_exists=True
        )


@dataclass(frozen=True)
class Search:
    """A search through a space.

    Attributes:
        study: where the trials are kept.
        space: the dimensions.
        job: the trial with the options that are not searched.
        seed: of the sampler.
        seconds: the longest that one trial may take.
    """

    study: optuna.Study
    space: Sequence[Dimension]
    job: TrialJob
    seed: int
    seconds: float

    @property
    def finished(self) -> list[optuna.trial.FrozenTrial]:
        """The trials that are complete or pruned, in order."""
        from optuna.trial import TrialState

        return self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))

    def run(
        self,
        *,
        trials: int,
        minutes: float | None = None,
        notify: Callable[[int, Mapping[str, Any], Outcome], None] = lambda *_: None,
    ) -> None:
        """Run trials until there are `trials` finished ones or the time is up.

        Args:
            trials: how many finished trials there are to be, those of before counted.
            minutes: no trial begins after that long; None for no limit.
            notify: told the number, the options and the outcome of each trial.

        Raises:
            CheckFailed: ten trials in a row failed.
        """
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self.study.tell(trial.number, state=TrialState.FAIL)
        end = None if minutes is None else time.monotonic() + minutes * 60
        failures = 0
        while len(self.finished) < trials and (end is None or time.monotonic() < end):
            outcome = self._one(notify)
            failures = failures + 1 if outcome.state == "failed" else 0
            if failures == 10:
                raise triage.CheckFailed(f"ten trials in a row failed; the last because {outcome.reason}")

    def _one(self, notify: Callable[[int, Mapping[str, Any], Outcome], None]) -> Outcome:
        from optuna.trial import TrialState

        number = len(self.finished)
        failed = sum(_REASON in each.user_attrs for each in self.study.get_trials(deepcopy=False))
        self._prepare_sampler(number, failed)
        if number == 0 and not failed:
            self.study.enqueue_trial({each.name: each.default for each in self.space}, skip_if_exists=True)
        trial = self.study.ask()
        options = {dimension.name: dimension.suggest(trial) for dimension in self.space}
        experiment = self.job.experiment
        job = replace(self.job, experiment=experiment.changed(options={**experiment.options, **options}))

        def stop_early(epoch: int, score: float) -> bool:
            trial.report(score, epoch)
            return trial.should_prune()

        outcome = run_trial(job, seconds=self.seconds, stop_early=stop_early)
        states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
        value = outcome.score if outcome.state == "complete" else None
        if outcome.state == "failed":
            trial.set_user_attr(_REASON, outcome.reason)
        self.study.tell(trial, value, state=states[outcome.state])
        notify(number, options, outcome)
        return outcome

    def _prepare_sampler(self, number: int, failed: int) -> None:
        """Make the sampler of the next trial; trials that a kill ended leave no trace in its seed."""
        import numpy as np
        import optuna

        seed = int(np.random.SeedSequence((self.seed, number, failed)).generate_state(1)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP)
            self.study.pruner = optuna.pruners.MedianPruner(n_warmup_steps=_WARMUP)
