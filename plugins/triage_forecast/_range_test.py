"""The learning-rate range test: let the rate grow from step to step, and see where the loss is lowest."""

from __future__ import annotations

from typing import Any

import numpy as np

from triage_forecast._lessons import Lessons

__all__ = ["chosen_rate", "rate_of"]

_LOW, _HIGH = 1e-5, 1.0  # the rates that are tried
_STEPS = 60
_LEAST, _MOST = 1e-4, 2e-2  # what is believed: a short test on few windows is a rough measure
_BELOW = 10.0  # times lower than where the loss is lowest: there it is about to rise again
_MEMORY = 0.8  # of the running mean that smooths the losses


def rate_of(model: Any, lessons: Lessons, *, batch: int) -> float:
    """Return a learning rate for `model`, which is left with the weights that it had.

    Args:
        model: compiled.
        lessons: to be learned.
        batch: windows in one step.
    """
    import keras

    rates = np.geomspace(_LOW, _HIGH, _STEPS)
    losses: list[float] = []

    class Growing(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
        """Sets the next rate before each step, and keeps the loss of each."""

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            """Set the rate."""
            self.model.optimizer.learning_rate.assign(rates[min(len(losses), _STEPS - 1)])

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            """Keep the loss of this step; what Keras tells is the mean of the epoch so far."""
            before = sum(losses[len(losses) - batch :]) if batch else 0.0
            losses.append(float(logs["loss"]) * (batch + 1) - before)
            if len(losses) >= _STEPS or not np.isfinite(losses[-1]):
                self.model.stop_training = True

    weights = model.get_weights()
    model.optimizer.build(model.trainable_variables)
    state = [variable.numpy().copy() for variable in model.optimizer.variables]
    epochs = -(-_STEPS // -(-len(lessons.windows) // batch))
    model.fit(
        lessons.pair,
        lessons.targets,
        batch_size=batch,
        epochs=epochs,
        shuffle=True,
        verbose=0,
        callbacks=[Growing()],
    )
    model.set_weights(weights)
    for variable, value in zip(model.optimizer.variables, state, strict=True):
        variable.assign(value)
    return chosen_rate(rates[: len(losses)], np.array(losses))


def chosen_rate(rates: np.ndarray, losses: np.ndarray) -> float:
    """Return a tenth of the rate at which the smoothed loss is lowest, within what is believed.

    Args:
        rates: rising.
        losses: at each rate; the last may be not finite.
    """
    smooth = np.empty(len(losses))
    mean = float(losses[0])
    for step, loss in enumerate(losses):
        mean = _MEMORY * mean + (1 - _MEMORY) * float(loss)
        smooth[step] = mean
    finite = np.isfinite(smooth)
    if not finite.any():
        return _LEAST
    lowest = int(np.nanargmin(np.where(finite, smooth, np.inf)))
    return float(np.clip(rates[lowest] / _BELOW, _LEAST, _MOST))
