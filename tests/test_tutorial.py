"""The tutorial: each of its stages runs, and the terminal prints what the page shows."""

import os
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "tutorial.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the tutorial is beside the sources")


def shown(stage):
    """Return what the page shows after a stage, and the last command before it."""
    before, _, after = PAGE.read_text(encoding="utf-8").partition(f"<!-- {stage} -->\n```text\n")
    commands = re.findall(r"^triage (.*)$", before, re.MULTILINE)
    return comparable(after.partition("```")[0]), commands[-1].split()


def comparable(text):
    """Return the words without the time and the line breaks of a terminal."""
    return " ".join(re.sub(r"in \d+\.\d s", "in N s", text).split())


def run(words, folder):
    environment = {**os.environ, "COLUMNS": "90", "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "triage", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("stage", "code"), [("stage 1", 1), ("misnamed", 1), ("stage 2", 0), ("stage 3", 0), ("stage 4", 0)]
)
def test_a_stage_prints_what_the_page_shows(stage, code, tmp_path):
    number = "1" if stage == "misnamed" else stage[-1]
    source = (DOCS / "tutorial" / f"stage_{number}.py").read_text(encoding="utf-8")
    if stage == "misnamed":
        source = source.replace("shares_", "shares")
    (tmp_path / "word_counts.py").write_text(source, encoding="utf-8")
    expected, words = shown(stage)
    done = run(words, tmp_path)
    assert comparable(done.stdout) == expected, done.stderr
    assert done.returncode == code


def test_an_option_out_of_range_is_refused_before_anything_is_trained(tmp_path):
    source = (DOCS / "tutorial" / "stage_3.py").read_text(encoding="utf-8")
    (tmp_path / "word_counts.py").write_text(source, encoding="utf-8")
    done = run(["plugins", "check", "./word_counts.py", "--set", "smoothing=0"], tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "smoothing" in done.stderr


def test_the_distribution_is_found_by_its_entry_point(tmp_path):
    source = (DOCS / "tutorial" / "stage_4.py").read_text(encoding="utf-8")
    (tmp_path / "word_counts.py").write_text(source, encoding="utf-8")
    project = tomllib.loads((DOCS / "tutorial" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, value),) = project["entry-points"]["triage"].items()
    installed = tmp_path / "word_counts-0.1.dist-info"  # what pip writes
    installed.mkdir()
    facts = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (installed / "METADATA").write_text(facts, encoding="utf-8")
    (installed / "entry_points.txt").write_text(f"[triage]\n{name} = {value}\n", encoding="utf-8")
    expected, words = shown("stage 5")
    done = run(words, tmp_path)
    assert comparable(done.stdout) == expected, done.stderr


def test_the_page_shows_the_files_of_the_stages():
    page = PAGE.read_text(encoding="utf-8")
    stages = [path.read_text(encoding="utf-8") for path in sorted((DOCS / "tutorial").glob("stage_*.py"))]
    assert re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE) == stages
    assert (DOCS / "tutorial" / "pyproject.toml").read_text(encoding="utf-8") in page
