"""The one writer of a process: requests wait in a queue and are committed in groups.

SQLite allows one writer at a time, and its waiting is not fair; one thread that commits up to 64 requests together
answers more of them, sooner. Each request is a savepoint, so one that fails undoes itself alone. A future resolves
only after the commit that holds its request. On PostgreSQL several processes may each have such a writer.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from triage import TriageError
from triage_service._store._errors import StoreFailed

__all__ = ["Clock", "Transaction", "Writer", "failure_of"]

T = TypeVar("T")
Request = tuple[Callable[["Transaction"], Any], "Future[Any]", bool]

_GROUP = 64
_RETRIES = 8
_CHAIN_LOCK = 7219
_RETRYABLE = ("40001", "40P01")  # PostgreSQL: serialization failure, deadlock


class Clock:
    """Microseconds since the epoch that never go back and do not follow a jump of the wall clock."""

    def __init__(self) -> None:
        self._start = time.time_ns() - self._elapsed()

    def __call__(self) -> int:
        """Return the time now."""
        return (self._start + self._elapsed()) // 1000

    @staticmethod
    def _elapsed() -> int:
        if hasattr(time, "CLOCK_BOOTTIME"):  # goes on while the machine sleeps
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return time.monotonic_ns()


@dataclass
class Transaction:
    """What a request sees of the database.

    Attributes:
        connection: within a transaction that others cannot see yet.
        now: the database's time, in microseconds since the epoch.
        facts: what requests of one group share, such as the end of the event chain.
    """

    connection: sa.Connection
    now: int
    facts: dict[str, Any] = field(default_factory=dict)

    def run(self, statement: sa.Executable, rows: Any = None) -> sa.CursorResult[Any]:
        """Execute a statement, with many rows of parameters where they are given."""
        done = self.connection.execute(statement, rows)
        assert isinstance(done, sa.CursorResult)
        return done

    def rows(self, statement: sa.Executable, values: dict[str, Any] | None = None) -> list[sa.Row[Any]]:
        """Return all rows of a query."""
        return list(self.connection.execute(statement, values))

    def first(self, statement: sa.Executable, values: dict[str, Any] | None = None) -> sa.Row[Any] | None:
        """Return the first row of a query, or None."""
        return self.connection.execute(statement, values).first()


def failure_of(error: sa.exc.SQLAlchemyError) -> StoreFailed:
    """Return an error that says what went wrong with the database, without any value from it."""
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or ""
    full = state in ("SQLITE_FULL", "53100")
    words = "has no room left" if full else "failed"
    named = f" ({type(cause or error).__name__}{', ' + state if state else ''})"
    return StoreFailed(f"the database {words}{named}", status=507 if full else 503)


class Writer:
    """The thread that writes.

    Args:
        engine: whose connection it alone uses.
        clock: the time on SQLite; PostgreSQL is asked for its own.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="desk-writer", daemon=True)
        self._closed = False
        self.failed = ""
        self._thread.start()

    def submit(self, request: Callable[[Transaction], T], *, log: bool = True) -> Future[T]:
        """Queue a request; its future resolves when it is committed.

        Args:
            request: gets the transaction; it may run again after a deadlock, so it changes nothing else.
            log: whether it appends events; on PostgreSQL those take turns between processes.

        Raises:
            StoreFailed: from the future, where the database failed.
        """
        future: Future[T] = Future()
        if self._closed or not self._thread.is_alive():
            future.set_exception(StoreFailed("the database is closed"))
        else:
            self._queue.put((request, future, log))
        return future

    @property
    def alive(self) -> bool:
        """Whether requests are still taken."""
        return self._thread.is_alive() and not self._closed

    def close(self) -> None:
        """Commit what waits, then end the thread."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = [first], False
            while len(group) < _GROUP and not last:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                last = more is None
                group += [more] if more is not None else []
            self._answer([request for request in group if request[1].set_running_or_notify_cancel()])
            if last:
                break

    def _answer(self, group: list[Request]) -> None:
        if not group:
            return
        for attempt in range(_RETRIES):
            try:
                results = self._commit(group)
                self.failed = ""
            except sa.exc.SQLAlchemyError as error:
                if (
                    getattr(getattr(error, "orig", None), "sqlstate", "") in _RETRYABLE
                    and attempt + 1 < _RETRIES
                ):
                    continue
                failure = failure_of(error)
                self.failed = str(failure)
                results = [(None, failure)] * len(group)
            break
        for (_, future, _), (value, problem) in zip(group, results, strict=True):
            if problem is None:
                future.set_result(value)
            else:
                future.set_exception(problem)

    def _commit(self, group: list[Request]) -> list[tuple[Any, BaseException | None]]:
        results: list[tuple[Any, BaseException | None]] = []
        with self._engine.begin() as connection:
            tx = Transaction(connection, self._now(connection, log=any(request[2] for request in group)))
            for request, _, _ in group:
                facts = dict(tx.facts)
                savepoint = connection.begin_nested()
                try:
                    results.append((request(tx), None))
                    savepoint.commit()
                except (sa.exc.OperationalError, sa.exc.InterfaceError):
                    raise  # the connection or the whole transaction is broken
                except Exception as error:  # noqa: BLE001 - whatever a request raises is its future's
                    savepoint.rollback()
                    tx.facts = facts
                    known = isinstance(error, TriageError) or not isinstance(error, sa.exc.SQLAlchemyError)
                    results.append((None, error if known else failure_of(error)))  # type: ignore[arg-type]
        return results

    def _now(self, connection: sa.Connection, *, log: bool) -> int:
        if connection.dialect.name == "sqlite":
            return self._clock()
        if log:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})")
        found = connection.exec_driver_sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return int(found.scalar_one())
