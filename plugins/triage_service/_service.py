"""The service as one object: models, store, access and figures, with a start and an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from triage_service._http._access import Access
from triage_service._http._rates import Rates
from triage_service._http._texts import decide
from triage_service._metrics import Metrics
from triage_service._people import People
from triage_service._registry import Registry
from triage_service._scoring._models import Models
from triage_service._scoring._pool import Pool
from triage_service._settings import Settings

if TYPE_CHECKING:
    from triage_service._desk import Desk
    from triage_service._http._endpoints import Endpoint
    from triage_service._scoring._queue import Row

__all__ = ["Service"]

_STALLED = 10.0
"""Seconds that texts may wait without one batch being answered, until the service is not ready."""


class Service:
    """What answers requests.

    Args:
        settings: how it was started.
        desk: the database and what people do.
        endpoints: what is served.
    """

    def __init__(self, settings: Settings, desk: Desk, endpoints: Sequence[Endpoint]) -> None:
        self.settings = settings
        self.desk = desk
        self.endpoints = tuple(endpoints)
        self.metrics = Metrics()
        self.models = Models(self._pool)
        self.registry = Registry(
            self.models, desk.store, Path(settings.models or Path(settings.model).parent)
        )
        self.people = People(desk.store, settings)
        self.access = Access(settings, self.people.principal)
        self.rates = Rates(settings.rate)
        self.stopping = False
        self._gauges()

    async def start(self) -> None:
        """Load the model and open the desk.

        Raises:
            TriageError: the model cannot be loaded.
        """
        await self.models.start(self.settings.model)
        await self.registry.started(self.settings.model)

    def stop_soon(self) -> None:
        """Be not ready, and end streams; what was taken is still answered."""
        self.stopping = True

    async def stop(self) -> None:
        """Answer what was taken, then end the processes."""
        self.stopping = True
        await self.models.stop()

    def not_ready(self) -> str:
        """Return why no request should be sent here, or ""."""
        if self.stopping:
            return "the service is stopping"
        pool = self.models.active
        if not pool.alive:
            return "no scoring process is alive"
        if pool.waiting[2] > _STALLED and time.monotonic() - pool.answered > _STALLED:
            return "scoring has stalled"
        return self.desk.not_ready()

    async def intake(
        self, who: str, rows: Sequence[Row], *, source: str, key: str = "", digest: str = ""
    ) -> tuple[bytes, str, list[bytes]]:
        """Decide on texts and store them; return the answer, the deciding model's digest and the decisions."""
        stored: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

        async def mirrored(lines: Sequence[bytes]) -> None:
            await self.desk.add_shadow(await stored, lines)

        try:
            model, lines = await decide(self.models, rows, explain=True, mirrored=mirrored)
            answer, ids = await self.desk.add(who, rows, lines, source=source, key=key, digest=digest)
            stored.set_result(ids)
        finally:
            stored.cancel()  # without effect where it has a result
        return answer, model, lines

    def count(self, digest: str, lines: Sequence[bytes]) -> None:
        """Count decisions, lines of JSON, by what was decided."""
        review = sum(b'"action": "review"' in line for line in lines)
        for action, texts in (("review", review), ("route", len(lines) - review)):
            if texts:
                self.metrics.decisions.labels(action, digest[:12]).inc(texts)

    def _pool(self, path: str) -> Pool:
        return Pool(
            path,
            workers=self.settings.workers,
            limits=self.settings.limits,
            on_batch=self.metrics.observe_batch,
        )

    def _gauges(self) -> None:
        models = self.models
        for name, words, read in (
            ("triage_queue_texts", "Texts that wait", lambda: models.active.waiting[0]),
            ("triage_queue_characters", "Characters that wait", lambda: models.active.waiting[1]),
            ("triage_workers_alive", "Scoring processes that can score", lambda: models.active.alive),
            ("triage_worker_restarts", "Processes replaced", lambda: models.active.restarts),
        ):
            self.metrics.gauge(name, words, read)
