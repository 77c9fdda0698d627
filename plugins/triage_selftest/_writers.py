"""Writers of a model that are killed, or whose system calls fail; a program of its own.

    python -m triage_selftest._writers MODEL FOLDER random KILLS SEED   killed at random instants
    python -m triage_selftest._writers MODEL FOLDER every OLD           killed before each system call in turn
    python -m triage_selftest._writers MODEL FOLDER failing OLD         each system call fails in turn

MODEL is written again and again, with another record in it each time, in FOLDER/model. OLD is what stands
there before: "model", "none", or "aside" for a model that an earlier kill left under its hidden name. It
prints what it saw as JSON lines: [what was done, outcome, what was seen].

It runs alone so that it forks while it has one thread, and so that nobody else meets the calls that fail.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from triage import CannotWrite, NoInput, TriageError
from triage.plugin_api import bundle

__all__ = ["FAULTY", "every_call", "failing", "failing_calls", "random_kills", "two_of"]

Seen = tuple[str, str, str]

CALLS = (
    "open",
    "write",
    "fsync",
    "close",
    "rename",
    "mkdir",
    "unlink",
    "rmdir",
    "ftruncate",
    "listdir",
    "stat",
)
FAULTY = (*CALLS, "lseek", "lstat", "fstat")
CODES = (errno.ENOSPC, errno.EIO, errno.EACCES)
MOST_CALLS = 10_000
NOTHING = "nothing"


def two_of(model: bundle.Bundle) -> tuple[bundle.Bundle, bundle.Bundle]:
    """Return two models that differ in one record."""
    extras = ({**model.extra, "note": {"number": number}} for number in (1, 2))
    one, other = (dataclasses.replace(model, extra=extra) for extra in extras)
    return one, other


def state_of(path: Path) -> str:
    """Return the digest of what a reader finds, "nothing", or what went wrong."""
    try:
        return bundle.read(path).sha256
    except NoInput:
        return NOTHING
    except TriageError as error:
        return f"unreadable: {error}"


def visible(folder: Path) -> list[str]:
    """Return what a user sees in the folder besides the model."""
    return sorted({path.name for path in folder.iterdir() if not path.name.startswith(".")} - {"model"})


def random_kills(model: bundle.Bundle, folder: Path, kills: int, *, seed: int) -> Iterator[Seen]:
    """Kill a process that writes two models in turn, each time at another instant."""
    instants, path, two = random.Random(seed), folder / "model", two_of(model)
    before = time.perf_counter()
    allowed = {bundle.write(path, each) for each in two}
    one_write = (time.perf_counter() - before) / 2
    for number in range(1, kills + 1):
        child = os.fork()
        if child == 0:
            for turn in range(1_000_000):
                bundle.write(path, two[turn % 2])
            os._exit(0)
        delay = instants.uniform(0, 4 * one_write)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = state_of(path)
        what = f"kill {number} of {kills}, after {1000 * delay:.1f} ms"
        if found not in allowed:
            yield what, "lost", found
        elif visible(folder):
            yield what, "let_in", f"a partial file under a name that users see: {visible(folder)[0]}"
        else:
            yield what, "held", "a whole model"
    yield "writing once more after all kills", *_swept(path, two[0])


def every_call(model: bundle.Bundle, folder: Path, old: str) -> Iterator[Seen]:
    """Kill a write before its first system call, before its second, and so on until one is left to finish."""
    path, (one, two) = folder / "model", two_of(model)
    new = bundle.write(path, two)
    for number in range(MOST_CALLS):
        expected = {new, bundle.write(path, one)} if old != "none" else {new, NOTHING}
        if old == "none":
            shutil.rmtree(path)
        elif old == "aside":
            path.rename(folder / ".model.previous")
        child = os.fork()
        if child == 0:
            _kill_before(number)
            bundle.write(path, two)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        found, what = state_of(path), f"killed before system call {number + 1}, over {_over(old)}"
        seen = visible(folder)
        outcome, detail = _swept(path, two)
        finished = os.WIFEXITED(status)
        if found not in expected or (finished and found != new):
            yield what, "lost", found
        elif finished and os.WEXITSTATUS(status):
            yield what, "silent", f"a write that was not killed ended with {os.WEXITSTATUS(status)}"
        elif seen:
            yield what, "let_in", f"a partial file under a name that users see: {seen[0]}"
        else:
            yield what, outcome, detail or ("the new model" if found == new else "as it was")
        if finished:
            return


def failing_calls(model: bundle.Bundle, folder: Path, old: str) -> Iterator[Seen]:
    """Let each system call of a write fail in turn, alone and with all later ones, for several reasons."""
    path, (one, two) = folder / "model", two_of(model)
    new = bundle.write(path, two)
    before = bundle.write(path, one) if old == "model" else NOTHING
    for code in CODES:
        for ever_after in (False, True):
            for first in range(MOST_CALLS):
                if old == "model":
                    bundle.write(path, one)
                elif path.exists():
                    shutil.rmtree(path)
                message, exit_code = "", 0
                with failing(first, code=code, ever_after=ever_after) as calls:
                    try:
                        bundle.write(path, two)
                    except TriageError as error:
                        message, exit_code = str(error), error.exit_code
                    except Exception as error:
                        message, exit_code = type(error).__name__, -1
                found, seen = state_of(path), visible(folder)
                outcome, detail = _swept(path, one)
                name, number = errno.errorcode[code], first + 1
                which = f"system calls from {number} on" if ever_after else f"system call {number}"
                what = f"{name} at {which}, over {_over(old)}"
                if found not in (before, new) or (not exit_code and found != new):
                    yield what, "lost", found
                elif exit_code and (exit_code != CannotWrite.exit_code or "model" not in message):
                    yield what, "silent", f"exit code {exit_code}: {message}"
                elif exit_code and found == new and not ever_after:
                    yield what, "silent", "an error, and yet the new model stands there"
                elif seen:
                    yield what, "let_in", f"a partial file under a name that users see: {seen[0]}"
                else:
                    yield what, outcome, detail
                if calls[0] <= first:
                    break


@contextlib.contextmanager
def failing(first: int, *, code: int, ever_after: bool) -> Iterator[list[int]]:
    """Let the system call of this number fail, and those after it too where asked; yields their count."""
    calls = [0]

    def faulty(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            number = calls[0]
            calls[0] += 1
            if number == first or (ever_after and number > first):
                if name == "close":  # as on a network file system: the data are gone, and so is the number
                    real(*args, **kwargs)
                raise OSError(code, os.strerror(code))
            return real(*args, **kwargs)

        return call

    real = {name: getattr(os, name) for name in FAULTY}
    try:
        for name in FAULTY:
            setattr(os, name, faulty(name, real[name]))
        yield calls
    finally:
        for name in FAULTY:
            setattr(os, name, real[name])


def _swept(path: Path, model: bundle.Bundle) -> tuple[str, str]:
    """Write once more; what is left beside the model then is never swept."""
    try:
        bundle.write(path, model)
    except TriageError as error:
        return "silent", f"nothing can be written any more: {error}"
    left = sorted(entry.name for entry in path.parent.iterdir() if entry.name != path.name)
    return ("silent", f"never swept: {left[0]}") if left else ("held", "")


def _over(old: str) -> str:
    return {"model": "a model", "none": "nothing", "aside": "a model left aside"}[old]


def _kill_before(number: int) -> None:
    """Make this process kill itself before its system call of this number."""
    calls = 0

    def killing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            calls += 1
            return real(*args, **kwargs)

        return call

    for name in CALLS:
        setattr(os, name, killing(getattr(os, name)))


def _main(source: str, where: str, how: str, *rest: str) -> None:
    # A killed process loses nothing that it has given to the system: only a power cut would. So syncing is
    # counted as a call and not done, and the kills fall on everything else.
    os.fsync = lambda fd: None  # noqa: ARG005
    model, folder = bundle.read(source), Path(where)
    folder.mkdir(parents=True, exist_ok=True)
    found = (
        random_kills(model, folder, int(rest[0]), seed=int(rest[1]))
        if how == "random"
        else (every_call if how == "every" else failing_calls)(model, folder, rest[0])
    )
    for seen in found:
        sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
