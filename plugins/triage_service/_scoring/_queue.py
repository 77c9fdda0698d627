"""The waiting line before the scoring processes: bounded in texts, characters and expected wait.

Requests take turns: a batch holds at most a few texts of each, so that one text does not wait for 512.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Batch", "Full", "Job", "Limits", "WaitingLine"]

Row = Sequence[Any]
"""`[row, id, text, date or None]`, as a scoring process takes it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service accepts, and how long it tries.

    Attributes:
        queue_texts: texts that may wait; more are refused with 429.
        queue_characters: characters that may wait.
        max_wait: seconds that a new request may be expected to wait.
        batch_texts: the most texts of one batch.
        batch_characters: characters after which a batch is full.
        turn: the most texts that one request puts into one batch while others wait.
        deadline: seconds until a request is answered 504.
        hang: seconds until a scoring process that does not answer is killed.
    """

    queue_texts: int = 2048
    queue_characters: int = 8_000_000
    max_wait: float = 0.25
    batch_texts: int = 64
    batch_characters: int = 200_000
    turn: int = 16
    deadline: float = 2.0
    hang: float = 20.0


class Full(Exception):
    """The waiting line is full.

    Attributes:
        retry_after: whole seconds after which to try again.
    """

    def __init__(self, wait: float) -> None:
        super().__init__("too many texts are waiting")
        self.retry_after = max(1, round(wait + 0.5))


class Job:
    """The texts of one request, and the answers to them as they come."""

    __slots__ = ("answers", "explain", "future", "given", "left", "rows", "since")

    def __init__(self, rows: Sequence[Row], *, explain: bool) -> None:
        self.rows = rows
        self.explain = explain
        self.answers: list[bytes] = [b""] * len(rows)
        self.given = 0
        self.left = len(rows)
        self.since = time.monotonic()
        self.future: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()

    def answer(self, position: int, line: bytes) -> None:
        """Keep one answer; the last one completes the job."""
        self.answers[position] = line
        self.left -= 1
        if not self.left and not self.future.done():
            self.future.set_result(self.answers)


@dataclass(slots=True)
class Batch:
    """Texts of several jobs that are scored together, and how often that was tried."""

    explain: bool
    parts: list[tuple[Job, int]] = field(default_factory=list)
    attempt: int = 0

    @property
    def rows(self) -> list[Row]:
        """The rows, in order."""
        return [job.rows[position] for job, position in self.parts]

    def singly(self) -> Iterator[Batch]:
        """Yield one batch for each text whose client still waits."""
        for part in self.parts:
            if not part[0].future.done():
                yield Batch(self.explain, [part], attempt=self.attempt + 1)


class WaitingLine:
    """Jobs that wait, in turns; `take` waits for the next batch."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.texts = 0
        self.characters = 0
        self.seconds_per_text = 0.0
        """The recent mean; 0 before anything is known."""
        self._jobs: deque[Job] = deque()
        self._again: deque[Batch] = deque()
        self._wake = asyncio.Event()
        self._closed = False

    @property
    def oldest(self) -> float:
        """Seconds for which the job at the front has waited; 0 where none waits."""
        return time.monotonic() - self._jobs[0].since if self._jobs else 0.0

    def add(self, job: Job, *, workers: int) -> None:
        """Put a job at the end.

        Raises:
            Full: it would exceed a limit. An empty line takes any job.
        """
        characters = _characters(job, 0)
        self.check(workers=workers, texts=len(job.rows), characters=characters)
        self.texts += len(job.rows)
        self.characters += characters
        self._jobs.append(job)
        self._wake.set()

    def check(self, *, workers: int, texts: int = 1, characters: int = 0) -> None:
        """Check that so much may be added; asked before a body is read, too, since refusing must be cheap.

        Raises:
            Full: it would exceed a limit.
        """
        wait = self.texts * self.seconds_per_text / max(1, workers)
        if self.texts and (
            self.texts + texts > self.limits.queue_texts
            or self.characters + characters > self.limits.queue_characters
            or wait > self.limits.max_wait
        ):
            raise Full(wait)

    def again(self, batch: Batch) -> None:
        """Put a batch that was lost before everything else."""
        self._again.append(batch)
        self._wake.set()

    def forget(self, job: Job) -> None:
        """Take a job out that nobody waits for any more."""
        if job.given < len(job.rows):
            self._count(job, len(job.rows))
            self._jobs.remove(job)

    def close(self) -> None:
        """Let `take` return None once nothing waits."""
        self._closed = True
        self._wake.set()

    async def take(self) -> Batch | None:
        """Return the next batch as soon as there is one; None where the line is closed and empty."""
        while True:
            if self._again:
                return self._again.popleft()
            if self._jobs:
                return self._batch()
            if self._closed:
                return None
            self._wake.clear()
            await self._wake.wait()

    def _batch(self) -> Batch:
        limits = self.limits
        batch = Batch(self._jobs[0].explain)
        texts, characters = limits.batch_texts, limits.batch_characters
        for _ in range(len(self._jobs)):
            job = self._jobs[0]
            if job.explain is not batch.explain or not texts or characters <= 0:
                break
            turn = min(texts, len(job.rows) - job.given, limits.turn if len(self._jobs) > 1 else texts)
            stop = job.given
            while turn and characters > 0:
                characters -= len(job.rows[stop][2])
                stop, turn, texts = stop + 1, turn - 1, texts - 1
            batch.parts += [(job, position) for position in range(job.given, stop)]
            self._count(job, stop)
            if stop == len(job.rows):
                self._jobs.popleft()
            else:
                self._jobs.rotate(-1)
        return batch

    def _count(self, job: Job, stop: int) -> None:
        """Count the texts of `job` up to `stop` as no longer waiting."""
        self.texts -= stop - job.given
        self.characters -= _characters(job, job.given, stop)
        job.given = stop


def _characters(job: Job, first: int, stop: int | None = None) -> int:
    return sum(len(row[2]) for row in job.rows[first:stop])
