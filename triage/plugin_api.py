"""What plugins may use of the core besides the names of `triage`: reading, writing, showing, measuring, training.

A name stays for one version after it was announced that it goes. Each is imported when it is first used, so a
plugin may import any of them at its top:

    >>> from triage.plugin_api import quote_path, write_file

The built-in plugins use nothing else of the core (and `triage.testing`, for the laws of a kind of their own).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triage.cli import cli
    from triage.cli.common import (
        BACKEND,
        CORPUS,
        Talk,
        columns_of,
        columns_options,
        experiment_options,
        json_option,
        names_of,
        print_json,
        quiet_option,
        read,
        read_experiment,
    )
    from triage.config import Experiment, load_experiment
    from triage.data import lookalikes
    from triage.data.characters import CONTROLS, INVISIBLE, Form, entities, normalizer
    from triage.data.cleaning import CleaningTimeout, build_cleaning
    from triage.data.defaults import policy_chain
    from triage.data.duplicates import near_duplicates, sketch
    from triage.data.labels import Labels
    from triage.data.plain_text import plain_pattern, readings
    from triage.data.sources import checked, gather, load, open_source
    from triage.data.splitting import split_stratified
    from triage.data.user_regex import compile_pattern, short
    from triage.data.vocabulary import Vectorizer, pad
    from triage.errors import did_you_mean
    from triage.evaluation.evaluate import with_held_out
    from triage.evaluation.jobs import placed
    from triage.evaluation.runs import to_json
    from triage.host.options import Option, options_of, parse_settings, resolve, with_shared
    from triage.host.protocols import (
        Adopts,
        Classifier,
        Clean,
        Decide,
        Explains,
        Exports,
        Quotes,
        Remembers,
        Render,
        Resumes,
        Source,
        Streams,
        Watch,
        Workers,
    )
    from triage.host.sandbox import launch
    from triage.io import plots
    from triage.io.dates import DateOrder, Days, check_format, could_be_several
    from triage.io.encoding import HEAD, LIMIT, characters, choose, physical_lines
    from triage.io.excel import SUFFIXES, sheet_rows
    from triage.io.files import (
        CSV_MARK,
        AtomicWriter,
        Input,
        csv_line,
        csv_uncell,
        open_input,
        quote_path,
        write_file,
    )
    from triage.io.html import Child, Markup, element, join, safe_html
    from triage.io.layout import (
        HEAD_LINES,
        Layout,
        find_header,
        find_layout,
        is_blank,
        merge_headers,
        same_header,
    )
    from triage.io.pictures import Panel, can_draw, draw_forecast
    from triage.io.plots import Axes, Curve, plot
    from triage.io.terminal import cell, console, safe_text, write_data
    from triage.io.text_tables import name_or_place, read_table, read_whole
    from triage.models import bundle
    from triage.models.bundle.manifest import MANIFEST, SCHEMA, manifest_of
    from triage.models.held_out import HeldOut
    from triage.models.model import GOLDEN_TEXTS, restore, save_model, state_of
    from triage.models.training import Prepared, fit, prepare
    from triage.routing.decision_reader import are_decisions, read_audits, read_decisions
    from triage.routing.decision_writer import json_lines
    from triage.routing.monitoring import Audit, AuditedCase, Seen, audit_bound, outcomes_in_order
    from triage.routing.promises import Promise, documents_needed, promise_of, scores_of, upper_bound
    from triage.routing.router import Router
    from triage.stats import comparison, metrics
    from triage.stats.calibration import Method, fit_calibration, part_for
    from triage.stats.comparison import Leak, leaks, name_of
    from triage.stats.metrics import confusion, macro_f1

_MODULES = {
    "cli": "cli",
    "cli.common": "BACKEND CORPUS Talk columns_of columns_options experiment_options json_option names_of "
    "print_json quiet_option read read_experiment",
    "config": "Experiment load_experiment",
    "data": "lookalikes",
    "data.characters": "CONTROLS Form INVISIBLE entities normalizer",
    "data.cleaning": "CleaningTimeout build_cleaning",
    "data.defaults": "policy_chain",
    "data.duplicates": "near_duplicates sketch",
    "data.labels": "Labels",
    "data.plain_text": "plain_pattern readings",
    "data.sources": "checked gather load open_source",
    "data.splitting": "split_stratified",
    "data.user_regex": "compile_pattern short",
    "data.vocabulary": "Vectorizer pad",
    "errors": "did_you_mean",
    "evaluation.evaluate": "with_held_out",
    "evaluation.jobs": "placed",
    "evaluation.runs": "to_json",
    "host.options": "Option options_of parse_settings resolve with_shared",
    "host.protocols": "Adopts Classifier Clean Decide Explains Exports Quotes Remembers Render Resumes Source "
    "Streams Watch Workers",
    "host.sandbox": "launch",
    "io": "plots",
    "io.dates": "DateOrder Days check_format could_be_several",
    "io.encoding": "HEAD LIMIT characters choose physical_lines",
    "io.excel": "SUFFIXES sheet_rows",
    "io.files": "AtomicWriter CSV_MARK Input csv_line csv_uncell open_input quote_path write_file",
    "io.html": "Child Markup element join safe_html",
    "io.layout": "HEAD_LINES Layout find_header find_layout is_blank merge_headers same_header",
    "io.pictures": "Panel can_draw draw_forecast",
    "io.plots": "Axes Curve plot",
    "io.terminal": "cell console safe_text write_data",
    "io.text_tables": "name_or_place read_table read_whole",
    "models": "bundle",
    "models.bundle.manifest": "MANIFEST SCHEMA manifest_of",
    "models.held_out": "HeldOut",
    "models.model": "GOLDEN_TEXTS restore save_model state_of",
    "models.training": "Prepared fit prepare",
    "routing.decision_reader": "are_decisions read_audits read_decisions",
    "routing.decision_writer": "json_lines",
    "routing.monitoring": "Audit AuditedCase Seen audit_bound outcomes_in_order",
    "routing.promises": "Promise documents_needed promise_of scores_of upper_bound",
    "routing.router": "Router",
    "stats": "comparison metrics",
    "stats.calibration": "Method fit_calibration part_for",
    "stats.comparison": "Leak leaks name_of",
    "stats.metrics": "confusion macro_f1",
}
_HOME = {name: f"triage.{module}" for module, names in _MODULES.items() for name in names.split()}

__all__ = sorted(_HOME)  # noqa: PLE0605 - the names of the table above


def __getattr__(name: str) -> Any:
    """Import a name from its module when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'triage.plugin_api' has no attribute {name!r}")
    module = importlib.import_module(_HOME[name])
    value = (
        getattr(module, name) if hasattr(module, name) else importlib.import_module(f"{_HOME[name]}.{name}")
    )
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
