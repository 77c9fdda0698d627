"""Models of other versions of the format: each that ever was, and those that are still to come."""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

from triage.plugin_api import MANIFEST, SCHEMA
from triage_selftest._place import Done, Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS", "MODELS"]

MODELS = pathlib.Path(__file__).parent / "models"
"""A small model of each version, written when that version was the current one, and what it must answer."""

_TOLERANCE = 1e-6
_SAME = ("action", "queue", "label", "reasons")


def _versions(place: Place) -> Iterator[Trial]:
    for number in range(1, SCHEMA + 1):
        yield from _answers(place, number)
    source = MODELS / f"schema-{SCHEMA}"
    for number, remedy in ((SCHEMA + 1, "pip install --upgrade"), (0, "triage train"), (-1, "triage train")):
        model = place.folder / f"of-{number}"
        shutil.copytree(source, model)
        manifest = json.loads((model / MANIFEST).read_text(encoding="utf-8"))
        (model / MANIFEST).write_text(
            json.dumps({**manifest, "schema": number}, indent=1) + "\n", encoding="utf-8"
        )
        done = place.triage("route", model, "--text", "my card was declined")
        yield _told(f"a model of version {number}", done, remedy)
    bare = place.folder / "bare"
    shutil.copytree(source, bare)
    (bare / MANIFEST).unlink()
    yield _told(
        "a model from before there was a manifest", place.triage("route", bare, "--text", "x"), "triage train"
    )


def _answers(place: Place, number: int) -> Iterator[Trial]:
    """Route the texts that were routed when the version was new: the same comes out."""
    model = place.folder / f"schema-{number}"
    shutil.copytree(MODELS / model.name, model)
    wanted = json.loads((MODELS / f"{model.name}.expected.json").read_text(encoding="utf-8"))
    words = [word for answer in wanted for word in ("--text", answer["text"])]
    done = place.triage("route", model, *words)
    found = [json.loads(line) for line in done.out.splitlines()]
    if done.code or len(found) != len(wanted):
        what = f"a model of version {number}"
        yield Trial(what=what, outcome="lost", detail=f"exit code {done.code}: {done.said}")
        return
    for row, (one, other) in enumerate(zip(wanted, found, strict=True), start=1):
        same = all(one[name] == other[name] for name in _SAME) and _near(_chances(one), _chances(other))
        what = f"a model of version {number}, text {row}"
        yield Trial(what=what, outcome="held" if same else "silent", detail="" if same else "another answer")


def _chances(answer: Mapping[str, Any]) -> dict[str, float]:
    if answer["label"] is None:
        return {}
    others = {each["label"]: each["probability"] for each in answer["alternatives"]}
    return {answer["label"]: answer["confidence"], **others}


def _near(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return one.keys() == other.keys() and all(abs(one[key] - other[key]) <= _TOLERANCE for key in one)


def _told(what: str, done: Done, remedy: str) -> Trial:
    if done.code == 0 or done.out:
        return Trial(what=what, outcome="let_in", detail=f"exit code {done.code}, with an answer")
    if done.code != 77 or len(done.err.splitlines()) != 1 or remedy not in done.said:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    return Trial(what=what)


FAULTS = (
    Fault(
        name="older-models",
        does="Loads a model of every version of the format that ever was, and of versions unknown",
        must="The same probabilities as when it was written, or one line that says how to migrate it",
        trials=_versions,
    ),
)
