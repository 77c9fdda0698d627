"""The names of the core that the service uses, in one place."""

from triage.data.defaults import policy_chain
from triage.data.sources import gather, open_source
from triage.errors import (
    BadOption,
    CannotWrite,
    NoInput,
    PluginFailed,
    Refused,
    TriageError,
    Unavailable,
    UsageError,
)
from triage.host.manager import Plugins
from triage.models.model import Model, load_model
from triage.records import Decision, Document
from triage.routing.decision_writer import json_lines
from triage.routing.router import Router

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
