"""Promises, costs, unseen classes and drift on a real corpus, over several seeds.

python tests/benchmarks/bench_promises.py --corpus ../shared/data/cfpb_complaints.csv.gz --backend tfidf

Prints, over the seeds: how much may be routed at a promised error of 5 and 10% and what error came of it on
the test part; what random cost matrices cost by the policy `costs`, by the single threshold that the calibrate part
chooses and by the best one in hindsight; and false alarms of drift where nothing moved.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

import triage
from triage.config import Experiment
from triage.data.sources import load
from triage.evaluation.evaluate import with_held_out
from triage.host.options import parse_settings
from triage.models.held_out import HeldOut
from triage.models.model import Model
from triage.models.training import fit, prepare
from triage.routing.monitoring import Seen, look
from triage.routing.promises import promise_of, scores_of_part

MAX_ERRORS = (0.05, 0.10)


def promised(model: Model, max_error: float, *, per_queue: bool = False) -> tuple[float, float, float]:
    """Return coverage on the calibrate part, coverage on the test part, and the error there."""
    parts, queues = model.held_out, [model.queues[label] for label in model.classes]
    promise = promise_of(parts["tune"], parts["calibrate"], queues, max_error=max_error, per_queue=per_queue)
    thresholds = np.array([np.inf if (t := promise.threshold(q)) is None else t for q in queues])

    def routed(part: HeldOut) -> np.ndarray:
        return scores_of_part(part) >= thresholds[part.probabilities.argmax(axis=1)]

    taken = routed(parts["test"])
    error = float(parts["test"].wrong_queue(queues)[taken].mean()) if taken.any() else float("nan")
    return float(routed(parts["calibrate"]).mean()), float(taken.mean()), error


def costs_of(model: Model, generator: np.random.Generator) -> tuple[float, float, float]:
    """Return what a random matrix costs a document of the test part.

    By `costs`; by the single threshold that is best on the calibrate part, as one would have to choose it;
    and by the one that is best on the test part itself, which nobody can know.
    """
    k = len(model.classes)
    matrix = generator.gamma(1.0, 5.0, size=(k, k)) * (1 - np.eye(k))
    review = float(generator.uniform(0.2, 3.0))
    part = model.held_out["test"]
    expected = part.probabilities @ matrix
    said = expected.argmin(axis=1)
    rows = np.arange(len(said))
    by_costs = np.where(expected[rows, said] <= review, matrix[part.codes, said], review).mean()

    def thresholds(part: HeldOut) -> tuple[np.ndarray, np.ndarray]:
        """Confidence from the surest on, and the cost of a document where the first so many are routed."""
        top, sure = part.probabilities.argmax(axis=1), part.probabilities.max(axis=1)
        order = np.argsort(-sure, kind="stable")
        routed = np.concatenate([[0.0], matrix[part.codes, top][order].cumsum()])
        return sure[order], (routed + review * np.arange(len(order), -1, -1)) / len(order)

    sure, cost = thresholds(model.held_out["calibrate"])
    chosen = np.inf if not cost.argmin() else sure[cost.argmin() - 1]
    sure, cost = thresholds(part)
    return float(by_costs), float(cost[(sure >= chosen).sum()]), float(cost.min())


def false_alarms(model: Model, runs: int, generator: np.random.Generator) -> float:
    """Return the share of runs with an alarm: a random half of the held-out documents against the other."""
    whole = [model.held_out[name] for name in ("calibrate", "test")]
    codes = np.concatenate([part.codes for part in whole])
    probabilities = np.concatenate([part.probabilities for part in whole])
    familiarity = np.concatenate([np.asarray(part.familiarity) for part in whole])
    alarms = 0
    for _ in range(runs):
        shuffled = generator.permutation(len(codes))
        then, now = np.array_split(shuffled, 2)
        reference = {"test": HeldOut(codes[then], probabilities[then], familiarity[then])}
        stream = [
            Seen(row, "", "route", None, model.classes[p.argmax()], float(p.max()), (), float(f))
            for row, (p, f) in enumerate(zip(probabilities[now], familiarity[now], strict=True), start=1)
        ]
        one = Model(model.experiment, {}, model.classes, model.cleaning, model.classifier, held_out=reference)
        alarms += any(finding.alarm for finding in look(one, stream))
    return alarms / runs


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", default="../shared/data/cfpb_complaints.csv.gz")
    parser.add_argument("--backend", default="tfidf")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--calibration", default="temperature")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--matrices", type=int, default=20)
    parser.add_argument("--drift-runs", type=int, default=20)
    asked = parser.parse_args()
    plugins = triage.Plugins.discover()
    dataset = load(plugins, asked.corpus, labelled=True)
    header = "seed  seconds  accuracy" + "".join(f"  | {e:.0%}: calibrate   test   error" for e in MAX_ERRORS)
    print(header + "  | dearer than a threshold  | costs / best in hindsight  worse  worst  | drift alarms")
    rows = []
    for seed in range(asked.seeds):
        started = time.perf_counter()
        experiment = Experiment(
            seed=seed,
            backend=asked.backend,
            options=parse_settings(asked.set),
            calibration=asked.calibration,
            folds=0,
        )
        prepared = prepare(dataset, experiment, plugins)
        model = with_held_out(fit(prepared, experiment, plugins).model, prepared)
        test = model.held_out["test"]
        generator = np.random.default_rng(seed)
        found = [promised(model, max_error) for max_error in MAX_ERRORS]
        pairs = np.array([costs_of(model, generator) for _ in range(asked.matrices)])
        fair, ratios = pairs[:, 0] / pairs[:, 1], pairs[:, 0] / pairs[:, 2]
        ratio, worse, worst = float(ratios.mean()), int((ratios > 1).sum()), float(ratios.max())
        dearer = int((fair > 1).sum())
        alarms = false_alarms(model, asked.drift_runs, generator)
        accuracy = float((test.probabilities.argmax(axis=1) == test.codes).mean())
        rows.append(
            [accuracy, *(value for each in found for value in each), dearer, ratio, worse, worst, alarms]
        )
        cells = "".join(f"  | {a:14.1%} {b:6.1%} {e:7.2%}" for a, b, e in found)
        print(
            f"{seed:4d} {time.perf_counter() - started:8.1f} {accuracy:9.3f}{cells}"
            f"  | {dearer:3d}/{asked.matrices}  | {ratio:20.3f} {worse:3d}/{asked.matrices} {worst:6.3f}  | {alarms:.1%}",
            flush=True,
        )
    table = np.ma.masked_invalid(rows)
    print("mean", " ".join(f"{value:.4f}" for value in table.mean(axis=0).filled(np.nan)))
    print("std ", " ".join(f"{value:.4f}" for value in table.std(axis=0).filled(np.nan)))
    for position, max_error in enumerate(MAX_ERRORS):
        errors = table[:, 3 + 3 * position]
        print(
            f"promise {max_error:.0%}: realised error above it in {np.sum(errors.filled(0) > max_error)} of {len(rows)} seeds"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
