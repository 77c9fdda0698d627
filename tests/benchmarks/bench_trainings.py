"""Are promises kept? Whole trainings on fresh documents, judged on 50,000 others.

python tests/benchmarks/bench_trainings.py --out trainings.jsonl --repeats 300 --sizes 500,1500,5000
python tests/benchmarks/bench_trainings.py --out trainings.jsonl --table

The generator of the embedded complaints writes as many corpora as are asked for, with families of template letters and
with wrong labels. Each training draws documents of its own, cleans them, finds families, fits folds, calibrates and
proves promises, in the way `triage train` and `triage promise` do: "folds" is the way of today, "parts" is
`--folds 0`, "families" is "folds" without the margin for the written model, and "bare" also takes every document for a
draw of its own. The limits of scope are left out (`--false-alarms 0`), since they only ever route less.

Results are appended to --out as they come, and a training that is in it is not done again. The default learner is a
linear support vector machine on hashed words and word pairs, whose features of the 50,000 documents are computed once;
--backend NAME takes an installed one, which is slower.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import types
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, diags  # noqa: TID253 - no part of triage

import triage
from triage.config import Experiment
from triage.evaluation.evaluate import with_held_out
from triage.models.model import Model
from triage.models.preparing import prepare
from triage.models.training import fit
from triage.routing.promises import Promise, promise_of, prove, scores_of

MAX_ERRORS = (0.05, 0.10)
WORLD = 50_000
HASHED = "hashed"


class Hashed:
    """Balanced linear support vector machine on hashed words and word pairs, weighed by idf."""

    world: tuple[list[str], csr_matrix, csr_matrix] | None = None

    def fit(self, train, tune, *, seed, watch):
        from sklearn.svm import LinearSVC

        rows = hashed(train.texts)
        seen = np.bincount(rows.indices, minlength=rows.shape[1])
        self.idf_ = np.where(seen > 0, np.log((1 + len(train)) / (1 + seen)) + 1, 0.0)
        rows, norms = rows @ diags(self.idf_), self._norms(rows.multiply(rows).tocsr())
        model = LinearSVC(C=0.3, class_weight="balanced", random_state=seed, tol=1e-3)
        model.fit(diags(1 / norms) @ rows, train.codes)
        coef, intercept = model.coef_, model.intercept_
        if len(coef) == 1:
            coef, intercept = np.vstack([-coef, coef]), np.append(-intercept, intercept)
        self.coef_, self.intercept_ = coef.T, intercept

    def predict_proba(self, texts):
        world = type(self).world
        if world is not None and texts is world[0]:
            rows, squares = world[1:]
        else:
            rows = hashed(texts)
            squares = rows.multiply(rows).tocsr()
        weights = self.idf_[:, None] * self.coef_
        scores = 3 * ((rows @ weights) / self._norms(squares)[:, None] + self.intercept_)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)

    def _norms(self, squares):
        return np.sqrt(np.maximum(squares @ self.idf_**2, 1e-12))


def hashed(texts) -> csr_matrix:
    """Return shape (n, 2**16): 1 + ln of the count of each hashed word and pair."""
    from sklearn.feature_extraction.text import HashingVectorizer

    found = HashingVectorizer(
        n_features=1 << 16,
        ngram_range=(1, 2),
        alternate_sign=False,
        norm=None,
        token_pattern=r"\S+",
        lowercase=False,
    ).transform(list(texts))
    found.data = 1 + np.log(found.data)
    return found


def generated(name: str, count: int) -> list[tuple[str, str, str]]:
    """Return at least `count` rows (label, text, true label) of corpora seeded with `name` and a number."""
    from triage_complaints.generate.__main__ import generate

    rows: list[tuple[str, str, str]] = []
    number = 0
    while len(rows) < count:
        number += 1
        rows += [(row.label, row.text, row.true_label) for row in generate(f"{name} {number}")]
    return rows[:count]


def trained(dataset, experiment, plugins) -> Model:
    """Train as `triage train` does."""
    share = 0.2 if experiment.folds == 0 else 0.0
    prepared = prepare(dataset, experiment, plugins, test_share=share)
    return with_held_out(fit(prepared, experiment, plugins, workers=1).model, prepared)


def judged(promise: Promise, model: Model, probabilities, codes) -> dict[str, object]:
    """Return what a promise comes to on the world."""
    queues = list(model.classes)
    scores, said = scores_of(probabilities), probabilities.argmax(axis=1)
    thresholds = np.array([np.inf if (t := promise.threshold(q)) is None else t for q in queues])
    routed = scores >= thresholds[said]
    wrong = said != codes
    groups = [routed] if promise.overall is not None else [routed & (said == c) for c in range(len(queues))]
    errors = [float(wrong[group].mean()) for group in groups if group.any()]
    proven = promise.overall.coverage if promise.overall else None
    return {
        "made": promise.kept,
        "coverage": float(routed.mean()),
        "error": max(errors, default=0.0),
        "broken": any(error > promise.max_error for error in errors),
        "proven_coverage": proven,
    }


def promises(model: Model, way: str, max_error: float, *, per_queue: bool) -> Promise:
    """Return the promise that a way of proving makes."""
    if way in ("folds", "parts"):
        return prove(model, max_error=max_error, per_queue=per_queue)
    part = model.held_out["folds"]
    part = replace(part, groups=None) if way == "bare" else part
    return promise_of(None, part, list(model.classes), max_error=max_error, per_queue=per_queue)


def simulate(asked: argparse.Namespace) -> None:
    """Run the trainings that are not in the file yet."""
    module = types.ModuleType("hashed_plugin")
    backend = triage.Backend(name=HASHED, summary="Hashed words and pairs", build=Hashed)
    module.triage_backends = triage.hookimpl(lambda: [backend], specname="triage_backends")
    plugins = triage.Plugins.discover()
    plugins.register(module)
    out = Path(asked.out)
    done = set()
    if out.exists():
        for line in out.read_text().splitlines():
            record = json.loads(line)
            done.add((record["size"], record["repeat"]))
    sizes = [int(size) for size in asked.sizes.split(",")]
    jobs = [(size, repeat) for repeat in range(asked.repeats) for size in sizes if (size, repeat) not in done]
    pool = generated("training", asked.pool)
    world = generated("world", asked.world)
    experiment = Experiment(backend=asked.backend, false_alarms=0.0, options=json.loads(asked.options))
    texts = None
    for size, repeat in jobs:
        started = time.process_time()
        chosen = np.sort(np.random.default_rng([size, repeat]).choice(len(pool), size, replace=False))
        dataset = triage.Dataset(
            "generated",
            [
                triage.Document(row=i, text=pool[j][1], label=pool[j][0])
                for i, j in enumerate(chosen.tolist(), 1)
            ],
        )
        results = []
        for folds, ways in ((None, ("folds", "families", "bare")), (0, ("parts",))):
            model = trained(dataset, experiment.changed(seed=repeat, folds=folds), plugins)
            if texts is None:
                texts = model.cleaning.apply([text for _, text, _ in world])
                if asked.backend == HASHED:
                    rows = hashed(texts)
                    Hashed.world = texts, rows, rows.multiply(rows).tocsr()
            raw = model.classifier.predict_proba(texts)
            probabilities = model.calibration.apply(raw)
            codes = np.array(
                [
                    model.classes.index(label) if label in model.classes else len(model.classes)
                    for label, _, _ in world
                ]
            )
            accuracy = float((probabilities.argmax(axis=1) == codes).mean())
            for way in ways:
                for max_error in MAX_ERRORS:
                    for per_queue in (False, True):
                        promise = promises(model, way, max_error, per_queue=per_queue)
                        facts = {
                            "way": way,
                            "max_error": max_error,
                            "per_queue": per_queue,
                            "accuracy": accuracy,
                        }
                        surer = model.trained.get("surer", 0.0)
                        results.append(
                            {**facts, "surer": surer, **judged(promise, model, probabilities, codes)}
                        )
        line = {"size": size, "repeat": repeat, "seconds": time.process_time() - started, "results": results}
        with out.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(
            f"{size:,} documents, training {repeat}: {line['seconds']:.1f} s of processor time",
            file=sys.stderr,
        )


def table(path: Path) -> str:
    """Return the results so far as a table."""
    found = defaultdict(list)
    for line in path.read_text().splitlines():
        record = json.loads(line)
        for result in record["results"]:
            found[record["size"], result["max_error"], result["per_queue"], result["way"]].append(result)
    lines = ["documents  promise  of         way      trainings   made  coverage  broken  share  accuracy"]
    for (size, max_error, per_queue, way), results in sorted(found.items()):
        n, made = len(results), sum(each["made"] for each in results)
        broken = sum(each["broken"] for each in results)
        coverage = np.mean([each["coverage"] for each in results])
        accuracy = np.mean([each["accuracy"] for each in results])
        lines.append(
            f"{size:9,}  {max_error:6.0%}  {'queues' if per_queue else 'everything':10s} {way:8s} {n:9,} {made:6,} "
            f"{coverage:9.1%} {broken:7,} {broken / n:6.1%} {accuracy:9.3f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="trainings.jsonl")
    parser.add_argument("--sizes", default="500,1500,5000")
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--pool", type=int, default=60_000, help="documents that trainings are drawn from")
    parser.add_argument("--world", type=int, default=WORLD, help="documents that they are judged on")
    parser.add_argument("--backend", default=HASHED)
    parser.add_argument("--options", default="{}", help="of the backend, as JSON")
    parser.add_argument("--table", action="store_true", help="print the results so far and run nothing")
    asked = parser.parse_args()
    if not asked.table:
        simulate(asked)
    print(table(Path(asked.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
