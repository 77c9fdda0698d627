"""Run one task: find the function by its name, call it with JSON, return JSON."""

from __future__ import annotations

import importlib
import json
from typing import Any

import triage

__all__ = ["run_task"]


def run_task(text: str) -> str:
    """Run a task and return its outcome; both are JSON.

    Args:
        text: `{"function": "module:name", "payload": {...}}`.

    Returns:
        `{"value": ...}` of what the function returned, or `{"error": ..., "exit_code": ...}`. An error that is no
        `TriageError` is told by its type only: its message may quote a document.
    """
    task = json.loads(text)
    try:
        module, _, name = task["function"].partition(":")
        function = getattr(importlib.import_module(module), name)
        outcome: dict[str, Any] = {"value": function(task["payload"])}
        return json.dumps(outcome)
    except triage.TriageError as error:
        return json.dumps({"error": str(error), "exit_code": error.exit_code})
    except Exception as error:  # noqa: BLE001 - a task may raise anything
        return json.dumps({"error": f"the task failed with {type(error).__name__}", "exit_code": 70})
