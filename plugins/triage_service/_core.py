"""The names of the core that the service uses, in one place."""

from triage import (
    BadOption,
    CannotWrite,
    Decision,
    Document,
    Model,
    NoInput,
    PluginFailed,
    Plugins,
    Refused,
    TriageError,
    Unavailable,
    UsageError,
    load_model,
)
from triage.plugin_api import Router, gather, json_lines, open_source, policy_chain

__all__ = [
    "BadOption",
    "CannotWrite",
    "Decision",
    "Document",
    "Model",
    "NoInput",
    "PluginFailed",
    "Plugins",
    "Refused",
    "Router",
    "TriageError",
    "Unavailable",
    "UsageError",
    "gather",
    "json_lines",
    "load_model",
    "open_source",
    "policy_chain",
]
