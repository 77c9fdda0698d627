"""One model in K scoring processes: every text that is taken gets exactly one decision of exactly this model."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from triage import Decision, TriageError
from triage.plugin_api import json_lines
from triage_service._scoring._process import BatchFailed, ScoringProcess
from triage_service._scoring._queue import Batch, Job, Limits, Row, WaitingLine

__all__ = ["Late", "Pool"]

_log = logging.getLogger("triage_service")

_SLOWEST_RESTART = 30.0


class Late(Exception):
    """The deadline passed before every text was scored."""


class Pool:
    """Scoring processes that hold one model, and the line before them.

    Args:
        model: the path of a bundle.
        workers: how many processes.
        limits: of the line and of time.
        on_batch: told the size of each batch, the seconds that its oldest text waited, and the seconds
            that scoring took.

    Attributes:
        facts: what the processes say of the model: digest, classes, queues, policy.
        restarts: how many processes died or were killed, and were replaced.
        answered: when the last batch was answered, on the monotonic clock.
    """

    def __init__(
        self,
        model: str,
        *,
        workers: int = 1,
        limits: Limits | None = None,
        on_batch: Callable[[int, float, float], None] = lambda *_: None,
    ) -> None:
        self.model = model
        self.workers = workers
        self.limits = limits or Limits()
        self.facts: Mapping[str, Any] = {}
        self.restarts = 0
        self.answered = time.monotonic()
        self._on_batch = on_batch
        self._line = WaitingLine(self.limits)
        self._alive: set[ScoringProcess] = set()
        self._drives: list[asyncio.Task[None]] = []

    @property
    def digest(self) -> str:
        """The SHA-256 of the model's manifest; every decision of this pool is stamped with it."""
        return str(self.facts.get("sha256", ""))

    @property
    def alive(self) -> int:
        """How many processes can score now."""
        return len(self._alive)

    @property
    def waiting(self) -> tuple[int, int, float]:
        """Texts and characters that wait, and the seconds for which the oldest has."""
        return self._line.texts, self._line.characters, self._line.oldest

    async def start(self) -> None:
        """Start the processes and wait until all of them have loaded the model.

        Raises:
            TriageError: the model cannot be loaded.
        """
        starts = [asyncio.create_task(ScoringProcess.start(self.model)) for _ in range(self.workers)]
        done = await asyncio.gather(*starts, return_exceptions=True)
        found = [process for process in done if isinstance(process, ScoringProcess)]
        failed = [error for error in done if isinstance(error, BaseException)]
        if failed:
            for process in found:
                await process.kill()
            raise failed[0]
        self.facts = found[0].facts
        self._alive.update(found)
        self._drives = [asyncio.create_task(self._drive(process)) for process in found]

    def check(self) -> None:
        """Raise `Full` where not even one more text would be taken."""
        self._line.check(workers=self.alive)

    async def score(self, rows: Sequence[Row], *, explain: bool = False) -> list[bytes]:
        """Return one decision a row, in order, each a line of JSON.

        Raises:
            Full: the line is full.
            Late: the deadline passed.
        """
        if not rows:
            return []
        job = Job(rows, explain=explain)
        self._line.add(job, workers=self.alive)
        try:
            async with asyncio.timeout(self.limits.deadline):
                return await job.future
        except TimeoutError:
            raise Late from None
        finally:
            self._line.forget(job)

    def reviewed(self, row: Row, reason: str) -> bytes:
        """Return the decision that a person must look at `row`, as a line of JSON."""
        decision = Decision(row[0], row[1], "review", None, None, None, None, (reason,))
        stamp = {"model": self.digest, "policy": self.facts["policy"]}
        return "".join(json_lines([decision], stamp)).rstrip("\n").encode("ascii")

    async def stop(self, *, seconds: float = 10) -> None:
        """Score what waits, then end the processes; kill them after `seconds`."""
        self._line.close()
        if not self._drives:
            return
        _, late = await asyncio.wait(self._drives, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._drives, return_exceptions=True)

    async def _drive(self, first: ScoringProcess) -> None:
        """Keep one process busy; replace it when it dies."""
        process: ScoringProcess | None = first
        try:
            while True:
                if process is None:
                    process = await self._restarted()
                self._alive.add(process)
                batch = await self._line.take()
                if batch is None:
                    break
                if not await self._scored(process, batch):
                    self._alive.discard(process)
                    await process.kill()
                    process = None
            self._alive.discard(process)
            await process.close()
        except asyncio.CancelledError:
            if process is not None:
                self._alive.discard(process)
                await process.kill()
            raise

    async def _restarted(self) -> ScoringProcess:
        """Start a process; where that fails, try again after a wait that doubles."""
        self.restarts += 1
        _log.warning("a scoring process died or was killed; another is started (number %d)", self.restarts)
        wait = 0.1
        while True:
            try:
                process = await ScoringProcess.start(self.model)
            except TriageError:
                _log.error("model %s cannot be loaded any more; next try in %.1f s", self.digest[:12], wait)
            else:
                if process.facts["sha256"] == self.digest:
                    return process
                await process.kill()  # one pool never mixes two digests
                _log.error(
                    "another model is now at the path of %s: promote it, or put the old one back",
                    self.digest[:12],
                )
            await asyncio.sleep(wait)
            wait = min(_SLOWEST_RESTART, 2 * wait)

    async def _scored(self, process: ScoringProcess, batch: Batch) -> bool:
        """Score one batch; return whether the process still lives."""
        started = time.monotonic()
        rows = batch.rows
        try:
            async with asyncio.timeout(self.limits.hang):
                lines = await process.ask(rows, explain=batch.explain)
            if len(lines) != len(rows):
                raise ConnectionError
        except BatchFailed:
            self._lost(batch, retry_whole=False)
            return True
        except (OSError, TimeoutError):
            self._lost(batch, retry_whole=batch.attempt == 0)
            return False
        self.answered = time.monotonic()
        seconds = self.answered - started
        pace = self._line.seconds_per_text
        self._line.seconds_per_text = 0.9 * pace + 0.1 * seconds / len(rows) if pace else seconds / len(rows)
        self._on_batch(len(rows), started - min(job.since for job, _ in batch.parts), seconds)
        for (job, position), line in zip(batch.parts, lines, strict=True):
            job.answer(position, line)
        return True

    def _lost(self, batch: Batch, *, retry_whole: bool) -> None:
        """Retry a lost batch once, then text by text; a text that is lost alone goes to a person."""
        if retry_whole:
            batch.attempt += 1
            self._line.again(batch)
        elif len(batch.parts) > 1:
            for single in batch.singly():
                self._line.again(single)
        else:
            ((job, position),) = batch.parts
            job.answer(position, self.reviewed(job.rows[position], "engine_failed"))
