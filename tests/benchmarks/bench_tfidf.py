"""Measure `tfidf` side by side with scikit-learn's plain pipeline, on the same cleaned documents.

    python tests/benchmarks/bench_tfidf.py [CORPUS] [--repeats N] [--threads N]

CORPUS is a path or a corpus plugin's name. Without one it is the real complaints beside the project where
they are, else the embedded ones. In each repeat the documents are divided anew, both train on the same part
and answer for the same part, and the one that goes first changes: machines are noisy, so trust the ratios.
"""

import argparse
import gc
import pathlib
import statistics
import time

import numpy as np

import triage
from triage.config import Experiment
from triage.data.sources import load
from triage.models.training import prepare

REAL = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "cfpb_complaints.csv.gz"
BATCH = 256


class Pipeline:
    """What one writes with scikit-learn."""

    def fit(self, train, tune, *, seed, watch):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        self.pipeline = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=100_000),
            LogisticRegression(class_weight="balanced", max_iter=1000),
        )
        self.pipeline.fit(train.texts, train.codes)

    def predict_proba(self, texts):
        return self.pipeline.predict_proba(texts)


def measure(model, train, test, seed):
    """Train and answer once; return what came of it by name."""
    from sklearn.metrics import f1_score

    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(train, test, seed=seed, watch=lambda epoch: None)
    fit, fit_cpu = time.perf_counter() - wall, time.process_time() - cpu
    model.predict_proba(test.texts[:BATCH])
    wall = time.perf_counter()
    answers = [model.predict_proba(test.texts[i : i + BATCH]) for i in range(0, len(test), BATCH)]
    batches = len(test) / (time.perf_counter() - wall)
    single = []
    for text in test.texts[:200]:
        wall = time.perf_counter()
        model.predict_proba([text])
        single.append(time.perf_counter() - wall)
    found = np.vstack(answers).argmax(axis=1)
    return {
        "accuracy": float((found == test.codes).mean()),
        "macro-F1": float(f1_score(test.codes, found, average="macro")),
        "fit, seconds": fit,
        "fit, CPU seconds": fit_cpu,
        f"texts/s in batches of {BATCH}": batches,
        "one text, ms": statistics.median(single) * 1000,
    }


def main():
    """Run the comparison and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="?", default=str(REAL) if REAL.is_file() else "complaints")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of the linear algebra library, for both")
    parser.add_argument("--set", action="append", default=[], help="KEY=VALUE: an option of tfidf")
    arguments = parser.parse_args()
    import sklearn.linear_model  # noqa: F401 - so that the first to train does not pay for the import
    from threadpoolctl import threadpool_limits

    plugins = triage.Plugins.discover()
    dataset = load(plugins, arguments.corpus, labelled=True)
    settings = triage.host.options.parse_settings(arguments.set)
    results = {"triage tfidf": [], "scikit-learn pipeline": []}
    with threadpool_limits(arguments.threads):
        for repeat in range(arguments.repeats):
            splits = prepare(dataset, Experiment(min_per_class=5, seed=repeat), plugins).splits
            models = {
                "triage tfidf": plugins.build(plugins.backend("tfidf"), settings),
                "scikit-learn pipeline": Pipeline(),
            }
            names = list(models) if repeat % 2 == 0 else list(reversed(models))
            for name in names:
                results[name].append(measure(models[name], splits.train, splits.test, repeat))
    print(
        f"{arguments.corpus}: {len(splits.train)} texts to train on, {len(splits.test)} to answer for, "
        f"{splits.train.k} classes; medians of {arguments.repeats} interleaved repeats"
    )
    ours, theirs = results.values()
    print(f"{'':32}{'triage tfidf':>16}{'scikit-learn':>16}{'ratio':>10}")
    for what in ours[0]:
        mine, other = (statistics.median(run[what] for run in runs) for runs in (ours, theirs))
        ratio = statistics.median(a[what] / b[what] for a, b in zip(ours, theirs, strict=True))
        digits = 4 if what in ("accuracy", "macro-F1") else 2
        print(f"{what:32}{mine:>16.{digits}f}{other:>16.{digits}f}{ratio:>10.3f}")


if __name__ == "__main__":
    main()
