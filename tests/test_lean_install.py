"""The base distribution alone, installed from its wheel, routes with a recurrent model that was made elsewhere."""

import json
import os
import pathlib
import subprocess
import sys
import venv

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORDS = {"card": "my card was charged twice", "loan": "the loan rate rose", "mortgage": "the escrow is wrong"}

pytestmark = pytest.mark.slow
pytest.importorskip("tensorflow")
pytest.importorskip("hatchling")


def run(*words, cwd=None, given=""):
    # Nothing of the environment around the test may be found: neither its packages nor its plugins.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, words)),
        input=given.encode(),
        capture_output=True,
        cwd=cwd,
        env={**environment, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout.decode()


@pytest.fixture(scope="module")
def lean(tmp_path_factory):
    """The python of a fresh environment that holds the base distribution and what it asks for."""
    folder = tmp_path_factory.mktemp("lean")
    builder = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    wheel = run(sys.executable, "-c", builder, folder, cwd=ROOT).split()[-1]
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    constraints = ROOT / "constraints.txt"
    installed = subprocess.run(
        [
            str(python),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "-c",
            str(constraints),
            str(folder / wheel),
        ],
        capture_output=True,
    )
    if installed.returncode:
        pytest.skip("there is no package index to install from")
    return python


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made-elsewhere")
    rows = [
        json.dumps({"text": f"{text} {'abcdefgh'[i % 8]}word", "label": label})
        for i in range(30)
        for label, text in WORDS.items()
    ]
    (folder / "past.jsonl").write_text("\n".join(rows), encoding="utf-8")
    settings = [
        word for setting in ("units=4", "embedding-size=8", "epochs=2") for word in ("--set", setting)
    ]
    run(
        sys.executable,
        "-m",
        "triage",
        "train",
        folder / "past.jsonl",
        "-b",
        "gru",
        "--model",
        folder / "model",
        *settings,
        cwd=ROOT,
    )
    return folder / "model"


def test_the_base_install_has_no_tensorflow_and_says_how_to_get_it(lean, model):
    names = json.loads(run(lean, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"))
    installed = {each["name"] for each in names}
    assert "nlp-triage" in installed
    assert not {"tensorflow", "keras", "onnx", "matplotlib", "pyarrow"} & installed
    past = model.parent / "past.jsonl"
    failed = subprocess.run(
        [str(lean), "-m", "triage", "train", str(past), "-b", "gru", "--model", str(model.parent / "other")],
        capture_output=True,
    )
    assert failed.returncode == 69
    assert b"nlp-triage[train]" in failed.stderr


def test_the_base_install_routes_with_a_gru_model_as_the_full_one_does(lean, model):
    words = ["-m", "triage", "route", model, "--text", "they charged my card", "--explain", "--json"]
    assert run(lean, *words, cwd=model.parent) == run(sys.executable, *words, cwd=ROOT)


def test_the_base_install_reads_while_it_is_written_as_the_full_one_does(lean, model):
    words = ["-m", "triage", "stream", model, "--json"]
    given = '{"feed": "they charged my ca"}\n{"feed": "rd twice "}\n{"end": true}\n'
    found = run(lean, *words, cwd=model.parent, given=given)
    assert found == run(sys.executable, *words, cwd=ROOT, given=given)
    assert [json.loads(line)["ended"] for line in found.splitlines()] == [False, False, True]


def test_the_base_install_trains_and_evaluates_the_baseline(lean, model):
    past = model.parent / "past.jsonl"
    found = json.loads(run(lean, "-m", "triage", "evaluate", past, "-b", "tfidf", "--json", cwd=model.parent))
    assert found[0]["accuracy"] > 0.9
