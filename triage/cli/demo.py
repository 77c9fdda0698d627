"""`triage demo`: the whole tour on the embedded complaints."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from triage.cli.common import Talk, quiet_option, read
from triage.config import Experiment
from triage.host.extensions import Command, Corpus, Report
from triage.host.manager import Plugins
from triage.records import Document

if TYPE_CHECKING:
    from triage.models.model import Model

SHOWN = 14


@click.command()
@click.option("--model", metavar="MODEL", help="Keep the model there.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True)
@click.option(
    "--serve", is_flag=True, help="Then start the service and the review desk on further complaints."
)
@click.option("--bind", metavar="HOST:PORT", default="127.0.0.1:8088", show_default=True, help="For --serve.")
@quiet_option
@click.pass_context
def command(ctx: click.Context, *, model: str | None, seed: int, serve: bool, bind: str, quiet: bool) -> None:
    """Learn from the embedded complaints, show how good the model is, and route complaints it never saw.

    With --serve, complaints that the model never saw come in at a human pace, and a link to the desk is
    printed where a person decides what the model leaves open. Its database is temporary.

    \b
    Examples:
      triage demo
      triage demo --model my-first-model
      triage demo --serve
    """
    from triage.cli.report import show
    from triage.cli.train import tell_splits, watching
    from triage.data.defaults import policy_chain, with_defaults
    from triage.evaluation.evaluate import evaluate, with_held_out
    from triage.io.terminal import cell, console, decisions_table
    from triage.models.model import load_model, save_model
    from triage.models.training import fit, prepare
    from triage.routing.router import Router

    talk = Talk(quiet=quiet)
    out = console()
    plugins = Plugins.discover(warn=talk.say)
    location = plugins.role(Corpus, "demo")
    dataset = read(talk, plugins, location, {})
    experiment = with_defaults(Experiment(location=location, seed=seed), plugins)
    with talk.stage("cleaning and dividing the complaints"):
        prepared = prepare(dataset, experiment, plugins)
    tell_splits(talk, prepared)
    with watching(talk, experiment.backend) as watch:
        fitted = fit(prepared, experiment, plugins, watch=watch)
    new = [dataset.documents[row] for row in prepared.splits.test.rows.tolist()]
    with tempfile.TemporaryDirectory() as folder:
        path = model or str(Path(folder) / "model")
        learned = with_held_out(fitted.model, prepared)
        save_model(path, _promising(learned, plugins) if serve else learned)
        if serve:
            name = plugins.role(Command, "service")
            _serve(ctx, name, path, folder, new, bind=bind, quiet=quiet)
            return
        loaded = load_model(path, plugins)
    show(plugins, plugins.role(Report, "default"), [evaluate(fitted, prepared, plugins)])
    documents = new[:SHOWN]
    decisions = Router(loaded, policy_chain(experiment, plugins), plugins).decide_batch(documents)
    out.print()
    out.print(cell("Routing complaints that the model never saw", style="bold"))
    out.print(decisions_table(decisions, [document.text for document in documents]))
    out.print()
    out.print(cell("What to do next", style="bold"))
    for line in (
        "  triage corpora describe YOUR.csv            look at your own data",
        "  triage train YOUR.csv --model model         learn from it",
        "  triage route model NEW.csv --format csv     decide where new complaints go",
        "  triage demo --serve                         the same as a service, with a desk for people",
        "  triage plugins                              what else there is",
    ):
        out.print(cell(line))


def _promising(model: Model, plugins: Plugins) -> Model:
    """Return the model with a promise that so few complaints can prove, for the board to hold it to."""
    from triage.routing.promises import promising, prove

    return promising(model, prove(model, max_error=0.15), plugins)


def _serve(
    ctx: click.Context,
    name: str,
    path: str,
    folder: str,
    documents: Sequence[Document],
    *,
    bind: str,
    quiet: bool,
) -> None:
    """Run the command `name`, the service, on a temporary database, fed with `documents`.

    Raises:
        UnknownName, Unavailable: the plugin of the service, or what it needs, is not installed.
    """
    from triage.cli import cli
    from triage.io.files import write_file

    command = cli.get_command(ctx, name)
    assert command is not None
    feed = Path(folder) / "new.jsonl"
    write_file(feed, (json.dumps({"text": each.text}).encode() + b"\n" for each in documents))
    database = f"sqlite:///{Path(folder) / 'desk.db'}"
    ctx.invoke(command, model=path, db=database, feed=str(feed), bind=bind, audit_rate=0.2, quiet=quiet)
