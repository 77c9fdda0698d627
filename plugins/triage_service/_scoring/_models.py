"""Which model decides: the active one, a shadow beside it, and the previous one kept warm for a rollback.

A request goes to the pool that was active when it came, wholly; so every decision carries exactly one digest,
and a pool that is no longer active answers what it has taken before it stops.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from triage import NoInput, Refused
from triage_service._scoring._pool import Late, Pool
from triage_service._scoring._queue import Full, Row

__all__ = ["Compared", "Mirrored", "Models"]

Mirrored = Callable[[Sequence[bytes]], Awaitable[None]]


@dataclass(slots=True)
class Compared:
    """How often a shadow and the active model said the same.

    Attributes:
        texts: how many were scored by both.
        label: on how many they named the same label.
        action: on how many they chose the same action.
    """

    texts: int = 0
    label: int = 0
    action: int = 0


class Models:
    """The pools of a service.

    Args:
        make: returns a pool, not started, for the path of a bundle.
    """

    def __init__(self, make: Callable[[str], Pool]) -> None:
        self._make = make
        self._active: Pool | None = None
        self.shadow: Pool | None = None
        self.previous: Pool | None = None
        self.compared = Compared()
        self._change = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def active(self) -> Pool:
        """The pool that decides."""
        assert self._active is not None, "the service has not been started"
        return self._active

    @property
    def pools(self) -> dict[str, Pool]:
        """The pools that run, by state."""
        named = {"active": self._active, "shadow": self.shadow, "previous": self.previous}
        return {state: pool for state, pool in named.items() if pool is not None}

    async def start(self, path: str) -> None:
        """Load the first model.

        Raises:
            TriageError: it cannot be loaded.
        """
        self._active = await self._started(path)

    async def score(
        self, rows: Sequence[Row], *, explain: bool = False, mirrored: Mirrored | None = None
    ) -> tuple[str, list[bytes]]:
        """Return the digest of the model that decided and its decisions; errors as in `Pool.score`.

        Args:
            rows: the texts.
            explain: whether decisions name the terms that decided.
            mirrored: told later what the shadow says of the same rows, where it had time for them.
        """
        pool = self.active
        lines = await pool.score(rows, explain=explain)
        if self.shadow is not None and self.shadow.digest != pool.digest:
            self._later(self._mirror(self.shadow, rows, lines, mirrored))
        return pool.digest, lines

    async def watch(self, path: str, digest: str) -> None:
        """Let the model at `path` decide in the shadow: its answers are compared, and nothing else.

        Raises:
            TriageError: it cannot be loaded, or is not the one of that digest.
        """
        async with self._change:
            found = self._running(digest) or await self._started(path, digest)
            old, self.shadow, self.compared = self.shadow, found, Compared()
            if self.previous is found:
                self.previous = None
            self._retire(old)

    async def promote(self, path: str, digest: str) -> str:
        """Make a model the active one and return the digest of the one before; it is kept for a rollback.

        Raises:
            TriageError: it cannot be loaded, or is not the one of that digest. The old one goes on.
        """
        async with self._change:
            before = self.active
            if digest == before.digest:
                return before.digest
            found = self._running(digest) or await self._started(path, digest)
            old = self.previous
            self._active, self.previous = found, before
            if self.shadow is found:
                self.shadow, self.compared = None, Compared()
            if old is not found:
                self._retire(old)
            return before.digest

    async def stop(self, *, seconds: float = 10) -> None:
        """Answer what was taken, then end every process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(pool.stop(seconds=seconds) for pool in self.pools.values()))

    def _running(self, digest: str) -> Pool | None:
        return next((pool for pool in self.pools.values() if pool.digest == digest), None)

    async def _started(self, path: str, digest: str = "") -> Pool:
        if not path:
            raise NoInput("the path of this model is not known to the service")
        pool = self._make(path)
        await pool.start()
        if digest and pool.digest != digest:
            await pool.stop()
            raise Refused("another model stands at the path that is registered for this digest")
        return pool

    def _retire(self, pool: Pool | None) -> None:
        if pool is not None and pool not in self.pools.values():
            self._later(pool.stop(seconds=30))

    async def _mirror(
        self, shadow: Pool, rows: Sequence[Row], lines: Sequence[bytes], mirrored: Mirrored | None
    ) -> None:
        """Score rows by the shadow too; where it has no time for them, they are left out."""
        try:
            answers = await shadow.score(rows)
        except (Full, Late):
            return
        counted = Counter[str]()
        for ours, theirs in zip(map(json.loads, lines), map(json.loads, answers), strict=True):
            counted.update(label=ours["label"] == theirs["label"], action=ours["action"] == theirs["action"])
        self.compared.texts += len(rows)
        self.compared.label += counted["label"]
        self.compared.action += counted["action"]
        if mirrored is not None:
            await mirrored(answers)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
