"""The end of a search: the winner under new seeds, its experiment file, and what people see of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import triage
from triage.plugin_api import Experiment, write_file
from triage_tune._study import Search, run_trial

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Result", "conclude", "show", "to_toml"]


@dataclass(frozen=True)
class Result:
    """What a search found.

    Attributes:
        trials: how many trials are finished; `pruned` of them were stopped early.
        pruned: how many were stopped early.
        history: the score of each complete trial in order, 0 to 1.
        default: the score of the default in the search.
        score: the score of the best trial in the search; the best of many is partly luck.
        options: all options of the best trial that were searched.
        again: its scores under new seeds.
        default_again: the scores of the default under the same seeds.
        experiment: the experiment file that was written.
    """

    trials: int
    pruned: int
    history: tuple[float, ...]
    default: float | None
    score: float
    options: Mapping[str, Any]
    again: tuple[float, ...]
    default_again: tuple[float, ...]
    experiment: str

    @property
    def gain(self) -> float | None:
        """The gain over the default in the search."""
        return None if self.default is None else self.score - self.default

    @property
    def gain_again(self) -> float | None:
        """The mean gain over the default under new seeds: how much of `gain` survived."""
        if not self.again or not self.default_again:
            return None
        return mean(self.again) - mean(self.default_again)

    def to_json(self) -> dict[str, Any]:
        """Return the result as `triage tune --json` prints it."""
        return {
            "trials": self.trials,
            "pruned": self.pruned,
            "best": {"options": dict(self.options), "score": self.score},
            "default": self.default,
            "again": list(self.again),
            "default_again": list(self.default_again),
            "gain": self.gain,
            "gain_again": self.gain_again,
            "experiment": self.experiment,
        }


def conclude(search: Search, experiment: Experiment, *, folder: Path, seeds: int) -> Result:
    """Train the winner and the default under new seeds, and write the winner as an experiment file.

    Args:
        search: a search with at least one complete trial.
        experiment: what the user asked for; the file holds it with the winner's options.
        folder: where the file `best.toml` is written.
        seeds: how many new seeds.

    Raises:
        CheckFailed: no trial is complete.
    """
    from optuna.trial import TrialState

    finished = search.finished
    complete = [trial for trial in finished if trial.state == TrialState.COMPLETE]
    if not complete:
        raise triage.CheckFailed("no trial is complete: allow more --trials or --minutes")
    best = max(complete, key=lambda trial: (trial.value or 0.0, -trial.number))
    first = finished[0]
    chosen = experiment.changed(options={**experiment.options, **best.params})
    path = folder / "best.toml"
    write_file(path, to_toml(chosen).encode())
    new = range(search.seed + 1, search.seed + 1 + seeds)
    again = _scores(search, best.params, new)
    return Result(
        trials=len(finished),
        pruned=len(finished) - len(complete),
        history=tuple(float(trial.value or 0.0) for trial in complete),
        default=first.value if first.state == TrialState.COMPLETE else None,
        score=float(best.value or 0.0),
        options=dict(best.params),
        again=again,
        default_again=again if best.number == first.number else _scores(search, first.params, new),
        experiment=str(path),
    )


def _scores(search: Search, options: Mapping[str, Any], seeds: range) -> tuple[float, ...]:
    """Return the score of these options under each seed of the training, on the division of the search."""
    base = search.job.experiment
    found = []
    for seed in seeds:
        changed = base.changed(seed=seed, options={**base.options, **options})
        outcome = run_trial(replace(search.job, experiment=changed), seconds=search.seconds)
        if outcome.score is not None:
            found.append(outcome.score)
    return tuple(found)


def to_toml(experiment: Experiment) -> str:
    """Return the parts of an experiment that differ from the defaults as an experiment file."""
    default = Experiment()
    sections: dict[str, dict[str, Any]] = {
        "corpus": {"location": experiment.location, **experiment.columns},
        "pipeline": {
            name: getattr(experiment, name)
            for name in ("max_tokens", "max_length", "min_per_class", "split", "seed", "calibration")
            if getattr(experiment, name) != getattr(default, name) or name == "seed"
        },
        "backend": {"name": experiment.backend, **experiment.options},
    }
    if experiment.cleaners is not None:
        sections["pipeline"]["cleaners"] = list(experiment.cleaners)
    lines = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{name.replace('_', '-')} = {_toml(value)}" for name, value in values.items()]
        lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Mapping):  # a cleaning step
        name, options = value
        if not options:
            return _toml(name)
        inside = ", ".join(f"{key.replace('_', '-')} = {_toml(each)}" for key, each in options.items())
        return f"{{name = {_toml(name)}, {inside}}}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    import json

    return json.dumps(str(value), ensure_ascii=False)


def show(result: Result) -> None:
    """Print the result on stdout: the search as a picture, the winner, and what survived under new seeds."""
    from rich.table import Table

    from triage.plugin_api import cell, console, safe_text

    out = console()
    for line in _picture(result, width=min(out.width, 100) - 12):
        out.print(line)
    table = Table(box=None, pad_edge=False)
    table.add_column("option")
    table.add_column("best", justify="right")
    for name, value in result.options.items():
        table.add_row(
            cell(name, style="bold"), cell(f"{value:.4g}" if isinstance(value, float) else str(value))
        )
    out.print(table)
    default = "" if result.default is None else f", default {result.default:.3f}"
    out.print(
        safe_text(
            f"{result.trials} trials, {result.pruned} pruned: best macro-F1 {result.score:.3f}{default}"
        )
    )
    if result.gain_again is not None and result.gain is not None:
        words = ", ".join(f"{score:.3f}" for score in result.again)
        others = ", ".join(f"{score:.3f}" for score in result.default_again)
        out.print(safe_text(f"under {len(result.again)} new seeds: best {words}; default {others}"))
        out.print(
            safe_text(f"gain in the search {result.gain:+.3f}, under new seeds {result.gain_again:+.3f}")
        )


def _picture(result: Result, *, width: int) -> list[Text]:
    """Draw the score of each complete trial and the best so far."""
    import itertools

    import numpy as np

    from triage.plugin_api import Axes, Curve, console, plot

    scores = np.asarray(result.history)
    if len(scores) < 2 or scores.min() == scores.max():
        return []
    best = np.array(list(itertools.accumulate(scores, max)))
    x = np.arange(len(scores))
    low, high = float(scores.min()), float(scores.max())
    axes = Axes(
        x=(0.0, float(len(scores) - 1)),
        y=(low, high),
        x_words=("first trial", "last"),
        y_words=(f"{low:.3f}", f"{high:.3f}"),
    )
    curves = [Curve(x, scores, "dim"), Curve(x, best, "bold green")]
    return plot(curves, axes, ascii=not console().encoding.startswith("utf"), width=max(20, width), height=8)
