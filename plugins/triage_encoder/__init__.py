"""The backend `encoder`: a sentence encoder, run by ONNX Runtime, beside the features of `linear`."""

from __future__ import annotations

from collections.abc import Iterator

import triage
from triage_encoder._backend import encoder

__all__ = ["triage_backends"]


@triage.hookimpl
def triage_backends() -> Iterator[triage.Backend]:
    """Yield the backends of this plugin."""
    yield triage.Backend(
        name="encoder",
        summary="A sentence encoder joined with the features of linear: for few labels and short texts",
        build=encoder,
        requires=("onnxruntime", "sklearn", "tokenizers"),
        cleaners=("written",),
    )
