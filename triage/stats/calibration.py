"""Probabilities that mean what they say: fitted on documents set apart for it, kept only where they help.

Temperature scaling has one number and is fitted on the calibrate part. Isotonic and Venn-Abers maps have as
many steps as their documents ask for: fitted on the calibrate part, they would follow its mistakes, and a
promise that is proven on the same part would be broken too often (`triage selftest --promises` shows it). So
they are fitted on the tune part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from triage.errors import BadOption, did_you_mean
from triage.stats import isotonic
from triage.stats.isotonic import Steps

__all__ = [
    "METHODS",
    "Calibration",
    "Method",
    "check_method",
    "cross_fitted",
    "fit_calibration",
    "part_for",
    "quality",
]

Method = Literal["temperature", "isotonic", "venn-abers", "none"]
METHODS: tuple[str, ...] = get_args(Method)

_TINY = 1e-12
_FOLDS = 5
_FEWEST = 20


@dataclass(frozen=True)
class Calibration:
    """From a classifier's probabilities to ones that can be believed.

    Attributes:
        method: "temperature", softmax(log p / temperature) (Guo et al. 2017, arXiv 1706.04599); "isotonic"
            (Zadrozny and Elkan 2002) and "venn-abers" (Vovk and Petej 2014, arXiv 1211.0025), each class
            against the rest and then divided by the sum; "none".
        temperature: above 1 makes a model less sure of itself; 1 leaves it as it is.
        steps: the map of each class, for "isotonic" and "venn-abers".
        kept: whether it made the held-out log loss no worse.
        note: why it was kept or not, in words.
        before: held-out "log_loss" (nats), "brier" and "ece" without it; empty where not measured.
        after: the same with it, each fifth scored with a map fitted on the others.
    """

    method: Method = "none"
    temperature: float = 1.0
    steps: tuple[Steps, ...] = ()
    kept: bool = False
    note: str = "not calibrated"
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)

    def apply(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities of the same shape (n, k); rows that are not finite stay so."""
        finite = np.isfinite(probabilities).all(axis=1)
        if not finite.all():
            found = np.full_like(probabilities, np.nan)
            found[finite] = self.apply(probabilities[finite])
            return found
        if self.steps:
            found = np.column_stack(
                [step(column) for step, column in zip(self.steps, probabilities.T, strict=True)]
            )
            # Every map stays above 0, so no row sums to 0.
            scaled: NDArray[np.float64] = found / found.sum(axis=1, keepdims=True)
            return scaled
        if self.temperature == 1.0:
            return probabilities
        return _scaled(np.log(np.clip(probabilities, _TINY, None)), self.temperature)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        record = {**vars(self), "steps": [step.to_json() for step in self.steps]}
        return record | {"before": dict(self.before), "after": dict(self.after)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Calibration:
        """Take back what `to_json` returned."""
        return cls(**{**record, "steps": tuple(Steps(**step) for step in record["steps"])})


def check_method(method: str) -> Method:
    """Return `method`.

    Raises:
        BadOption: there is no such method.
    """
    if method not in METHODS:
        raise BadOption(
            f"calibration is {', '.join(METHODS)}, not {method!r}.{did_you_mean(method, METHODS)}"
        )
    return method  # type: ignore[return-value] # mypy does not narrow a str to a Literal


def part_for(method: Method) -> Literal["tune", "calibrate"]:
    """Return the name of the part that `method` is fitted on."""
    return "tune" if method in ("isotonic", "venn-abers") else "calibrate"


def fit_calibration(
    probabilities: NDArray[np.float64], codes: NDArray[np.int64], *, method: Method = "temperature"
) -> Calibration:
    """Fit a calibration, judged by cross-fitting: each fifth is scored with the others' map.

    Args:
        probabilities: shape (n, k), of documents that the model was not fitted on.
        codes: shape (n,): their true classes.
        method: how.

    Returns:
        A calibration; the identity where there are fewer than 20 documents, or where the held-out log loss
        would get worse.
    """
    if check_method(method) == "none":
        return Calibration(note="not calibrated: none was asked for", before=quality(codes, probabilities))
    if len(codes) < _FEWEST:
        return Calibration(note=f"not calibrated: {len(codes)} documents, {_FEWEST} are needed")
    fit = _FITS[method]
    folds = np.arange(len(codes)) % _FOLDS
    held_out = np.empty_like(probabilities)
    for fold in range(_FOLDS):
        fitted = fit(probabilities[folds != fold], codes[folds != fold])
        held_out[folds == fold] = fitted.apply(probabilities[folds == fold])
    before, after = quality(codes, probabilities), quality(codes, held_out)
    losses = f"{before['log_loss']:.4f} to {after['log_loss']:.4f}"
    if after["log_loss"] > before["log_loss"]:
        note = f"{method} not kept: held-out log loss would rise from {losses}"
        return Calibration(note=note, before=before, after=after)
    found = fit(probabilities, codes)
    name = f"temperature {found.temperature:.3f}" if method == "temperature" else method
    note = f"{name}: held-out log loss {losses}, ECE {before['ece']:.3f} to {after['ece']:.3f}"
    if (probabilities.argmax(axis=1) == codes).all():
        note += (
            f"; none of {len(codes):,} documents was wrong, so no more confidence than that proves is stated"
        )
    return Calibration(
        method, found.temperature, found.steps, kept=True, note=note, before=before, after=after
    )


def cross_fitted(
    calibration: Calibration,
    probabilities: NDArray[np.float64],
    codes: NDArray[np.int64],
    folds: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the probabilities that `calibration` was fitted on, calibrated; shape (n, k).

    A temperature is one number and is applied as it is. Isotonic and Venn-Abers maps follow the mistakes of the
    documents that they are fitted on: those of each fold get a map that was fitted on the other folds.
    """
    if not calibration.steps or len(np.unique(folds)) < 2:
        return calibration.apply(probabilities)
    found = np.empty_like(probabilities)
    for fold in np.unique(folds):
        inside = folds == fold
        fitted = _FITS[calibration.method](probabilities[~inside], codes[~inside])
        found[inside] = fitted.apply(probabilities[inside])
    return found


def quality(codes: NDArray[np.int64], probabilities: NDArray[np.float64]) -> dict[str, float]:
    """Return "log_loss" (nats), "brier" and "ece" (equal-mass bins); empty where there is no document.

    Raises:
        Diverged: a probability is not finite.
    """
    from triage.stats import metrics

    if not len(codes):
        return {}
    return {
        "log_loss": metrics.log_loss(codes, probabilities),
        "brier": metrics.brier(codes, probabilities),
        "ece": metrics.ece(codes, probabilities),
    }


def _temperature(probabilities: NDArray[np.float64], codes: NDArray[np.int64]) -> Calibration:
    from scipy.optimize import minimize_scalar

    logits = np.log(np.clip(probabilities, _TINY, None))
    rows = np.arange(len(codes))

    second = np.partition(logits, -2, axis=1)[:, -2] if logits.shape[1] > 1 else logits[:, 0]

    def loss(log_t: float) -> float:
        """The log loss, with one more document whose class is the second likeliest (Platt 1999 smooths alike)."""
        temperature = float(np.exp(log_t))
        scaled = _scaled(logits, temperature)
        chosen = -np.log(np.clip(scaled[rows, codes], _TINY, None)).mean()
        runner_up = np.log(scaled.max(axis=1)) - (logits.max(axis=1) - second) / temperature
        return float(chosen - runner_up.mean() / len(codes))

    # The loss is convex in 1/T and has one minimum in log T; e**-3 to e**3 is 0.05 to 20.
    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-6})
    temperature = float(np.exp(found.x))
    if temperature < 1 and (probabilities.argmax(axis=1) == codes).all():
        # n documents without an error prove no more confidence than 1 - 1 / (n + 2), by the rule of succession.
        surest, low, high = 1 - 1 / (len(codes) + 2), np.log(temperature), 0.0
        for _ in range(40):
            middle = (low + high) / 2
            sure = _scaled(logits, float(np.exp(middle))).max()
            low, high = (middle, high) if sure > surest else (low, middle)
        temperature = float(np.exp(high))
    return Calibration("temperature", temperature)


def _each_class(learn: Callable[[NDArray[np.float64], NDArray[np.bool_]], Steps]) -> _Fit:
    def fit(probabilities: NDArray[np.float64], codes: NDArray[np.int64]) -> Calibration:
        return Calibration(
            steps=tuple(learn(column, codes == code) for code, column in enumerate(probabilities.T))
        )

    return fit


def _scaled(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    scaled = logits / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


_Fit = Callable[[NDArray[np.float64], NDArray[np.int64]], Calibration]
_FITS: Mapping[str, _Fit] = {
    "temperature": _temperature,
    "isotonic": _each_class(isotonic.isotonic),
    "venn-abers": _each_class(isotonic.venn_abers),
}
