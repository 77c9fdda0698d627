"""`triage promise --early`: prove a bound on the wrong routes of decisions before the end of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triage.cli.common import Talk, print_json
from triage.errors import CheckFailed
from triage.models.model import Model

if TYPE_CHECKING:
    from triage.models.bundle import Lock

__all__ = ["promise_early"]


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
        DataError: the model keeps no scores of unfinished texts.
    """
    from triage.cli.promise_early_view import show
    from triage.models.model import save_model
    from triage.routing import early

    promise = early.prove_early(model, max_error=max_error, confidence=confidence)
    if promise.kept and not dry_run:
        model = save_model(path, early.promising_early(model, promise), held=held)
    realised = early.realised_early(promise, model)
    if as_json:
        facts = {"kept": promise.kept, "bounds": early.bounds_of(promise), "realised": realised}
        print_json({**promise.to_json(), **facts, "sha256": model.sha256})
    else:
        show(promise, realised)
    if not promise.kept:
        raise CheckFailed(early.not_proven_early(promise))
    if dry_run:
        talk.say("nothing was stored: --dry-run")
    else:
        talk.say(f"stored in {path}: `triage stream {path}` now decides before the end")
