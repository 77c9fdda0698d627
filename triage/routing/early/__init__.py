"""Early decisions: rules for deciding before the end of a text, their proof, and how they do on the test part.

Belongs here: what is promised of decisions before the end. Does not: reading texts piece by piece (streaming).
"""

from triage.routing.early.promise import (
    EarlyPromise,
    EarlyStep,
    Outcome,
    bounds_of,
    early_promise_of,
    outcome_of,
)
from triage.routing.early.realised import not_proven_early, promising_early, prove_early, realised_early

__all__ = [
    "EarlyPromise",
    "EarlyStep",
    "Outcome",
    "bounds_of",
    "early_promise_of",
    "not_proven_early",
    "outcome_of",
    "promising_early",
    "prove_early",
    "realised_early",
]
