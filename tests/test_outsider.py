"""A distribution from outside is installed, found, held to the contract and evaluated beside the built-ins."""

import ast
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent / "outsider"
ALLOWED = {"re", "typing", "triage", "triage.io.terminal", "triage_recurrent", "triage_sklearn", "keras", "sklearn.naive_bayes"}  # fmt: skip


def test_it_touches_no_private_name():
    tree = ast.parse((HERE / "outsider.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= ALLOWED
        elif isinstance(node, ast.ImportFrom):
            assert node.module in ALLOWED
            assert not any(alias.name.startswith("_") for alias in node.names)
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_"), node.attr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Where pip installed the distribution, from a copy outside of the tree."""
    folder = tmp_path_factory.mktemp("outsider")
    shutil.copytree(HERE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(folder / "site"), str(folder / "source")], check=True, cwd=folder)
    return folder / "site"


def triage(site, *words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "triage", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_it_is_found_beside_the_built_ins(site, tmp_path):
    listed = json.loads(triage(site, "plugins", "--json", cwd=tmp_path).stdout)
    mine = {(row["kind"], row["name"]) for row in listed if row["distribution"] == "outsider"}
    assert mine == {("backend", "complement-nb"), ("backend", "convolutional"), ("corpus", "parcels"), ("cleaner", "numbers"), ("policy", "sensitive"), ("report", "markdown")}  # fmt: skip
    assert not [row for row in listed if row["state"] in ("failed", "clash")]


@pytest.mark.slow
def test_it_keeps_the_contract(site, tmp_path):
    pytest.importorskip("tensorflow")
    words = ["--set", "epochs=1", "--set", "filters=8", "--json"]
    done = triage(site, "plugins", "check", "outsider", *words, cwd=tmp_path)
    broken = [(card["name"], law["reason"]) for card in json.loads(done.stdout) for law in card["laws"] if law["state"] != "kept"]  # fmt: skip
    assert done.returncode == 0, broken
    assert broken == []


@pytest.mark.slow
def test_it_is_evaluated_beside_the_built_ins(site, tmp_path):
    pytest.importorskip("tensorflow")
    words = ["--backend", "convolutional,complement-nb,tfidf,majority", "--cleaners", "numbers,general"]
    done = triage(site, "evaluate", "parcels", *words, "--split", "naive", "--set", "epochs=3", "--isolate", "--json", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {each["backend"]: each["macro_f1"] for each in json.loads(done.stdout)}
    assert set(found) == {"convolutional", "complement-nb", "tfidf", "majority"}
    assert min(found["convolutional"], found["complement-nb"]) > found["majority"]
    shown = triage(site, "report", "runs", "--format", "markdown", cwd=tmp_path)
    assert "| complement-nb | 42 |" in shown.stdout
