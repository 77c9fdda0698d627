"""A run on disk: what an evaluation found, without a word of anybody's text."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from triage.errors import CannotWrite, DataError, NoInput
from triage.evaluation import COSTS
from triage.files import write_file
from triage.pictures import can_draw, draw_history
from triage.values import Decision, Epoch, Evaluation, Run

__all__ = ["find_runs", "read_run", "run_name", "write_run"]

METRICS = "metrics.json"


def run_name(corpus: str, backend: str, split: str, seed: int, *, rest: Mapping[str, Any]) -> str:
    """Return the directory name of a run: readable, and different where anything that matters differs."""
    digest = hashlib.sha256(to_json(rest).encode("utf-8", "backslashreplace")).hexdigest()[:8]
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in corpus)[:60]
    return f"{safe}-{backend}-{split}-s{seed}-{digest}"


def write_run(folder: Path, evaluation: Evaluation) -> None:
    """Write a run's directory. `metrics.json` comes last: a run without it was not finished.

    `metrics.json` holds nothing that depends on the clock; durations and memory are in `costs.json`.

    Raises:
        CannotWrite: the directory cannot be written.
    """
    arrays = io.BytesIO()
    np.savez_compressed(
        arrays,
        codes=evaluation.codes,
        probabilities=evaluation.probabilities,
        rows=evaluation.rows,
        groups=evaluation.groups,
    )
    costs = {key: evaluation.metrics[key] for key in COSTS}
    facts = {key: value for key, value in evaluation.metrics.items() if key not in COSTS}
    history = [asdict(epoch) for epoch in evaluation.history]
    decisions = "".join(to_json(asdict(decision), indent=None) for decision in evaluation.decisions)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot make the directory {str(folder)!r}: {error.strerror}") from error
    write_file(folder / "predictions.npz", arrays.getvalue())
    write_file(folder / "decisions.jsonl", decisions.encode())
    write_file(folder / "history.json", to_json(history).encode())
    if evaluation.history and can_draw():
        run = evaluation.run
        image = draw_history(evaluation.history, title=f"{run.backend} on {run.corpus}, seed {run.seed}")
        write_file(folder / "history.png", image)
    write_file(folder / "costs.json", to_json(costs).encode())
    write_file(folder / METRICS, to_json({**facts, "training_documents": evaluation.run.documents}).encode())


def read_run(folder: Path) -> Evaluation:
    """Read what `write_run` wrote.

    Raises:
        NoInput: there is no finished run in `folder`.
        DataError: a file of it is damaged; it is named.
    """
    if not (folder / METRICS).is_file():
        raise NoInput(f"there is no finished run in {str(folder)!r}: `triage evaluate` makes them")
    facts, costs, history = (_json(folder / name) for name in (METRICS, "costs.json", "history.json"))
    try:
        with np.load(folder / "predictions.npz", allow_pickle=False) as arrays:
            codes, probabilities, rows, groups = (
                arrays[name] for name in ("codes", "probabilities", "rows", "groups")
            )
        lines = (folder / "decisions.jsonl").read_bytes().splitlines()
        decisions = [_decision(json.loads(line)) for line in lines]
        documents = facts.pop("training_documents")
        return Evaluation(
            run=Run(facts["corpus"], facts["backend"], facts["options"], facts["seed"], documents),
            metrics={**facts, **costs},
            labels=tuple(facts["confusion"]["labels"]),
            confusion=np.asarray(facts["confusion"]["matrix"], dtype=np.int64),
            codes=codes,
            probabilities=probabilities,
            rows=rows,
            groups=groups,
            history=tuple(Epoch(**epoch) for epoch in history),
            decisions=decisions,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{str(folder)!r}: the run is damaged ({type(error).__name__}); evaluate again"
        ) from error


def find_runs(folder: Path) -> list[Path]:
    """Return the directories of the finished runs under `folder`, by name; itself, if it is one."""
    if (folder / METRICS).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{METRICS}"))


def to_json(value: Any, *, indent: int | None = 1) -> str:
    """Return deterministic JSON with a final line break; numpy numbers become numbers."""
    return (
        json.dumps(value, indent=indent, sort_keys=True, default=_plain, ensure_ascii=True, allow_nan=False)
        + "\n"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{str(path)!r}: damaged ({type(error).__name__}); evaluate again") from error


def _decision(record: dict[str, Any]) -> Decision:
    pairs = {key: tuple((name, value) for name, value in record[key]) for key in ("alternatives", "terms")}
    return Decision(**{**record, **pairs, "reasons": tuple(record["reasons"])})
