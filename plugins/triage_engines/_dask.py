"""Workers of a Dask cluster: tasks that run once, one at a time on each worker process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

import triage
from triage_engines._task import run_task

__all__ = ["DaskWorkers"]


class DaskWorkers:
    """Run tasks on the workers of a Dask cluster (see `triage.host.protocols.Workers`).

    Args:
        address: of a running scheduler, as "tcp://127.0.0.1:8786"; "local" starts a cluster on this machine.
        slots: the number of tasks at once; 0 for one on each worker.

    Raises:
        Unavailable: there is no scheduler at the address.
    """

    def __init__(self, address: str, slots: int) -> None:
        self.address = address
        self.slots = slots
        self._client: Any = None
        self._cluster: Any = None
        self._open: dict[Any, int] = {}

    def __enter__(self) -> Self:
        """Connect, or start a cluster."""
        import dask
        from distributed import Client, LocalCluster

        # A task whose worker dies is returned as died at once: who handed it in decides what follows.
        dask.config.set({"distributed.scheduler.allowed-failures": 0})
        if self.address == "local":
            workers = {"n_workers": self.slots} if self.slots else {}
            self._cluster = LocalCluster(
                threads_per_worker=1, dashboard_address=None, silence_logs=50, host="127.0.0.1", **workers
            )
        try:
            self._client = Client(self._cluster or self.address, timeout=10)
        except (OSError, TimeoutError) as error:
            raise triage.Unavailable(f"there is no Dask scheduler at {self.address!r}") from error
        self.slots = self.slots or max(1, len(self._client.scheduler_info()["workers"]))
        return self

    def __exit__(self, *exception: object) -> None:
        """Cancel what is open and disconnect."""
        self._client.cancel(list(self._open), force=True)
        self._open = {}
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def submit(self, number: int, function: str, payload: Mapping[str, Any]) -> None:
        """Hand in a task."""
        if len(self._open) >= self.slots:
            raise RuntimeError(f"all {self.slots} workers are busy: call next() first")
        text = json.dumps({"function": function, "payload": dict(payload)})
        self._open[self._client.submit(run_task, text, pure=False, retries=0)] = number

    def next(self) -> triage.TaskResult:
        """Wait for one of the open tasks and return its result."""
        from distributed import wait
        from distributed.scheduler import KilledWorker

        if not self._open:
            raise RuntimeError("no task is open")
        done = next(iter(wait(list(self._open), return_when="FIRST_COMPLETED").done))
        number = self._open.pop(done)
        try:
            return triage.TaskResult(number, **json.loads(done.result()))
        except KilledWorker:
            return triage.TaskResult(number, died=True)
        finally:
            done.release()
