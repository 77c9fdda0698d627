"""A trained network for ONNX Runtime, TensorFlow Serving and LiteRT, each loaded again and asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage import Unavailable, UsageError
from triage.plugin_api import pad, write_file

__all__ = ["export_keras", "export_onnx", "largest_difference"]

Answer = Callable[[NDArray[np.int32]], NDArray[Any]]
"""From ids (1, time) to probabilities (1, k)."""


def export_onnx(data: bytes, folder: Path) -> Answer:
    """Write `network.onnx` and return how it answers."""
    import onnxruntime

    path = folder / "network.onnx"
    write_file(path, data)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda ids: np.asarray(session.run(None, {"tokens": ids.astype(np.int64)})[0])


def export_keras(model: Any, form: str, folder: Path, *, max_length: int) -> Answer:
    """Write a `keras.Model` as a SavedModel or for LiteRT, and return how what was written answers.

    Raises:
        UsageError: an unknown form, or a layer that the form has no operations for.
        Unavailable: ai-edge-litert, which runs what was written for LiteRT, is not installed.
    """
    if form == "savedmodel":
        return _saved_model(model, folder / "saved_model" / "1")
    if form == "tflite":
        return _litert(model, folder / "network.tflite", max_length)
    raise UsageError(f"the forms are onnx, savedmodel and tflite, not {form!r}")


def _saved_model(model: Any, folder: Path) -> Answer:
    """TensorFlow Serving takes the directory above: its name is the model's, `1` the version."""
    import tensorflow as tf

    module = tf.Module()
    module.model = model
    serve = tf.function(
        lambda tokens: {"probabilities": model(tokens, training=False)},
        input_signature=[tf.TensorSpec([None, None], tf.int32, name="tokens")],
    )
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve.get_concrete_function()})
    answer = tf.saved_model.load(str(folder)).signatures["serving_default"]
    return lambda ids: np.asarray(answer(tokens=tf.constant(ids))["probabilities"])


def _litert(model: Any, path: Path, max_length: int) -> Answer:
    """One text at a time, padded to `max_length`: only a fixed shape needs no operations but LiteRT's own."""
    try:
        from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        raise Unavailable(
            "this needs ai-edge-litert, to check what it writes: pip install 'nlp-triage[litert]'"
        ) from error
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    serve = tf.function(
        lambda tokens: model(tokens, training=False),
        input_signature=[tf.TensorSpec([1, max_length], tf.int32, name="tokens")],
    ).get_concrete_function()
    # Variables that are not frozen convert, and then fail when the model is run.
    frozen = convert_variables_to_constants_v2(serve)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], model)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    try:
        data: bytes = converter.convert()
    except Exception as error:
        raise UsageError(
            f"the network holds an operation that LiteRT does not have ({type(error).__name__})"
        ) from error
    write_file(path, data)
    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    (given,), (found,) = interpreter.get_input_details(), interpreter.get_output_details()

    def answer(ids: NDArray[np.int32]) -> NDArray[Any]:
        interpreter.set_tensor(given["index"], np.pad(ids, ((0, 0), (0, max_length - ids.shape[1]))))
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(found["index"]))

    return answer


def largest_difference(
    answer: Answer, samples: Sequence[NDArray[np.int32]], expected: NDArray[np.float64]
) -> float:
    """Return the largest difference between the answers to `samples` and the `expected` ones."""
    found = np.concatenate([answer(pad([sample])) for sample in samples])
    return float(np.abs(found - expected).max())
