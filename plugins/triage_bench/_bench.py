"""Measure backends beside what one would use instead: the same documents, split and machine for all.

Each is fitted in a process of its own, saved, and asked by fresh processes, in turns, so that what else the
machine does falls on all alike. A competitor that is not installed is skipped, one that fails is reported;
neither stops the others.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from triage import DataError, Plugins, Unavailable, UnknownName, __version__
from triage.plugin_api import GOLDEN_TEXTS, Experiment, Prepared, prepare, to_json
from triage_bench._alternatives import ALTERNATIVES
from triage_bench._rows import MEASURES, SCORES, Row, judge

__all__ = ["MEASURES", "SCORES", "Row", "bench", "check_names"]

_HERE = Path(__file__).parent
_WAIT = 10.0


def check_names(names: Sequence[str]) -> None:
    """Raise UnknownName for an alternative that there is not."""
    for name in names:
        if name not in ALTERNATIVES:
            raise UnknownName("alternative", name, ALTERNATIVES)


def bench(
    prepared: Prepared,
    experiment: Experiment,
    plugins: Plugins,
    *,
    backends: Sequence[str],
    against: Sequence[str],
    repeats: int = 5,
    tutorial_epochs: int = 5,
    learned_from: Sequence[str] = ("train",),
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure `backends`, then the alternatives named by `against`, and return all rows with the facts.

    Args:
        prepared: the corpus, cleaned for the alternatives and divided.
        experiment: how it was divided; its seed is everybody's. Where it names no cleaners, a backend that
            asks for a cleaning of its own gets the same documents cleaned in that way.
        plugins: where the backends are looked up.
        backends: names of backends; the first that is measured is what the others are held against.
        against: names from `ALTERNATIVES`.
        repeats: how often cold and warm answers are timed; medians are kept.
        tutorial_epochs: of `tutorial-lstm`.
        learned_from: the parts that the alternatives learn from.
        tell: called with what is going on.

    Returns:
        The facts of the measurement, and under "rows" a `Row` for each competitor.

    Raises:
        UnknownName: a backend or an alternative that there is not.
        DataError: the train or the test part is empty.
    """
    check_names(against)
    splits = prepared.splits
    if not len(splits.train) or not len(splits.test):
        raise DataError(f"{prepared.dataset.name}: the train or the test part is empty; give more documents")
    rows = [_own(name, plugins) for name in backends] + [_other(name, tutorial_epochs) for name in against]
    load_before = _load()
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as where:
        folder = Path(where)
        record = {
            "corpus": prepared.dataset.name,
            "experiment": experiment.to_json(),
            "classes": list(prepared.labels.classes),
            "own": {row.name: row.backend for row in rows if row.backend},
            "tutorial_epochs": tutorial_epochs,
            "learned_from": list(learned_from),
            "parts": {
                name: {"codes": part.codes, "rows": part.rows, "groups": part.groups}
                for name, part in splits.parts.items()
            },
            **_readings(rows, prepared, experiment, plugins),
        }
        (folder / "parts.json").write_text(to_json(record, indent=None), encoding="ascii")
        for row in rows:
            if row.state == "measured":
                tell(f"training {row.name}")
                _train(row, folder)
                tell(_outcome(row))
        for turn in range(repeats):
            for row in rows:
                if row.state == "measured":
                    tell(f"asking {row.name}, {turn + 1} of {repeats}")
                    _ask(row, folder)
    for row in rows:
        for name, values in row.samples.items():
            row.costs[name] = statistics.median(values)
    judge(rows, prepared)
    return {
        "corpus": prepared.dataset.name,
        "corpus_sha256": prepared.dataset.sha256,
        "split": experiment.split,
        "seed": experiment.seed,
        "classes": len(prepared.labels.classes),
        "documents": {name: len(part) for name, part in splits.parts.items()},
        "cleaning": [name for name, _ in prepared.cleaning.steps],
        "learned_from": list(learned_from),
        "repeats": repeats,
        "machine": {
            "cpus": os.cpu_count(),
            "load_before": load_before,
            "load_after": _load(),
            "python": platform.python_version(),
            "platform": platform.platform(),
        },
        "rows": rows,
    }


def _readings(
    rows: Sequence[Row], prepared: Prepared, experiment: Experiment, plugins: Plugins
) -> dict[str, Any]:
    """Return the texts of the parts in each form that somebody reads, and the form that each row reads."""
    documents = prepared.dataset.documents
    parts = prepared.splits.parts
    written = {name: [documents[row].text for row in part.rows.tolist()] for name, part in parts.items()}
    texts: dict[str, Any] = {"cleaned": _texts(prepared), "written": written}
    cleaning: dict[str, Any] = {"cleaned": prepared.cleaning.steps}
    reads = {}
    for row in rows:
        if row.state != "measured":
            continue
        if row.backend is None:
            reads[row.name] = ALTERNATIVES[row.name].reads
        elif experiment.cleaners is not None or not plugins.backend(row.backend).cleaners:
            reads[row.name] = "cleaned"
        else:
            mine = prepare(prepared.dataset, experiment.changed(backend=row.backend), plugins)
            if any(
                mine.splits.parts[name].rows.tolist() != part.rows.tolist() for name, part in parts.items()
            ):
                row.stop("failed", "its cleaning leaves out other documents than that of the alternatives")
                continue
            reads[row.name] = row.name
            texts[row.name], cleaning[row.name] = _texts(mine), mine.cleaning.steps
    return {"texts": texts, "cleaning": cleaning, "reads": reads}


def _texts(prepared: Prepared) -> dict[str, Sequence[str]]:
    return {name: part.texts for name, part in prepared.splits.parts.items()}


def _own(name: str, plugins: Plugins) -> Row:
    row = Row(
        f"triage {name}", "a backend of triage, its defaults", "none", f"nlp-triage {__version__}", name
    )
    try:
        plugins.backend(name)
    except Unavailable as error:
        row.stop("skipped", str(error))
    return row


def _other(name: str, tutorial_epochs: int) -> Row:
    alternative = ALTERNATIVES[name]
    module, distribution = alternative.needs
    what = alternative.what
    if name == "tutorial-lstm":
        what += f", {tutorial_epochs} epoch{'s' if tutorial_epochs != 1 else ''}"
    row = Row(name, what, alternative.own, distribution)
    if importlib.util.find_spec(module) is None:
        extra = "train" if name == "tutorial-lstm" else "bench"
        row.stop("skipped", f"{distribution} is not installed: pip install 'nlp-triage[{extra}]'")
        return row
    try:
        row.library = f"{distribution} {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        row.library = distribution
    return row


def _train(row: Row, folder: Path) -> None:
    answer, _, peak = _run([sys.executable, "-m", "triage_bench._worker", "fit", str(folder), row.name])
    if "failed" in answer:
        row.stop("failed", str(answer["failed"]))
        return
    saved = folder / row.name
    row.costs["train_seconds"] = answer["seconds"]
    row.costs["train_cpu_seconds"] = answer["cpu_seconds"]
    row.costs["train_memory_mb"] = peak
    row.costs["disk_mb"] = sum(path.stat().st_size for path in saved.rglob("*") if path.is_file()) / 1e6


def _ask(row: Row, folder: Path) -> None:
    """One cold answer and one round of warm ones."""
    saved, text = str(folder / row.name), GOLDEN_TEXTS[0]
    if row.backend:
        cold = ["-m", "triage", "route", f"{saved}/model", "--text", text, "--format", "jsonl", "--quiet"]
    else:
        cold = ["-P", str(_HERE / "_alternatives.py"), row.name, saved, text]
    answer, seconds, peak = _run([sys.executable, *cold])
    if "failed" in answer:
        row.stop("failed", f"it does not answer from a fresh process: {answer['failed']}")
        return
    warm, _, _ = _run([sys.executable, "-m", "triage_bench._worker", "serve", str(folder), row.name])
    if "failed" in warm:
        row.stop("failed", str(warm["failed"]))
        return
    row.codes = np.asarray(warm["codes"], dtype=np.int64)
    for name, value in (
        ("cold_ms", seconds * 1000),
        ("cold_memory_mb", peak),
        ("warm_ms", warm["warm_ms"]),
        ("documents_per_second", warm["rate"]),
    ):
        row.samples.setdefault(name, []).append(value)


def _run(command: list[str]) -> tuple[dict[str, Any], float, float]:
    """Run a command under the stopwatch; return what it said, its seconds and its peak of memory in MB."""
    # Libraries talk on stderr at length, and may quote a text; shown only when debugging.
    talk = None if os.environ.get("TRIAGE_DEBUG", "") not in ("", "0") else subprocess.DEVNULL
    process = subprocess.Popen(  # noqa: S603 - this interpreter, on files of this package
        [sys.executable, "-I", "-S", str(_HERE / "_stopwatch.py"), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=talk,
        start_new_session=True,
    )
    try:
        out, _ = process.communicate()
    except BaseException:
        _end(process)
        raise
    *said, watch = out.decode("utf-8", "replace").splitlines() or [""]
    try:
        facts = json.loads(watch)
    except ValueError:
        return {"failed": f"its process ended with code {process.returncode}"}, 0.0, 0.0
    answer: Any = {}
    for line in reversed(said):
        if line.startswith("{"):
            answer = json.loads(line)
            break
    if facts["exit_code"] and "failed" not in answer:
        answer = {"failed": _ending(facts["exit_code"])}
    return answer, float(facts["seconds"]), float(facts["peak_memory_mb"])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the stopwatch and what it watches."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait(_WAIT)


def _ending(code: int) -> str:
    if code >= 0:
        return f"its process ended with code {code}"
    return f"its process was ended by {signal.Signals(-code).name}"


def _outcome(row: Row) -> str:
    if row.state == "failed":
        return f"{row.name} failed: {row.reason}"
    return f"trained {row.name} in {row.costs['train_seconds']:.1f} s"


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
