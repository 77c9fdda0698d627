"""`triage promise`: what can be promised about what is routed by itself."""

from __future__ import annotations

import click

from triage.cli.common import Talk, json_option, print_json, quiet_option
from triage.errors import CheckFailed, UsageError
from triage.host.manager import Plugins
from triage.models.model import Model
from triage.routing.promises import Promise, Score


@click.command()
@click.argument("model")
@click.option(
    "--max-error",
    "max_errors",
    type=float,
    multiple=True,
    help="Promised share of wrong routes; repeat it to compare several. [0.05]",
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
    max_errors: tuple[float, ...],
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
    --confidence, as long as new texts are like those that the model was trained on. Where that cannot be
    proven, the certificate that the model had stays in place and the exit code is 1. With --max-error
    given more than once, all are shown in one table and the strictest that can be proven is stored.

    The proof uses out-of-fold answers about all documents. A model trained with --proof held-out keeps
    documents that nothing was learned from, and is proven with those.

    With --early it is about texts that `triage stream` reads while they are written: of those decided before
    their end at most the share --max-error goes to a wrong queue, and of all that are decided too.

    \b
    Examples:
      triage promise model --max-error 0.05
      triage promise model --max-error 0.05 --max-error 0.10
      triage promise model --max-error 0.10 --confidence 0.9 --per-queue
      triage promise model --max-error 0.02 --dry-run --json
      triage promise model --max-error 0.10 --early
    """
    from triage.cli.promise_early import promise_early
    from triage.cli.promise_view import compare, promise_facts, show
    from triage.models import bundle
    from triage.models.model import load_model, save_model
    from triage.routing.promises import promising, prove, realised

    goals = sorted(set(max_errors or (0.05,)))
    if early and (per_queue or score != "probability" or len(goals) > 1):
        raise UsageError(
            "--early is about probabilities, about all queues together, and about one --max-error"
        )
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
                max_error=goals[0],
                confidence=confidence,
                dry_run=dry_run,
                as_json=as_json,
            )
            return
        promises = [
            prove(loaded, max_error=goal, confidence=confidence, score=score, per_queue=per_queue)
            for goal in goals
        ]
        best = next((each for each in promises if each.kept), promises[-1])
        if not dry_run:
            loaded = save_model(model, promising(loaded, best, plugins), held=held)
    outcomes = [realised(each, loaded) for each in promises]
    if as_json:
        facts = [
            promise_facts(each) | {"realised": it, "sha256": loaded.sha256}
            for each, it in zip(promises, outcomes, strict=True)
        ]
        print_json(facts[0] if len(facts) == 1 else facts)
    elif len(promises) > 1:
        compare(promises)
    else:
        show(best, outcomes[0])
    _tell_result(talk, model, loaded, best, dry_run=dry_run)


def _tell_result(talk: Talk, path: str, model: Model, promise: Promise, *, dry_run: bool) -> None:
    """Say what was stored.

    Raises:
        CheckFailed: nothing can be promised; the message says what would help.
    """
    from triage.routing.promises import Promise as Stored
    from triage.routing.promises import not_proven, tried_seeds

    if not promise.kept:
        former = ""
        if "promise" in model.extra:
            before = Stored.from_json(model.extra["promise"])
            former = f". The promise of at most {before.max_error:g} at {before.confidence:g} stays in place"
        raise CheckFailed(not_proven(promise) + former)
    seeds, refused = tried_seeds(model, promise)
    if refused:
        talk.say(
            f"this promise was asked for with {seeds} seeds on the same documents and refused with {refused}: asking "
            f"until one passes holds less often than stated, at {seeds} seeds with at least "
            f"{max(0.0, 1 - seeds * (1 - promise.confidence)):.0%} instead of {promise.confidence:.0%}"
        )
    if dry_run:
        talk.say("nothing was stored: --dry-run")
    else:
        talk.say(
            f"stored in {path}: `triage route {path} FILE` now keeps the promise of at most {promise.max_error:g}"
        )
