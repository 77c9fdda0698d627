"""Kill a writer again and again and look at what is left; prints what it saw as JSON.

    python tests/bundles/kills.py FOLDER random KILLS SEED      at random instants of a loop of writes
    python tests/bundles/kills.py FOLDER every OLD              before each single system call of a write

It is a program of its own so that it forks while it has one thread.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bundles.samples import sample

from triage import bundle
from triage.errors import NoInput, TriageError

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


def state_of(path: Path) -> str:
    """The digest of what a reader finds, "nothing", or what went wrong."""
    try:
        return bundle.read(path).sha256
    except NoInput:
        return "nothing"
    except TriageError as error:
        return f"lost: {error}"


def visible(folder: Path) -> list[str]:
    """What a user sees in the folder."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def random_kills(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill a process that writes two models in turn, each time at another instant."""
    instants = random.Random(seed)
    path = folder / "model"
    two = [sample(1, weights=3000), sample(2, weights=3000)]
    before = time.perf_counter()
    allowed = {bundle.write(path, each) for each in two}
    one_write = (time.perf_counter() - before) / 2
    seen: dict[str, int] = {}
    bad: list[str] = []
    leftovers = 0
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            for turn in range(1_000_000):
                bundle.write(path, two[turn % 2])
            os._exit(0)
        time.sleep(instants.uniform(0, 4 * one_write))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = state_of(path)
        seen[found] = seen.get(found, 0) + 1
        leftovers += len(list(folder.iterdir())) > 1
        if found not in allowed or not set(visible(folder)) <= {"model"}:
            bad.append(f"{found} {visible(folder)}")
    bundle.write(path, two[0])
    return {"bad": bad, "seen": seen, "with leftovers": leftovers, "left": [p.name for p in folder.iterdir()]}


def every_call(folder: Path, old: str) -> dict[str, object]:
    """Kill a write before its first system call, before its second, and so on until one is left to finish.

    Args:
        folder: where.
        old: "model" if there is one to be replaced, "none", or "aside" if an earlier kill left it aside.
    """
    path = folder / "model"
    new = bundle.write(path, sample(2))
    bad: list[str] = []
    seen: dict[str, int] = {}
    for number in range(10_000):
        expected = {new, "nothing"} if old == "none" else {new, bundle.write(path, sample(1))}
        if old == "none":
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
        elif old == "aside":
            path.rename(folder / ".model.previous")
        child = os.fork()
        if child == 0:
            kill_before(number)
            bundle.write(path, sample(2))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        found = state_of(path)
        seen[found] = seen.get(found, 0) + 1
        if found not in expected or not set(visible(folder)) <= {"model"}:
            bad.append(f"{number}: {found} {visible(folder)}")
        bundle.write(path, sample(2))
        if [p.name for p in folder.iterdir()] != ["model"]:
            bad.append(f"{number}: not swept: {[p.name for p in folder.iterdir()]}")
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status) or found != new:
                bad.append(f"{number}: a write that was not killed failed")
            break
    return {"bad": bad, "seen": seen, "calls": number}


def kill_before(number: int) -> None:
    """Make this process kill itself before its system call of this number."""
    calls = 0

    def killing(real):
        def call(*args, **kwargs):
            nonlocal calls
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            calls += 1
            return real(*args, **kwargs)

        return call

    for name in CALLS:
        setattr(os, name, killing(getattr(os, name)))


if __name__ == "__main__":
    # A killed process loses nothing that it has given to the system: only a power cut would. So syncing is
    # counted as a call and not done, and the kills fall on everything else.
    os.fsync = lambda descriptor: None
    where, how, *rest = sys.argv[1:]
    result = (
        random_kills(Path(where), int(rest[0]), int(rest[1]))
        if how == "random"
        else every_call(Path(where), rest[0])
    )
    print(json.dumps(result))
