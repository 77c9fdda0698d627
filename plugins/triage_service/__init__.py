"""The routing service and the review desk: the commands `triage serve`, `triage desk` and `triage models`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import triage

if TYPE_CHECKING:
    import click


def _build_serve() -> click.Command:
    from triage_service._serve import command

    return command


def _build_desk() -> click.Command:
    from triage_service._commands._desk import desk

    return desk


def _build_models() -> click.Command:
    from triage_service._commands._models import models

    return models


@triage.hookimpl
def triage_commands() -> Iterator[triage.Command]:
    """Yield `triage serve`, `triage desk` and `triage models`."""
    database = ("alembic", "sqlalchemy")
    yield triage.Command(
        name="serve",
        summary="Answer over HTTP, with a desk where people decide the rest",
        build=_build_serve,
        requires=(*database, "prometheus_client", "starlette", "uvicorn"),
        roles=("service",),
    )
    yield triage.Command(
        name="desk",
        summary="Keep the review desk: people, backups, labels",
        build=_build_desk,
        requires=database,
    )
    yield triage.Command(
        name="models",
        summary="Change the model that a desk decides with",
        build=_build_models,
        requires=database,
    )
