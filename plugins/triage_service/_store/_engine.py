"""Open a database: its engines, its schema, and the lock that keeps a second server away."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from triage import CannotWrite, Unavailable, UsageError

__all__ = ["HEAD", "Engines", "connect", "lock_server", "migrate", "network_file_system"]

HEAD = "0003"
"""The newest schema: the last file of `_migrations`."""

_BUSY_SECONDS = 30
_READERS = 8
_NETWORK = re.compile(
    r"9p|afs|ceph|cifs|davfs|fuse\.(glusterfs|sshfs)|glusterfs|lustre|nfs4?|smb\w*|vboxsf|virtiofs"
)


@dataclass(frozen=True)
class Engines:
    """One database: a connection for the writer, and some for readers.

    Attributes:
        writer: begins with BEGIN IMMEDIATE on SQLite, so a transaction never fails half-way for want of the lock.
        reader: for SELECT alone.
        file: the file of an SQLite database, else None.
    """

    writer: sa.Engine
    reader: sa.Engine
    file: Path | None

    def dispose(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()


def connect(url: str) -> Engines:
    """Return the engines of `sqlite:///PATH` or `postgresql://…`; nothing is written yet.

    Raises:
        UsageError: another kind of URL, or SQLite in memory.
        CannotWrite: an SQLite file on a network file system, where its write-ahead log would be damaged.
        Unavailable: psycopg is not installed.
    """
    try:
        parsed = sa.engine.make_url(url)
    except sa.exc.ArgumentError:
        parsed = None
    dialect = parsed.get_backend_name() if parsed is not None else ""
    if parsed is None or dialect not in ("sqlite", "postgresql"):
        raise UsageError("the database must be sqlite:///PATH or postgresql://USER@HOST/NAME")
    # SQLAlchemy's errors would show parameters, and those are what customers wrote.
    quiet: dict[str, Any] = {"hide_parameters": True}
    if dialect == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        try:
            writer = sa.create_engine(parsed, pool_size=1, max_overflow=2, pool_pre_ping=True, **quiet)
        except ModuleNotFoundError as error:
            raise Unavailable(f"PostgreSQL needs {error.name}; pip install 'nlp-triage[postgres]'") from None
        reader = sa.create_engine(parsed, pool_size=_READERS, pool_pre_ping=True, **quiet)
        return Engines(writer, reader, None)
    if not parsed.database or parsed.database == ":memory:":
        raise UsageError(
            "the database must be a file, as sqlite:///desk.db: people's decisions outlive the process"
        )
    file = Path(parsed.database)
    if found := network_file_system(file):
        raise CannotWrite(
            f"{file.name} is on a network file system ({found}), where SQLite's log is damaged silently. Use a "
            "local disk, or PostgreSQL"
        )
    return Engines(_sqlite(parsed, "BEGIN IMMEDIATE", **quiet), _sqlite(parsed, "BEGIN", **quiet), file)


def _sqlite(url: sa.URL, begin: str, **options: Any) -> sa.Engine:
    """Return an engine that begins its transactions by `begin`, as SQLAlchemy's documentation shows."""
    engine = sa.create_engine(
        url,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
        pool_size=_READERS,
        **options,
    )

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def migrate(engines: Engines, *, target: str = HEAD) -> None:
    """Bring the schema to `target` in one transaction: it ends as the old or the new one, whatever happens.

    Raises:
        CannotWrite: a schema newer than this program knows.
    """
    with engines.writer.connect() as connection, connection.begin():
        found = _version(connection)
        if found == target:
            return
        if found > target:
            raise CannotWrite(f"the database has schema {found}, newer than {target}: use a newer triage")
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7218)")
        from alembic.config import Config
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory

        folder = str(Path(__file__).with_name("_migrations"))
        script = ScriptDirectory(folder, version_locations=[folder])

        def steps(revision: Any, _context: object) -> Any:
            return script._upgrade_revs(target, revision)  # noqa: SLF001 - what alembic.command.upgrade calls

        with EnvironmentContext(Config(), script, fn=steps, destination_rev=target) as environment:
            # False would mean a commit after each step: SQLite's own default in Alembic.
            environment.configure(connection=connection, transactional_ddl=True)
            environment.run_migrations()


def _version(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""


@contextlib.contextmanager
def lock_server(file: Path | None) -> Iterator[None]:
    """Hold the lock of the one server that an SQLite file may have.

    Raises:
        CannotWrite: another server has it.
    """
    if file is None:
        yield
        return
    path = file.with_name(f"{file.name}.lock")
    try:
        handle = path.open("a+b")
    except OSError as error:
        raise CannotWrite(f"{path.name} cannot be written: {error.strerror}") from None
    with handle:
        if not _lock(handle):
            raise CannotWrite(
                f"another server uses {file.name}. Stop it, or use PostgreSQL, which several servers may share"
            )
        yield


def _lock(handle: IO[bytes]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def network_file_system(file: Path, *, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the kind of the network file system that `file` would be on, or "" for a local one.

    Args:
        file: need not exist yet.
        mounts: the kernel's table of mounts; where there is none, as on macOS, "" is returned.
    """
    try:
        table = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    place = file.resolve()
    best, kind = -1, ""
    for line in table:
        left, _, right = line.partition(" - ")
        point = left.split()[4].encode("latin-1", "replace").decode("unicode_escape", "replace")
        if place.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), right.split()[0]
    return kind if _NETWORK.fullmatch(kind) else ""
