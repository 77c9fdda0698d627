"""One competitor in a process of its own: `python -m triage_bench._worker fit|serve FOLDER NAME`.

FOLDER holds `parts.json`, the same for all, and a directory NAME for what this one saves. The answer is one
line of JSON on stdout; what libraries print goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from triage import Dataset, Part, Plugins, Splits, TriageError, load_model
from triage.plugin_api import Experiment, Labels, Prepared, build_cleaning, fit, save_model
from triage_bench._alternatives import ALTERNATIVES, Alternative, Failed, TutorialLstm

__all__ = ["PARTS", "OwnBackend"]

PARTS = "parts.json"
WARM_UP = 32
SINGLES = 100
SECONDS = 3.0  # the longest that texts are asked one by one


class OwnBackend:
    """A backend of triage, saved as by `triage train` and asked as by `triage route`."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.plugins = Plugins.discover()
        self.record = record

    def fit_parts(self) -> None:
        """Fit on the train part, stop on the tune part, calibrate on the calibrate part."""
        classes, reads = tuple(self.record["classes"]), self.record["reads"][self.record["name"]]
        parts: dict[str, Any] = {
            name: Part(
                texts=tuple(self.record["texts"][reads][name]),
                codes=np.asarray(part["codes"], dtype=np.int64),
                classes=classes,
                rows=np.asarray(part["rows"], dtype=np.int64),
                groups=np.asarray(part["groups"], dtype=np.int64),
            )
            for name, part in self.record["parts"].items()
        }
        experiment = Experiment.from_json(self.record["experiment"])
        self.prepared = Prepared(
            dataset=Dataset(self.record["corpus"], ()),
            cleaning=build_cleaning(self.plugins, [tuple(step) for step in self.record["cleaning"][reads]]),
            labels=Labels(classes),
            splits=Splits(**parts),
        )
        self.model = fit(
            self.prepared, experiment.changed(backend=self.record["backend"]), self.plugins
        ).model

    def answer(self, texts: list[str]) -> list[int]:
        """Answer with the likeliest class of the calibrated probabilities."""
        found = self.model.predict_cleaned(texts)
        if not np.isfinite(found).all():
            raise Failed("it answers with numbers that are not finite")
        return [int(code) for code in found.argmax(axis=1)]

    def save(self, folder: Path) -> None:
        """Write a bundle, with all that `triage train` keeps in it."""
        from triage.plugin_api import with_held_out

        save_model(str(folder / "model"), with_held_out(self.model, self.prepared))

    def load(self, folder: Path) -> None:
        """Read the bundle, checked as always."""
        self.model = load_model(str(folder / "model"), self.plugins)


def _competitor(record: dict[str, Any], name: str) -> OwnBackend | Alternative:
    own = record["own"].get(name)
    if own is not None:
        return OwnBackend({**record, "backend": own, "name": name})
    made = ALTERNATIVES[name]()
    if isinstance(made, TutorialLstm):
        made.epochs = record["tutorial_epochs"]
    return made


def _fit(record: dict[str, Any], name: str, folder: Path) -> dict[str, Any]:
    competitor = _competitor(record, name)
    read = record["texts"][record["reads"][name]]
    texts = [text for part in record["learned_from"] for text in read[part]]
    codes = [code for part in record["learned_from"] for code in record["parts"][part]["codes"]]
    saved = folder / name
    saved.mkdir()
    started, worked = time.perf_counter(), time.process_time()
    if isinstance(competitor, OwnBackend):
        competitor.fit_parts()
    else:
        competitor.fit(
            texts, codes, k=len(record["classes"]), seed=record["experiment"]["seed"], scratch=folder
        )
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    competitor.save(saved)
    return {"seconds": seconds, "cpu_seconds": cpu}


def _serve(record: dict[str, Any], name: str, folder: Path) -> dict[str, Any]:
    competitor = _competitor(record, name)
    competitor.load(folder / name)
    texts = list(record["texts"][record["reads"][name]]["test"])
    competitor.answer(texts[:WARM_UP])
    started = time.perf_counter()
    codes = competitor.answer(texts)
    rate = len(texts) / (time.perf_counter() - started)
    single: list[float] = []
    competitor.answer(texts[:1])
    begun = time.perf_counter()
    for text in texts[:SINGLES]:
        started = time.perf_counter()
        competitor.answer([text])
        single.append(time.perf_counter() - started)
        if time.perf_counter() - begun > SECONDS:
            break
    return {"codes": codes, "rate": rate, "warm_ms": float(np.median(single)) * 1000}


def main() -> int:
    """Do one thing and print what came of it."""
    # What libraries print must not stand between the lines: fd 1 becomes stderr.
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    action, where, name = sys.argv[1:]
    folder = Path(where)
    record = json.loads((folder / PARTS).read_bytes())
    answer: dict[str, Any]
    try:
        answer = {"fit": _fit, "serve": _serve}[action](record, name, folder)
    except (Failed, TriageError) as error:
        answer = {"failed": str(error)}
    except Exception as error:  # its message may quote a text, so only its kind is told
        if os.environ.get("TRIAGE_DEBUG", "") not in ("", "0"):
            raise
        answer = {"failed": f"{type(error).__name__} from the library; TRIAGE_DEBUG=1 shows where"}
    out.write(json.dumps(answer) + "\n")
    out.flush()
    return 1 if "failed" in answer else 0


if __name__ == "__main__":
    sys.exit(main())
