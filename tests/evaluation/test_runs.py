"""Runs on disk: what was written comes back, and what was damaged since is said and never half read."""

import dataclasses
import io
import json
import os

import numpy as np
import pytest

import triage
from triage.evaluation.runs import read_run, write_run


def evaluation(**changes):
    labels = ("card", "loan")
    codes = np.array([0, 1, 1])
    decisions = [
        triage.Decision(row, "", "route", "Cards", "card", 0.9, 0.7, ("confident",), (("loan", 0.1),))
        for row in range(1, 4)
    ]
    found = triage.Evaluation(
        run=triage.Run("tiny", "majority", {}, 42, 9),
        metrics={
            "corpus": "tiny", "backend": "majority", "options": {}, "seed": 42, "accuracy": 1 / 3,
            "confusion": {"labels": list(labels), "matrix": [[1, 0], [2, 0]]},
            "seconds": {}, "documents_per_second": {}, "peak_memory_mb": 1.0,
        },
        labels=labels,
        confusion=np.array([[1, 0], [2, 0]]),
        codes=codes,
        probabilities=np.array([[0.9, 0.1]] * 3),
        rows=np.arange(3),
        groups=np.arange(3),
        history=[triage.Epoch(1, 1, 0.5)],
        decisions=decisions,
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


@pytest.fixture
def run(tmp_path):
    write_run(tmp_path / "run", evaluation())
    return tmp_path / "run"


def test_a_run_comes_back(run):
    found, expected = read_run(run), evaluation()
    for name in ("codes", "probabilities", "rows", "groups", "confusion"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))
    for name in ("run", "labels", "metrics"):
        assert getattr(found, name) == getattr(expected, name)
    assert list(found.decisions) == list(expected.decisions)
    assert list(found.history) == list(expected.history)


def test_a_run_without_its_last_file_was_not_finished(run):
    (run / "metrics.json").unlink()
    with pytest.raises(triage.NoInput, match="no finished run"):
        read_run(run)


@pytest.mark.parametrize(
    "name", ["metrics.json", "costs.json", "history.json", "predictions.npz", "decisions.jsonl"]
)
@pytest.mark.parametrize("damage", ["cut", "rubbish", "gone", "pipe", "deep"])
def test_a_damaged_run_is_said(run, name, damage):
    path = run / name
    data = path.read_bytes()
    if damage in ("gone", "pipe"):
        path.unlink()
        if damage == "pipe":
            os.mkfifo(path)
    else:
        path.write_bytes(
            {"cut": data[: len(data) // 2], "rubbish": b"\x80\x04", "deep": b"[" * 100_000}[damage]
        )
    with pytest.raises(
        triage.NoInput if name == "metrics.json" and damage in ("gone", "pipe") else triage.DataError
    ):
        read_run(run)


def arrays(**changes):
    out = io.BytesIO()
    found = evaluation()
    parts = {name: getattr(found, name) for name in ("codes", "probabilities", "rows", "groups")}
    np.savez_compressed(out, **{**parts, **changes})
    return out.getvalue()


@pytest.mark.parametrize(
    "changes",
    [
        {"codes": np.array([0, 1])},
        {"codes": np.array([0, 1, 2])},
        {"codes": np.array([0, 1, -1])},
        {"codes": np.array([0.0, 1, 1])},
        {"rows": np.arange(4)},
        {"groups": np.arange(2)},
        {"probabilities": np.ones((2, 2))},
        {"probabilities": np.ones((3, 3))},
        {"probabilities": np.ones(3)},
        {"probabilities": np.array([["a", "b"]] * 3)},
        {"codes": np.array([{}, {}, {}], dtype=object)},
    ],
    ids=str,
)
def test_parts_of_a_run_that_do_not_fit_each_other_are_said(run, changes):
    (run / "predictions.npz").write_bytes(arrays(**changes))
    with pytest.raises(triage.DataError, match="the run is damaged"):
        read_run(run)


def test_arrays_that_would_unpack_to_more_than_is_allowed_are_refused_before_memory_is_taken(
    run, monkeypatch
):
    monkeypatch.setattr("triage.evaluation.runs._MOST_BYTES", 100_000)
    (run / "predictions.npz").write_bytes(arrays(groups=np.zeros(50_000, dtype=np.int64)))
    assert (run / "predictions.npz").stat().st_size < 50_000
    with pytest.raises(triage.DataError, match="damaged"):
        read_run(run)


def test_labels_that_are_no_texts_are_said(run):
    facts = json.loads((run / "metrics.json").read_bytes())
    facts["confusion"]["labels"] = [1, 2]
    (run / "metrics.json").write_text(json.dumps(facts))
    with pytest.raises(triage.DataError, match="damaged"):
        read_run(run)
