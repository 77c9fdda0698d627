"""Learn which label a text belongs to, and decide where it goes: into a queue by itself, or to a person."""

from triage.errors import (
    BadOption,
    CannotWrite,
    CheckFailed,
    DataError,
    Diverged,
    NoInput,
    NotFitted,
    PluginFailed,
    Refused,
    TriageError,
    Unavailable,
    UnknownName,
    UsageError,
)
from triage.forecasting.volumes import Days, History
from triage.host.extensions import Backend, Cleaner, Corpus, Forecaster, Policy, Report
from triage.host.hookspecs import hookimpl
from triage.host.manager import Plugins
from triage.host.options import Between
from triage.models.model import Model, load_model
from triage.records import (
    Dataset,
    Decision,
    Document,
    Epoch,
    Evaluation,
    Part,
    Prediction,
    Quarantined,
    Run,
    Splits,
    Verdict,
)
from triage.routing.streaming import Stream, StreamAnswer, StreamBatch

__version__ = "0.1.0"

__all__ = [
    "Backend",
    "BadOption",
    "Between",
    "CannotWrite",
    "CheckFailed",
    "Cleaner",
    "Corpus",
    "DataError",
    "Dataset",
    "Days",
    "Decision",
    "Diverged",
    "Document",
    "Epoch",
    "Evaluation",
    "Forecaster",
    "History",
    "Model",
    "NoInput",
    "NotFitted",
    "Part",
    "PluginFailed",
    "Plugins",
    "Policy",
    "Prediction",
    "Quarantined",
    "Refused",
    "Report",
    "Run",
    "Splits",
    "Stream",
    "StreamAnswer",
    "StreamBatch",
    "TriageError",
    "Unavailable",
    "UnknownName",
    "UsageError",
    "Verdict",
    "hookimpl",
    "load_model",
]
