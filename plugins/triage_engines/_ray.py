"""Workers of a Ray cluster: actors that run one task at a time. Only Ray core is used."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from typing import Any, Self

import triage

__all__ = ["RayWorkers"]


class RayWorkers:
    """Run tasks on actors of a Ray cluster (see `triage.host.protocols.Workers`).

    Args:
        address: of a running cluster, as "127.0.0.1:6379"; "local" starts one on this machine.
        slots: the number of actors; 0 for one on each CPU of the cluster.

    Raises:
        Unavailable: there is no cluster at the address.
    """

    def __init__(self, address: str, slots: int) -> None:
        self.address = address
        self.slots = slots
        self._actors: list[Any] = []
        self._open: dict[Any, tuple[int, Any]] = {}

    def __enter__(self) -> Self:
        """Connect, and start the actors."""
        # Ray's own set-up sends usage statistics and copies the driver's environment manager: neither is wanted.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
        import ray

        loopback = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        start: dict[str, Any] = loopback if self.address == "local" else {}
        if self.slots and self.address == "local":
            start["num_cpus"] = self.slots
        try:
            ray.init(address=self.address, log_to_driver=False, logging_level=logging.ERROR, **start)
        except ConnectionError as error:
            raise triage.Unavailable(
                f"there is no Ray cluster at {self.address!r}: start one with `ray start --head`"
            ) from error
        self.slots = self.slots or max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._actors = [self._start() for _ in range(self.slots)]
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop the actors and disconnect."""
        import ray

        for actor in [*self._actors, *(actor for _, actor in self._open.values())]:
            ray.kill(actor)
        self._actors, self._open = [], {}
        ray.shutdown()

    def submit(self, number: int, function: str, payload: Mapping[str, Any]) -> None:
        """Hand in a task."""
        if not self._actors:
            raise RuntimeError(f"all {self.slots} workers are busy: call next() first")
        actor = self._actors.pop()
        reference = actor.run.remote(json.dumps({"function": function, "payload": dict(payload)}))
        self._open[reference] = number, actor

    def next(self) -> triage.TaskResult:
        """Wait for one of the open tasks and return its result."""
        import ray

        if not self._open:
            raise RuntimeError("no task is open")
        (reference,), _ = ray.wait(list(self._open), num_returns=1)
        number, actor = self._open.pop(reference)
        try:
            outcome = ray.get(reference)
        except (ray.exceptions.RayActorError, ray.exceptions.NodeDiedError, ray.exceptions.ObjectLostError):
            self._actors.append(self._start())
            return triage.TaskResult(number, died=True)
        self._actors.append(actor)
        return triage.TaskResult(number, **json.loads(outcome))

    def _start(self) -> Any:
        import ray

        class Worker:
            def run(self, text: str) -> str:
                from triage_engines._task import run_task

                return run_task(text)

        return ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Worker).remote()
