"""A backend that crashes, hangs, leaves, prints or deletes fails alone and harms nothing."""

import json
import os
import subprocess
import sys

import pytest

from triage.host.sandbox import ALLOWED

PLUGIN = '''
"""Backends that misbehave while they learn."""
import ctypes, logging, os, pathlib, subprocess, sys, time
import numpy as np
import triage

class Plain:
    def fit(self, train, tune, *, seed, watch):
        self.misbehave()
        self.shares_ = train.counts / len(train)
    def predict_proba(self, texts): return np.tile(self.shares_, (len(texts), 1))
    def misbehave(self): pass

def one(name, misbehave):
    return triage.Backend(name=name, summary=name, build=type(name, (Plain,), {"misbehave": misbehave}))

def vandalise(self):
    for path in pathlib.Path().rglob("*"):
        path.unlink()
    pathlib.Path("left.txt").write_text("left")

def look(self):
    if "MY_TOKEN" in os.environ or pathlib.Path("precious.txt").exists() or sys.stdin.read():
        raise ValueError("it can see too much")
    if str(pathlib.Path.home()) != os.getcwd():
        raise ValueError("it is at somebody's home")

@triage.hookimpl
def triage_backends():
    yield one("plain", lambda self: None)
    yield one("wary", lambda self: [logging.getLogger("rogues").warning("this is %s\x1b[2J", "thin ice") for _ in range(3)])
    yield one("crash", lambda self: ctypes.string_at(0))
    yield one("hang", lambda self: (subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]), time.sleep(600)))
    yield one("leave", lambda self: sys.exit(0))
    yield one("vanish", lambda self: os._exit(0))
    yield one("raise", lambda self: [].pop())
    yield one("chatter", lambda self: (print("{" * 9000), os.write(1, b"garbage"), sys.stdout.flush()))
    yield one("vandal", vandalise)
    yield one("spy", look)
'''


@pytest.fixture
def place(tmp_path):
    plugins = tmp_path / "plugins"
    info = plugins / "rogues-1.0.dist-info"
    info.mkdir(parents=True)
    (plugins / "rogues.py").write_text(PLUGIN, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rogues\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[triage]\nrogues = rogues\n", encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    (work / "precious.txt").write_text("precious", encoding="utf-8")
    letters = "abcdefghijklmnopqrstuvwxyz"
    rows = [f"{letters[i % 26]}{letters[i // 26]} the {word} was lost,{word}" for i in range(40) for word in ("card", "loan")]  # fmt: skip
    (work / "past.csv").write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return work


def evaluate(place, backends, *more):
    environment = {**os.environ, "PYTHONPATH": str(place.parent / "plugins"), "MY_TOKEN": "hidden"}
    environment.pop("TRIAGE_DEBUG", None)
    words = ["evaluate", "past.csv", "--backend", backends, "--split", "naive", "--json", *more]
    return subprocess.run(
        [sys.executable, "-m", "triage", *words], cwd=place, env=environment, capture_output=True, text=True
    )


def test_each_fails_alone_and_by_name_and_the_others_go_on(place):
    done = evaluate(place, "crash,leave,vanish,raise,plain", "--isolate")
    assert done.returncode == 69
    assert [found["backend"] for found in json.loads(done.stdout)] == ["plain"]
    said = done.stderr.splitlines()
    for name, how in (
        ("crash", "SIGSEGV"),
        ("leave", "SystemExit"),
        ("vanish", "before the run was done"),
        ("raise", "IndexError"),
    ):
        assert any(name in line and how in line for line in said), (name, done.stderr)


def test_what_it_prints_deletes_or_looks_for_reaches_nobody(place):
    done = evaluate(place, "chatter,vandal,spy", "--isolate")
    assert done.returncode == 0, done.stderr
    assert [found["backend"] for found in json.loads(done.stdout)] == ["chatter", "vandal", "spy"]
    assert sorted(path.name for path in place.iterdir()) == ["past.csv", "precious.txt", "runs"]


@pytest.mark.parametrize("more", [(), ("--isolate",)])
def test_what_it_warns_about_belongs_to_the_run_and_is_shown_with_it(place, more):
    (found,) = json.loads(evaluate(place, "wary", *more).stdout)
    assert found["warnings"] == ["this is thin ice\x1b[2J"]
    words = ["report", "runs", "--format", "terminal"]
    shown = subprocess.run(
        [sys.executable, "-m", "triage", *words], cwd=place, capture_output=True, text=True
    )
    assert "this is thin ice␛[2J" in shown.stdout


def test_without_isolation_it_sees_what_this_process_sees(place):
    done = evaluate(place, "spy")
    assert done.returncode == 69
    assert "ValueError" in done.stderr
    assert "too much" not in done.stderr


def train(place, backend, *more):
    environment = {**os.environ, "PYTHONPATH": str(place.parent / "plugins"), "MY_TOKEN": "hidden"}
    words = ["train", "past.csv", "--backend", backend, "--split", "naive", "--model", "model", *more]
    return subprocess.run(
        [sys.executable, "-m", "triage", *words], cwd=place, env=environment, capture_output=True, text=True
    )


def test_a_model_is_trained_in_isolation_as_without(place):
    done = train(place, "spy", "--isolate", "--json")
    assert done.returncode == 0, done.stderr
    apart = json.loads(done.stdout)
    here = json.loads(train(place, "plain", "--json").stdout)
    assert apart["model"] == "model"
    assert (apart["macro_f1"], apart["documents"]) == (here["macro_f1"], here["documents"])


def test_a_training_that_crashes_leaves_the_model_that_stood_there(place):
    assert train(place, "plain").returncode == 0
    before = (place / "model" / "MANIFEST.json").read_bytes()
    done = train(place, "crash", "--isolate")
    assert done.returncode == 69
    assert "'crash', seed 42: its process was ended by SIGSEGV" in done.stderr
    assert (place / "model" / "MANIFEST.json").read_bytes() == before
    assert train(place, "plain", "--isolate", "--resume").returncode == 2


@pytest.mark.slow
def test_what_hangs_is_stopped_with_all_that_it_started(place):
    done = evaluate(place, "hang", "--isolate", "--time-limit", "12")
    assert done.returncode == 69
    assert "'hang', seed 42: it took longer than 12 seconds" in done.stderr


def test_no_variable_that_is_passed_on_holds_a_secret():
    assert not [
        name for name in ALLOWED if any(word in name for word in ("TOKEN", "KEY", "SECRET", "PASS", "AUTH"))
    ]
