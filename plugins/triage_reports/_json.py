"""Evaluations as one JSON array: what `triage evaluate --json` prints."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import triage

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Json", "plain"]


class Json:
    """One line for each evaluation, keys sorted, in ASCII: the same numbers give the same bytes."""

    def render(self, evaluations: Sequence[triage.Evaluation], *, console: Console) -> str:  # noqa: ARG002
        """Return the array; what is not a number (NaN, infinity) is null."""
        lines = [
            json.dumps(plain(evaluation.metrics), sort_keys=True, allow_nan=False)
            for evaluation in evaluations
        ]
        body = ",\n".join(lines)
        return f"[\n{body}\n]\n" if lines else "[]\n"


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: numpy, tuples, sets and dates become numbers, lists and strings."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(inner) for inner in value), key=str)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)
