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
from triage.extensions import Backend, Cleaner, Corpus, Forecaster, Policy, Report
from triage.forecasting.volumes import Days, History
from triage.hookspecs import hookimpl
from triage.model import Model, load_model
from triage.options import Between
from triage.plugins import Plugins
from triage.streaming import Stream, StreamAnswer, StreamBatch
from triage.values import (
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
