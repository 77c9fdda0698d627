"""Words that split, vanish or collide in files: the same ids must come back."""

from __future__ import annotations

import csv
import dataclasses
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage import Backend, Model, Part, Plugins, TriageError, hookimpl, load_model
from triage.plugin_api import bundle, restore, save_model, state_of
from triage_selftest._place import Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_MB = 1 << 20
_BREAKS = {
    "a line separator (U+2028)": "\u2028",
    "a paragraph separator (U+2029)": "\u2029",
    "a next line (U+0085)": "\x85",
    "a vertical tab": "\x0b",
    "a form feed": "\x0c",
    "a file separator (0x1c)": "\x1c",
    "a record separator (0x1e)": "\x1e",
    "a carriage return": "\r",
    "a line feed": "\n",
    "a NUL": "\0",
    "a byte order mark": "\ufeff",
    "a lone surrogate": "\ud800",
    "a no-break space": "\u00a0",
    "a quote and a backslash": '"\\',
    "an escape": "\x1b[31m",
    "a dollar": "$file",
}
_LEARNERS = ("linear", "tfidf", "naive-bayes", "linear-svm", "knn", "random-forest")


class _Bag:
    """Adds up random numbers for the ids of a text: another id gives another answer."""

    table_: NDArray[np.float64]

    def fit(self, train: Part, tune: Part, *, seed: int, watch: object) -> None:  # noqa: ARG002
        self.table_ = np.random.default_rng(seed).normal(size=(len(train.vocabulary), train.k))

    def predict_proba(self, sequences: Sequence[NDArray[np.int32]]) -> NDArray[np.float64]:
        # Its place in the text weighs in, so that no two ids may change places unseen.
        scores = np.array([np.arange(1, len(ids) + 1) @ self.table_[ids] / len(ids) for ids in sequences])
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


class _Plugin:
    """Offers `_Bag`, which reads token ids and needs no other library."""

    @hookimpl
    def triage_backends(self) -> Iterator[Backend]:
        yield Backend(name="bag", summary="Random numbers for ids", build=_Bag, consumes="sequences")


def _words() -> dict[str, list[str]]:
    """Return what is odd about the words, and the words."""
    alone = {name: [f"before{mark}after", mark, f"{mark}{mark}"] for name, mark in _BREAKS.items()}
    return {
        **alone,
        "an empty word": ["", "empty", ""],
        "a word twice": ["twice", "once", "twice"],
        "words that differ in case and form only": [
            "CAFE",
            "cafe",
            "caf\u00e9",
            "cafe\u0301",
            "\ufb01",
            "fi",
        ],
        "a word of 1 MB": ["x" * _MB, "y" * _MB + "\u2028"],
        "words of other scripts": ["\u4fe1\u7528\u5361", "\u0628\u0637\u0627", "\U0001f468\u200d\U0001f469"],
        "[UNK] and what looks like it": ["[UNK]", "[unk]", "[PAD]"],
        "all of these": [mark for name, mark in _BREAKS.items()] + ["", "twice", "twice", "x" * 1000],
    }


def _kept(place: Place) -> Iterator[Trial]:
    plugins = Plugins.discover()
    plugins.register(_Plugin())
    for number, (what, words) in enumerate(_words().items()):
        yield _sequences(what, words, place.folder / f"model{number}", place.model, plugins)
    for name in _LEARNERS:
        yield from _learned(place, name, plugins)
    yield from _trained(place)


def _sequences(
    what: str, words: Sequence[str], path: pathlib.Path, base: pathlib.Path, plugins: Plugins
) -> Trial:
    """Save and load a model that reads token ids, with these words in its vocabulary."""
    from triage.plugin_api import Vectorizer

    vectorizer = Vectorizer(("", "[UNK]", "charged", *words, "twice", "last"), 50)
    known = load_model(str(base), plugins)
    classifier = plugins.build(plugins.backend("bag"))
    train = Part((), np.zeros(0, np.int64), known.classes, vocabulary=vectorizer.vocabulary)
    classifier.fit(train, train, seed=1, watch=None)
    model = Model(
        experiment=known.experiment.changed(backend="bag"),
        options={},
        classes=known.classes,
        cleaning=known.cleaning,
        classifier=classifier,
        vectorizer=vectorizer,
    )
    texts = [*words, "charged last", *(f"charged {word} last twice" for word in words)]
    try:
        save_model(str(path), model)
    except TriageError as error:
        return Trial(what=what, outcome="silent", detail=str(error))
    try:
        loaded = load_model(str(path), plugins)
    except TriageError as error:
        return Trial(what=what, outcome="lost", detail=str(error))
    if loaded.vectorizer is None or loaded.vectorizer.vocabulary != vectorizer.vocabulary:
        return Trial(what=what, outcome="lost", detail="the vocabulary is another one")
    pairs = zip(vectorizer(texts), loaded.vectorizer(texts), strict=True)
    if not all(np.array_equal(one, other) for one, other in pairs):
        return Trial(what=what, outcome="lost", detail="the same text has other ids")
    if not np.array_equal(model.predict_cleaned(texts), loaded.predict_cleaned(texts)):
        return Trial(what=what, outcome="lost", detail="the same text gets another answer")
    return Trial(what=what)


def _learned(place: Place, name: str, plugins: Plugins) -> Iterator[Trial]:
    """Let a backend learn words that no cleaning has touched, and save and load what it learned."""
    words = [word for odd in _words().values() for word in odd]
    texts = [f"charged {word} twice" for word in words] + [f"loan {word} late" for word in reversed(words)]
    codes = np.repeat([0, 1], len(words))
    part = Part(texts, codes.astype(np.int64), ("card", "loan"))
    backend = plugins.backend(name)
    if missing := [module for module in backend.requires if not _installed(module)]:
        yield Trial(what=f"words that {name} learns", outcome="skipped", detail=f"needs {missing[0]}")
        return
    classifier = plugins.build(backend, {"min-documents": 1})
    classifier.fit(part, part, seed=1, watch=lambda _epoch: None)
    sound = bundle.read(place.model)
    record = {key: value for key, value in sound.model.items() if key != "schema"}
    path = place.folder / name
    bundle.write(path, dataclasses.replace(sound, model=record, state=state_of(classifier)))
    again = plugins.build(backend, {"min-documents": 1})
    restore(again, bundle.read(path).state)
    same = np.array_equal(classifier.predict_proba(texts), again.predict_proba(texts))
    yield Trial(
        what=f"words that {name} learns",
        outcome="held" if same else "lost",
        detail="" if same else "the same text gets another answer",
    )


def _installed(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def _trained(place: Place) -> Iterator[Trial]:
    """Train by the command line on a corpus with all odd words, and route it."""
    path, odd = place.folder / "odd.csv", list(_words().items())
    with (
        place.corpus.open(encoding="utf-8", newline="") as source,
        path.open("w", encoding="utf-8", errors="replace", newline="") as file,
    ):
        reader, writer = csv.reader(source), csv.writer(file)
        writer.writerow(next(reader))
        for number, (identity, text, label, date) in enumerate(reader):
            words = " ".join(odd[number % len(odd)][1]).replace("\0", "") if number < 4 * len(odd) else ""
            writer.writerow([identity, f"{text} {words}", label, date])
    recurrent = {"epochs": "1", "units": "4", "embedding-size": "8", "distillation": "0", "pairs": "100"}
    settings = {"tfidf": {"min-documents": "1"}, "gru": recurrent if _installed("tensorflow") else None}
    for name, options in settings.items():
        what = f"triage train --backend {name} on all odd words"
        if options is None:
            yield Trial(what=what, outcome="skipped", detail="tensorflow is not installed")
            continue
        model = place.folder / f"trained-{name}"
        changed = [word for item in options.items() for word in ("--set", "=".join(item))]
        done = place.triage("train", path, "--backend", name, *changed, "--model", model, timeout=180)
        if done.code:
            yield Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
            continue
        yield _routes(what, place, path, model)


def _routes(what: str, place: Place, path: pathlib.Path, model: pathlib.Path) -> Trial:
    words: list[str] = json.loads((model / "vocabulary.json").read_text(encoding="utf-8"))
    torn = [word for word in words if len(word.splitlines()) > 1]
    done = place.triage("route", model, path, "--format", "jsonl", timeout=120)
    rows: list[Mapping[str, Any]] = [json.loads(line) for line in done.out.splitlines()]
    if done.code or len(rows) != 600:
        detail = f"exit code {done.code}, {len(rows)} of 600 rows: {done.said}"
        return Trial(what=what, outcome="lost", detail=detail)
    if torn:
        return Trial(what=what, outcome="silent", detail=f"{len(torn)} words hold a line break")
    return Trial(what=what)


FAULTS = (
    Fault(
        name="odd-words",
        does="Puts line separators, control characters, empty and double words, 1 MB words into vocabularies",
        must="Identical ids and identical answers after save and load",
        trials=_kept,
    ),
)
