"""Keras layers that the designs here are made of, defined when first asked for: Keras is slow to import."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from triage_recurrent._linear import Linear, pair_key, pair_slot

__all__ = ["layers"]


@functools.cache
def layers() -> SimpleNamespace:
    """Return the layers by name: MaxMeanPooling, AttentionPooling, LogProbabilities and LinearTerms."""
    import keras
    from keras import ops

    class MaxMeanPooling(keras.layers.Layer):  # type: ignore[misc]
        """Maximum and mean over the steps that are no padding: (batch, time, d) to (batch, 2 d)."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            if mask is None:
                mask = ops.ones(ops.shape(inputs)[:2], "bool")
            real = ops.expand_dims(ops.cast(mask, inputs.dtype), -1)
            top = ops.max(ops.where(real > 0, inputs, -1e9), axis=1)
            mean = ops.sum(inputs * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)
            return ops.concatenate([top, mean], axis=-1)

        def compute_mask(self, inputs: Any, mask: Any = None) -> None:  # noqa: ARG002
            return None

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], 2 * shape[-1])

    class AttentionPooling(keras.layers.Layer):  # type: ignore[misc]
        """Weighted mean over the steps that are no padding: (batch, time, d) to (batch, d).

        The weights are softmax(v . tanh(W h + b)); Yang et al. (2016), "Hierarchical Attention Networks for
        Document Classification".
        """

        def __init__(self, units: int = 64, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.supports_masking = True

        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(name="kernel", shape=(shape[-1], self.units))
            self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
            self.vector = self.add_weight(name="vector", shape=(self.units, 1))

        def call(self, inputs: Any, mask: Any = None) -> Any:
            score = ops.matmul(ops.tanh(ops.matmul(inputs, self.kernel) + self.bias), self.vector)
            if mask is not None:
                score = ops.where(ops.expand_dims(mask, -1), score, -1e9)
            share = ops.exp(score - ops.max(score, axis=1, keepdims=True))  # ops.softmax warns on one step
            return ops.sum(share * inputs, axis=1) / ops.sum(share, axis=1)

        def compute_mask(self, inputs: Any, mask: Any = None) -> None:  # noqa: ARG002
            return None

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[-1])

    class LogProbabilities(keras.layers.Layer):  # type: ignore[misc]
        """Logits of a network that ends in probabilities."""

        def call(self, inputs: Any) -> Any:
            return ops.log(ops.maximum(inputs, 1e-7))

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    class LinearTerms(keras.layers.Layer):  # type: ignore[misc]
        """The logits of a `Linear` model: ids (batch, time) to (batch, classes). Nothing in it is trained."""

        def __init__(self, linear: Linear, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.linear = linear

        def call(self, ids: Any, mask: Any = None) -> Any:  # noqa: ARG002
            linear = self.linear
            wide = ops.cast(ids, "int64")
            words, pairs, keys, slots = map(
                ops.convert_to_tensor, (linear.words, linear.pairs, linear.keys, linear.slots)
            )
            rows = ops.take(words, wide, axis=0)
            for gap in range(1, linear.reach + 1):
                before = ops.pad(wide, [[0, 0], [gap, 0]])[:, :-gap]
                row = ops.take(slots, pair_slot(before, wide, gap, len(linear.slots)), axis=0)
                known = ops.take(keys, row, axis=0) == pair_key(before, wide, gap, len(linear.words))
                rows = rows + ops.take(pairs, ops.where(known, row, ops.zeros_like(row)), axis=0)
            total = ops.sum(rows, axis=1)
            length = ops.sqrt(ops.maximum(total[:, -1:], 1e-12))
            return total[:, :-1] / length + ops.convert_to_tensor(linear.intercept)

        def compute_mask(self, ids: Any, mask: Any = None) -> None:  # noqa: ARG002
            return None

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], len(self.linear.intercept))

    return SimpleNamespace(
        MaxMeanPooling=MaxMeanPooling,
        AttentionPooling=AttentionPooling,
        LogProbabilities=LogProbabilities,
        LinearTerms=LinearTerms,
    )
