"""A text classifier around a recurrent network: trained by Keras, served by ONNX Runtime."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from triage import DataError, NotFitted, Part, Refused, Unavailable, UsageError
from triage.plugin_api import Watch
from triage_recurrent._checkpoints import Checkpoint
from triage_recurrent._embeddings import ppmi_svd
from triage_recurrent._forward import Forward
from triage_recurrent._keras import KerasNetwork, to_logits
from triage_recurrent._linear import Linear, learn_linear, out_of_fold
from triage_recurrent._options import Training
from triage_recurrent._serving import Network, occluded
from triage_recurrent._stacking import Shares, stacked
from triage_recurrent._stepping import NotForward

if TYPE_CHECKING:
    from triage_recurrent._training import Trainer

__all__ = ["RecurrentText"]

logger = logging.getLogger(__name__)

_FOLDS = 5
_LEAST = 0.05  # share of the network, beside that of the linear model, that is worth its time
_AGREEMENT = 1e-5  # between Keras and ONNX Runtime, on probabilities


class RecurrentText:
    """Learns a network from token ids; `fit` promises what `Classifier` does.

    Args:
        name: the backend's.
        network: returns a `keras.Model` from the vocabulary size and the number of classes.
        training: how it is trained.
    """

    def __init__(self, name: str, network: Callable[[int, int], Any], training: Training) -> None:
        self.name = name
        self.training = training
        self._network = network
        self._served: Network | KerasNetwork | None = None
        self._forward: tuple[Network | KerasNetwork, Forward] | None = None
        self._folder: Path | None = None
        self._chosen: tuple[int, Shares] | None = None

    def keep_progress(self, folder: Path) -> None:
        """Keep the progress of the next `fit` in `folder`, and go on from what stands there.

        The weights are the same in the end as those of a training that was not stopped. What stands there
        must come from the same documents, options and seed.
        """
        self._folder = folder

    def fit(self, train: Part, tune: Part, *, seed: int, watch: Watch) -> None:
        """Learn from `train`, stop by `tune`, and get ready to serve.

        Raises:
            DataError: fewer than two classes, or a class without a document.
            Diverged: training went wrong before there were any good weights.
            Unavailable: TensorFlow is not installed.
        """
        self._learn(train, tune, self.training, None, seed=seed, watch=watch)

    def chosen(self) -> dict[str, Any]:
        """Return the number of epochs and the shares of network and linear model that `fit` chose."""
        if self._chosen is None:
            raise NotFitted(f"{self.name} has not been fitted: call fit first")
        epochs, shares = self._chosen
        return {"epochs": epochs, **shares._asdict()}

    def refit(self, train: Part, chosen: Sequence[Mapping[str, Any]], *, seed: int, watch: Watch) -> None:
        """Learn from all of `train` for as many epochs as earlier fits chose; errors as in `fit`.

        Args:
            train: all documents.
            chosen: what `chosen` of earlier fits returned: the median of the epochs counts, and the mean shares.
            seed: of the training.
            watch: told of every epoch.
        """
        epochs = max(1, round(float(np.median([each["epochs"] for each in chosen]))))
        shares = Shares(*(float(np.mean([each[name] for each in chosen])) for name in Shares._fields))
        training = replace(self.training, epochs=epochs, patience=epochs)
        self._learn(train, _nothing_of(train), training, shares, seed=seed, watch=watch)

    def _learn(
        self, train: Part, tune: Part, training: Training, shares: Shares | None, *, seed: int, watch: Watch
    ) -> None:
        """Learn from `train` and stop by `tune`; `shares` None to choose them on `tune`."""
        self._served = None
        _check(train)
        keras = _keras()
        from triage_recurrent._training import Lesson, Trainer

        assert train.sequences is not None
        assert tune.sequences is not None
        size, k = len(train.vocabulary), train.k
        with _seeded(keras, seed):
            network = self._network(size, k)
            self._start_embeddings(network, train, seed)
            linear, targets = self._linear(train, seed)
            lesson = Lesson(
                sequences=train.sequences,
                targets=targets,
                weights=_class_weights(train, self.training.class_weights)[train.codes],
                tune_sequences=tune.sequences,
                tune_codes=tune.codes,
                tune_offsets=np.zeros((len(tune), k), np.float32)
                if linear is None
                else self.training.linear_share * linear.logits(tune.sequences),
                share=1.0 if linear is None else 1 - self.training.linear_share,
            )
            trainer = Trainer(to_logits(network), training, seed=seed)
            checkpoint = Checkpoint(self._folder) if self._folder is not None else None
            if checkpoint is not None and checkpoint.restore(trainer):
                for epoch in trainer.history:
                    watch(epoch)
            after = None if checkpoint is None else lambda: checkpoint.save(trainer)
            trainer.fit(lesson, watch=watch, after=after)
            shares = shares or self._shares(trainer, linear, tune)
            self._chosen = max(1, trainer.best_epoch), shares
            linear = linear and linear.scaled(shares.linear)
            self._served = self._ready(
                KerasNetwork(network, linear, size, k, share=shares.network),
                (*tune.sequences[:200], *train.sequences[:200]),
            )

    def predict_proba(self, sequences: Sequence[NDArray[np.int32]], /) -> NDArray[np.float64]:
        """Return shape (len(sequences), k), whatever the order and the company of the sequences.

        Raises:
            NotFitted: before `fit`.
            DataError: an id that the vocabulary does not have.
        """
        return self._network_served.probabilities(self._checked(sequences))

    def start(self, n: int) -> tuple[NDArray[Any], ...]:
        """Return the states of n texts of which nothing was read; see `triage.host.protocols.Streams`.

        Raises:
            NotFitted: before `fit`.
            UsageError: the network reads backwards too, or holds a layer that needs the whole text.
        """
        return self._reader.start(n)

    def advance(
        self, states: Sequence[NDArray[Any]], pieces: Sequence[NDArray[np.int32]]
    ) -> tuple[tuple[NDArray[Any], ...], NDArray[np.float64]]:
        """Read on in some texts; see `triage.host.protocols.Streams`.

        Raises:
            DataError: an id that the vocabulary does not have.
        """
        return self._reader.advance(states, self._checked(pieces))

    def explain(
        self, sequences: Sequence[NDArray[np.int32]], codes: Sequence[int], *, most: int
    ) -> list[list[tuple[int, float]]]:
        """Return for each sequence the tokens that spoke for class `codes[i]`, heaviest first.

        The weight of a token is by how much the log-odds of the class fall when every occurrence of it is
        left out (Li, Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation
        Erasure"). Only tokens whose absence lowers them are listed.
        """
        explained = []
        for sequence, code in zip(self._checked(sequences), codes, strict=True):
            without = list(occluded(sequence))
            answers = self._network_served.probabilities([sequence, *(rest for _, rest in without)])[:, code]
            odds = np.log(np.maximum(answers, 1e-12)) - np.log(np.maximum(1 - answers, 1e-12))
            falls = [
                (token, float(odds[0] - other)) for (token, _), other in zip(without, odds[1:], strict=True)
            ]
            falls.sort(key=lambda fall: -fall[1])
            explained.append([fall for fall in falls[:most] if fall[1] > 0])
        return explained

    def get_state(self) -> dict[str, Any]:
        """Return the network as ONNX, or its weights where only Keras can serve it.

        Raises:
            NotFitted: before `fit`.
        """
        served = self._network_served
        state = {"vocabulary_size": served.vocabulary_size, "classes": served.classes}
        if isinstance(served, Network):
            return {**state, "network.onnx": served.data}
        linear = None if served.linear is None else asdict(served.linear)
        return {**state, "weights": served.weights, "linear": linear, "share": served.share}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `get_state` returned.

        Raises:
            Refused: it does not fit together.
            Unavailable: only Keras can serve it, and TensorFlow is not installed.
        """
        size, k = state["vocabulary_size"], state["classes"]
        if not all(type(number) is int and number > 0 for number in (size, k)):
            raise Refused("the size of the network is not stated: train the model anew")
        if "network.onnx" in state:
            self._served = Network(state["network.onnx"], vocabulary_size=size, classes=k)
            return
        _keras()
        linear = None if state["linear"] is None else Linear(**state["linear"])
        served = KerasNetwork(self._network(size, k), linear, size, k, share=state["share"])
        served.take(state["weights"])
        self._served = served

    def export(
        self, form: str, folder: Path, *, samples: Sequence[NDArray[np.int32]], max_length: int
    ) -> float:
        """Write the network for another runtime; see `triage.host.protocols.Exports`.

        Raises:
            UsageError: it cannot be written in this form.
            Unavailable: a library that this needs is not installed.
        """
        from triage_recurrent._export import export_keras, export_onnx, largest_difference

        served = self._network_served
        expected = self.predict_proba(samples)
        if form == "onnx":
            if isinstance(served, KerasNetwork):
                raise UsageError(f"{self.name} has a layer that cannot be written as ONNX; try savedmodel")
            return largest_difference(export_onnx(served.data, folder), samples, expected)
        _keras()
        if isinstance(served, Network):
            from triage_recurrent._rebuild import rebuild

            network = self._network(served.vocabulary_size, served.classes)
            linear, share = rebuild(served.data, network)
            served = KerasNetwork(network, linear, served.vocabulary_size, served.classes, share=share)
        answer = export_keras(served.model, form, folder, max_length=max_length)
        return largest_difference(answer, samples, expected)

    @property
    def _reader(self) -> Forward:
        """What keeps its place in texts, made when it is first asked for."""
        served = self._network_served
        if self._forward is None or self._forward[0] is not served:
            if isinstance(served, KerasNetwork):
                raise UsageError(
                    f"{self.name} has a layer that cannot be written as ONNX, which keeps its place"
                )
            try:
                self._forward = served, Forward(served.data)
            except NotForward as reason:
                raise UsageError(f"{self.name} cannot keep its place in a text: {reason}") from None
        return self._forward[1]

    @property
    def _network_served(self) -> Network | KerasNetwork:
        if self._served is None:
            raise NotFitted(f"{self.name} has not been fitted: call fit first, or load a model")
        return self._served

    def _checked(self, sequences: Sequence[NDArray[np.int32]]) -> Sequence[NDArray[np.int32]]:
        size = self._network_served.vocabulary_size
        if any(not len(sequence) or sequence.min() < 1 or sequence.max() >= size for sequence in sequences):
            raise DataError(f"{self.name}: a sequence is empty, or has ids that are not from 1 to {size - 1}")
        return sequences

    def _start_embeddings(self, network: Any, train: Part, seed: int) -> None:
        """Start every embedding of the whole vocabulary from the training text."""
        if self.training.embeddings != "ppmi":
            return
        assert train.sequences is not None
        for layer in network.layers:
            if type(layer).__name__ == "Embedding" and layer.input_dim == len(train.vocabulary):
                layer.set_weights(
                    [ppmi_svd(train.sequences, layer.input_dim, size=layer.output_dim, seed=seed)]
                )

    def _linear(self, train: Part, seed: int) -> tuple[Linear | None, NDArray[np.float32]]:
        """The linear model with its share in the answer, if it has one; and the targets of the network."""
        training = self.training
        targets = np.eye(train.k, dtype=np.float32)[train.codes]
        if not training.linear_share and not training.distillation:
            return None, targets
        folds = out_of_fold(train, folds=_FOLDS, seed=seed) if training.distillation else []
        linear, held_out = learn_linear(train, c=training.linear_c, pairs=training.pairs, folds=folds)
        if training.distillation:
            targets += training.distillation * (_softmax(held_out) - targets)
        return (linear if training.linear_share else None), targets

    def _shares(self, trainer: Trainer, linear: Linear | None, tune: Part) -> Shares:
        """What network and linear model each have in the answer."""
        if linear is None:
            return Shares(network=1.0, linear=0.0)
        share = self.training.linear_share
        start = Shares(network=1 - share, linear=share)
        if not self.training.stacking or not len(tune):
            return start
        assert tune.sequences is not None
        shares = stacked(
            trainer.logits(tune.sequences), linear.logits(tune.sequences), tune.codes, start=start
        )
        logger.info("%s: the answer is %.2f network + %.2f linear model", self.name, *shares)
        if shares.network < _LEAST * shares.linear:
            logger.warning(
                "%s adds next to nothing to its linear model here: tfidf should do as well, and is faster",
                self.name,
            )
        return shares

    def _ready(self, served: KerasNetwork, samples: Sequence[NDArray[np.int32]]) -> Network | KerasNetwork:
        """The network as ONNX if it can be and gives the same answers, else as it is."""
        from triage_recurrent._onnx import UnknownLayer, to_onnx

        try:
            data = to_onnx(served.model)
        except ImportError as error:
            raise Unavailable("this needs onnx: pip install 'nlp-triage[train]'") from error
        except UnknownLayer as unknown:
            logger.warning("%s is kept as weights and served by Keras: %s", self.name, unknown)
            return served
        network = Network(data, vocabulary_size=served.vocabulary_size, classes=served.classes)
        apart = np.abs(network.probabilities(samples) - served.probabilities(samples)).max()
        if not apart <= _AGREEMENT:
            logger.warning(
                "%s is kept as weights and served by Keras: as ONNX its answers are off by %.2g",
                self.name,
                apart,
            )
            return served
        return network


def _nothing_of(part: Part) -> Part:
    empty = np.empty(0, np.int64)
    return replace(part, texts=(), codes=empty, rows=empty, groups=empty, sequences=[])


def _check(train: Part) -> None:
    missing = [name for name, count in zip(train.classes, train.counts, strict=True) if not count]
    if missing:
        raise DataError(
            f"the training part has no document of {', '.join(missing[:5])}: leave out such labels"
        )
    if train.k < 2:
        raise DataError("there is one class only: a classifier needs two or more")


def _class_weights(train: Part, kind: str) -> NDArray[np.float32]:
    """Shape (k,): the weight of each class, 1 on average over the documents."""
    power = {"none": 0.0, "sqrt": 0.5, "balanced": 1.0}[kind]
    weights = (len(train) / train.counts) ** power
    return np.asarray(weights / weights[train.codes].mean(), np.float32)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True), np.float32)


def _keras() -> Any:
    try:
        import keras
    except ImportError as error:
        raise Unavailable("this needs tensorflow: pip install 'nlp-triage[train]'") from error
    return keras


@contextmanager
def _seeded(keras: Any, seed: int) -> Iterator[None]:
    """Seed what Keras draws from; give Python's and numpy's own generators back as they were."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        keras.utils.set_random_seed(seed)
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
