"""What a model bundle holds, and the files that it is: neither knows where they lie."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import Diverged, Refused
from triage.io.files import quote_path
from triage.models.bundle.exactjson import Damaged, decode, encode, plain
from triage.models.bundle.manifest import SCHEMA
from triage.models.bundle.state import STATE, VOCABULARY, pack, unpack

__all__ = ["Bundle", "Golden", "check_golden", "from_files", "to_files"]

_MODEL, _CALIBRATION, _GOLDEN = "model.json", "calibration.json", "golden.json"
_REQUIRED = (_MODEL, _CALIBRATION, _GOLDEN, STATE)
_STEM = re.compile(r"[a-z][a-z0-9_-]{0,99}")


@dataclass(frozen=True, eq=False)
class Golden:
    """Answers that a loaded model must give again.

    Attributes:
        texts: n texts, made up and never a user's, before any cleaning.
        probabilities: shape (n, k), float64, columns in the order of the model's classes.
    """

    texts: tuple[str, ...]
    probabilities: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bundle:
    """Everything that a model is. Nothing in it is code.

    Attributes:
        model: what was trained and how, as values that JSON can hold: backend, options, classes in order.
            The key "schema" belongs to the bundle.
        state: what the classifier learned, by name: numpy arrays, bytes, and lists and mappings of arrays
            and JSON values. Tuples come back as lists; nothing else changes, not even the order of a mapping
            inside it.
        calibration: from the classifier's probabilities to ones that can be believed.
        golden: what the model must reproduce.
        extra: further records by the stem of their file, such as "certificate".
        sha256: digest of the manifest, and so of every byte of the model; "" before it was written or read.
    """

    model: Mapping[str, Any]
    state: Mapping[str, Any]
    calibration: Mapping[str, Any]
    golden: Golden
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sha256: str = ""


def check_golden(
    golden: Golden,
    probabilities: NDArray[np.float64],
    *,
    path: str | os.PathLike[str] = "",
    tolerance: float = 1e-6,
) -> None:
    """Compare what a loaded model answers with what it answered when it was trained.

    Args:
        golden: from the bundle.
        probabilities: shape (n, k): the loaded model's answers to `golden.texts`.
        path: the model's, for the error.
        tolerance: the largest difference that another machine's arithmetic may explain.

    Raises:
        Refused: another shape, a number that is not finite, or a difference above `tolerance`.
    """
    expected, given = golden.probabilities, np.asarray(probabilities)
    model = f"the model {quote_path(path)}" if path else "the model"
    remedy = "The model was made by another version of its backend, or was changed: train it anew"
    if given.shape != expected.shape:
        raise Refused(
            f"{model} answers in shape {given.shape}, and its golden answers in {expected.shape}. {remedy}"
        )
    differences = np.abs(given - expected).max(axis=1)
    if not (differences <= tolerance).all():  # a NaN compares false, and so is refused
        worst = int(np.argmax(np.where(np.isfinite(differences), differences, np.inf)))
        raise Refused(
            f"{model} does not reproduce its golden answers: number {worst + 1} of {len(expected)} "
            f"is off by {differences[worst]:.3g}, and {tolerance:g} is allowed. {remedy}"
        )


def to_files(bundle: Bundle) -> dict[str, bytes]:
    """Return the bundle's files by name, without the manifest. The same bundle gives the same bytes.

    Raises:
        TypeError: a value that cannot be stored; its key is named.
        ValueError: golden answers or names that cannot be.
        Diverged: a number outside an array that is not finite.
    """
    if "schema" in bundle.model:
        raise ValueError("model: the key 'schema' belongs to the bundle")
    texts = list(bundle.golden.texts)
    probabilities = np.asarray(bundle.golden.probabilities, dtype=np.float64)
    strings = all(isinstance(text, str) for text in texts)
    if not strings or not _golden_shape(texts, probabilities, bundle.model):
        raise ValueError(
            f"golden: {len(texts)} texts with probabilities of shape {probabilities.shape}; there is one "
            "row for each text, one column for each class, and at least one text"
        )
    if not np.isfinite(probabilities).all():
        raise Diverged("golden: the model answers with numbers that are not finite; such a model is not kept")
    files = pack(bundle.state)
    for name, record in {
        _MODEL: {"schema": SCHEMA, **bundle.model},
        _CALIBRATION: bundle.calibration,
        _GOLDEN: {"texts": texts, "probabilities": probabilities.tolist()},
        **{_extra(stem): record for stem, record in bundle.extra.items()},
    }.items():
        if not isinstance(record, Mapping):
            raise TypeError(f"{name}: a mapping, not a {type(record).__name__}")
        files[name] = encode(plain(record, where=name), indent=1)
    return files


def from_files(files: dict[str, bytearray], *, sha256: str) -> Bundle:
    """Return the bundle that `to_files` was given; `files` is emptied.

    Raises:
        Damaged: a file that is missing, that nothing refers to, or that does not hold what it should.
    """
    for name in _REQUIRED:
        if name not in files:
            raise Damaged(name, "missing")
    state = unpack(files)
    records = {}
    for name in sorted(files):
        stem, _, suffix = name.rpartition(".")
        if suffix != "json" or not _STEM.fullmatch(stem) or name == VOCABULARY:
            raise Damaged(name, f"nothing in {STATE} refers to it")
        records[name] = decode(files.pop(name), name)
        if not isinstance(records[name], dict):
            raise Damaged(name, "not an object")
    model = records.pop(_MODEL)
    if model.pop("schema", None) != SCHEMA:
        raise Damaged(_MODEL, "of another schema version than the manifest")
    calibration, golden = records.pop(_CALIBRATION), _golden(records.pop(_GOLDEN), model)
    extra = {name.removesuffix(".json"): record for name, record in records.items()}
    return Bundle(model, state, calibration, golden, extra, sha256)


def _extra(stem: object) -> str:
    name = f"{stem}.json"
    if (
        not isinstance(stem, str)
        or not _STEM.fullmatch(stem)
        or name in (*_REQUIRED, VOCABULARY, "manifest.json")
    ):
        raise ValueError(f"extra {stem!r}: a name of lower-case letters that the bundle does not use itself")
    return name


def _golden(record: dict[str, Any], model: Mapping[str, Any]) -> Golden:
    texts, rows = record.get("texts"), record.get("probabilities")
    if (
        set(record) != {"texts", "probabilities"}
        or not isinstance(texts, list)
        or not all(isinstance(text, str) for text in texts)
        or not isinstance(rows, list)
        or not all(isinstance(row, list) and all(type(value) is float for value in row) for row in rows)
        or len({len(row) for row in rows}) > 1
    ):
        raise Damaged(_GOLDEN, "not texts and their probabilities")
    probabilities = np.array(rows, dtype=np.float64)
    if not _golden_shape(texts, probabilities, model):
        raise Damaged(
            _GOLDEN,
            f"{len(texts)} texts with probabilities of shape {probabilities.shape}: another number of "
            "texts, or of classes, than the model has",
        )
    return Golden(tuple(texts), probabilities)


def _golden_shape(texts: list[str], probabilities: NDArray[np.float64], model: Mapping[str, Any]) -> bool:
    classes = model.get("classes")
    return (
        probabilities.ndim == 2
        and 0 < len(texts) == len(probabilities)
        and probabilities.shape[1] > 0
        and (not isinstance(classes, list | tuple) or probabilities.shape[1] == len(classes))
    )
