"""A training whose whole state is weights, optimizer and counters: one seed, one outcome, bit for bit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage import Diverged, Epoch
from triage.plugin_api import Watch
from triage_recurrent._batches import by_length, training_batches
from triage_recurrent._guard import Guard, TrainingTrouble
from triage_recurrent._options import Training

__all__ = ["Lesson", "Trainer"]

logger = logging.getLogger(__name__)

_PLATEAU = 2  # epochs without a better tune loss until the learning rate is halved
_BATCH = 256  # documents in one step of prediction
_FLOOR = 1e-7  # probabilities below it count as it, so that one document cannot decide


@dataclass(frozen=True)
class Lesson:
    """What is learned from, and what is stopped on.

    Attributes:
        sequences: n sequences of token ids.
        targets: shape (n, k), float32: rows that sum to 1.
        weights: shape (n,), float32: how much each document counts.
        tune_sequences: m sequences of token ids.
        tune_codes: shape (m,): their classes.
        tune_offsets: shape (m, k), float32: what is added to the network's logits where it is judged.
        share: what the network's logits are multiplied by where it is judged.
    """

    sequences: Sequence[NDArray[np.int32]]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    tune_sequences: Sequence[NDArray[np.int32]]
    tune_codes: NDArray[np.int64]
    tune_offsets: NDArray[np.float32]
    share: float = 1.0


class Trainer:
    """Trains a network that ends in logits.

    Args:
        network: a `keras.Model` from ids (batch, time) to logits (batch, k).
        training: how.
        seed: of batches and dropouts. Weights are initialised before, when the network is built.
    """

    def __init__(self, network: Any, training: Training, *, seed: int) -> None:
        import keras

        self.network = network
        self.training = training
        self.seed = seed
        self.history: list[Epoch] = []
        self._classes = int(network.outputs[0].shape[-1])
        self._variables = list(network.trainable_variables)
        self._optimizer = keras.optimizers.Adam(training.learning_rate, global_clipnorm=training.clip_norm)
        self._optimizer.build(self._variables)
        self._averaged = [variable.numpy() for variable in self._variables] if training.averaging else []
        self._best: list[NDArray[Any]] | None = None
        self._best_score, self._waited, self._stale = np.inf, 0, 0
        kept = {id(weight) for weight in network.weights}
        self._randomness = [variable for variable in network.variables if id(variable) not in kept]
        self._step, self._forward, self._means = self._compiled()

    def fit(self, lesson: Lesson, *, watch: Watch, after: Callable[[], None] | None = None) -> None:
        """Train until nothing gets better; afterwards the network holds the weights of the best epoch.

        Args:
            lesson: what to learn.
            watch: told of every epoch.
            after: called when an epoch is over and `state` holds all that the next one needs.

        Raises:
            Diverged: it went wrong before there were any good weights.
        """
        guard = Guard((_layer_of(variable) for variable in self._variables), classes=self._classes)
        for epoch in self.history:
            guard.reached = min(guard.reached, epoch.loss)
        try:
            while len(self.history) < self.training.epochs and self._waited < self.training.patience:
                epoch = self._epoch(lesson, guard)
                self.history.append(epoch)
                watch(epoch)
                if after is not None:
                    after()
        except TrainingTrouble as trouble:
            if self._best is None:
                raise Diverged(
                    f"training went wrong in epoch {len(self.history) + 1}: {trouble}. "
                    "There are no good weights to go back to, and no model is kept"
                ) from None
            logger.warning(
                "training went wrong in epoch %d: %s. The weights of epoch %d are kept",
                len(self.history) + 1,
                trouble,
                self.best_epoch,
            )
        except KeyboardInterrupt:
            if self._best is None:
                raise
            logger.warning("interrupted: the weights of epoch %d are kept", self.best_epoch)
        assert self._best is not None
        self.network.set_weights(self._best)

    @property
    def best_epoch(self) -> int:
        """The number of the best epoch so far, or 0."""
        return max((epoch.number for epoch in self.history if epoch.best), default=0)

    def logits(self, sequences: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        """Return the network's logits, shape (len(sequences), k)."""
        import tensorflow as tf

        found = np.zeros((len(sequences), self._classes), np.float32)
        for rows, ids in by_length(sequences, batch=_BATCH):
            found[rows] = self._forward(tf.constant(ids)).numpy()
        return found

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return everything that the next epoch depends on: arrays by name, and values that JSON can hold."""
        groups = {
            "weights": self.network.get_weights(),
            "optimizer": [variable.numpy() for variable in self._optimizer.variables],
            "averaged": self._averaged,
            "best": self._best or [],
        }
        arrays = {
            f"{name}/{number:05d}": np.asarray(array)
            for name, group in groups.items()
            for number, array in enumerate(group)
        }
        score = None if np.isinf(self._best_score) else self._best_score
        counters = {"score": score, "waited": self._waited, "stale": self._stale}
        return arrays, {**counters, "history": [asdict(epoch) for epoch in self.history]}

    def restore(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        """Take back what `state` returned; `fit` then goes on with the next epoch."""

        def group(name: str) -> list[NDArray[Any]]:
            return [arrays[key] for key in sorted(arrays) if key.startswith(f"{name}/")]

        self.network.set_weights(group("weights"))
        for variable, value in zip(self._optimizer.variables, group("optimizer"), strict=True):
            variable.assign(value)
        self._averaged = group("averaged")
        self._best = group("best") or None
        self._best_score = np.inf if values["score"] is None else values["score"]
        self._waited, self._stale = values["waited"], values["stale"]
        self.history = [Epoch(**epoch) for epoch in values["history"]]

    def _epoch(self, lesson: Lesson, guard: Guard) -> Epoch:
        number = len(self.history)
        started = time.perf_counter()
        self._seed_dropouts(number)
        for mean, value in zip(self._means, self._averaged, strict=True):
            mean.assign(value)
        guard.start_epoch()
        losses, counts = [], []
        for ids, target, weight in self._fed(lesson, number):
            loss, norms = self._step(ids, target, weight)
            losses.append(float(loss))
            counts.append(int(ids.shape[0]))
            guard.step(losses[-1], norms.numpy())
        mean_loss = float(np.average(losses, weights=counts))
        guard.end_epoch(mean_loss, (variable.numpy() for variable in self._variables))
        seconds = time.perf_counter() - started
        rate = float(self._optimizer.learning_rate)
        plain = [variable.numpy() for variable in self._variables]
        self._averaged = [mean.numpy() for mean in self._means]
        self._assign(self._averaged or plain)
        try:
            tune_loss, macro_f1 = self._judged(lesson)
            score = mean_loss if tune_loss is None else tune_loss
            better = score < self._best_score or self._best is None
            if better:
                self._best, self._best_score = self.network.get_weights(), score
                self._waited = self._stale = 0
            else:
                self._waited += 1
                self._stale += 1
        finally:
            self._assign(plain)
        if self._stale >= _PLATEAU:
            self._stale = 0
            self._optimizer.learning_rate = rate / 2
        return Epoch(
            number=number + 1,
            of=self.training.epochs,
            loss=mean_loss,
            tune_loss=tune_loss,
            tune_macro_f1=macro_f1,
            learning_rate=rate,
            documents_per_second=len(lesson.sequences) / max(seconds, 1e-9),
            gradient_norms=guard.norms(),
            best=better,
        )

    def _judged(self, lesson: Lesson) -> tuple[float | None, float | None]:
        """Log loss and macro-F1 on the tune part; None where it is empty."""
        codes = lesson.tune_codes
        if not len(codes):
            return None, None
        logits = lesson.share * self.logits(lesson.tune_sequences) + lesson.tune_offsets
        if not np.isfinite(logits).all():
            raise TrainingTrouble("the tune part's answers are not finite", "a lower learning-rate")
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        own = np.maximum(chances[np.arange(len(codes)), codes], _FLOOR)
        return float(-np.log(own).mean()), _macro_f1(codes, chances.argmax(axis=1), self._classes)

    def _fed(self, lesson: Lesson, number: int) -> Iterator[Any]:
        """The batches of one epoch as tensors; the next ones are padded while a step is computed."""
        import tensorflow as tf

        def batches() -> Iterator[tuple[NDArray[Any], ...]]:
            for rows, ids in training_batches(
                lesson.sequences,
                batch=self.training.batch,
                seed=self.seed,
                epoch=number,
                word_dropout=self.training.word_dropout,
            ):
                yield ids, lesson.targets[rows], lesson.weights[rows]

        signature = (
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, self._classes], tf.float32),
            tf.TensorSpec([None], tf.float32),
        )
        fed: Iterator[Any] = iter(
            tf.data.Dataset.from_generator(batches, output_signature=signature).prefetch(4)
        )
        return fed

    def _seed_dropouts(self, number: int) -> None:
        """Every epoch's dropout masks follow from seed and epoch, so that a resumed run draws the same."""
        for place, variable in enumerate(self._randomness):
            words = np.random.SeedSequence([self.seed, number, place]).generate_state(
                int(np.prod(variable.shape))
            )
            variable.assign(words.astype(np.uint32).reshape(variable.shape))

    def _assign(self, values: Sequence[NDArray[Any]]) -> None:
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)

    def _compiled(self) -> tuple[Any, Any, list[Any]]:
        """One step of training and one of prediction, and the running means of the weights."""
        import tensorflow as tf

        network, variables, optimizer = self.network, self._variables, self._optimizer
        decay = self.training.averaging
        means = [tf.Variable(value, trainable=False) for value in self._averaged]
        ids = tf.TensorSpec([None, None], tf.int32)
        row = tf.TensorSpec([None, self._classes], tf.float32)

        def step(tokens: Any, target: Any, weight: Any) -> Any:
            with tf.GradientTape() as tape:
                losses = tf.nn.softmax_cross_entropy_with_logits(target, network(tokens, training=True))
                loss = tf.reduce_sum(losses * weight) / tf.reduce_sum(weight)
            gradients = tape.gradient(loss, variables, unconnected_gradients="zero")
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
            optimizer.apply(gradients, variables)
            if means:
                steps = tf.cast(optimizer.iterations, tf.float32)
                keep = tf.minimum(decay, (1 + steps) / (10 + steps))
                for mean, variable in zip(means, variables, strict=True):
                    mean.assign_add((1 - keep) * (variable.value - mean))
            return loss, tf.stack([tf.norm(gradient) for gradient in gradients])

        def forward(tokens: Any) -> Any:
            return network(tokens, training=False)

        # Concrete: calls of several trainings in one process are not taken for one function traced anew.
        weights = tf.TensorSpec([None], tf.float32)
        return (
            tf.function(step, input_signature=[ids, row, weights]).get_concrete_function(),
            tf.function(forward, input_signature=[ids]).get_concrete_function(),
            means,
        )


def _layer_of(variable: Any) -> str:
    """The layer that a variable belongs to, by the path that Keras gives it."""
    return str(variable.path).split("/", 1)[0]


def _macro_f1(codes: NDArray[np.int64], guessed: NDArray[np.intp], k: int) -> float:
    """Mean F1 of the classes that occur, in truth or in guesses."""
    matrix = np.zeros((k, k))
    np.add.at(matrix, (codes, guessed), 1)
    right, total = np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1)
    return float((2 * right[total > 0] / total[total > 0]).mean())
