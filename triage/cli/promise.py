"""`triage promise`: prove a bound on the wrong routes of a model."""

from __future__ import annotations

import click

from triage.cli.common import Talk, json_option, print_json, quiet_option
from triage.errors import CheckFailed, UsageError
from triage.host.manager import Plugins
from triage.routing.promises import Score


@click.command()
@click.argument("model")
@click.option(
    "--max-error", type=float, default=0.05, show_default=True, help="Promised share of wrong routes."
)
@click.option("--confidence", type=float, default=0.95, show_default=True, help="That the promise holds.")
@click.option("--per-queue", is_flag=True, help="A promise for each queue, where its documents allow one.")
@click.option(
    "--score",
    type=click.Choice(["probability", "margin", "entropy"]),
    default="probability",
    show_default=True,
    help="What is compared with a threshold.",
)
@click.option(
    "--early", is_flag=True, help="About decisions of `triage stream` before the end of a text, too."
)
@click.option("--dry-run", is_flag=True, help="Show what could be promised, and change nothing.")
@json_option
@quiet_option
def command(
    *,
    model: str,
    max_error: float,
    confidence: float,
    per_queue: bool,
    score: Score,
    early: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Prove how much MODEL may route automatically, and store the certificate in it.

    Of what is routed from then on, at most the share --max-error goes to a wrong queue, with probability
    --confidence, as long as new texts are like those that the model was calibrated on. Where too few
    documents prove too little, nothing is promised and the exit code is 1.

    With --early the promise is about texts that `triage stream` reads while they are written: at most the share
    --max-error of those decided before their end goes to a wrong queue, and at most that share of all.

    \b
    Examples:
      triage promise model --max-error 0.05
      triage promise model --max-error 0.10 --confidence 0.9 --per-queue
      triage promise model --max-error 0.02 --dry-run --json
      triage promise model --max-error 0.10 --early
    """
    from triage.cli.promise_early import promise_early
    from triage.cli.promise_view import show
    from triage.models import bundle
    from triage.models.model import load_model, save_model
    from triage.routing.promises import not_proven, promising, prove, realised

    if early and (per_queue or score != "probability"):
        raise UsageError("--early is about probabilities, and about all queues together")
    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    bundle.read(model)  # what is no model is refused before a lock, and directories for it, are made
    with bundle.lock(model) as held:
        loaded = load_model(model, plugins)
        if early:
            promise_early(
                talk,
                model,
                loaded,
                held,
                max_error=max_error,
                confidence=confidence,
                dry_run=dry_run,
                as_json=as_json,
            )
            return
        promise = prove(loaded, max_error=max_error, confidence=confidence, score=score, per_queue=per_queue)
        if promise.kept and not dry_run:
            loaded = save_model(model, promising(loaded, promise, plugins), held=held)
    outcome = realised(promise, loaded)
    if as_json:
        print_json({**promise.to_json(), "kept": promise.kept, "realised": outcome, "sha256": loaded.sha256})
    else:
        show(promise, outcome)
    if not promise.kept:
        raise CheckFailed(not_proven(promise))
    if dry_run:
        talk.say("nothing was stored: --dry-run")
    else:
        talk.say(f"stored in {model}: `triage route {model} FILE` now keeps this promise")
