"""What the tests of the desk share: databases of both kinds, decisions, a clock that is set by hand."""

import contextlib
import os
import pathlib
import pwd
import secrets
import shutil
import subprocess
import tempfile

import pytest

pytest.importorskip("sqlalchemy", reason="the extra serve is not installed")

BINARIES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _as_postgres(*command):
    """Run a program of PostgreSQL, which refuses to be root."""
    prefix = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    )
    done = subprocess.run([*prefix, *map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def postgres():
    """Start a private PostgreSQL without a network, and return what makes the URL of a new database."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    if not BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    binaries = BINARIES[-1].parent
    folder = pathlib.Path(tempfile.mkdtemp(prefix="desk-pg-"))
    if os.geteuid() == 0:
        if "postgres" not in {user.pw_name for user in pwd.getpwall()}:
            pytest.skip("PostgreSQL cannot run as root, and there is no user postgres")
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    _as_postgres(
        binaries / "initdb", "-D", data, "-U", "desk", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"
    )
    options = (
        f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=90 -c fsync=off"
    )
    _as_postgres(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")

    def new_database():
        # A schema is to the store what a database is, and made in a hundredth of the time.
        name = f"desk_{secrets.token_hex(4)}"
        with psycopg.connect(host=str(folder), dbname="postgres", user="desk", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql://desk@/postgres?host={folder}&options=-csearch_path%3D{name}"

    yield new_database
    _as_postgres(binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.db"
    return request.getfixturevalue("postgres")()


class HandClock:
    """A clock that moves only when told."""

    def __init__(self):
        self.now = 1_800_000_000_000_000

    def __call__(self):
        self.now += 1
        return self.now

    def forward(self, seconds):
        self.now += round(seconds * 1e6)


@pytest.fixture
def store(url):
    from triage_service._store import open_store

    with contextlib.closing(open_store(url, second_rate=0.0)) as opened:
        yield opened


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def sqlite_store(tmp_path, clock):
    """A store whose time is set by hand."""
    from triage_service._store import open_store

    with contextlib.closing(
        open_store(f"sqlite:///{tmp_path}/desk.db", second_rate=0.0, clock=clock)
    ) as opened:
        yield opened
