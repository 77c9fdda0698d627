"""All that is fuzzed, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from .harness import Target
from .models import Bundles, Models, Networks
from .readers import Csv, JsonLines, Parquet
from .records import Corrections, Costs, Decided, Experiments, Runs

TARGETS: Mapping[str, Callable[[Path], Target]] = {
    made.name: made
    for made in (
        Csv, JsonLines, Parquet, Experiments, Bundles, Models, Networks, Decided, Corrections, Costs, Runs,
    )
}  # fmt: skip
