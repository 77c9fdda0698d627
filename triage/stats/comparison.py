"""Which backend is better, by how much, and is it real? Runs of several seeds, on the same documents.

Intervals are percentiles of a bootstrap over families of near-duplicates (Efron and Tibshirani 1993), drawn
once for all backends and seeds, so that differences are paired and the same document in two seeds' test
parts is drawn together. P-values of the differences are two-sided from the same draws, and Holm's step-down
procedure (Holm 1979) keeps the chance of any false claim at 5%.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.records import Evaluation

__all__ = [
    "Comparison",
    "Difference",
    "Leak",
    "Standing",
    "compare",
    "holm",
    "leaks",
    "learning_curve",
    "name_of",
]

DRAWS = 2000
_CELLS = 40_000_000  # documents times draws: 320 MB; a corpus too large for 2,000 draws needs fewer
LEVEL = 0.05


@dataclass(frozen=True)
class Standing:
    """One backend over its seeds.

    Attributes:
        backend: its name.
        seeds: how many runs.
        means: mean over the seeds of each metric, by name.
        intervals: 95% intervals of those that were drawn for, by name.
        fit_seconds: mean time to train.
        predict_rate: mean documents a second in prediction.
        peak_memory_mb: the largest.
    """

    backend: str
    seeds: int
    means: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    fit_seconds: float
    predict_rate: float
    peak_memory_mb: float


@dataclass(frozen=True)
class Difference:
    """A paired difference of two backends.

    Attributes:
        backend: what is compared.
        to: with what.
        metric: "macro_f1" or "accuracy".
        mean: of the backend minus that of the other.
        interval: 95%.
        p_value: two-sided, not corrected.
        adjusted: corrected by Holm over all differences of one metric in this comparison.
    """

    backend: str
    to: str
    metric: str
    mean: float
    interval: tuple[float, float]
    p_value: float
    adjusted: float

    @property
    def real(self) -> bool:
        """Whether it can be told from chance."""
        return self.adjusted < LEVEL


@dataclass(frozen=True)
class Comparison:
    """All backends on one corpus with one split, the best first.

    Attributes:
        corpus: its name.
        split: how it was divided.
        standings: best macro-F1 first.
        differences: to the best and to the baseline.
        skipped: runs that could not be compared, with the reason.
        curve: for each backend, (documents trained on, macro-F1) in rising order.
    """

    corpus: str
    split: str
    standings: tuple[Standing, ...]
    differences: tuple[Difference, ...]
    skipped: tuple[str, ...] = ()
    curve: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def verdicts(self) -> list[str]:
        """Return a plain sentence for each difference in macro-F1."""
        times = {standing.backend: max(standing.fit_seconds, 1e-9) for standing in self.standings}
        sentences = []
        for each in self.differences:
            if each.metric != "macro_f1":
                continue
            ratio = times[each.backend] / times[each.to]
            cost = (
                f"it costs {ratio:.1f} times the time" if ratio >= 1 else f"it takes {ratio:.0%} of the time"
            )
            if each.real:
                better = "better" if each.mean > 0 else "worse"
                found = f"{each.backend} is {better} than {each.to} by {abs(each.mean):.3f} macro-F1"
            else:
                found = f"{each.backend} is not distinguishable from {each.to} on this corpus"
            sentences.append(f"{found} (adjusted p {each.adjusted:.3f}); {cost}")
        return sentences

    def to_json(self) -> dict[str, Any]:
        """Return all of it as values that JSON can hold."""
        return {
            "corpus": self.corpus,
            "split": self.split,
            "standings": [vars(standing) for standing in self.standings],
            "differences": [{**vars(each), "real": each.real} for each in self.differences],
            "verdicts": self.verdicts(),
            "skipped": list(self.skipped),
            "learning_curve": self.curve,
        }


@dataclass(frozen=True)
class Leak:
    """What near-duplicates on both sides of a naive split are worth to one backend.

    Attributes:
        corpus: its name.
        backend: its name.
        seeds: how many of them both splits have.
        naive: mean macro-F1 with the naive split.
        grouped: mean macro-F1 with the grouped split.
    """

    corpus: str
    backend: str
    seeds: int
    naive: float
    grouped: float

    @property
    def worth(self) -> float:
        """By how much the naive split scores higher."""
        return self.naive - self.grouped

    def sentence(self) -> str:
        """Return it in plain words."""
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        return (
            f"{self.backend} on {self.corpus}: {self.naive:.3f} macro-F1 with the naive split, "
            f"{self.grouped:.3f} with the grouped one ({seeds}): near-duplicates on both sides are worth "
            f"{self.worth:+.3f}"
        )


def leaks(evaluations: Sequence[Evaluation]) -> list[Leak]:
    """Return what leaking is worth, for each corpus and backend that has runs of both splits.

    Args:
        evaluations: any runs. Those on a share of the training part do not count.
    """
    scores: dict[tuple[tuple[str, ...], str], dict[str, dict[int, list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    whole = [
        run for run in evaluations if run.metrics.get("train_share", 1.0) == 1.0 and "macro_f1" in run.metrics
    ]
    for place, runs in _apart(whole, *_SOURCE).items():
        for run in runs:
            split = str(run.metrics.get("split", ""))
            scores[place, name_of(run, runs)][split][run.run.seed].append(run.metrics["macro_f1"])
    found = []
    for (place, backend), splits in scores.items():
        if common := set(splits["naive"]) & set(splits["grouped"]):
            naive, grouped = (
                float(np.mean([np.mean(splits[split][seed]) for seed in sorted(common)]))
                for split in ("naive", "grouped")
            )
            found.append(Leak(place[0], backend, len(common), naive, grouped))
    return found


def compare(evaluations: Sequence[Evaluation], *, baseline: str = "", seed: int = 0) -> list[Comparison]:
    """Compare backends, for each corpus and split apart.

    Only seeds that every backend has are compared. Runs on a share of the training part are left to the
    learning curve.

    Args:
        evaluations: any runs.
        baseline: a backend that the others are compared with, besides the best.
        seed: of the bootstrap.
    """
    apart = sorted(_apart(evaluations, *_SOURCE, "split").items())
    return [_compare(runs, baseline, seed=seed) for _, runs in apart]


_SOURCE = ("corpus", "corpus_sha256", "test_corpus_sha256")


def _apart(evaluations: Sequence[Evaluation], *keys: str) -> dict[tuple[str, ...], list[Evaluation]]:
    """The runs that agree in these metrics."""
    found: dict[tuple[str, ...], list[Evaluation]] = defaultdict(list)
    for each in evaluations:
        found[tuple(str(each.metrics.get(key) or "") for key in keys)].append(each)
    return found


def _compare(runs: Sequence[Evaluation], baseline: str, *, seed: int) -> Comparison:
    whole = [run for run in runs if run.metrics.get("train_share", 1.0) == 1.0]
    by_backend: dict[str, dict[int, Evaluation]] = defaultdict(dict)
    skipped = []
    for run in whole:
        mine = by_backend[name_of(run, whole)]
        if run.run.seed in mine:
            skipped.append(
                f"{run.metrics['backend']}, seed {run.run.seed}: a second run of the same backend and seed"
            )
        mine[run.run.seed] = run
    common = set.intersection(*(set(mine) for mine in by_backend.values())) if by_backend else set()
    for backend, mine in by_backend.items():
        skipped += [
            f"{backend}, seed {number}: not every backend has this seed"
            for number in sorted(set(mine) - common)
        ]
    seeds = sorted(
        number for number in common if _same_documents([mine[number] for mine in by_backend.values()])
    )
    skipped += [
        f"seed {number}: the backends were judged on different documents"
        for number in sorted(common - set(seeds))
    ]
    first = runs[0].metrics
    if not seeds:
        return Comparison(first["corpus"], first["split"], (), (), tuple(skipped), learning_curve(runs))

    weights = _weights([next(iter(by_backend.values()))[number] for number in seeds], seed)
    drawn = {
        backend: _scores([mine[number] for number in seeds], weights) for backend, mine in by_backend.items()
    }
    standings = sorted(
        (
            _standing(backend, [by_backend[backend][number] for number in seeds], drawn[backend])
            for backend in drawn
        ),
        key=lambda standing: -standing.means["macro_f1"],
    )
    differences = [
        each
        for metric in ("macro_f1", "accuracy")
        for each in _differences(drawn, standings, metric, baseline)
    ]
    return Comparison(
        first["corpus"],
        first["split"],
        tuple(standings),
        tuple(differences),
        tuple(skipped),
        learning_curve(runs),
    )


def name_of(run: Evaluation, runs: Sequence[Evaluation]) -> str:
    """Return the backend's name, with the options in which it is not like most runs of the same backend.

    Args:
        run: one of `runs`.
        runs: what it is shown with.
    """
    same = [other.run.options for other in runs if other.run.backend == run.run.backend]
    telling = []
    for key, value in sorted(run.run.options.items()):
        alike = sum(other.get(key) == value for other in same)
        if alike < len(same) and 2 * alike <= len(same):
            telling.append(f" {key}={value}")
    return run.run.backend + "".join(telling)


def _same_documents(runs: Sequence[Evaluation]) -> bool:
    return all(
        np.array_equal(run.rows, runs[0].rows) and np.array_equal(run.codes, runs[0].codes)
        for run in runs[1:]
    )


def _weights(runs: Sequence[Evaluation], seed: int) -> list[NDArray[np.float64]]:
    """For each seed's test part, shape (draws, n): how often each document is drawn, by whole families."""
    families = np.unique(np.concatenate([run.groups for run in runs]))
    draws = max(200, min(DRAWS, _CELLS // len(families)))
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(len(families), np.full(len(families), 1 / len(families)), size=draws)
    return [counts[:, np.searchsorted(families, run.groups)].astype(np.float64) for run in runs]


def _scores(
    runs: Sequence[Evaluation], weights: Sequence[NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    """Shape (draws,) for each metric: its mean over the seeds in each draw."""
    macro, accurate = [], []
    for run, drawn in zip(runs, weights, strict=True):
        k = len(run.labels)
        truth, said = np.eye(k)[run.codes], np.eye(k)[run.probabilities.argmax(axis=1)]
        hits = drawn @ (truth * said)
        sizes = drawn @ truth + drawn @ said
        present = sizes > 0
        f1 = np.divide(2 * hits, sizes, out=np.zeros_like(hits), where=present)
        macro.append(f1.sum(axis=1) / np.maximum(present.sum(axis=1), 1))
        accurate.append(hits.sum(axis=1) / np.maximum(drawn.sum(axis=1), 1))
    return {"macro_f1": np.mean(macro, axis=0), "accuracy": np.mean(accurate, axis=0)}


def _standing(backend: str, runs: Sequence[Evaluation], drawn: dict[str, NDArray[np.float64]]) -> Standing:
    names = ("macro_f1", "accuracy", "weighted_f1", "log_loss", "ece", "aurc")
    return Standing(
        backend=backend,
        seeds=len(runs),
        means={name: float(np.mean([run.metrics[name] for run in runs])) for name in names},
        intervals={name: _interval(values) for name, values in drawn.items()},
        fit_seconds=float(np.mean([run.metrics["seconds"]["fit"] for run in runs])),
        predict_rate=float(np.mean([run.metrics["documents_per_second"]["predict"] for run in runs])),
        peak_memory_mb=max(run.metrics["peak_memory_mb"] for run in runs),
    )


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, [LEVEL / 2, 1 - LEVEL / 2])
    return float(low), float(high)


def _differences(
    drawn: dict[str, dict[str, NDArray[np.float64]]],
    standings: Sequence[Standing],
    metric: str,
    baseline: str,
) -> list[Difference]:
    """Every backend against the best, and against the baseline where that is another; each pair once."""
    means = {standing.backend: standing.means[metric] for standing in standings}
    best, *others = (standing.backend for standing in standings)
    pairs = [(backend, best) for backend in others]
    if baseline in others:
        pairs += [(backend, baseline) for backend in others if backend != baseline]
    found = []
    for backend, to in pairs:
        values = drawn[backend][metric] - drawn[to][metric]
        tails = (1 + min(np.sum(values <= 0), np.sum(values >= 0))) / (1 + len(values))
        found.append((backend, to, values, min(1.0, 2 * float(tails))))
    adjusted = holm([p for *_, p in found])
    return [
        Difference(backend, to, metric, means[backend] - means[to], _interval(values), p, corrected)
        for (backend, to, values, p), corrected in zip(found, adjusted, strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values, in the order given; none is smaller than the one it adjusts."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    largest = 0.0
    for rank, position in enumerate(order.tolist()):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = largest
    return [float(p) for p in adjusted]


def learning_curve(runs: Sequence[Evaluation]) -> dict[str, list[tuple[int, float]]]:
    """Return for each backend (documents trained on, mean macro-F1) in rising order; {} without shares."""
    points: dict[str, dict[float, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        share = run.metrics.get("train_share", 1.0)
        points[run.run.backend][share].append((run.metrics["documents"]["train"], run.metrics["macro_f1"]))
    return {
        backend: [
            (round(float(np.mean([n for n, _ in at]))), float(np.mean([score for _, score in at])))
            for _, at in sorted(shares.items())
        ]
        for backend, shares in sorted(points.items())
        if len(shares) > 1
    }
