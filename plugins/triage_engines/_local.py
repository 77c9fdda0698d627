"""Worker processes of this machine, each with a pipe for tasks and one for results."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Self

import triage

__all__ = ["LocalWorkers"]


class LocalWorkers:
    """Run tasks on processes of this machine (see `triage.host.protocols.Workers`).

    Args:
        slots: the number of processes.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._idle: list[subprocess.Popen[bytes]] = []
        self._busy: dict[subprocess.Popen[bytes], int] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        """Start the processes."""
        self._idle = [self._start() for _ in range(self.slots)]
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop the processes, also those that are busy."""
        for process in [*self._idle, *self._busy]:
            self._stop(process)
        self._idle, self._busy = [], {}
        self._selector.close()

    def submit(self, number: int, function: str, payload: Mapping[str, Any]) -> None:
        """Hand in a task."""
        if not self._idle:
            raise RuntimeError(f"all {self.slots} workers are busy: call next() first")
        line = json.dumps({"function": function, "payload": dict(payload)})
        process = self._idle.pop()
        self._busy[process] = number
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: next() finds its stdout closed
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()

    def next(self) -> triage.TaskResult:
        """Wait for one of the open tasks and return its result."""
        if not self._busy:
            raise RuntimeError("no task is open")
        while True:
            for key, _ in self._selector.select():
                process = key.data
                if process in self._busy:
                    return self._result(process)
                self._idle.remove(process)  # it ended without a task
                self._stop(process)
                self._idle.append(self._start())

    def _result(self, process: subprocess.Popen[bytes]) -> triage.TaskResult:
        assert process.stdout is not None
        number = self._busy.pop(process)
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            self._stop(process)
            self._idle.append(self._start())
            return triage.TaskResult(number, died=True)
        self._idle.append(process)
        return triage.TaskResult(number, **json.loads(line))

    def _start(self) -> subprocess.Popen[bytes]:
        # One thread each: workers that share cores must not wait for each other's threads.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "triage_engines._worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, process)
        return process

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._selector.unregister(process.stdout)
        process.kill()
        process.wait()
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
