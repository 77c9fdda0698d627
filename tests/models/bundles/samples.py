"""Small bundles for the tests, and how to tell whether two are the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from triage.models import bundle
from triage_selftest import _forging


def sample(seed: int = 0, *, weights: int = 50, **changes: Any) -> bundle.Bundle:
    """A bundle with something of every kind in it; another seed gives another one."""
    random = np.random.default_rng(seed)
    parts: dict[str, Any] = {
        "model": {
            "backend": "tfidf",
            "classes": ["card", "loan", "other"],
            "options": {"c": 0.1},
            "seed": seed,
        },
        "state": {
            "coef_": random.normal(size=(3, weights)),
            "idf_": random.random(weights).astype(np.float32),
            "vocabulary_": [f"word{i}" for i in range(weights)],
            "trees_": [
                {"left": np.arange(5, dtype=np.int32), "depth": 3},
                {"left": np.arange(2), "depth": 1},
            ],
            "network.onnx": random.bytes(200),
            "offset_": float(random.random()),
        },
        "calibration": {"method": "temperature", "temperature": 1.25},
        "golden": bundle.Golden(("a made-up text", ""), random.dirichlet(np.ones(3), size=2)),
        "extra": {"certificate": {"max-error": 0.05, "seed": seed}},
    }
    return bundle.Bundle(**{**parts, **changes})


def equal(one: Any, other: Any) -> bool:
    """Whether two states are the same: values, types, dtypes, shapes and order; a tuple equals its list."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return (
            isinstance(one, np.ndarray)
            and isinstance(other, np.ndarray)
            and one.dtype.newbyteorder("=") == other.dtype.newbyteorder("=")
            and one.shape == other.shape
            and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and repr(one) == repr(other)  # repr tells -0.0 from 0.0


def same(one: bundle.Bundle, other: bundle.Bundle) -> bool:
    """Whether two bundles hold the same."""
    return (
        equal(dict(one.model), dict(other.model))
        and equal(dict(sorted(one.state.items())), dict(sorted(other.state.items())))
        and equal(dict(one.calibration), dict(other.calibration))
        and equal(one.golden.texts, other.golden.texts)
        and equal(one.golden.probabilities, other.golden.probabilities)
        and equal(dict(sorted(one.extra.items())), dict(sorted(other.extra.items())))
    )


def forge(folder: Path, **files: Any) -> None:
    """Change files of a bundle as somebody would who knows the format: with a manifest that holds.

    `files` go by stem; bytes stand as they are, None removes the file, anything else becomes JSON.
    """
    names = {path.name.split(".")[0]: path.name for path in folder.iterdir()}
    _forging.forge(folder, {names.get(stem, f"{stem}.json"): content for stem, content in files.items()})


def digest(folder: Path) -> dict[str, str]:
    """The hash of every file below `folder`, by name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
