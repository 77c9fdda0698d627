"""Files that run code when they are opened, offered as a model."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import os
import pathlib
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from triage.plugin_api import bundle
from triage_selftest._forging import field, forge, onnx_with_external_data, varint
from triage_selftest._place import Done, Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

SECRET = "weights-of-somebody-else.bin"
CANARY = "canary"
_RUNTIME = "network.onnx cannot be run"
_WELL_FORMED = "declares 4 TB of weights"
_TEXT = "I was charged twice for one transfer"
# Runs the command line and writes down what it opened, and whether it did what a payload would.
_WATCHED = """
import atexit, json, runpy, sys
log, seen = sys.argv.pop(1), []
risky = ("pickle", "subprocess", "socket", "shelve", "webbrowser", "urllib", "ftplib", "smtplib")
calls = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.mkdir", "os.remove")
def watch(event, args):
    if event == "open":
        seen.append(["open", str(args[0])])
    elif event in calls or event.split(".")[0] in risky:
        seen.append([event, ""])
def write():
    with open(log, "w") as file:
        json.dump(seen, file)
sys.addaudithook(watch)
atexit.register(write)
runpy.run_module("triage", run_name="__main__", alter_sys=True)
"""


class _Canary:
    """Makes a directory when it is unpickled."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.path,)


def _offered(place: Place) -> Iterator[Trial]:
    for name, make in _makers(place.folder / CANARY).items():
        path = place.folder / name
        make(path)
        for command in ("route", "promise") if path.is_file() else ("route",):
            yield _tried(f"{name}, to triage {command}", place, command, path)
        if path.is_file():
            yield _not_overwritten(f"{name}, to triage train --model", place, path)
    yield from _inside_a_model(place)
    yield from _networks(place)
    yield from _estimators(place)


def _makers(canary: pathlib.Path) -> dict[str, Callable[[pathlib.Path], object]]:
    """Return what is offered, by its name, and what makes it."""
    payload = pickle.dumps(_Canary(canary))
    config = {"class_name": "Lambda", "config": {"function": f"__import__('os').mkdir({str(canary)!r})"}}
    keras = _zipped({"config.json": json.dumps(config), "metadata.json": "{}", "model.weights.h5": ""})
    objects = io.BytesIO()
    np.savez(objects, allow_pickle=True, coef_=np.array([_Canary(canary)], dtype=object))
    hdf5 = b"\x89HDF\r\n\x1a\n" + bytes(200) + json.dumps(config).encode()

    def folder(files: dict[str, bytes]) -> Callable[[pathlib.Path], None]:
        def make(path: pathlib.Path) -> None:
            path.mkdir()
            for name, data in files.items():
                (path / name).write_bytes(data)

        return make

    def file(data: bytes) -> Callable[[pathlib.Path], object]:
        return lambda path: path.write_bytes(data)

    return {
        "model.pkl": file(payload),
        "model.joblib": file(payload),
        "model.h5": file(hdf5),
        "model.keras": file(keras),
        "model.npz": file(objects.getvalue()),
        "model.pt": file(_zipped({"archive/data.pkl": payload, "archive/version": "3"})),
        "model.onnx": file(onnx_with_external_data(SECRET)),
        "model.py": file(f"import os; os.mkdir({str(canary)!r})".encode()),
        "folder-with-a-pickle": folder({"model.pkl": payload, "model.json": b"{}"}),
        "folder-with-code": folder({"__init__.py": b"import os", "__main__.py": b"import os"}),
        "saved-model": folder({"saved_model.pb": field(1, 1), "keras_metadata.pb": hdf5}),
    }


def _zipped(files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _tried(
    what: str, place: Place, command: str, path: pathlib.Path, *, named: str = "", early: bool = False
) -> Trial:
    """Offer `path` to a command: refused in one line, nothing run, and no file beside it opened.

    With `early` it is refused before ONNX Runtime is given it: what that opens, nobody here sees.
    """
    log, rest = place.folder / "log.json", ["--text", _TEXT] if command == "route" else ["--max-error", "0.3"]
    log.unlink(missing_ok=True)
    secret = place.folder / SECRET
    if hasattr(os, "mkfifo"):
        # Opening it blocks for ever, so no library can read it unseen.
        os.mkfifo(secret)
    else:  # pragma: no cover - not on this system
        secret.write_bytes(bytes(4))
    done = place.python(_WATCHED, log, command, path, *rest, timeout=30)
    secret.unlink()
    seen = json.loads(log.read_text(encoding="utf-8")) if log.exists() else []
    here = [name for event, name in seen if event == "open" and name.startswith(str(place.folder))]
    outside = [
        name for name in here if not (pathlib.Path(name) == path or path in pathlib.Path(name).parents)
    ]
    outside = [name for name in outside if name != str(log)]
    ran = sorted({event for event, _ in seen if event != "open"})
    if (place.folder / CANARY).exists():
        (place.folder / CANARY).rmdir()
        return Trial(what=what, outcome="let_in", detail="code in it ran")
    if ran or outside or done.code in (0, -1):
        detail = (
            f"exit code {done.code}; {', '.join([*ran, *map(os.path.basename, outside)]) or 'no refusal'}"
        )
        return Trial(what=what, outcome="let_in", detail=detail)
    if early and _RUNTIME in done.said:
        return Trial(what=what, outcome="let_in", detail="ONNX Runtime was given it")
    return _refused(what, done, named)


def _refused(what: str, done: Done, named: str) -> Trial:
    clear = done.said.startswith("triage: ") and len(done.err.splitlines()) == 1 and not done.out
    if done.code not in (65, 77) or not clear or named not in done.said:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    return Trial(what=what)


def _not_overwritten(what: str, place: Place, path: pathlib.Path) -> Trial:
    before = path.read_bytes()
    done = place.triage("train", place.corpus, "--model", path)
    if not path.is_file() or path.read_bytes() != before:
        return Trial(what=what, outcome="lost", detail="the file changed")
    outcome: Any = "held" if done.code == 73 else "silent"
    return Trial(what=what, outcome=outcome, detail="" if done.code == 73 else f"exit code {done.code}")


def _inside_a_model(place: Place) -> Iterator[Trial]:
    """A pickle in a model with a manifest that holds: as a file of its own, and in place of another."""
    payload = pickle.dumps(_Canary(place.folder / CANARY))
    for name in ("payload.bin", "model.pkl", "weights.safetensors", "vocabulary.json", "state.json"):
        path = place.folder / "model"
        shutil.copytree(place.model, path)
        forge(path, {name: payload})
        yield _tried(f"a pickle as {name} of a model whose manifest holds", place, "route", path)
        shutil.rmtree(path)


def _networks(place: Place) -> Iterator[Trial]:
    """Models of a recurrent backend whose network is another than triage writes."""
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        what = "networks in a model"
        yield Trial(what=what, outcome="skipped", detail="onnxruntime is not installed")
        return
    sound = bundle.read(place.model)
    for what, network in _graphs().items():
        record = {key: value for key, value in sound.model.items() if key != "schema"}
        record["experiment"] = {**record["experiment"], "backend": "lstm"}
        record |= {"backend": "lstm", "options": {}, "max_length": 250}
        state = {
            "vocabulary_size": 3,
            "classes": len(record["classes"]),
            "vocabulary_": ["", "[UNK]", "card"],
            "held_out": {},
            "network.onnx": network,
        }
        path = place.folder / "model"
        bundle.write(path, dataclasses.replace(sound, model=record, state=state))
        early, named = what != _WELL_FORMED, "network.onnx"
        yield _tried(f"a model whose network {what}", place, "route", path, named=named, early=early)
        shutil.rmtree(path)


def _graphs() -> dict[str, bytes]:
    node = field(1, b"tokens") + field(2, b"y") + field(4, b"Identity")
    inner = field(7, field(1, node) + field(2, b"g"))
    loop = field(1, b"x") + field(4, b"Loop") + field(5, field(1, b"body") + field(6, inner) + field(20, 5))
    opset = field(8, field(1, b"") + field(2, 17))

    def model(*parts: bytes) -> bytes:
        return field(1, 9) + field(7, b"".join(parts)) + opset

    vast = field(1, 1 << 40) + field(2, 1) + field(8, b"w") + field(9, bytes(4))
    return {
        "takes its weights from a file beside it": onnx_with_external_data(f"../{SECRET}"),
        "takes its weights from an absolute path": onnx_with_external_data(f"/tmp/{SECRET}"),
        "takes its weights from a device": onnx_with_external_data("../../../../../../dev/zero"),
        "loops": model(field(1, loop)),
        "calls an operator of its own": model(field(1, node.replace(b"Identity", b"Identitx"))),
        "has functions of its own": model(field(1, node)) + field(25, field(1, b"f")),
        "uses a domain of its own": model(field(1, node)) + field(8, field(1, b"own") + field(2, 1)),
        _WELL_FORMED: model(field(1, node), field(5, vast)),
        "is longer than it is": field(1, 9) + varint(7 << 3 | 2) + varint(1 << 40),
        "is a pickle": pickle.dumps({"weights": 1}),
        "is empty": b"",
    }


def _estimators(place: Place) -> Iterator[Trial]:
    """Models of an estimator of scikit-learn that name something else."""
    path = place.folder / "forest"
    done = place.triage(
        "train", place.corpus, "--backend", "random-forest", "--set", "trees=10", "--model", path
    )
    if done.code:
        yield Trial(what="estimators in a model", outcome="skipped", detail=done.said)
        return
    state = json.loads((path / "state.json").read_text(encoding="utf-8"))
    for module, name in (
        ("os", "system"),
        ("builtins", "eval"),
        ("subprocess", "Popen"),
        ("sklearn.utils._testing", "check_call"),
        ("sklearn.svm._classes", "SVC"),
        ("sklearn.tree._tree", "Tree"),
    ):
        forged = copy.deepcopy(state)
        forged["estimator_"] |= {"module": module, "name": name}
        forge(path, {"state.json": forged})
        yield _tried(f"a model whose estimator is {module}.{name}", place, "route", path)


FAULTS = (
    Fault(
        name="foreign-models",
        does="Offers pickle, joblib, HDF5, .keras with a Lambda, .npz, .pt and ONNX with data outside",
        must="Refused with exit code 77; nothing in it runs, and no other file is read",
        trials=_offered,
    ),
)
