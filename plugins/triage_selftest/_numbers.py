"""Numbers that are none: training that diverges, plugins that answer nonsense, options out of range."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from triage.plugin_api import bundle
from triage_selftest._forging import install
from triage_selftest._place import Done, Place, two_at_a_time
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_WORD = "zebra"
# One class of classifiers whose answers are wrong in one way each; "sound" shows that the rest of it works.
_NONSENSE = f"""
import numpy as np
import triage


class Nonsense:
    def __init__(self, kind):
        self._kind = kind

    def fit(self, train, tune, *, seed, watch):
        self.k_ = train.k
        self.words_ = []
        for code in range(train.k):
            counts = {{}}
            for text, found in zip(train.texts, train.codes):
                for word in set(text.split()):
                    counts[word] = counts.get(word, 0) + (1 if found == code else -1)
            self.words_.append(sorted(counts, key=lambda word: (-counts[word], word))[:40])
        self._fitted = True

    def predict_proba(self, texts):
        split = [set(text.split()) for text in texts]
        hits = np.array([[1.0 + len(found & set(words)) for words in self.words_] for found in split])
        found = (hits ** 4) / (hits ** 4).sum(axis=1, keepdims=True)
        hit = np.array(["{_WORD}" in words for words in split])
        match self._kind:
            case "nan": found[:] = np.nan
            case "nan-in-one": found[hit] = np.nan
            case "inf-in-one": found[hit, 0] = np.inf
            case "negative": found[:, 0] -= 2 * found[:, 0] + 0.1
            case "negative-in-one": found[hit] = np.array([-1.0, 2.0] + [0.0] * (self.k_ - 2))
            case "rows": found = found[1:]
            case "classes": found = found[:, 1:] / found[:, 1:].sum(axis=1, keepdims=True)
            case "more-classes": found = np.column_stack([found, np.zeros(len(found))])
            case "sum": found *= 2
            case "zero": found[:] = 0
            case "words": found = np.array([["likely"] * self.k_] * len(texts))
            case "nothing": found = None
            case "reversed": found = found[:, ::-1]
            case "reversed-after-loading": found = found if hasattr(self, "_fitted") else found[:, ::-1]
            case "moody": found = np.random.default_rng().dirichlet(np.ones(self.k_), size=len(texts))
        return found


KINDS = (
    "sound nan nan-in-one inf-in-one negative negative-in-one rows classes more-classes sum zero words "
    "nothing reversed reversed-after-loading moody"
).split()


def factory(kind):
    def build():
        return Nonsense(kind)

    return build


@triage.hookimpl
def triage_backends():
    for kind in KINDS:
        yield triage.Backend(name=kind, summary=kind, build=factory(kind))
"""
_TEXTS = ("my card was charged twice", f"the {_WORD} on my card was charged twice")
# Where it must end: at training, at loading, or held for review with this reason.
_ENDS = {
    "sound": "routed",
    "nan": "train",
    "nan-in-one": "not_finite",
    "inf-in-one": "not_finite",
    "negative": "train",
    "negative-in-one": "route",
    "rows": "train",
    "classes": "train",
    "more-classes": "train",
    "sum": "train",
    "zero": "train",
    "words": "train",
    "nothing": "train",
    "reversed": "train",
    "reversed-after-loading": "route",
    "moody": "route",
}
_CODES = {"train": (69, 70), "route": (69, 77)}


def _nonsense(place: Place) -> Iterator[Trial]:
    env = install(place.folder / "plugins", "triage_nonsense", _NONSENSE)
    yield from two_at_a_time(lambda kind: _tried(place, kind, env), _ENDS)
    yield _weights(place)
    yield from two_at_a_time(lambda item: _option(place, *item), enumerate(_options()))
    yield from _diverging(place)


def _tried(place: Place, kind: str, env: Mapping[str, str]) -> Trial:
    what, model = f"a plugin that answers {kind}", place.folder / kind
    done = place.triage("train", place.corpus, "--backend", kind, "--model", model, env=env)
    if _ENDS[kind] == "train":
        return _stopped(what, done, _CODES["train"], left=model.exists())
    if done.code:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    words = [word for text in _TEXTS for word in ("--text", text)]
    routed = place.triage("route", model, *words, env=env)
    if _ENDS[kind] == "route":
        return _stopped(what, routed, _CODES["route"])
    return _reviewed(what, routed, reason=None if kind == "sound" else "not_finite")


def _stopped(what: str, done: Done, codes: tuple[int, ...], *, left: bool = False) -> Trial:
    if done.out or left:
        return Trial(what=what, outcome="let_in", detail=f"exit code {done.code}, and yet there is a result")
    if done.code not in codes or not done.said.startswith("triage: ") or b"Traceback" in done.err:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    return Trial(what=what)


def _reviewed(what: str, done: Done, *, reason: str | None) -> Trial:
    """Judge the decisions on the two texts: where there is a `reason`, the second goes to a person for it."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in done.out.splitlines()]
    if done.code or len(rows) != len(_TEXTS) or b"Warning" in done.err:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    for row in rows:
        if reason in row["reasons"] and (row["action"] != "review" or row["label"] is not None):
            return Trial(what=what, outcome="silent", detail="routed, or labelled, without a number")
    if reason is not None and rows[1]["reasons"] != [reason]:
        return Trial(what=what, outcome="silent", detail=f"the reason is {rows[1]['reasons']}")
    if rows[0]["label"] is None or not np.isfinite(rows[0]["confidence"]):
        return Trial(what=what, outcome="silent", detail="the other text got no answer")
    return Trial(what=what)


def _weights(place: Place) -> Trial:
    """NaN in the weights of one word that no golden text holds: only texts with it are touched."""
    sound, path = bundle.read(place.model), place.folder / "weights"
    held = {word for text in sound.golden.texts for word in text.split()}
    vocabulary: list[str] = sound.state["vocabulary_"]
    number = next(i for i, word in enumerate(vocabulary) if word not in held and len(word) > 5)
    coef = sound.state["coef_"].copy()
    coef[tuple(number if size != 4 else slice(None) for size in coef.shape)] = np.nan
    record = {key: value for key, value in sound.model.items() if key != "schema"}
    changed = dataclasses.replace(sound, model=record, state={**sound.state, "coef_": coef})
    bundle.write(path, changed)
    done = place.triage("route", path, "--text", _TEXTS[0], "--text", f"{_TEXTS[0]} {vocabulary[number]}")
    return _reviewed("NaN in the weights of one word", done, reason="not_finite")


def _options() -> list[tuple[str, ...]]:
    """Return commands with a number that cannot be: each ends with 2, before anything is read or written."""
    train = ("train", "CORPUS", "--model", "NEW")
    return [
        *((*train, "--set", f"c={value}") for value in ("nan", "inf", "-1", "1e38", "0")),
        *((*train, "--backend", "gru", "--set", f"learning-rate={value}") for value in ("1e38", "nan", "-1")),
        *((*train, "--false-alarms", value) for value in ("nan", "inf", "-1")),
        *((*train, "--seed", value) for value in ("1e38", "-1", "nan")),
        *(
            ("route", "MODEL", "--text", "x", "--set", f"confidence={v}")
            for v in ("nan", "inf", "-1", "1e38")
        ),
        *(("route", "MODEL", "CORPUS", "--max-review-share", value) for value in ("nan", "-1")),
        *(("promise", "MODEL", "--max-error", value) for value in ("nan", "0", "1e38")),
        ("promise", "MODEL", "--max-error", "0.1", "--confidence", "nan"),
        ("evaluate", "CORPUS", "--backend", "majority", "--seeds", "1e9", "--runs", "NEW"),
    ]


def _option(place: Place, number: int, words: tuple[str, ...]) -> Trial:
    folder = place.folder / f"option{number}"
    shutil.copytree(place.model, folder / "model")
    paths = {"CORPUS": place.corpus, "MODEL": folder / "model", "NEW": folder / "new"}
    done = place.triage(*(paths.get(word, word) for word in words))
    changed = bundle.read(folder / "model").sha256 != bundle.read(place.model).sha256
    return _stopped(f"triage {' '.join(words)}", done, (2,), left=changed or (folder / "new").exists())


def _diverging(place: Place) -> Iterator[Trial]:
    """Train networks with steps that no network survives."""
    what = "a learning rate of 1e9"
    if not (importlib.util.find_spec("tensorflow") and importlib.util.find_spec("onnxruntime")):
        yield Trial(what=what, outcome="skipped", detail="tensorflow or onnxruntime is not installed")
        return
    settings = (
        "learning-rate=1e9", "clip-norm=1e30", "epochs=2", "units=4", "embedding-size=8", "averaging=0",
        "linear-share=0", "distillation=0", "embeddings=random",
    )  # fmt: skip
    words = [word for setting in settings for word in ("--set", setting)]
    model = place.folder / "diverged"
    done = place.triage(
        "train", place.corpus, "--backend", "simplernn", *words, "--model", model, timeout=180
    )
    if done.code:
        yield _stopped(what, done, (70,), left=model.exists())
        return
    # It survived: then what it says must not be routed as if it were known.
    routed = place.triage("route", model, place.corpus)
    rows: list[dict[str, Any]] = [json.loads(line) for line in routed.out.splitlines()]
    wrong = [row for row in rows if row["action"] == "route"]
    labels = {row["label"] for row in wrong}
    bad = routed.code != 0 or (len(wrong) > len(rows) / 2 and len(labels) == 1)
    detail = f"exit code {routed.code}, {len(wrong)} of {len(rows)} routed to {len(labels)} labels"
    yield Trial(what=what, outcome="silent" if bad else "held", detail=detail if bad else "")


FAULTS = (
    Fault(
        name="nonsense-numbers",
        does="Lets training diverge, plugins answer NaN, negative numbers, too few rows, another order",
        must="Refused, or held for review; never routed to the first class",
        trials=_nonsense,
    ),
)
