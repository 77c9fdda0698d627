"""`triage promise`: what can be promised about what is routed by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from triage.cli.common import Talk, json_option, print_json, quiet_option
from triage.errors import CheckFailed, DataError, UsageError
from triage.host.extensions import Policy
from triage.host.manager import Plugins
from triage.models.held_out import HeldOut
from triage.models.model import Model
from triage.routing.promises import Certificate, Promise, Score


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
    """Prove how much MODEL may route by itself, and store the certificate in it.

    Of what is routed from then on, at most the share --max-error goes to a wrong queue, with probability
    --confidence, as long as new texts are like those that the model was calibrated on. Where too few
    documents prove too little, nothing is promised and the exit code is 1.

    With --early it is about texts that `triage stream` reads while they are written: of those decided before
    their end at most the share --max-error goes to a wrong queue, and of all that are decided too.

    \b
    Examples:
      triage promise model --max-error 0.05
      triage promise model --max-error 0.10 --confidence 0.9 --per-queue
      triage promise model --max-error 0.02 --dry-run --json
      triage promise model --max-error 0.10 --early
    """
    from triage.cli.early import promise_early
    from triage.models import bundle
    from triage.models.model import load_model, save_model
    from triage.routing.promises import promise_of

    if early and (per_queue or score != "probability"):
        raise UsageError("--early is about probabilities, and about all queues together")
    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    bundle.read(model)  # what is no model is refused before a lock, and directories for it, are made
    with bundle.lock(model) as held:
        loaded = load_model(model, plugins)
        if not {"tune", "calibrate"} <= set(loaded.held_out):
            raise DataError(
                f"{model}: it was trained without a tune and a calibrate part; train it on more documents"
            )
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
        queues = [loaded.queues[label] for label in loaded.classes]
        promise = promise_of(
            loaded.held_out["tune"],
            loaded.held_out["calibrate"],
            queues,
            max_error=max_error,
            confidence=confidence,
            score=score,
            per_queue=per_queue,
        )
        if promise.kept and not dry_run:
            loaded = save_model(model, promising(loaded, promise, plugins), held=held)
    realised = _realised(promise, loaded.held_out.get("test"), queues)
    if as_json:
        print_json({**promise.to_json(), "kept": promise.kept, "realised": realised, "sha256": loaded.sha256})
    else:
        _show(promise, realised)
    if not promise.kept:
        needed = min(certificate.needed for certificate in promise.certificates)
        raise CheckFailed(
            f"nothing can be promised: an error of at most {max_error:g} at {confidence:g} cannot be proven "
            f"with {len(loaded.held_out['calibrate'].codes)} calibrate documents. About {needed:,} more are "
            f"needed ({10 * needed:,} labelled documents at the usual split), or a weaker promise"
        )
    if dry_run:
        talk.say("nothing was stored: --dry-run")
    else:
        talk.say(f"stored in {model}: `triage route {model} FILE` now keeps this promise")


def promising(model: Model, promise: Promise, plugins: Plugins) -> Model:
    """Return the model with the certificate, and with the policy that keeps it in place of the last."""
    options = {"max_error": promise.max_error, "confidence": promise.confidence}
    bounded = (plugins.role(Policy, "promise"), options)
    experiment = model.experiment.changed(policies=(*model.experiment.policies[:-1], bounded))
    return replace(model, experiment=experiment, extra={**model.extra, "promise": promise.to_json()})


def _realised(promise: Promise, test: HeldOut | None, queues: list[str]) -> dict[str, Any] | None:
    """How the promise does on the test part, which took no part in making it."""
    import numpy as np

    from triage.routing.promises import scores_of_part, upper_bound

    if test is None or not promise.kept:
        return None
    said = test.probabilities.argmax(axis=1)
    thresholds = np.array([np.inf if (t := promise.threshold(queue)) is None else t for queue in queues])
    routed = scores_of_part(test, promise.score) >= thresholds[said]
    errors = int(test.wrong_queue(queues)[routed].sum())
    count = int(routed.sum())
    return {
        "documents": len(routed),
        "routed": count,
        "errors": errors,
        "coverage": count / len(routed),
        "error": errors / count if count else None,
        "upper_bound": upper_bound(errors, count, promise.confidence),
    }


def _show(promise: Promise, realised: dict[str, Any] | None) -> None:
    from triage.io.terminal import cell, console, safe_text

    out = console()
    if promise.overall is not None:
        out.print(_table(promise.overall))
        out.print()
        for sentence in _sentences(promise, promise.overall):
            out.print(safe_text(sentence))
    else:
        out.print(_queues(promise))
        out.print()
        together = (
            f"For each queue with a threshold: of what goes there, at most {promise.max_error:.1%} should "
            f"be elsewhere. All of these hold together with probability {promise.confidence:.0%}, as long as "
            "new documents are like those of the calibrate part."
        )
        out.print(safe_text(together))
    if realised is not None:
        error = "none was routed" if realised["error"] is None else f"{realised['error']:.2%} went wrong"
        out.print(
            cell(
                f"On the test part: {realised['routed']:,} of {realised['documents']:,} routed "
                f"({realised['coverage']:.1%}), of which {error}.",
                style="bold",
            )
        )


def _sentences(promise: Promise, certificate: Certificate) -> list[str]:
    if certificate.threshold is None:
        return [
            f"No promise of at most {promise.max_error:.1%} wrong at {promise.confidence:.0%} can be made."
        ]
    promised = (
        f"Promise: of the documents routed by themselves, at most {promise.max_error:.1%} go to a "
        f"wrong queue. This holds with probability {promise.confidence:.0%}, as long as new ones are like "
        "those of the calibrate part."
    )
    proof = (
        f"Proof: of {certificate.documents:,} calibrate documents, {certificate.accepted:,} "
        f"({certificate.coverage:.1%}) have a {promise.score} of at least {certificate.threshold:.4f}, and "
        f"{certificate.errors:,} of these are wrong."
    )
    return [promised, proof]


def _table(certificate: Certificate) -> Any:
    from rich.table import Table

    from triage.io.terminal import cell

    table = Table(box=None, pad_edge=False)
    for column in ("threshold", "coverage", "routed", "errors", "upper bound", "proven"):
        table.add_column(column, justify="right")
    for step in certificate.table:
        chosen = step.threshold == certificate.threshold
        style = "bold green" if chosen else "" if step.proven else "dim"
        words = (
            f"{step.threshold:.4f}",
            f"{step.coverage:.1%}",
            f"{step.accepted:,}",
            f"{step.errors:,}",
            f"{step.upper_bound:.2%}",
            "yes, the promise" if chosen else "yes" if step.proven else "no",
        )
        table.add_row(*(cell(word, style=style) for word in words))
    return table


def _queues(promise: Promise) -> Any:
    from rich.table import Table

    from triage.io.terminal import cell

    table = Table(box=None, pad_edge=False)
    for column in ("queue", "documents", "threshold", "routed", "errors", "upper bound", "promise"):
        table.add_column(column, justify="left" if column in ("queue", "promise") else "right")
    for queue, each in sorted(promise.queues.items(), key=lambda item: -item[1].documents):
        words = f"too few: about {each.needed:,} more needed" if each.threshold is None else "kept"
        bound = "" if each.upper_bound is None else f"{each.upper_bound:.2%}"
        threshold = "" if each.threshold is None else f"{each.threshold:.4f}"
        table.add_row(
            cell(queue),
            f"{each.documents:,}",
            threshold,
            f"{each.accepted:,}",
            f"{each.errors:,}",
            bound,
            cell(words),
        )
    return table
