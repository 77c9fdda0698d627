"""Decisions as programs read them: exact in every form, and safe where a spreadsheet opens them."""

import csv
import io
import json
import sys

import numpy as np
import pytest

import triage
from triage.io.files import CSV_MARK, csv_uncell
from triage.routing.decision_writer import csv_lines, json_lines, write_parquet

STAMP = {"model": "ab12", "policy": {"name": "threshold", "options": {"confidence": 0.9}}}


def decision(row=1, **changes):
    return triage.Decision(
        **{
            "row": row, "id": "=c1", "action": "route", "queue": "@Cards", "label": "-card", "confidence": 0.9,
            "threshold": 0.7, "reasons": ("confident",), "alternatives": (("loan", 0.1),),
            "terms": (("charge", 1.25), ("twice", -0.5)), "familiarity": 0.5, **changes,
        }
    )  # fmt: skip


UNREADABLE = triage.Decision(2, "", "review", None, None, None, None, ("unreadable_row",))


def test_a_line_of_json_is_ascii_and_holds_everything():
    line, _ = json_lines([decision(id="é\u2028\x1b"), UNREADABLE], STAMP, explain=True)
    assert line.isascii()
    assert line.endswith("}\n")
    found = json.loads(line)
    assert found["id"] == "é\u2028\x1b"
    assert found["alternatives"] == [{"label": "loan", "probability": 0.1}]
    assert found["terms"] == [{"term": "charge", "weight": 1.25}, {"term": "twice", "weight": -0.5}]
    assert (found["model"], found["policy"]) == (STAMP["model"], STAMP["policy"])


def test_terms_are_named_only_where_somebody_asked():
    (line,) = json_lines([decision()], STAMP)
    assert "terms" not in json.loads(line)
    header, _ = csv_lines([decision()], STAMP)
    assert "terms" not in header


def test_a_number_that_is_not_finite_is_never_written():
    with pytest.raises(ValueError, match="JSON"):
        list(json_lines([decision(confidence=float("nan"))], STAMP))


def test_csv_says_that_its_cells_were_made_safe_and_every_one_comes_back():
    rows = list(csv.reader(io.StringIO("".join(csv_lines([decision(), UNREADABLE], STAMP, explain=True)))))
    header, first, second = rows
    assert header[-1] == CSV_MARK
    cells = dict(zip(header, first, strict=True))
    assert (cells["id"], cells["queue"], cells["label"]) == ("'=c1", "'@Cards", "'-card")
    assert csv_uncell(cells["id"]) == "=c1"
    assert (cells["alternatives"], cells["terms"]) == ("loan=0.1000", "charge=1.2500;twice=-0.5000")
    assert dict(zip(header, second, strict=True))["label"] == ""


def test_parquet_holds_what_json_holds(tmp_path):
    import pyarrow.parquet as pq

    path = tmp_path / "d.parquet"
    write_parquet(str(path), [decision(), UNREADABLE], STAMP, explain=True)
    expected = [json.loads(line) for line in json_lines([decision(), UNREADABLE], STAMP, explain=True)]
    found = pq.read_table(path).to_pylist()
    for row, other in zip(found, expected, strict=True):
        assert json.loads(row.pop("policy")) == other.pop("policy")
        assert row == other


def test_parquet_is_written_in_groups_of_rows(tmp_path):
    import pyarrow.parquet as pq

    path = tmp_path / "d.parquet"
    write_parquet(str(path), (decision(row) for row in range(1, 10_002)), STAMP)
    written = pq.ParquetFile(path)
    sizes = [written.metadata.row_group(number).num_rows for number in range(written.num_row_groups)]
    assert sizes == [10_000, 1]
    assert written.read(["row"]).column("row").to_pylist() == list(range(1, 10_002))


def test_what_parquet_cannot_hold_is_named_by_its_row_and_what_stood_there_stands(tmp_path):
    path = tmp_path / "d.parquet"
    path.write_bytes(b"old")
    with pytest.raises(triage.DataError, match="row 2: its id, label or queue holds half a character"):
        write_parquet(str(path), [decision(), decision(2, label="\ud800")], STAMP)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_without_pyarrow_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(triage.Unavailable, match="pip install"):
        write_parquet(str(tmp_path / "d.parquet"), [], STAMP)


def test_numpy_numbers_are_written_as_numbers():
    (line,) = json_lines([decision(confidence=float(np.float64(0.25)))], STAMP)
    assert json.loads(line)["confidence"] == 0.25
