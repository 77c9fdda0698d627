"""`python -m triage.testing.reload`: load a model in a process that never saw it, and print its answers."""

from __future__ import annotations

import importlib
import json
import os
import sys

from triage.host.manager import Plugins
from triage.models.model import load_model

__all__ = ["main"]


def main() -> None:
    """Read `{"module", "model", "texts"}` from stdin; the last line of stdout is the probabilities."""
    # What the plugin prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.buffer.read())
    plugins = Plugins(strict=True)
    plugins.register(importlib.import_module(asked["module"]))
    model = load_model(asked["model"], plugins)
    answers.write(json.dumps(model.predict_raw(asked["texts"]).tolist()) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
