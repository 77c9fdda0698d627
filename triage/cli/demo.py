"""`triage demo`: the whole tour on the embedded complaints."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from triage.cli.common import Talk, quiet_option, read
from triage.config import Experiment
from triage.host.manager import Plugins

SHOWN = 14


@click.command()
@click.option("--model", metavar="MODEL", help="Keep the model there.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True)
@quiet_option
def command(*, model: str | None, seed: int, quiet: bool) -> None:
    """Learn from the embedded complaints, show how good the model is, and route complaints it never saw.

    \b
    Examples:
      triage demo
      triage demo --model my-first-model
    """
    from triage.cli.report import show
    from triage.cli.train import tell_splits, watching
    from triage.evaluation.evaluate import evaluate, with_held_out
    from triage.io.terminal import cell, console, decisions_table
    from triage.models.model import load_model, save_model
    from triage.models.training import fit, prepare
    from triage.routing.router import Router

    talk = Talk(quiet=quiet)
    out = console()
    plugins = Plugins.discover(warn=talk.say)
    dataset = read(talk, plugins, "complaints", {})
    experiment = Experiment().changed(location="complaints", seed=seed)
    with talk.stage("cleaning and dividing the complaints"):
        prepared = prepare(dataset, experiment, plugins)
    tell_splits(talk, prepared)
    with watching(talk, experiment.backend) as watch:
        fitted = fit(prepared, experiment, plugins, watch=watch)
    show(plugins, "terminal", [evaluate(fitted, prepared, plugins)])

    with tempfile.TemporaryDirectory() as folder:
        path = model or str(Path(folder) / "model")
        save_model(path, with_held_out(fitted.model, prepared))
        loaded = load_model(path, plugins)
    documents = [dataset.documents[row] for row in prepared.splits.test.rows[:SHOWN].tolist()]
    decisions = Router(loaded, experiment.chain, plugins).decide_batch(documents)
    out.print()
    out.print(cell("Routing complaints that the model never saw", style="bold"))
    out.print(decisions_table(decisions, [document.text for document in documents]))
    out.print()
    out.print(cell("What to do next", style="bold"))
    for line in (
        "  triage corpora describe YOUR.csv            look at your own data",
        "  triage train YOUR.csv --model model         learn from it",
        "  triage route model NEW.csv --format csv     decide where new complaints go",
        "  triage plugins                              what else there is",
    ):
        out.print(cell(line))
