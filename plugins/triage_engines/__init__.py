"""Engines: run tasks on processes of this machine, on a Ray cluster or on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any

import triage

Count = Annotated[int, "Worker processes; 0 for one on each core", triage.Between(0, 10_000)]
Address = Annotated[str, 'The address of a running cluster; "local" starts one on this machine']


def _build_local(*, workers: Count = 0) -> Any:
    """Run tasks on processes of this machine."""
    from triage_engines._local import LocalWorkers

    return LocalWorkers(workers or os.cpu_count() or 1)


def _build_ray(*, address: Address = "local", workers: Count = 0) -> Any:
    """Run tasks on actors of a Ray cluster (Ray core only; no dashboard is started)."""
    from triage_engines._ray import RayWorkers

    return RayWorkers(address, workers)


def _build_dask(*, address: Address = "local", workers: Count = 0) -> Any:
    """Run tasks on the workers of a Dask cluster (dask.distributed; no dashboard is started)."""
    from triage_engines._dask import DaskWorkers

    return DaskWorkers(address, workers)


@triage.hookimpl
def triage_engines() -> Iterator[triage.Engine]:
    """Yield the engines of this plugin."""
    yield triage.Engine(
        name="local", summary="Processes of this machine", build=_build_local, roles=("default",)
    )
    yield triage.Engine(name="ray", summary="Actors of a Ray cluster", build=_build_ray, requires=("ray",))
    yield triage.Engine(
        name="dask", summary="Workers of a Dask cluster", build=_build_dask, requires=("distributed",)
    )
