"""A run on disk: what an evaluation found, without a word of anybody's text."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import CannotWrite, DataError, NoInput
from triage.evaluation.evaluate import COSTS
from triage.io.files import quote_path, write_file
from triage.io.pictures import can_draw, draw_history
from triage.io.text_tables import read_whole
from triage.records import Decision, Epoch, Evaluation, Run

__all__ = ["find_runs", "read_run", "read_runs", "run_name", "write_run"]

METRICS = "metrics.json"
_FACTS = (METRICS, "costs.json", "history.json")
_MOST_BYTES = 1 << 30


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
        raise NoInput(f"there is no finished run in {quote_path(folder)}: `triage evaluate` makes them")
    try:
        facts, costs, history = (json.loads(_whole(folder / name)) for name in _FACTS)
        codes, probabilities, rows, groups = _arrays(_whole(folder / "predictions.npz"))
        lines = _whole(folder / "decisions.jsonl").splitlines()
        decisions = [_decision(json.loads(line)) for line in lines]
        documents = facts.pop("training_documents")
        found = Evaluation(
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
        _check(found)
    except NoInput as error:
        raise DataError(f"the run is damaged: {error}") from None
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - zip, numpy and JSON have a dozen errors between them
        # Not chained: their messages may quote what they read.
        name = type(error).__name__
        raise DataError(f"{quote_path(folder)}: the run is damaged ({name}); evaluate again") from None
    return found


def find_runs(folder: Path) -> list[Path]:
    """Return the directories of the finished runs under `folder`, by name; itself, if it is one."""
    if (folder / METRICS).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{METRICS}"))


def read_runs(folder: str) -> list[Evaluation]:
    """Return the finished runs under `folder`, by name.

    Raises:
        NoInput: there is none.
        DataError: a run is damaged.
    """
    found = find_runs(Path(folder))
    if not found:
        raise NoInput(
            f"there is no finished run in {folder!r}: `triage evaluate CORPUS --runs {folder}` makes some"
        )
    return [read_run(each) for each in found]


def to_json(value: Any, *, indent: int | None = 1) -> str:
    """Return deterministic JSON with a final line break; numpy numbers become numbers, days ISO dates."""
    return (
        json.dumps(value, indent=indent, sort_keys=True, default=_plain, ensure_ascii=True, allow_nan=False)
        + "\n"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def _whole(path: Path) -> bytes:
    return read_whole(path, most=_MOST_BYTES)


def _arrays(data: bytes) -> list[NDArray[Any]]:
    """Return the arrays of a run; each is as large as its file says, or it is damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(each.file_size for each in packed.infolist()) > _MOST_BYTES:
            raise ValueError
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return [arrays[name] for name in ("codes", "probabilities", "rows", "groups")]


def _check(found: Evaluation) -> None:
    """Raise ValueError where the parts of a run do not fit each other."""
    n, k = len(found.codes), len(found.labels)
    whole = [array.dtype.kind in "iu" and array.shape == (n,) for array in (found.codes, found.rows)]
    if (
        not all(whole)
        or not all(isinstance(label, str) for label in found.labels)
        or found.probabilities.dtype.kind != "f"
        or found.probabilities.shape[:1] != (n,)
        or found.probabilities.ndim != 2
        or found.probabilities.shape[1] > k
        or found.groups.shape not in ((n,), (0,))
        or (n and not 0 <= found.codes.min() <= found.codes.max() < k)
        or found.confusion.shape != (k, k)
        or len(found.decisions) not in (0, n)
    ):
        raise ValueError


def _decision(record: dict[str, Any]) -> Decision:
    pairs = {key: tuple((name, value) for name, value in record[key]) for key in ("alternatives", "terms")}
    day = record.get("date")  # runs of earlier versions have none
    date = None if day is None else datetime.date.fromisoformat(day)
    return Decision(**{**record, **pairs, "reasons": tuple(record["reasons"]), "date": date})
