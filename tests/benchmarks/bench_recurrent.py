"""Measure the recurrent backends side by side: training, accuracy, and what an answer costs.

    python tests/benchmarks/bench_recurrent.py [CORPUS] [--backends A,B] [--seeds N] [--tutorial N]

CORPUS is a path or a corpus plugin's name. Without one it is the real complaints beside the project where
they are, else the embedded ones. In one run, on the same parts:

- one epoch of `lstm` against one of the network that tutorials show (TextVectorization of 5,000 tokens padded
  to 512, Embedding of 100, LSTM of 100 with both dropouts, batches of 64), on N of the same documents;
- the whole training of each backend, and its accuracy and macro-F1 beside those of `tfidf`;
- a cold `triage route` with the `gru` model against `python -c "import tensorflow"`: seconds and memory;
- the same model warm: complaints a second in batches, and milliseconds for one.

Machines are noisy: trust the ratios.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import triage
import triage_bench
from triage.config import Experiment
from triage.data.sources import load
from triage.evaluation.evaluate import evaluate
from triage.models.model import save_model
from triage.models.training import fit, prepare

REAL = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "cfpb_complaints.csv.gz"
STOPWATCH = pathlib.Path(triage_bench.__file__).with_name("_stopwatch.py")
TEXT = "They charged my card twice for one transfer and nobody answers the phone."


def tutorial_documents_per_second(part, count):
    """Train the network that tutorials show for one epoch on the first `count` documents."""
    import keras
    import tensorflow as tf

    texts, codes = list(part.texts[:count]), part.codes[:count]
    vectorize = keras.layers.TextVectorization(max_tokens=5000, output_sequence_length=512)
    vectorize.adapt(tf.data.Dataset.from_tensor_slices(texts).batch(256))
    ids = np.asarray(vectorize(tf.constant(texts)))
    network = keras.Sequential(
        [
            keras.Input((512,), dtype="int32"),
            keras.layers.Embedding(5000, 100),
            keras.layers.LSTM(100, dropout=0.2, recurrent_dropout=0.2),
            keras.layers.Dense(part.k, activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy")
    network.fit(ids[:64], codes[:64], batch_size=64, verbose=0)  # so that tracing is not measured
    started = time.perf_counter()
    network.fit(ids, codes, batch_size=64, verbose=0)
    return len(texts) / (time.perf_counter() - started)


def cold(*command):
    """Run a command in a fresh process; return seconds and peak memory in MB."""
    done = subprocess.run(
        [sys.executable, str(STOPWATCH), *map(str, command)], capture_output=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["exit_code"] == 0, done.stderr.decode()
    return found["seconds"], found["peak_memory_mb"]


def serving(path, model, texts):
    """Print what an answer costs, cold and warm."""
    route = [sys.executable, "-m", "triage", "route", path, "--text", TEXT, "--json"]
    tensorflow = [sys.executable, "-c", "import tensorflow"]
    turns = [(cold(*route), cold(*tensorflow)) for _ in range(5)]
    ours, theirs = (min(turn[side] for turn in turns) for side in (0, 1))
    print(
        f"cold `triage route`: {ours[0]:.2f} s, {ours[1]:.0f} MB; `import tensorflow`: {theirs[0]:.2f} s, "
        f"{theirs[1]:.0f} MB: {ours[0] / theirs[0]:.0%} of the time"
    )
    cleaned = model.cleaning.apply(texts)
    model.predict_cleaned(cleaned[:256])
    rates, singles = [], []
    for _ in range(3):
        started = time.perf_counter()
        model.predict_cleaned(cleaned)
        rates.append(len(cleaned) / (time.perf_counter() - started))
    for text in cleaned[:200]:
        started = time.perf_counter()
        model.predict_cleaned([text])
        singles.append((time.perf_counter() - started) * 1000)
    print(
        f"warm: {max(rates):,.0f} complaints a second in batches, {statistics.median(singles):.2f} ms for one"
    )


def main():
    """Run the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="?", default=str(REAL) if REAL.is_file() else "complaints")
    parser.add_argument("--backends", default="tfidf,simplernn,lstm,stacked-lstm,bilstm,gru")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--tutorial", type=int, default=960, help="documents of the tutorial's epoch; 0 for none"
    )
    chosen = parser.parse_args()
    plugins = triage.Plugins.discover()
    dataset = load(plugins, chosen.corpus, options={})
    for seed in range(42, 42 + chosen.seeds):
        experiment = Experiment(location=chosen.corpus, seed=seed)
        prepared = prepare(dataset, experiment, plugins)
        print(f"{dataset.name}, seed {seed}: {len(prepared.splits.train):,} documents to train on")
        for name in chosen.backends.split(","):
            started = time.perf_counter()
            fitted = fit(prepared, experiment.changed(backend=name), plugins)
            seconds = time.perf_counter() - started
            found = evaluate(fitted, prepared, plugins).metrics
            best = max((epoch.number for epoch in fitted.history if epoch.best), default=0)
            told = f", {len(fitted.history)} epochs, best {best}" if fitted.history else ""
            print(
                f"  {name:13} accuracy {found['accuracy']:.3f}, macro-F1 {found['macro_f1']:.3f}, "
                f"log loss {found['log_loss']:.3f}, trained in {seconds:.1f} s{told}",
                flush=True,
            )
            if name == "lstm" and chosen.tutorial and seed == 42:
                ours = statistics.median(epoch.documents_per_second for epoch in fitted.history)
                count = min(chosen.tutorial, len(prepared.splits.train))
                theirs = tutorial_documents_per_second(prepared.splits.train, count)
                print(
                    f"  one epoch: lstm {ours:,.0f} documents a second, the tutorial's {theirs:,.0f} (on {count}): "
                    f"{theirs / ours:.1%} of the time",
                    flush=True,
                )
            if name == "gru" and seed == 42:
                with tempfile.TemporaryDirectory() as folder:
                    path = pathlib.Path(folder) / "model"
                    model = save_model(str(path), fitted.model)
                    rows = prepared.splits.test.rows.tolist()
                    serving(path, model, [dataset.documents[row].text for row in rows])


if __name__ == "__main__":
    main()
