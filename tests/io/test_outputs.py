"""What is read is never written, whatever it is called."""

import os
from pathlib import Path

import pytest

import triage
from triage.io.outputs import check_outputs


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("past.csv", "model/MANIFEST.json", "model/golden.json", "run/run.json", "x/empty"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("kept")
    Path("link.csv").symlink_to("past.csv")
    Path("to-model").symlink_to("model")
    os.link("past.csv", "hard.csv")
    return tmp_path


@pytest.mark.parametrize(
    "out",
    ["past.csv", "./past.csv", "x/../past.csv", "link.csv", "hard.csv", "model/golden.json", "model/new.csv",
     "to-model/new.csv", "model/deep/new.csv", "model", "to-model", "run/run.json", "run"],
)  # fmt: skip
def test_an_output_that_is_read_is_refused(place, out):
    for path in (out, str(place / out)):
        with pytest.raises(triage.UsageError, match=r"--out .* which is read: choose"):
            check_outputs({"--out": path}, ["past.csv", "model", "run", "nothing"])


@pytest.mark.parametrize(
    "out", ["new.csv", "x/new.csv", "run/report.html", "past.csv.gz", "models", "nowhere/a"]
)
def test_other_outputs_pass(place, out):
    check_outputs({"--out": out}, ["past.csv", "model", "run", "nothing", "a\0b"])


def test_a_link_that_leads_nowhere_is_compared_by_its_target(place):
    Path("dangling.csv").symlink_to("new.csv")
    with pytest.raises(triage.UsageError, match="are the same file"):
        check_outputs({"--out": "dangling.csv", "--svg": "new.csv"}, [])
