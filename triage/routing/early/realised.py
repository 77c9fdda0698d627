"""Prove a rule for early decisions with what a model keeps, give it to the model, and say how it does on new texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from triage.errors import DataError
from triage.models.held_out import HeldOut, PrefixScores
from triage.models.model import Model
from triage.routing.early.promise import EarlyPromise, early_promise_of, outcome_of

__all__ = ["not_proven_early", "promising_early", "prove_early", "realised_early"]


def prove_early(model: Model, *, max_error: float, confidence: float = 0.95) -> EarlyPromise:
    """Find a rule for early decisions, with the scores of unfinished texts that the model keeps.

    Args:
        model: with its prefix scores.
        max_error: the bound, between 0 and 1.
        confidence: the probability that it holds, between 0 and 1.

    Raises:
        BadOption: a bound or a confidence out of range.
        DataError: the model keeps no prefix scores: its backend does not read forwards.
    """
    parts = {name: (model.held_out[name], model.prefix_scores[name]) for name in model.prefix_scores}
    if "folds" in parts and not {"tune", "calibrate"} & set(parts):
        parts["tune"], parts["calibrate"] = _halves(*parts["folds"])
    elif "folds" in parts and "calibrate" in parts:
        parts["tune"] = parts["folds"]
    if not {"tune", "calibrate"} <= set(parts):
        raise DataError(
            "the model keeps no scores of unfinished texts. A model of a recurrent backend that reads "
            "forwards does: train it again with one (`triage plugins`)"
        )
    queues = [model.queues[label] for label in model.classes]
    return early_promise_of(
        parts["tune"], parts["calibrate"], queues, max_error=max_error, confidence=confidence
    )


def _halves(part: HeldOut, scores: PrefixScores) -> list[tuple[HeldOut, PrefixScores]]:
    """Return out-of-fold answers in two halves, whole families in each: one orders the rules, the other proves one."""
    groups = np.arange(len(part.codes)) if part.groups is None else part.groups
    member = np.unique(groups, return_inverse=True)[1]
    first = np.random.default_rng(0).permutation(member.max(initial=-1) + 1)[member] % 2 == 0
    found = []
    for rows in (first, ~first):
        fields: dict[str, Any] = {
            name: value if value is None else value[rows] for name, value in vars(part).items()
        }
        found.append(
            (HeldOut(**fields), PrefixScores(scores.lengths, scores.codes[rows], scores.scores[rows]))
        )
    return found


def promising_early(model: Model, promise: EarlyPromise) -> Model:
    """Return the model, not saved yet, with the promise: it then decides before the end of a text."""
    return replace(model, extra={**model.extra, "early": promise.to_json()}, sha256="", path="")


def not_proven_early(promise: EarlyPromise) -> str:
    """Return why nothing can be promised, and what it takes."""
    more = f"About {promise.needed:,} more are needed, or" if promise.needed else "It takes"
    return (
        f"nothing can be promised of early decisions: an error of at most {promise.max_error:g} at "
        f"{promise.confidence:g} cannot be proven with {promise.documents:,} calibrate documents. {more} a "
        "weaker promise"
    )


def realised_early(promise: EarlyPromise, model: Model) -> dict[str, Any] | None:
    """Return how the promise does on the test part, which took no part in making it; None without one."""
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
