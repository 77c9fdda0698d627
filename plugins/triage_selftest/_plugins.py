"""Plugins of strangers that fail, leave, hang, print, or register nonsense."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping

from triage_selftest._judging import judged, plugin_path
from triage_selftest._place import Done, Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_SECRET = "SELFTEST_TOKEN"
_GOOD = """
import numpy as np
import triage
class Shares:
    def fit(self, train, tune, *, seed, watch): self.shares_ = train.counts / len(train)
    def predict_proba(self, texts): return np.tile(self.shares_, (len(texts), 1))
@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="good", summary="The shares of the labels", build=Shares)
"""
_HOOK = "import triage\n@triage.hookimpl\ndef triage_backends():\n    "
# What must be said of each, by what it is.
_BROKEN: Mapping[str, tuple[str, str]] = {
    "import-error": ("import no_such_module_anywhere", "ModuleNotFoundError"),
    "syntax-error": ("def broken(:", "SyntaxError"),
    "raises": ("raise ValueError('at import')", "ValueError"),
    "exits": ("import sys; sys.exit(0)", "SystemExit"),
    "exits-with-code": ("raise SystemExit(3)", "SystemExit"),
    "interrupts-deeply": ("def f(): f()\nf()", "RecursionError"),
    "hangs": ("import time\ntime.sleep(600)", "took longer"),
    "hangs-and-swallows": (
        "import time\nwhile True:\n    try: time.sleep(9)\n    except Exception: pass",
        "took longer",
    ),
    "spins-in-a-hook": (f"{_HOOK}while True: pass", "took longer"),
    "yields-without-end": (f"{_HOOK}while True: yield 'x'", "more than"),
    "no-hook": ("x = 1", "no hook"),
    "unknown-hook": ("import triage\n@triage.hookimpl\ndef triage_bakends(): ...", "unknown hook"),
    "odd-hook": ("import triage\n@triage.hookimpl\ndef triage_backends(what): ...", "what"),
    "yields-text": (f"{_HOOK}yield 'tfidf'", "not str"),
    "yields-none": (f"{_HOOK}yield None", "not NoneType"),
    "returns-a-number": (f"{_HOOK}return 7", "TypeError"),
    "returns-nothing": (f"{_HOOK}return None", "TypeError"),
    "exits-in-a-hook": (f"{_HOOK}raise SystemExit(0)", "SystemExit"),
    "other-record": (f"{_HOOK}yield triage.Corpus(name='a', summary='b', build=dict)", "not Corpus"),
    "odd-name": (f"{_HOOK}yield triage.Backend(name='A b\\x1b[31m', summary='b', build=dict)", "lower-case"),
    "no-summary": (f"{_HOOK}yield triage.Backend(name='a', summary='', build=dict)", "summary"),
    "not-callable": (f"{_HOOK}yield triage.Backend(name='a', summary='b', build=3)", "callable"),
    "odd-signature": (
        f"{_HOOK}yield triage.Backend(name='a', summary='b', build=lambda x: x)",
        "keyword-only",
    ),
}
_PRINTING = """
import os, sys
print("PRINTED at import \\x1b]0;owned\\x07")
import numpy as np
import triage
class Loud:
    def fit(self, train, tune, *, seed, watch):
        print("PRINTED in fit \\x1b[31m")
        self.shares_ = train.counts / len(train)
    def predict_proba(self, texts):
        print("PRINTED in predict \\x1b[31m", end="")
        return np.tile(self.shares_, (len(texts), 1))
def step():
    def clean(text):
        print("PRINTED in a cleaner")
        return text
    return clean
class Policy:
    def decide(self, prediction):
        print("PRINTED in a policy")
        return [None] * len(prediction)
class Lines:
    name = "lines"
    def __init__(self, path): self.path = path
    def __iter__(self):
        print("PRINTED in a reader")
        for row in range(1, 41):
            print("PRINTED in a reader")
            label = ["card", "loan"][row % 2]
            yield triage.Document(row=row, text=f"the {label} {row}", label=label)
@triage.hookimpl
def triage_backends():
    print("PRINTED in a hook")
    yield triage.Backend(name="loud", summary="Loud", build=Loud)
@triage.hookimpl
def triage_cleaners():
    yield triage.Cleaner(name="loud-step", summary="Loud", build=step)
@triage.hookimpl
def triage_policies():
    yield triage.Policy(name="loud-policy", summary="Loud", build=Policy)
@triage.hookimpl
def triage_open_corpus(location, options):
    print("PRINTED in a reader")
    return Lines(location) if location.endswith(".loud") else None
@triage.hookimpl
def triage_run_finished(run, evaluation):
    print("PRINTED in an observer")
"""
_ROGUES = f"""
import ctypes, os, pathlib, subprocess, sys, time
import numpy as np
import triage
class Plain:
    def fit(self, train, tune, *, seed, watch):
        self.misbehave()
        self.shares_ = train.counts / len(train)
    def predict_proba(self, texts): return np.tile(self.shares_, (len(texts), 1))
def one(name, misbehave):
    return triage.Backend(name=name, summary=name, build=type(name, (Plain,), {{"misbehave": misbehave}}))
def vandalise(self):
    for path in pathlib.Path().rglob("*"):
        path.unlink()
    pathlib.Path("left.txt").write_text("left")
def look(self):
    if {_SECRET!r} in os.environ or pathlib.Path("precious.txt").exists() or sys.stdin.read():
        raise ValueError("it can see too much")
@triage.hookimpl
def triage_backends():
    yield one("good", lambda self: None)
    yield one("crash", lambda self: ctypes.string_at(0))
    yield one("leave", lambda self: sys.exit(0))
    yield one("vanish", lambda self: os._exit(0))
    yield one("raise", lambda self: [].pop())
    child = [sys.executable, "-c", "import time; time.sleep(600)"]
    yield one("hang", lambda self: (subprocess.Popen(child), time.sleep(600)))
    yield one("chatter", lambda self: (print("{{" * 9000), os.write(1, b"garbage"), sys.stdout.flush()))
    yield one("vandal", vandalise)
    yield one("spy", look)
"""


def _registered(place: Place) -> Iterator[Trial]:
    """All of them are installed at once, beside a good one: each is named, and everything else works."""
    sources = {name: source for name, (source, _) in _BROKEN.items()} | {"a-good-one": _GOOD}
    env = _beside(plugin_path(place.folder / "plugins", sources)) | {"TRIAGE_PLUGIN_SECONDS": "1"}
    done = place.triage("plugins", "--json", env=env)
    try:
        found = {each["name"]: each for each in json.loads(done.out)}
    except ValueError:
        yield Trial(what="listed", outcome="silent", detail=f"exit code {done.code}: {done.said}")
        return
    for name, (_, reason) in _BROKEN.items():
        seen = found.get(name, {})
        if seen.get("state") != "failed" or reason not in seen.get("summary", ""):
            yield Trial(what=name, outcome="silent", detail="its failure is not told")
        else:
            yield Trial(what=name)
    yield Trial(
        what="the good one", outcome="held" if found.get("good", {}).get("state") == "ready" else "lost"
    )
    own = all(found.get(name, {}).get("state") == "ready" for name in ("tfidf", "threshold", "general"))
    yield Trial(what="the built-in ones", outcome="held" if own else "lost")
    yield judged("listed for a person", place.triage("plugins", env=env))
    words = ("route", place.model, "--text", "my credit card", "--format", "jsonl")
    yield judged("routing goes on", place.triage(*words, env=env), shows=('"action"',))
    skipped = ",".join(name for name in _BROKEN if "hang" in name or "spin" in name)
    began = time.perf_counter()
    done = place.triage(
        *words, env={**env, "TRIAGE_PLUGIN_SECONDS": "60", "TRIAGE_DISABLE": skipped}, timeout=30
    )
    yield judged(f"skipped by name in {time.perf_counter() - began:.0f} s", done, shows=('"action"',))
    done = place.triage("train", place.corpus, "--backend", "gone", "--model", place.folder / "m", env=env)
    yield judged("a name that only a failed plugin could have", done, code=2, says=("failed to load",))
    done = place.triage(*words, env={**env, "TRIAGE_STRICT": "1"})
    yield judged("TRIAGE_STRICT=1 stops at the first", done, code=69)


def _beside(env: Mapping[str, str]) -> dict[str, str]:
    """Add a plugin's folder to where Python looks, before what the user's own session names."""
    return {**env, "PYTHONPATH": os.pathsep.join([env["PYTHONPATH"], os.environ.get("PYTHONPATH", "")])}


def _printing(place: Place) -> Iterator[Trial]:
    """One that prints wherever it is called: nothing of it is among the data, or raw on the terminal."""
    env = _beside(plugin_path(place.folder / "plugins", {"loud": _PRINTING}))
    loud, model = place.folder / "texts.loud", place.folder / "model"
    loud.write_text("", encoding="ascii")
    words = ("--backend", "loud", "--cleaners", "loud-step", "--split", "naive")
    for what, command in (
        ("plugins", ("plugins", "--json")),
        ("train", ("train", loud, *words, "--model", model, "--json")),
        ("evaluate", ("evaluate", loud, *words, "--runs", place.folder / "runs", "--json")),
        ("route", ("route", model, loud, "--format", "jsonl")),
        ("route, another policy", ("route", model, loud, "--policy", "loud-policy", "--format", "jsonl")),
        ("route --text", ("route", model, "--text", "my card", "--format", "jsonl")),
        ("describe", ("corpora", "describe", loud, "--json")),
    ):
        yield _data(f"prints while it is used: {what}", place.triage(*command, env=env))


def _data(what: str, done: Done) -> Trial:
    trial = judged(what, done)
    if trial.outcome != "held":
        return trial
    try:
        found = (
            [json.loads(line) for line in done.out.splitlines()] if "route" in what else json.loads(done.out)
        )
    except ValueError:
        return Trial(what=what, outcome="let_in", detail="what it printed is among the data")
    return trial if found else Trial(what=what, outcome="lost", detail="there is no data")


def _isolated(place: Place) -> Iterator[Trial]:
    """Backends that misbehave while they learn, in the process that --isolate gives them."""
    env = _beside(plugin_path(place.folder / "plugins", {"rogues": _ROGUES})) | {_SECRET: "hidden"}
    work = place.folder / "work"
    work.mkdir()
    (work / "precious.txt").write_text("precious", encoding="ascii")
    words = (
        "evaluate",
        place.corpus,
        "--split",
        "naive",
        "--isolate",
        "--json",
        "--runs",
        place.folder / "runs",
    )
    names = "crash,leave,vanish,raise,good,chatter,vandal,spy"
    done = place.triage(*words, "--backend", names, env=env, cwd=work, timeout=120)
    said = done.err.decode("utf-8", "replace").splitlines()
    for name, how in (
        ("crash", "SIGSEGV"),
        ("leave", "SystemExit"),
        ("vanish", "before"),
        ("raise", "IndexError"),
    ):
        told = any(name in line and how in line for line in said)
        yield Trial(
            what=f"{name} fails alone", outcome="held" if told else "silent", detail="" if told else done.said
        )
    try:
        ran = [each["backend"] for each in json.loads(done.out)]
    except ValueError:
        ran = []
    for name in ("good", "chatter", "vandal"):
        yield Trial(what=f"{name} is evaluated", outcome="held" if name in ran else "lost")
    yield Trial(what="spy sees nothing", outcome="held" if "spy" in ran else "let_in")
    yield Trial(what="the exit code", outcome="held" if done.code == 69 else "silent", detail=f"{done.code}")
    left = sorted(path.name for path in work.iterdir())
    yield Trial(what="nothing is deleted", outcome="held" if left == ["precious.txt"] else "lost")
    began = time.perf_counter()
    done = place.triage(*words, "--backend", "hang", "--time-limit", "4", env=env, cwd=work, timeout=60)
    took = time.perf_counter() - began
    held = done.code == 69 and "longer than 4 seconds" in done.said and took < 30
    detail = "" if held else f"exit code {done.code} after {took:.0f} s: {done.said}"
    yield Trial(what="hang is stopped in time", outcome="held" if held else "silent", detail=detail)
    model = work / "model"
    done = place.triage("train", place.corpus, "--backend", "majority", "--model", model, env=env)
    before = {path.name: path.read_bytes() for path in model.iterdir()} if not done.code else {}
    done = place.triage("train", place.corpus, "--backend", "crash", "--isolate", "--model", model, env=env)
    after = {path.name: path.read_bytes() for path in model.iterdir()} if model.exists() else {}
    kept = bool(before) and before == after and done.code == 69
    yield Trial(what="a crash leaves the model that stood there", outcome="held" if kept else "lost")


FAULTS = (
    Fault(
        name="rogue-plugins",
        does="Plugins that fail on import, exit, hang, never end, or register nonsense, all at once",
        must="Each is named with its reason, and everything else works",
        trials=_registered,
    ),
    Fault(
        name="loud-plugins",
        does="A plugin that prints, with escapes, wherever it is called",
        must="Nothing of it is among the data, and no escape reaches the terminal",
        trials=_printing,
    ),
    Fault(
        name="isolated-plugins",
        does="Backends that crash, leave, hang, print, delete and pry while they learn, with --isolate",
        must="Each fails alone and in time; no file is touched and no secret seen",
        trials=_isolated,
    ),
)
