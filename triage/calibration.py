"""Probabilities that mean what they say: fitted on the calibrate part, kept only where they help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Calibration", "fit_temperature"]

_TINY = 1e-12
_FOLDS = 5
_FEWEST = 20


@dataclass(frozen=True)
class Calibration:
    """Temperature scaling (Guo et al. 2017, arXiv 1706.04599): softmax(log p / temperature).

    Attributes:
        temperature: above 1 makes a model less sure of itself; 1 leaves it as it is.
        kept: whether it made the held-out log loss better.
        note: why it was kept or not, in words.
        log_loss_before: held-out log loss in nats without it, or None where it was not measured.
        log_loss_after: held-out log loss in nats with it, or None.
    """

    temperature: float = 1.0
    kept: bool = False
    note: str = "not calibrated"
    log_loss_before: float | None = None
    log_loss_after: float | None = None

    def apply(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities of the same shape (n, k); numbers that are not finite stay so."""
        if self.temperature == 1.0:
            return probabilities
        return _scaled(np.log(np.clip(probabilities, _TINY, None)), self.temperature)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return {"method": "temperature", **vars(self)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Calibration:
        """Take back what `to_json` returned."""
        return cls(**{name: value for name, value in record.items() if name != "method"})


def fit_temperature(probabilities: NDArray[np.float64], codes: NDArray[np.int64]) -> Calibration:
    """Fit a temperature, judged by cross-fitting: each fifth is scored with the others' temperature.

    Args:
        probabilities: shape (n, k), of documents that the model was not fitted on.
        codes: shape (n,): their true classes.

    Returns:
        A calibration; the identity where there are fewer than 20 documents or where it did not help.
    """
    if len(codes) < _FEWEST:
        return Calibration(note=f"not calibrated: {len(codes)} documents, {_FEWEST} are needed")
    logits = np.log(np.clip(probabilities, _TINY, None))
    folds = np.arange(len(codes)) % _FOLDS
    held_out = np.empty(len(codes))
    for fold in range(_FOLDS):
        fitted = _best_temperature(logits[folds != fold], codes[folds != fold])
        held_out[folds == fold] = _losses(logits[folds == fold], codes[folds == fold], fitted)
    before, after = float(_losses(logits, codes, 1.0).mean()), float(held_out.mean())
    if after > before:
        note = f"temperature not kept: held-out log loss would rise from {before:.4f} to {after:.4f}"
        return Calibration(note=note, log_loss_before=before, log_loss_after=after)
    temperature = _best_temperature(logits, codes)
    note = f"temperature {temperature:.3f}: held-out log loss {before:.4f} to {after:.4f}"
    return Calibration(temperature, kept=True, note=note, log_loss_before=before, log_loss_after=after)


def _best_temperature(logits: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    from scipy.optimize import minimize_scalar

    # The loss is convex in 1/T and has one minimum in log T; e**-3 to e**3 is 0.05 to 20.
    found = minimize_scalar(
        lambda log_t: float(_losses(logits, codes, float(np.exp(log_t))).mean()),
        bounds=(-3.0, 3.0),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def _losses(logits: NDArray[np.float64], codes: NDArray[np.int64], temperature: float) -> NDArray[np.float64]:
    chosen = _scaled(logits, temperature)[np.arange(len(codes)), codes]
    losses: NDArray[np.float64] = -np.log(np.clip(chosen, _TINY, None))
    return losses


def _scaled(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    scaled = logits / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled
