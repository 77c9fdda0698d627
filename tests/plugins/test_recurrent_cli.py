"""A recurrent model from the command line: trained, killed, resumed, routed without TensorFlow, exported."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from triage.host.manager import Plugins
from triage.models.model import GOLDEN_TEXTS, load_model

pytest.importorskip("tensorflow")

QUICK = ["units=6", "embedding-size=10", "epochs=2"]
WORDS = {
    "card": "my card was declined and they charged it twice at the till",
    "loan": "the loan rate rose and a payment on my loan was lost",
    "mortgage": "the mortgage escrow is wrong and the house was nearly sold",
}


def run(*words, code=0, **settings):
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "triage", *map(str, words)], capture_output=True, env=environment, **settings
    )
    assert done.returncode == code, done.stderr.decode()
    return done


def training(past, model, *settings):
    words = [word for setting in settings for word in ("--set", setting)]
    return ["train", past, "--backend", "gru", "--model", model, *words]


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "past.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for number in range(40):
            for label, text in WORDS.items():
                words = text.split()
                filler = " ".join(f"{chr(97 + (number * 7 + i * 3) % 26)}word" for i in range(5))
                cut = " ".join(words[: 5 + number % 5] + words[8:])
                writer.writerow([f"{cut} {filler} number{number}", label])
    return path


@pytest.fixture(scope="module")
def model(past, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "gru"
    done = run(*training(past, path, *QUICK))
    assert "epoch 2 of 2, loss" in done.stderr.decode()
    assert "learning rate 3.0e-03" in done.stderr.decode()
    return path


ROUTE = """
import json, sys
from triage.__main__ import _run
sys.argv = ["triage", "route", sys.argv[1], "--text", "they charged my card twice", "--explain", "--json"]
code = _run()
names = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps([code, names]))
"""


def test_routing_needs_neither_tensorflow_nor_keras_nor_sklearn_nor_nltk(model):
    done = subprocess.run([sys.executable, "-c", ROUTE, str(model)], capture_output=True, check=True)
    decision, end = map(json.loads, done.stdout.splitlines())
    assert end[0] == 0
    assert decision["label"] == "card"
    assert "card" in [term["term"] for term in decision["terms"]]
    heavy = {"tensorflow", "keras", "sklearn", "nltk", "scipy", "pandas", "onnx", "pyarrow", "matplotlib"}
    assert not heavy & set(end[1])
    assert "onnxruntime" in end[1]


def test_a_model_that_is_being_replaced_by_a_training_that_diverges_still_answers(past, model):
    before = run("route", model, "--text", "my loan", "--json").stdout
    failed = run(*training(past, model, *QUICK, "learning-rate=1e3", "linear-share=0"), code=70)
    message = failed.stderr.decode().splitlines()[-1]
    assert "went wrong in epoch 1" in message
    assert "Try a lower learning-rate" in message
    assert run("route", model, "--text", "my loan", "--json").stdout == before


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_training_that_was_killed_is_resumed_to_the_same_model(past, tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    settings = ["units=6", "embedding-size=10", "epochs=40", "patience=40"]
    run(*training(past, whole, *settings))
    process = subprocess.Popen(
        [sys.executable, "-m", "triage", *map(str, training(past, resumed, *settings))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    progress = tmp_path / ".resumed.training"
    deadline = time.monotonic() + 120
    while not list(progress.glob("*/progress.safetensors")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not resumed.exists()
    run(*training(past, resumed, *settings), "--resume")
    assert (resumed / "network.onnx").read_bytes() == (whole / "network.onnx").read_bytes()
    assert not progress.exists()


@pytest.mark.parametrize("form", ["onnx", "savedmodel", "tflite"])
def test_a_model_is_exported_and_checked(model, tmp_path, form):
    if form == "tflite":
        pytest.importorskip("ai_edge_litert")
    out = tmp_path / "out"
    done = run("export", model, "--format", form, "--out", out, "--json")
    assert json.loads(done.stdout)["largest_difference"] < 1e-5
    serving = json.loads((out / "serving.json").read_bytes())
    loaded = load_model(str(model), Plugins.discover())
    assert serving["classes"] == list(loaded.classes)
    assert serving["vocabulary"][:2] == ["", "[UNK]"]
    written = {
        "onnx": "network.onnx",
        "savedmodel": "saved_model/1/saved_model.pb",
        "tflite": "network.tflite",
    }
    assert (out / written[form]).stat().st_size > 1000
    assert len(loaded.predict_proba(GOLDEN_TEXTS)) == len(GOLDEN_TEXTS)
    again = run("export", model, "--format", form, "--out", out, code=73)
    assert "exists already" in again.stderr.decode()


def test_a_model_without_a_network_cannot_be_exported(past, tmp_path):
    run("train", past, "--backend", "majority", "--model", tmp_path / "model")
    failed = run("export", tmp_path / "model", "--out", tmp_path / "out", code=2)
    assert "majority" in failed.stderr.decode()
    assert not (tmp_path / "out").exists()
