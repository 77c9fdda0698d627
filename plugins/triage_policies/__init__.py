"""Policies: what is routed automatically, and what is held for review."""

from __future__ import annotations

from collections.abc import Iterator

import triage
from triage_policies._costs import Costs
from triage_policies._rules import Rules
from triage_policies._thresholds import Bounded, Threshold


@triage.hookimpl
def triage_policies() -> Iterator[triage.Policy]:
    """The built-in policies."""
    yield triage.Policy(
        name="threshold",
        summary="Route what is likely and clear enough, by fixed thresholds",
        build=Threshold,
        roles=("default",),
    )
    yield triage.Policy(
        name="bounded",
        summary="Route only what a proven bound on the error covers",
        build=Bounded,
        roles=("promise",),
    )
    yield triage.Policy(
        name="costs",
        summary="Send each document where its expected cost is least",
        build=Costs,
    )
    yield triage.Policy(
        name="rules",
        summary="Named patterns that always go to a queue or to a person",
        build=Rules,
        requires=("regex",),
        reads="documents",
        roles=("rules",),
    )
