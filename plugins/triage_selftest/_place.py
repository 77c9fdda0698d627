"""Where a fault is tried: a folder of its own, a corpus and a model to damage, and processes to run."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import functools
import os
import pathlib
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TypeVar

__all__ = ["Done", "Place", "Shared", "two_at_a_time"]

T = TypeVar("T")
R = TypeVar("R")

_LABELS, _EACH = 4, 150
_NONE: Mapping[str, str] = MappingProxyType({})
# What the user's own session says about colours and plugins must not change what is seen.
_UNSET = ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "COLUMNS", "PYTHONWARNINGS")


def two_at_a_time(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield `work` of each item, in order; it waits for processes, so two run on two cores."""
    pool = ThreadPoolExecutor(2)
    try:
        yield from pool.map(work, items)
    finally:
        # Not waited for: after an interrupt, what still runs is killed by `Shared.stop`.
        pool.shutdown(wait=False, cancel_futures=True)


@dataclasses.dataclass(frozen=True)
class Done:
    """A process that has ended.

    Attributes:
        code: its exit code; -1 where it was stopped because it took too long.
        out: what it wrote to stdout.
        err: what it wrote to stderr.
    """

    code: int
    out: bytes
    err: bytes

    @property
    def said(self) -> str:
        """The last line on stderr, for the detail of a trial."""
        lines = self.err.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else ""


class Shared:
    """What all faults of a battery need, made when the first one asks for it.

    Args:
        folder: where it is kept; made when it is needed.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.running: set[subprocess.Popen[bytes]] = set()

    def stop(self) -> None:
        """Kill every process that still runs, with all that it started."""
        for process in tuple(self.running):
            _kill(process)

    @functools.cached_property
    def corpus(self) -> pathlib.Path:
        """A CSV file (id, text, label, date): 150 of the embedded complaints for each of four labels."""
        from triage import Plugins
        from triage.plugin_api import load

        self.folder.mkdir(exist_ok=True)
        path = self.folder / "complaints.csv"
        dataset = load(Plugins.discover(), "complaints")
        commonest = sorted(dataset.label_counts.items(), key=lambda item: (-item[1], item[0]))[:_LABELS]
        left = {label: _EACH for label, _ in commonest}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "text", "label", "date"])
            for document in dataset.documents:
                if document.label is not None and left.get(document.label, 0):
                    left[document.label] -= 1
                    writer.writerow([document.id, document.text, document.label, document.date])
        return path

    @functools.cached_property
    def model(self) -> pathlib.Path:
        """A tfidf model of `corpus`.

        Raises:
            RuntimeError: it could not be trained.
        """
        path = self.folder / "model"
        words = ["-P", "-m", "triage", "train", str(self.corpus), "--backend", "tfidf", "--model", str(path)]
        done = _run([sys.executable, *words], running=self.running)
        if done.code:
            raise RuntimeError(f"the battery's own model cannot be trained: {done.said}")
        return path


class Place:
    """Where one fault is tried.

    Args:
        folder: the fault's own.
        seed: decides what `random` gives.
        shared: what all faults share.

    Attributes:
        folder: an empty directory.
        random: seeded.
    """

    def __init__(self, folder: pathlib.Path, *, seed: str, shared: Shared) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self._shared = shared

    @property
    def corpus(self) -> pathlib.Path:
        """A CSV file with columns id, text, label and date: 600 synthetic complaints, four labels."""
        return self._shared.corpus

    @property
    def model(self) -> pathlib.Path:
        """A model that was learned from `corpus` by the backend tfidf; copy it before you damage it."""
        return self._shared.model

    def triage(
        self,
        *words: str | os.PathLike[str],
        stdin: bytes = b"",
        env: Mapping[str, str] = _NONE,
        cwd: str | os.PathLike[str] | None = None,
        timeout: float = 60,
    ) -> Done:
        """Run the command `triage WORDS` in a process of its own.

        Args:
            words: the command line.
            stdin: what it reads there.
            env: variables besides those of this process.
            cwd: where it runs; the fault's folder by default.
            timeout: seconds, after which it and what it started are killed.
        """
        return self._python(["-m", "triage", *words], stdin=stdin, env=env, cwd=cwd, timeout=timeout)

    def python(
        self,
        code: str,
        *args: str | os.PathLike[str],
        stdin: bytes = b"",
        env: Mapping[str, str] = _NONE,
        cwd: str | os.PathLike[str] | None = None,
        timeout: float = 60,
    ) -> Done:
        """Run Python source in a process of its own, with `args` in `sys.argv`; the rest as in `triage`."""
        return self._python(["-c", code, *args], stdin=stdin, env=env, cwd=cwd, timeout=timeout)

    def _python(
        self,
        words: list[str | os.PathLike[str]],
        *,
        stdin: bytes,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str] | None,
        timeout: float,
    ) -> Done:
        # -P: what lies in the working directory is never imported, as with the `triage` script.
        command = [sys.executable, "-P", *(os.fspath(word) for word in words)]
        running = self._shared.running
        return _run(command, running=running, stdin=stdin, env=env, cwd=cwd or self.folder, timeout=timeout)


def _run(
    command: list[str],
    *,
    running: set[subprocess.Popen[bytes]],
    stdin: bytes = b"",
    env: Mapping[str, str] = _NONE,
    cwd: str | os.PathLike[str] | None = None,
    timeout: float = 120,
) -> Done:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TRIAGE_") and k not in _UNSET}
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**kept, **env},
        cwd=cwd,
        start_new_session=True,
    )
    running.add(process)
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        out, err = process.communicate()
        return Done(-1, out, err)
    except BaseException:
        _kill(process)
        process.wait()
        raise
    finally:
        running.discard(process)
    return Done(process.returncode, out, err)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:  # pragma: no cover - not on this system
        process.kill()
