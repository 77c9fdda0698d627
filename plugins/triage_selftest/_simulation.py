"""Are promises kept as often as stated? Tried out where the truth is known.

Documents are drawn from a known distribution: each has its true chances over k classes, and a classifier
that is too sure of itself states a sharper version of them, with noise of its own. So calibration, the order
of the thresholds and the proof are all part of what is tried, and the error of what would be routed is known
from a world of documents that took part in none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.plugin_api import HeldOut, Method, Promise, fit_calibration, part_for, promise_of, scores_of

__all__ = ["Outcome", "draw", "simulate"]

CLASSES = 4
WORLD = 60_000
CONFIDENCE = 0.95
_QUEUES = tuple("abcd")
_SHARPNESS = 2.0
_NOISE = 1.0
_CONCENTRATION = 0.065
_SHARES = np.array([0.4, 0.3, 0.2, 0.1])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one setting.

    Attributes:
        method: of calibration.
        per_queue: whether each queue had a promise of its own; then one broken promise breaks the repeat.
        max_error: what was promised.
        documents: in the calibrate part, and in the tune part.
        repeats: how often it was tried.
        promised: in how many repeats anything was promised.
        broken: in how many the true error was above the promised one.
        coverage: mean share that would be routed by itself, over all repeats.
    """

    method: str
    per_queue: bool
    max_error: float
    documents: int
    repeats: int
    promised: int
    broken: int
    coverage: float

    @property
    def share(self) -> float:
        """The share of the repeats in which a promise was broken."""
        return self.broken / self.repeats

    @property
    def allowed(self) -> float:
        """The largest share that a promise at 95% may show: three standard errors above 5%."""
        wrong = 1 - CONFIDENCE
        return wrong + 3 * float(np.sqrt(wrong * CONFIDENCE / self.repeats))

    @property
    def kept(self) -> bool:
        """Whether promises were broken no more often than stated, sampling noise aside."""
        return self.share <= self.allowed

    def to_json(self) -> dict[str, Any]:
        """Return the fields and what follows from them."""
        return {**asdict(self), "share": self.share, "allowed": self.allowed, "kept": self.kept}


def draw(n: int, generator: np.random.Generator) -> HeldOut:
    """Draw n documents: their true classes, and what a classifier that is too sure of itself says."""
    chances = generator.gamma(_CONCENTRATION * CLASSES * _SHARES, size=(n, CLASSES)) + 1e-12
    chances /= chances.sum(axis=1, keepdims=True)
    codes = (generator.random(n)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(max=CLASSES - 1)
    logits = _SHARPNESS * np.log(chances.clip(1e-4)) + _NOISE * generator.standard_normal((n, CLASSES))
    stated = np.exp(logits - logits.max(axis=1, keepdims=True))
    return HeldOut(codes, stated / stated.sum(axis=1, keepdims=True))


def simulate(
    *,
    sizes: Sequence[int],
    max_errors: Sequence[float],
    repeats: int,
    per_queue: bool = False,
    method: Method = "temperature",
    fitted_on: str | None = None,
    seed: int = 0,
    watch: Callable[[int], None] = lambda _: None,
) -> list[Outcome]:
    """Return an outcome for each size and each promise.

    Args:
        sizes: documents in the calibrate part; the tune part has as many.
        max_errors: what is promised, at 95%.
        repeats: how many calibrate parts are drawn.
        per_queue: a promise for each queue.
        method: of calibration.
        fitted_on: "tune" or "calibrate"; None for where training fits it.
        seed: of all draws.
        watch: told after each repeat how many are done.
    """
    world = draw(WORLD, np.random.default_rng([seed, 0]))
    outcomes, done = [], 0
    for size in sizes:
        tallies = np.zeros((len(max_errors), 3))
        for repeat in range(repeats):
            generator = np.random.default_rng([seed, size, repeat + 1])
            parts = {"tune": draw(size, generator), "calibrate": draw(size, generator)}
            part = parts[fitted_on or part_for(method)]
            calibration = fit_calibration(part.probabilities, part.codes, method=method)
            tune, calibrate, all_ = (
                HeldOut(each.codes, calibration.apply(each.probabilities))
                for each in (*parts.values(), world)
            )
            scores, said = scores_of(all_.probabilities), all_.probabilities.argmax(axis=1)
            wrong = said != all_.codes
            for row, max_error in enumerate(max_errors):
                promise = promise_of(tune, calibrate, _QUEUES, max_error=max_error, per_queue=per_queue)
                tallies[row] += _judged(promise, scores, said, wrong)
            done += 1
            watch(done)
        for max_error, (promised, broken, coverage) in zip(max_errors, tallies.tolist(), strict=True):
            outcomes.append(
                Outcome(
                    method,
                    per_queue,
                    max_error,
                    size,
                    repeats,
                    int(promised),
                    int(broken),
                    coverage / repeats,
                )
            )
    return outcomes


def _judged(
    promise: Promise, scores: NDArray[np.float64], said: NDArray[np.int64], wrong: NDArray[np.bool_]
) -> tuple[bool, bool, float]:
    """Whether anything was promised, whether a promise is broken, and the share that would be routed."""
    thresholds = np.array([np.inf if (t := promise.threshold(q)) is None else t for q in _QUEUES])
    routed = scores >= thresholds[said]
    groups = [routed] if promise.overall is not None else [routed & (said == code) for code in range(CLASSES)]
    broken = any(bool(wrong[group].mean() > promise.max_error) for group in groups if group.any())
    return promise.kept, broken, float(routed.mean())
