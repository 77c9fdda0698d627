"""What the tests of the service share: databases of both kinds, decisions, a clock, a model that can die."""

import contextlib
import os
import pathlib
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile

import pytest

for module in ("sqlalchemy", "starlette", "uvicorn", "prometheus_client"):
    pytest.importorskip(module, reason="the extra serve is not installed")

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


# A backend, found by its entry point as a stranger's is, that dies, hangs or raises on certain words.
TOUCHY = '''
"""A backend for tests: keywords, and words that a process does not survive."""
import os
import time

import numpy as np
import triage


class Touchy:
    def fit(self, train, tune, *, seed, watch):
        self.words_ = [name.split()[0] for name in train.classes]

    def predict_proba(self, texts):
        for text in texts:
            words = text.split()
            if "killer" in words:
                os._exit(9)
            if "sleeper" in words:
                time.sleep(600)
            if "raiser" in words:
                raise ValueError(text)
            if "slow" in words:
                time.sleep(0.05)
        found = np.full((len(texts), len(self.words_)), 0.1 / (len(self.words_) - 1))
        for row, text in zip(found, texts):
            hits = [i for i, word in enumerate(self.words_) if word in text.split()]
            row[:] = 1 / len(self.words_)
            if len(hits) == 1:
                row[:] = 0.1 / (len(self.words_) - 1)
                row[hits[0]] = 0.9
        return found

    def explain(self, texts, codes, *, most=6):
        return [[(word, 1.0) for word in text.split() if word == self.words_[code]] for text, code in zip(texts, codes)]


@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="touchy", summary="Does not survive certain words", build=Touchy)
'''
METADATA = "Metadata-Version: 2.1\nName: triage-touchy\nVersion: 1.0\n"
CLASSES = ("card", "loan", "mortgage")


@pytest.fixture(scope="session")
def touchy(tmp_path_factory):
    """Install the plugin into a folder that this process and its children import from."""
    folder = tmp_path_factory.mktemp("touchy")
    (folder / "triage_touchy.py").write_text(TOUCHY, encoding="utf-8")
    about = folder / "triage_touchy-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA, encoding="utf-8")
    (about / "entry_points.txt").write_text("[triage]\ntouchy = triage_touchy\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
        patch.syspath_prepend(str(folder))
        yield folder
        sys.modules.pop("triage_touchy", None)


def save_touchy(path, *, words=CLASSES) -> str:
    """Save a model of the touchy backend and return its digest."""
    import triage
    from triage.config import Experiment
    from triage.data.cleaning import build_cleaning
    from triage.models.model import Model, save_model

    plugins = triage.Plugins.discover(strict=True)
    classifier = plugins.build(plugins.backend("touchy"), {})
    classifier.words_ = list(words)
    experiment = Experiment(backend="touchy", policies=(("threshold", {"confidence": 0.8}),))
    model = Model(experiment, {}, CLASSES, build_cleaning(plugins, ["lower"]), classifier)
    return save_model(str(path), model).sha256


@pytest.fixture(scope="session")
def model_path(touchy, tmp_path_factory) -> str:
    """A saved model."""
    path = tmp_path_factory.mktemp("model") / "bundle"
    save_touchy(path)
    return str(path)


@pytest.fixture(scope="session")
def other_model(touchy, tmp_path_factory) -> tuple[str, str]:
    """Path and digest of another model of the same labels, which decides differently."""
    path = tmp_path_factory.mktemp("other") / "bundle"
    return str(path), save_touchy(path, words=("fee", "rate", "house"))
