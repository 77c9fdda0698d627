"""`triage promise --early`: what can be promised about decisions before the end of a text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from triage.cli.common import Talk, print_json
from triage.errors import CheckFailed, DataError
from triage.models.model import Model

if TYPE_CHECKING:
    from triage.models.bundle import Lock
    from triage.routing.early import EarlyPromise

__all__ = ["promise_early", "realised_early"]

_FAILED = 3  # rules behind the last one that was proven are shown


def promise_early(
    talk: Talk,
    path: str,
    model: Model,
    held: Lock,
    *,
    max_error: float,
    confidence: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Prove a rule for early decisions, show it, and store it in the model.

    Raises:
        CheckFailed: nothing can be proven.
        DataError: the model does not hold what it says early of its held-out texts.
    """
    from triage.models.model import save_model
    from triage.routing.early import bounds_of, early_promise_of

    parts = {name: (model.held_out[name], model.prefix_scores[name]) for name in model.prefix_scores}
    if not {"tune", "calibrate"} <= set(parts):
        raise DataError(
            f"{path}: it does not hold what it says of texts while they are read. A model of a recurrent "
            "backend that reads forwards does: train it again with one (`triage plugins`)"
        )
    queues = [model.queues[label] for label in model.classes]
    promise = early_promise_of(
        parts["tune"], parts["calibrate"], queues, max_error=max_error, confidence=confidence
    )
    if promise.kept and not dry_run:
        model = save_model(path, replace(model, extra={**model.extra, "early": promise.to_json()}), held=held)
    realised = realised_early(promise, model)
    if as_json:
        facts = {"kept": promise.kept, "bounds": bounds_of(promise), "realised": realised}
        print_json({**promise.to_json(), **facts, "sha256": model.sha256})
    else:
        _show(promise, realised)
    if not promise.kept:
        more = f"About {promise.needed:,} more are needed, or" if promise.needed else "It takes"
        raise CheckFailed(
            f"nothing can be promised of early decisions: an error of at most {max_error:g} at "
            f"{confidence:g} cannot be proven with {promise.documents:,} calibrate documents. {more} a "
            "weaker promise"
        )
    if dry_run:
        talk.say("nothing was stored: --dry-run")
    else:
        talk.say(f"stored in {path}: `triage stream {path}` now decides before the end")


def realised_early(promise: EarlyPromise, model: Model) -> dict[str, Any] | None:
    """How the promise does on the test part, which took no part in making it; None without one."""
    from triage.routing.early import outcome_of

    if not promise.kept or "test" not in model.prefix_scores:
        return None
    queues = [model.queues[label] for label in model.classes]
    outcome = outcome_of(promise, model.held_out["test"], model.prefix_scores["test"], queues)
    accepted, errors, early, early_errors = outcome.counts(len(promise.lengths))
    after = {}
    for place, length in enumerate([*promise.lengths, None]):
        here = outcome.place == place
        after["end" if length is None else str(length)] = {
            "decided": int(here.sum()),
            "errors": int(outcome.wrong[here].sum()),
        }
    return {
        "documents": len(outcome.place),
        "decided": accepted,
        "errors": errors,
        "error": errors / accepted if accepted else None,
        "early": early,
        "early_errors": early_errors,
        "early_error": early_errors / early if early else None,
        "after": after,
    }


def _show(promise: EarlyPromise, realised: dict[str, Any] | None) -> None:
    from triage.io.terminal import cell, console, safe_text

    out = console()
    out.print(_table(promise))
    out.print()
    for sentence in _sentences(promise):
        out.print(safe_text(sentence))
    if realised is not None:
        shares = [
            "" if realised[name] is None else f", {realised[name]:.2%} of them wrong"
            for name in ("early_error", "error")
        ]
        summary = (
            f"On the test part: {realised['early']:,} of {realised['documents']:,} decided early{shares[0]}; "
            f"{realised['decided']:,} in all{shares[1]}."
        )
        out.print(cell(summary, style="bold"))


def _sentences(promise: EarlyPromise) -> list[str]:
    from triage.routing.early import bounds_of

    rule, bounds = promise.rule, bounds_of(promise)
    if rule is None:
        return [
            f"No promise of at most {promise.max_error:.1%} wrong at {promise.confidence:.0%} can be made."
        ]
    promised = (
        f"Promise: of the documents decided before their end at most {promise.max_error:.1%} go to a wrong "
        "queue, and of all that are decided by themselves, early or late, too. Both hold with probability "
        f"{promise.confidence:.0%}, as long as new ones are like those of the calibrate part."
    )
    proof = (
        f"Proof: of {promise.documents:,} calibrate documents {rule.early:,} are decided early, "
        f"{rule.early_errors:,} of them wrong (at most {bounds['early']:.2%}), and {rule.accepted:,} in all, "
        f"{rule.errors:,} of them wrong (at most {bounds['all']:.2%})."
    )
    return [promised, proof]


def _table(promise: EarlyPromise) -> Any:
    from rich.table import Table

    from triage.io.terminal import cell

    table = Table(
        box=None, pad_edge=False, title="least probability after so many words", title_justify="left"
    )
    columns = [*map(str, promise.lengths), "end", "early", "errors", "in all", "errors", "p", "proven"]
    for column in columns:
        table.add_column(cell(column), justify="right")
    proven = sum(step.proven for step in promise.table)
    for step in promise.table[: proven + _FAILED]:
        chosen = step == promise.rule
        style = "bold green" if chosen else "" if step.proven else "dim"
        counts = (step.early, step.early_errors, step.accepted, step.errors)
        words = (
            *("-" if least > 1 else f"{least:.2f}" for least in (*step.thresholds, step.final)),
            *(f"{count:,}" for count in counts),
            f"{step.p_value:.3f}",
            "the promise" if chosen else "yes" if step.proven else "no",
        )
        table.add_row(*(cell(word, style=style) for word in words))
    return table
