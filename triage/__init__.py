"""Learn which label a text belongs to, and decide where it goes: into a queue automatically, or to a person.

Everything public is a name of this module. Each is imported when it is first used.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triage.api import compare as compare
    from triage.api import evaluate as evaluate
    from triage.api import load as load
    from triage.api import promise as promise
    from triage.api import route as route
    from triage.api import train as train
    from triage.errors import BadOption as BadOption
    from triage.errors import CannotWrite as CannotWrite
    from triage.errors import CheckFailed as CheckFailed
    from triage.errors import DataError as DataError
    from triage.errors import Diverged as Diverged
    from triage.errors import NoInput as NoInput
    from triage.errors import NotFitted as NotFitted
    from triage.errors import PluginFailed as PluginFailed
    from triage.errors import Refused as Refused
    from triage.errors import TriageError as TriageError
    from triage.errors import Unavailable as Unavailable
    from triage.errors import UnknownName as UnknownName
    from triage.errors import UsageError as UsageError
    from triage.host.extensions import Backend as Backend
    from triage.host.extensions import Cleaner as Cleaner
    from triage.host.extensions import Command as Command
    from triage.host.extensions import Corpus as Corpus
    from triage.host.extensions import Engine as Engine
    from triage.host.extensions import Extension as Extension
    from triage.host.extensions import Kind as Kind
    from triage.host.extensions import Policy as Policy
    from triage.host.extensions import Report as Report
    from triage.host.hookspecs import hookimpl as hookimpl
    from triage.host.hookspecs import hookspec as hookspec
    from triage.host.manager import Plugins as Plugins
    from triage.host.options import Between as Between
    from triage.host.options import Search as Search
    from triage.models.model import Model as Model
    from triage.models.model import load_model as load_model
    from triage.records import Dataset as Dataset
    from triage.records import Decision as Decision
    from triage.records import Document as Document
    from triage.records import Epoch as Epoch
    from triage.records import Evaluation as Evaluation
    from triage.records import Part as Part
    from triage.records import Prediction as Prediction
    from triage.records import Quarantined as Quarantined
    from triage.records import Run as Run
    from triage.records import Splits as Splits
    from triage.records import TaskResult as TaskResult
    from triage.records import Verdict as Verdict
    from triage.routing.streaming import Stream as Stream
    from triage.routing.streaming import StreamAnswer as StreamAnswer
    from triage.routing.streaming import StreamBatch as StreamBatch

__version__ = "0.1.0"

_MODULES = {
    "api": "compare evaluate load promise route train",
    "errors": "BadOption CannotWrite CheckFailed DataError Diverged NoInput NotFitted PluginFailed Refused "
    "TriageError Unavailable UnknownName UsageError",
    "host.extensions": "Backend Cleaner Command Corpus Engine Extension Kind Policy Report",
    "host.hookspecs": "hookimpl hookspec",
    "host.manager": "Plugins",
    "host.options": "Between Search",
    "models.model": "Model load_model",
    "records": "Dataset Decision Document Epoch Evaluation Part Prediction Quarantined Run Splits "
    "TaskResult Verdict",
    "routing.streaming": "Stream StreamAnswer StreamBatch",
}
_HOME = {name: f"triage.{module}" for module, names in _MODULES.items() for name in names.split()}

# Public names of 0.1 that are elsewhere now; they go with 0.3.
_MOVED = dict.fromkeys(("Days", "Forecaster", "History"), "triage_forecast")

__all__ = sorted(_HOME)  # noqa: PLE0605 - the names of the table above


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first used."""
    if name in _MOVED:
        warnings.warn(f"triage.{name} has moved to {_MOVED[name]}.{name}", DeprecationWarning, stacklevel=2)
        return getattr(importlib.import_module(_MOVED[name]), name)
    if name not in _HOME:
        raise AttributeError(f"module 'triage' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
