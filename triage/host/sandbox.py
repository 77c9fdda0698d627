"""A process for code that nobody here wrote: a time limit, no secrets, and a working directory of its own."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

__all__ = ["ALLOWED", "Isolation", "Process", "launch"]

ALLOWED = (
    "CUDA_VISIBLE_DEVICES",
    "KERAS_BACKEND",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "NLTK_DATA",
    "OMP_NUM_THREADS",
    "PATH",
    "PYTHONHASHSEED",
    "PYTHONPATH",
    "SYSTEMROOT",
    "TF_CPP_MIN_LOG_LEVEL",
    "TF_ENABLE_ONEDNN_OPTS",
    "TRIAGE_DEBUG",
    "TRIAGE_DISABLE",
    "TRIAGE_PLUGINS",
    "TRIAGE_PLUGIN_SECONDS",
    "TRIAGE_STRICT",
    "TZ",
    "VIRTUAL_ENV",
)
"""The environment variables that an isolated process gets; tokens and passwords are in others."""


@dataclass(frozen=True)
class Isolation:
    """What keeps a plugin from harming what is around it.

    The process gets the variables of `ALLOWED` and no other, an empty directory to work in that is also its
    home and is deleted afterwards, and a session of its own, which is ended whole when its time is up. It
    is no prison: it runs as the same user, and may open files by their full path and the network.

    Attributes:
        seconds: how long the process may take.
    """

    seconds: float = 3600.0


class Process:
    """A process that was started by `launch`."""

    def __init__(self, started: subprocess.Popen[bytes], isolation: Isolation | None) -> None:
        self.stdin: IO[bytes] | None = started.stdin
        self.stdout: IO[bytes] | None = started.stdout
        self._started = started
        self._isolation = isolation
        self._late = False

    def ending(self) -> str:
        """Wait for the end; return how it ended in words, or "" where it ended well."""
        code = self._started.wait()
        if self._late and self._isolation is not None:
            return f"it took longer than {self._isolation.seconds:g} seconds and was stopped"
        if code < 0:
            try:
                return f"its process was ended by {signal.Signals(-code).name}"
            except ValueError:
                return f"its process was ended by signal {-code}"
        return f"its process ended with code {code}" if code else ""

    def stop(self, *, late: bool = False) -> None:
        """End it, and all that it started where it has a session of its own."""
        self._late = self._late or late
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._isolation is not None and hasattr(os, "killpg"):
                os.killpg(self._started.pid, signal.SIGKILL)
            else:
                self._started.kill()


def _limit(pid: int, isolation: Isolation | None) -> None:
    """Let the system end a process that outlives the one which keeps its time."""
    try:
        import resource

        if isolation is not None and hasattr(resource, "prlimit"):
            seconds = math.ceil(isolation.seconds * (os.cpu_count() or 1)) + 1
            resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))
    except (ImportError, OSError, ValueError, OverflowError):
        pass  # not on this system, or it has ended already


@contextlib.contextmanager
def launch(
    command: Sequence[str], isolation: Isolation | None = None, *, stderr: int | None = None
) -> Iterator[Process]:
    """Start a process with pipes for stdin and stdout; it does not outlive the context.

    Args:
        command: the program and its arguments.
        isolation: None for a process with the environment and the working directory of this one.
        stderr: where its stderr goes, as for `subprocess.Popen`.
    """
    with contextlib.ExitStack() as stack:
        folder, environment = None, None
        if isolation is not None:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="triage-isolated-", ignore_cleanup_errors=True)
            )
            environment = {name: os.environ[name] for name in ALLOWED if name in os.environ}
            environment |= {"HOME": folder, "TMPDIR": folder}
        started = subprocess.Popen(  # noqa: S603 - the caller says what
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=folder,
            env=environment,
            start_new_session=isolation is not None,
        )
        process = Process(started, isolation)
        _limit(started.pid, isolation)
        timer = (
            threading.Timer(
                min(isolation.seconds, threading.TIMEOUT_MAX), process.stop, kwargs={"late": True}
            )
            if isolation
            else None
        )
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            yield process
        finally:
            if timer is not None:
                timer.cancel()
            if started.poll() is None or isolation is not None:
                process.stop()
            started.wait()
            for pipe in (started.stdin, started.stdout):
                with contextlib.suppress(BrokenPipeError):
                    if pipe is not None:
                        pipe.close()
