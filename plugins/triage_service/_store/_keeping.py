"""Keep the database: erase, retain, verify, back up, restore, move to another database."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from triage import CannotWrite, CheckFailed, NoInput, UsageError
from triage_service._store import _schema as t
from triage_service._store._chain import append, broken_links, canonical
from triage_service._store._engine import Engines, connect, lock_server, migrate
from triage_service._store._records import Verified, micros
from triage_service._store._writer import Transaction

__all__ = ["backup", "erase", "expired", "move", "restore", "scrub", "table_digests", "verify"]

_DAY = 86_400
_PAGE = 1000


def erase(tx: Transaction, items: Sequence[str], who: str) -> int:
    """Remove what customers wrote in these items, and their source's identifiers; return how many there were.

    What was decided stays, without words: counts and bounds do not change. `scrub` then clears the file.
    """
    done = 0
    for item in items:
        mine = (t.item.c.id == item) & t.item.c.erased.is_(None)
        row = tx.first(sa.select(t.item.c.state).where(mine).with_for_update())
        if row is None:
            continue
        state = "erased" if row.state == "open" else row.state
        gone = {"state": state, "ext_id": None, "erased": tx.now, "holder": None, "lease_until": None}
        tx.run(sa.update(t.item).where(mine).values(**gone))
        for table in (t.body, t.sketch, t.outbox):
            tx.run(sa.delete(table).where(table.c.item == item))
        append(tx, who, "erased", item)
        done += 1
    return done


def expired(connection: sa.Connection, now: int, days: float) -> list[str]:
    """Return decided and routed items that came more than `days` ago and still have their text."""
    i = t.item.c
    old = (i.received < now - micros(days * _DAY)) & (i.state != "open") & i.erased.is_(None)
    return list(connection.execute(sa.select(i.id).where(old).order_by(i.seq)).scalars())


def scrub(engines: Engines) -> None:
    """Clear what was deleted from the search index, the write-ahead log and free pages.

    PostgreSQL's own write-ahead log and replicas keep old pages until they are recycled.

    Raises:
        CannotWrite: readers kept the SQLite log from being cleared.
    """
    if engines.file is None:
        with engines.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (FULL) body")
            for table in ("item", "sketch", "outbox"):
                connection.exec_driver_sql(f"VACUUM (FULL) {table}")
        return
    engines.reader.dispose()
    with contextlib.closing(sqlite3.connect(engines.file, timeout=30, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("INSERT INTO body_search(body_search) VALUES ('optimize')")
        connection.execute("VACUUM")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise CannotWrite(
            "the words are erased, but a reader kept the log from being cleared: run erase again"
        )


def verify(connection: sa.Connection) -> Verified:
    """Check the chain of events, the counts that belong together, and that nobody holds what is decided."""
    events, head, problems = broken_links(
        connection.execute(sa.select(t.event).order_by(t.event.c.seq).execution_options(yield_per=_PAGE))
    )
    i = t.item.c
    checks = {
        "items without a decision": ~sa.exists().where(t.decision.c.item == i.id, ~t.decision.c.shadow),
        "items without a text that were not erased": i.erased.is_(None)
        & ~sa.exists().where(t.body.c.item == i.id, t.body.c.part == "text"),
        "erased items with a text": i.erased.is_not(None) & sa.exists().where(t.body.c.item == i.id),
        "decided items without an opinion": (i.state == "decided")
        & ~sa.exists().where(t.opinion.c.item == i.id),
        "decided items with a holder": (i.state == "decided") & i.holder.is_not(None),
    }
    for words, condition in checks.items():
        if bad := _count(connection, t.item, condition):
            problems.append(f"{bad} {words}")
    opinions = _count(connection, t.opinion)
    logged = t.event.c.what.in_(("decided", "further opinion", "volunteered", "undone"))
    if (told := _count(connection, t.event, logged)) != opinions:
        problems.append(f"{opinions} opinions, but {told} events of opinions")
    if engine_words := _integrity(connection):
        problems.append(f"the database engine's own check: {engine_words}")
    return Verified(events, _count(connection, t.item), opinions, head, tuple(problems))


def _count(
    connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool] | None = None
) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return int(connection.execute(query if condition is None else query.where(condition)).scalar_one())


def _integrity(connection: sa.Connection) -> str:
    if connection.dialect.name != "sqlite":
        return ""
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    return "" if found == "ok" else "damaged"


def backup(engines: Engines, out: Path) -> str:
    """Copy an SQLite database that is in use to `out`, by SQLite's own online backup; return its SHA-256.

    Raises:
        UsageError: PostgreSQL, which has pg_dump.
        CannotWrite: `out` exists or cannot be written.
    """
    if engines.file is None:
        raise UsageError("this is PostgreSQL: use pg_dump")
    if out.exists():
        raise CannotWrite(f"{out.name} exists: name a new file")
    part = out.with_name(f"{out.name}.part")
    try:
        _copy(engines.file, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        part.replace(out)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise CannotWrite(f"{out.name} cannot be written: {type(error).__name__}") from None
    return digest


def restore(file: Path, url: str) -> Verified:
    """Put a backup in the place of an SQLite database that no server uses; check it before and after.

    The database that was there stays beside it, as NAME.before.

    Raises:
        NoInput: no such backup.
        CheckFailed: the backup does not hold.
        CannotWrite: a server uses the database.
    """
    target = connect(url)
    if target.file is None:
        raise UsageError(
            "this is PostgreSQL: use pg_restore, or `triage desk --db sqlite:///BACKUP move URL`"
        )
    if not file.is_file():
        raise NoInput(f"there is no backup {file.name}")
    with lock_server(target.file):
        part = target.file.with_name(f"{target.file.name}.part")
        part.unlink(missing_ok=True)
        checked = connect(f"sqlite:///{part}")
        try:
            _copy(file, part)
            migrate(checked)
            with checked.reader.connect() as connection:
                found = verify(connection)
        except (sa.exc.DatabaseError, sqlite3.DatabaseError):
            raise CheckFailed(f"{file.name} is no backup of a desk, or it is damaged") from None
        finally:
            checked.dispose()
        if found.problems:
            raise CheckFailed(f"{file.name} does not hold: {found.problems[0]}")
        if target.file.exists():
            _checkpoint(target.file)
            target.file.replace(target.file.with_name(f"{target.file.name}.before"))
        _checkpoint(part)
        part.replace(target.file)
        return found


def _copy(source: Path, target: Path) -> None:
    """Copy a database that others may use; the copy has no log beside it."""
    with (
        contextlib.closing(sqlite3.connect(source)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new, pages=4096)
        new.execute("PRAGMA journal_mode=DELETE")


def _checkpoint(file: Path) -> None:
    """Write the log of a database into its file, so that the file can be moved alone."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")


def move(source: Engines, target: Engines) -> dict[str, tuple[int, str]]:
    """Copy every row into an empty database and return the count and digest of each table.

    Raises:
        CannotWrite: the target holds rows.
        CheckFailed: a table is not equal row for row; nothing was kept in the target.
    """
    migrate(target)
    with source.reader.connect() as old, target.writer.begin() as new:
        if filled := [table.name for table in t.metadata.sorted_tables if _count(new, table)]:
            raise CannotWrite(f"the target is not empty: it holds rows in {filled[0]}")
        for table in t.metadata.sorted_tables:
            for rows in _pages(old, table):
                new.execute(sa.insert(table), rows)
        before, after = table_digests(old), table_digests(new)
        if unequal := [name for name, found in before.items() if after[name] != found]:
            raise CheckFailed(f"table {unequal[0]} is not equal after the copy; the target was left empty")
        if new.dialect.name == "postgresql":
            for name, column in (("item", "seq"), ("body", "seq"), ("opinion", "id"), ("outbox", "id")):
                new.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'), "  # noqa: S608 - names of ours
                    f"greatest((SELECT coalesce(max({column}), 0) FROM {name}) + 1, 1), false)"
                )
    return before


def table_digests(connection: sa.Connection) -> dict[str, tuple[int, str]]:
    """Return for each table how many rows it has and a digest of them all, the same on both databases."""
    return {table.name: _digest(connection, table) for table in t.metadata.sorted_tables}


def _digest(connection: sa.Connection, table: sa.Table) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for rows in _pages(connection, table):
        for row in rows:
            plain = [value.hex() if isinstance(value, bytes) else value for value in row.values()]
            digest.update(canonical(plain).encode() + b"\n")
            count += 1
    return count, digest.hexdigest()


def _pages(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    # COLLATE "C" sorts by code points, as SQLite does.
    postgres = connection.dialect.name == "postgresql"
    keys = [
        sa.collate(column, "C") if postgres and isinstance(column.type, sa.Text) else column
        for column in table.primary_key.columns
    ]
    result = connection.execute(sa.select(table).order_by(*keys).execution_options(yield_per=_PAGE))
    for part in result.partitions():
        yield [dict(row._mapping) for row in part]  # noqa: SLF001 - SQLAlchemy's public name
