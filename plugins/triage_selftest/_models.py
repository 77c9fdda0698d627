"""Models that are damaged by accident or forged on purpose, offered to be loaded."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import random
import shutil
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from triage import Plugins, TriageError, load_model
from triage.plugin_api import MANIFEST, bundle
from triage_selftest._forging import forge, tensors
from triage_selftest._place import Done, Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

FLIPS, TRUNCATIONS = 1_000, 100
WEIGHTS = "weights.safetensors"
_REFUSED, _UNAVAILABLE = (65, 77), (69,)
_MEMORY = 32 << 20  # more than a sound model of the battery takes, less than any lie about a size
_EVERY = 97  # of the bytes and cuts that are tried in this process, one in so many by the command line

Damage = tuple[str, str, Callable[[pathlib.Path], None]]


def _damaged(place: Place) -> Iterator[Trial]:
    other = _another(place)
    sound = {path.name: path.read_bytes() for path in place.model.iterdir()}
    model = place.folder / "model"
    shutil.copytree(place.model, model)
    for number, (what, name, damage) in enumerate(_damages(place.random, sound, other)):
        damage(model / name)
        yield _read(what, model, name)
        if number % _EVERY == 0 or (number >= FLIPS + TRUNCATIONS and name in (MANIFEST, WEIGHTS)):
            yield _routed(f"{what}, by triage route", place, model, name)
        _mend(model, sound)
    if bundle.read(model).sha256 != bundle.read(place.model).sha256:
        yield Trial(what="the model mended", outcome="lost", detail="reading changed it")
    done = place.triage("route", model, "--text", "I was charged twice for one transfer")
    yield Trial(what="the model mended", outcome="silent" if done.code else "held", detail=done.said)


def _damages(
    chance: random.Random, sound: Mapping[str, bytes], other: Mapping[str, bytes]
) -> Iterator[Damage]:
    """Yield what is done, to which file, and how."""
    names = sorted(sound)
    for _ in range(FLIPS):
        name = chance.choice(names)
        where, by = chance.randrange(len(sound[name])), chance.randrange(1, 256)
        yield f"byte {where:,} of {name} changed by {by:#04x}", name, _flip(sound[name], where, by)
    for _ in range(TRUNCATIONS):
        name = chance.choice(names)
        length = chance.randrange(len(sound[name]))
        yield f"{name} cut to {length:,} bytes", name, _put(sound[name][:length])
    for name in names:
        yield f"{name} longer by one byte", name, _put(sound[name] + b"\n")
        yield f"{name} of another model", name, _put(other[name])
        yield f"{name} missing", name, pathlib.Path.unlink
        yield f"{name} a symbolic link to its own bytes", name, _link
        yield f"{name} a directory", name, _directory
        if hasattr(os, "mkfifo"):
            yield f"{name} a pipe that nobody writes", name, _pipe
    yield "a file more", "payload.bin", _put(b"\x80payload")


def _flip(data: bytes, where: int, by: int) -> Callable[[pathlib.Path], None]:
    changed = bytearray(data)
    changed[where] ^= by
    return _put(bytes(changed))


def _put(data: bytes) -> Callable[[pathlib.Path], None]:
    def put(path: pathlib.Path) -> None:
        path.write_bytes(data)

    return put


def _link(path: pathlib.Path) -> None:
    outside = path.parent.parent / "outside"
    path.replace(outside)
    path.symlink_to(outside)


def _directory(path: pathlib.Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: pathlib.Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _mend(model: pathlib.Path, sound: Mapping[str, bytes]) -> None:
    for path in list(model.iterdir()):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        elif path.name not in sound or path.is_symlink() or not path.is_file():
            path.unlink()
    for name, data in sound.items():
        path = model / name
        if not path.exists() or path.stat().st_size != len(data) or path.read_bytes() != data:
            path.write_bytes(data)


def _another(place: Place) -> dict[str, bytes]:
    """Return the files of a model like the battery's with other numbers and other words in it."""
    model = bundle.read(place.model)
    state = {**model.state, "intercept_": model.state["intercept_"] + 0.5}
    state["vocabulary_"] = list(reversed(state["vocabulary_"]))
    state["scope"] = {**state["scope"], "center": 0.0}
    scaled = {**model.calibration, "temperature": 2.5}
    golden = bundle.Golden(model.golden.texts, np.flip(model.golden.probabilities, axis=1))
    record = {key: value for key, value in model.model.items() if key != "schema"} | {"trained": {}}
    path = place.folder / "another"
    bundle.write(path, bundle.Bundle(record, state, scaled, golden, {"certificate": {}}))
    return {file.name: file.read_bytes() for file in path.iterdir()}


def _read(what: str, model: pathlib.Path, name: str) -> Trial:
    """Read a damaged model: it must be refused, and the file named. A byte of the manifest names others."""
    try:
        bundle.read(model)
    except TriageError as error:
        named = name in str(error) or name == MANIFEST
        if error.exit_code in _REFUSED and named:
            return Trial(what=what)
        return Trial(what=what, outcome="silent", detail=f"exit code {error.exit_code}: {error}")
    return Trial(what=what, outcome="let_in", detail="it was read as if it were sound")


def _routed(what: str, place: Place, model: pathlib.Path, name: str) -> Trial:
    done = place.triage("route", model, "--text", "I was charged twice for one transfer")
    return _refusal(what, done, name if name != MANIFEST else "")


def _refusal(what: str, done: Done, name: str, *, codes: tuple[int, ...] = _REFUSED) -> Trial:
    if done.code == 0 or done.out:
        return Trial(what=what, outcome="let_in", detail=f"exit code {done.code}, with an answer")
    clear = done.said.startswith("triage: ") and len(done.err.splitlines()) == 1
    if done.code not in codes or not clear or name not in done.said:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    return Trial(what=what)


def _forged(place: Place) -> Iterator[Trial]:
    plugins, sound = Plugins.discover(), bundle.read(place.model)
    for number, (what, codes, make) in enumerate(_forgeries(sound, place.model)):
        model = place.folder / f"model{number}"
        make(model)
        yield _loaded(what, model, plugins, codes)
        if number % 4 == 0:
            done = place.triage("route", model, "--text", "I was charged twice for one transfer")
            yield _refusal(f"{what}, by triage route", done, "", codes=codes)
        shutil.rmtree(model)


def _loaded(what: str, model: pathlib.Path, plugins: Plugins, codes: tuple[int, ...]) -> Trial:
    """Load a forged model: refused, with a file of it named, and before memory is taken."""
    tracemalloc.start()
    try:
        load_model(str(model), plugins)
    except TriageError as error:
        peak = tracemalloc.get_traced_memory()[1]
        if error.exit_code not in codes or not any(word in str(error) for word in _NAMES):
            return Trial(what=what, outcome="silent", detail=f"exit code {error.exit_code}: {error}")
        if peak > _MEMORY:
            return Trial(what=what, outcome="silent", detail=f"refused after {peak >> 20} MB were taken")
        return Trial(what=what)
    except Exception as error:
        return Trial(what=what, outcome="silent", detail=type(error).__name__)
    finally:
        tracemalloc.stop()
    return Trial(what=what, outcome="let_in", detail="it was loaded")


_NAMES = (".json", WEIGHTS, "golden answers", "backend 'nobodys'", "cleaner 'nobodys'")
Forgery = tuple[str, tuple[int, ...], Callable[[pathlib.Path], object]]


def _forgeries(sound: bundle.Bundle, source: pathlib.Path) -> Iterator[Forgery]:
    """Yield what is forged, the exit codes that are right, and what writes it."""
    record = {key: value for key, value in sound.model.items() if key != "schema"}
    k, classes, state = len(record["classes"]), record["classes"], sound.state

    def written(**changes: Any) -> Callable[[pathlib.Path], object]:
        forged = dataclasses.replace(sound, **{"model": record, **changes})
        return lambda path: bundle.write(path, forged)

    def states(**changes: Any) -> Callable[[pathlib.Path], object]:
        return written(state={**state, **changes})

    def records(**changes: Any) -> Callable[[pathlib.Path], object]:
        return written(model={**record, **changes})

    def files(**changes: Any) -> Callable[[pathlib.Path], object]:
        def make(path: pathlib.Path) -> None:
            shutil.copytree(source, path)
            forge(path, {name.replace("_", "."): content for name, content in changes.items()})

        return make

    wider = bundle.Golden(
        sound.golden.texts, np.pad(sound.golden.probabilities, ((0, 0), (0, 1)), constant_values=0.0)
    )
    fewer = bundle.Golden(
        sound.golden.texts,
        sound.golden.probabilities[:, :-1] / sound.golden.probabilities[:, :-1].sum(axis=1, keepdims=True),
    )
    moved = bundle.Golden(sound.golden.texts, np.roll(sound.golden.probabilities, 1, axis=1))
    more, less = {**record, "classes": [*classes, "more"]}, {**record, "classes": classes[:-1]}
    yield f"{k + 1} classes, weights for {k}", _REFUSED, written(model=more, golden=wider)
    yield f"{k - 1} classes, weights for {k}", _REFUSED, written(model=less, golden=fewer)
    yield (
        f"{k + 1} classes, golden answers for {k}",
        _REFUSED,
        files(model_json={**sound.model, "schema": 1, "classes": more["classes"]}),
    )
    yield "classes in another order", _REFUSED, written(golden=moved)
    yield "a class twice", _REFUSED, records(classes=[*classes[:-1], classes[0]])
    yield "classes that are no names", _REFUSED, records(classes=list(range(k)))
    for name in ("coef_", "idf_", "intercept_"):
        array = state[name]
        yield f"{name} of half the size", _REFUSED, states(**{name: array[: len(array) // 2]})
        yield f"{name} with one dimension more", _REFUSED, states(**{name: array[None]})
        yield f"{name} missing", _REFUSED, written(state={key: state[key] for key in state if key != name})
        yield f"{name} all NaN", _REFUSED, states(**{name: np.full_like(array, np.nan)})
        yield f"{name} all infinite", _REFUSED, states(**{name: np.full_like(array, np.inf)})
        yield f"{name} a word", _REFUSED, states(**{name: "weights"})
    words = state["vocabulary_"]
    yield "half the vocabulary", _REFUSED, states(vocabulary_=words[: len(words) // 2])
    yield "no vocabulary", _REFUSED, states(vocabulary_=[])
    yield "a vocabulary in another order", _REFUSED, states(vocabulary_=list(reversed(words)))
    for far in (2**40, -(2**40)):
        yield f"terms that point to word {far:,}", _REFUSED, states(runs_=np.full_like(state["runs_"], far))
    tune = state["held_out"]["tune"]
    for name, wrong in {"codes": tune["codes"][:-1], "probabilities": tune["probabilities"][:, :-1]}.items():
        held_out = {**state["held_out"], "tune": {**tune, name: wrong}}
        yield f"held-out {name} too few", _REFUSED, states(held_out=held_out)
    scope = state["scope"]
    yield "a scope without letters", _REFUSED, states(scope={**scope, "alphabet": ""})
    yield "a scope of another shape", _REFUSED, states(scope={**scope, "logs": scope["logs"].reshape(-1)[:5]})
    for temperature in (0.0, -1.0, 1e-300, "hot"):
        calibration = {**sound.calibration, "temperature": temperature}
        yield f"a temperature of {temperature}", _REFUSED, written(calibration=calibration)
    yield "no calibration", _REFUSED, written(calibration={})
    yield (
        "a backend that nobody has",
        _UNAVAILABLE,
        records(experiment={**record["experiment"], "backend": "nobodys"}),
    )
    yield "a cleaner that nobody has", _UNAVAILABLE, records(cleaning=[["nobodys", {}]])
    yield "an option that there is not", _REFUSED, records(options={**record["options"], "more": 1})
    yield "an option out of range", _REFUSED, records(options={**record["options"], "ngrams": 10**9})
    for name, value in {"split": "none", "seed": -1, "max_tokens": 0}.items():
        yield (
            f"an experiment with {name} {value}",
            _REFUSED,
            records(experiment={**record["experiment"], name: value}),
        )
    yield "no experiment", _REFUSED, records(experiment=[])
    yield "a length that is no number", _REFUSED, records(max_length="long")
    for name, content in _lies().items():
        yield f"{WEIGHTS}: {name}", _REFUSED, files(weights_safetensors=content)
    for name, data in {"deep": b"[" * 5_000_000, "a long number": b"[" + b"9" * 5_000_000 + b"]"}.items():
        yield f"state.json: {name}", _REFUSED, files(state_json=data)
    for size in (4 << 30, 1 << 80):
        yield f"a manifest that declares {size:,} bytes", _REFUSED, _declaring(source, size)


def _lies() -> dict[str, bytes]:
    """Return files of weights whose headers lie, by what they say."""
    vast = {"dtype": "F64", "shape": [1 << 29], "data_offsets": [0, 4 << 30]}
    endless = {"dtype": "U8", "shape": [0, 1 << 62], "data_offsets": [0, 0]}
    negative = {"dtype": "U8", "shape": [-1], "data_offsets": [0, -1]}
    return {
        "a header of 4 GB": tensors({}, length=4 << 30),
        "a header of 2**64 - 1 bytes": tensors({}, length=(1 << 64) - 1),
        "an array of 4 GB": tensors({"coef_": vast}, bytes(16)),
        "an array of 2**62 rows of nothing": tensors({"coef_": endless}),
        "an array of -1 bytes": tensors({"coef_": negative}),
        "two arrays in one place": tensors(
            {name: {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]} for name in ("coef_", "idf_")},
            bytes(4),
        ),
    }


def _declaring(source: pathlib.Path, size: int) -> Callable[[pathlib.Path], object]:
    def make(path: pathlib.Path) -> None:
        shutil.copytree(source, path)
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        manifest["files"][WEIGHTS]["bytes"] = size
        (path / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")

    return make


FAULTS = (
    Fault(
        name="damaged-models",
        does=f"Changes {FLIPS:,} single bytes of a model, cuts it {TRUNCATIONS} times, swaps and links files",
        must="Refused with exit code 77, the file named; nothing is answered",
        trials=_damaged,
    ),
    Fault(
        name="forged-models",
        does="Forges models whose manifest holds: sizes of 4 GB, classes and weights that do not match, NaN",
        must="Refused with exit code 77 or 65 before memory is taken, with the file; 69 without its plugin",
        trials=_forged,
    ),
)
