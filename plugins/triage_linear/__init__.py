"""The backend `linear`: words, word pairs and character n-grams, hashed, so that a model stores no word."""

from __future__ import annotations

from collections.abc import Iterator

import triage
from triage_linear._backend import HashedLinear, linear

__all__ = ["HashedLinear", "triage_backends"]


@triage.hookimpl
def triage_backends() -> Iterator[triage.Backend]:
    """Yield the backends of this plugin."""
    yield triage.Backend(
        name="linear",
        summary="Words, word pairs and characters, hashed: fast, the most accurate of its kind, stores no word",
        build=linear,
        roles=("default",),
        cleaners=("written",),  # case is folded by itself; marks, digits and stop words carry meaning
        requires=("sklearn",),
    )
