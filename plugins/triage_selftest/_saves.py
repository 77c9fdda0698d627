"""Faults while a model is saved: killed writers, disks that fail, two writers at once."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from triage import TriageError
from triage.plugin_api import bundle
from triage_selftest._place import Done, Place
from triage_selftest._privileges import NO_PRIVILEGES, triage_as_plain_user
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

KILLS = 200
PAIRS = 3
_WRITERS = (
    "import runpy, sys; runpy.run_module('triage_selftest._writers', run_name='__main__', alter_sys=True)"
)
# A limit on the size of files stands for a full disk: the first write beyond it fails.
_SMALL_FILES = """
import resource, runpy, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
runpy.run_module("triage", run_name="__main__", alter_sys=True)
"""
_HOLD = """
import os, sys, time
from triage.models import bundle
with bundle.lock(sys.argv[1]):
    with open(sys.argv[2], "w") as file:
        file.write(str(os.getpid()))
    time.sleep(120)
"""


def _written(place: Place, *words: str) -> Iterator[Trial]:
    """Run the writers with `words` and pass on what they saw."""
    folder = place.folder / "-".join(words)
    done = place.python(_WRITERS, place.model, folder, *words, timeout=300)
    for line in done.out.splitlines():
        what, outcome, detail = json.loads(line)
        yield Trial(what=what, outcome=outcome, detail=detail)
    if done.code:
        what = f"writers: {' '.join(words)}"
        yield Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")


def _killed(place: Place) -> Iterator[Trial]:
    if not hasattr(os, "fork"):
        yield Trial(what="kill -9", outcome="skipped", detail="this system cannot fork")
        return
    for old in ("model", "none", "aside"):
        yield from _written(place, "every", old)
    yield from _written(place, "random", str(KILLS), str(place.random.randrange(2**31)))
    yield from _killed_trainings(place)


def _killed_trainings(place: Place) -> Iterator[Trial]:
    """Kill `triage train` itself, over a model that must still answer."""
    model = place.folder / "trained"
    shutil.copytree(place.model, model)
    before = bundle.read(model).sha256
    for _ in range(5):
        seconds = place.random.uniform(0.3, 2.5)
        what = f"triage train killed after {seconds:.2f} s"
        done = place.triage("train", place.corpus, "--model", model, "--seed", "7", timeout=seconds)
        yield _whole(model, what, allowed={before} if done.code else None)
        shutil.rmtree(model)
        shutil.copytree(place.model, model)


def _whole(model: pathlib.Path, what: str, *, allowed: set[str] | None = None) -> Trial:
    try:
        found = bundle.read(model).sha256
    except TriageError as error:
        return Trial(what=what, outcome="lost", detail=str(error))
    # A kill that came too late finds the new model, whose digest nobody knew beforehand.
    changed = allowed is not None and found not in allowed and _note(model) == 42
    return Trial(what=what, outcome="lost" if changed else "held", detail="changed" if changed else "")


def _note(model: pathlib.Path) -> object:
    return bundle.read(model).model["trained"]["seed"]


def _failing(place: Place) -> Iterator[Trial]:
    for old in ("model", "none"):
        yield from _written(place, "failing", old)
    yield from _full_disks(place)
    yield from _forbidden(place)


def _digest(folder: pathlib.Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _full_disks(place: Place) -> Iterator[Trial]:
    try:
        import resource  # noqa: F401
    except ImportError:  # pragma: no cover - not on this system
        yield Trial(what="files of limited size", outcome="skipped", detail="no such limits on this system")
        return
    folder = place.folder / "full"
    folder.mkdir()
    shutil.copytree(place.model, folder / "model")
    (folder / "out.jsonl").write_text("before\n", encoding="utf-8")
    before = _digest(folder)
    for limit in (0, 300, 5_000, 100_000):
        for what, words in {
            "train over a model": ("train", place.corpus, "--model", folder / "model", "--seed", "7"),
            "train where nothing was": ("train", place.corpus, "--model", folder / "new"),
            "promise": ("promise", folder / "model", "--max-error", "0.3", "--confidence", "0.6"),
            "route to a file": ("route", folder / "model", place.corpus, "--out", folder / "out.jsonl"),
        }.items():
            done = place.python(_SMALL_FILES, str(limit), *words)
            yield _refused_write(f"no file may pass {limit:,} bytes: triage {what}", done, folder, before)


def _forbidden(place: Place) -> Iterator[Trial]:
    folder = place.folder / "forbidden"
    shutil.copytree(place.model, folder / "model")
    before = _digest(folder)
    folder.chmod(0o555)
    try:
        done = triage_as_plain_user(place, "train", place.corpus, "--model", folder / "model")
    finally:
        folder.chmod(0o755)
    what = "train in a directory without permission to write"
    if done.code == NO_PRIVILEGES:
        yield Trial(what=what, outcome="skipped", detail="root may write everywhere")
    else:
        yield _refused_write(what, done, folder, before)
    for path in ("/proc/triage/model", "/dev/null/model", f"{place.corpus}/model"):
        done = place.triage("train", place.corpus, "--model", path)
        parent = pathlib.Path(path).parent.name
        yield _refused_write(f"train --model in {parent}, where nothing can be", done, folder, before)


def _refused_write(what: str, done: Done, folder: pathlib.Path, before: str) -> Trial:
    """A command that could not write: 73, one line, and everything as it was."""
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith("."))
    if _digest(folder) != before:
        return Trial(
            what=what, outcome="lost", detail=f"something changed (exit code {done.code}); hidden: {left}"
        )
    if done.code != 73 or not done.said.startswith("triage: ") or b"Traceback" in done.err:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    return Trial(what=what)


def _two_at_once(place: Place) -> Iterator[Trial]:
    model = place.folder / "model"
    for pair in range(1, PAIRS + 1):
        seeds = (str(2 * pair), str(2 * pair + 1))

        def train(seed: str) -> Done:
            return place.triage("train", place.corpus, "--model", model, "--seed", seed, "--json")

        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(train, seeds))
        yield _one_won(f"pair {pair} of {PAIRS}", ended, seeds, model)
        loser = next((seed for seed, done in zip(seeds, ended, strict=True) if done.code), seeds[0])
        again = train(loser)
        what = f"the loser of pair {pair} once more"
        if again.code:
            yield Trial(what=what, outcome="silent", detail=f"exit code {again.code}: {again.said}")
        elif str(_note(model)) != loser:
            yield Trial(what=what, outcome="lost", detail="its model does not stand there")
        else:
            yield Trial(what=what)
    yield from _held(place, model)


def _one_won(what: str, ended: list[Done], seeds: tuple[str, str], model: pathlib.Path) -> Trial:
    codes = sorted(done.code for done in ended)
    if codes != [0, 73]:
        said = "; ".join(done.said for done in ended)
        return Trial(what=what, outcome="silent", detail=f"exit codes {codes}: {said}")
    won, lost = sorted(zip(ended, seeds, strict=True), key=lambda each: each[0].code)
    if not re.search(r"is being written by process \d+ on '.+' since \d{4}-", lost[0].said):
        return Trial(what=what, outcome="silent", detail=f"who holds it is not said: {lost[0].said}")
    try:
        found = bundle.read(model).sha256
    except TriageError as error:
        return Trial(what=what, outcome="lost", detail=str(error))
    whole = found == json.loads(won[0].out)["sha256"] and str(_note(model)) == won[1]
    return Trial(what=what, outcome="held" if whole else "lost", detail="" if whole else "not the winner's")


def _held(place: Place, model: pathlib.Path) -> Iterator[Trial]:
    """A holder that is killed holds nothing any more; while it lives, every writer is told its number."""
    before, told = bundle.read(model).sha256, place.folder / "holder"
    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(place.python, _HOLD, model, told)
        while not (told.exists() and told.read_text()) and not holder.done():
            time.sleep(0.01)
        pid = told.read_text()
        for words in (("train", place.corpus, "--model", model), ("promise", model, "--max-error", "0.3")):
            done = place.triage(*words)
            what = f"triage {words[0]} while another process holds the model"
            if bundle.read(model).sha256 != before:
                yield Trial(what=what, outcome="lost", detail="the model changed")
            elif done.code != 73 or f"process {pid} " not in done.said:
                yield Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
            else:
                yield Trial(what=what)
        done = place.triage("route", model, "--text", "I was charged twice for one transfer")
        ok = done.code == 0 and before.encode() in done.out
        yield Trial(
            what="triage route while another process holds the model",
            outcome="held" if ok else "silent",
            detail="" if ok else f"exit code {done.code}: {done.said}",
        )
        os.kill(int(pid), signal.SIGKILL)
        holder.result()
    done = place.triage("train", place.corpus, "--model", model)
    yield Trial(
        what="training after the holder was killed",
        outcome="silent" if done.code else "held",
        detail=done.said if done.code else "",
    )


FAULTS = (
    Fault(
        name="killed-saves",
        does=f"Kills a save at {KILLS} random instants and before each system call, and trainings too",
        must="The old model or the new one, whole; no part under a visible name; leftovers are swept",
        trials=_killed,
    ),
    Fault(
        name="failing-disk",
        does="Lets every open, write, sync and rename of a save fail: disk full, I/O error, no permission",
        must="Exit code 73 with the reason; what stood there still stands; leftovers are swept",
        trials=_failing,
    ),
    Fault(
        name="two-trainings",
        does="Trains into one model from two processes at once, and while a third holds it",
        must="One wins, the other ends with 73 and says who holds it; both results are whole",
        trials=_two_at_once,
    ),
)
