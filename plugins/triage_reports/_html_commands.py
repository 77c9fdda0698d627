"""The commands that give the numbers of a page again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import triage
from triage.plugin_api import Markup, element
from triage_reports._html_standings import Standing

__all__ = ["commands"]

_FLAGS = {  # key of the experiment: flag of the command line, and the value that needs no saying
    "split": ("--split", None),
    "min_per_class": ("--min-per-class", 10),
}


def commands(standings: Sequence[Standing]) -> Markup:
    """Return the commands, one for each backend; the options are those that it ran with, defaults too."""
    return element(
        "div", (element("pre", element("code", _command(standing.runs))) for standing in standings)
    )


def _command(runs: Sequence[triage.Evaluation]) -> str:
    run, found = runs[0].run, runs[0].metrics
    experiment = found.get("experiment")
    known: dict[str, Any] = dict(experiment) if isinstance(experiment, Mapping) else {}
    known.setdefault("split", found.get("split"))
    words = ["triage", "evaluate", str(known.get("location") or run.corpus), "--backend", run.backend]
    seeds = sorted({each.run.seed for each in runs})
    words += ["--seed", str(seeds[0])]
    if len(seeds) > 1:
        words += ["--seeds", str(seeds[-1] - seeds[0] + 1)]
    for key, (flag, usual) in _FLAGS.items():
        if known.get(key) not in (None, "", usual):
            words += [flag, str(known[key])]
    words += _cleaners(known.get("cleaners"))
    columns = known.get("columns")
    for name, value in sorted(columns.items()) if isinstance(columns, Mapping) else ():
        words += [f"--{str(name).replace('_', '-')}", str(value)]
    for name, value in sorted(run.options.items()):
        if not isinstance(value, Mapping):
            words += ["--set", f"{name}={_plain(value)}"]
    return " ".join(shlex.quote(word) for word in words)


def _cleaners(steps: Any) -> list[str]:
    """Return the flag, where names alone say what was done."""
    try:
        pairs = [(str(name), dict(options)) for name, options in steps or ()]
    except (TypeError, ValueError):
        return []
    if not pairs or any(options for _, options in pairs):
        return []
    return ["--cleaners", ",".join(name for name, _ in pairs)]


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(_plain(item) for item in value)
    return str(value)
