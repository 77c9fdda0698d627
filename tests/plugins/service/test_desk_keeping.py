"""Schema, locks, backups, moves and erasure."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest
import sqlalchemy as sa

import triage
from service.desk_parts import LETTER, add, decision, register, routed
from triage_service._store import Entry, _keeping, open_store
from triage_service._store._engine import HEAD, connect, lock_server, migrate, network_file_system
from triage_service._store._schema import metadata

SECRET = "zanzibarquagga"


def fill(store):
    """Put something of everything into a store."""
    register(store)
    store.set_webhook("https://crm.example/hook", "hush", who="admin").result()
    ids = add(
        store,
        Entry(f"Where is {SECRET}", decision(terms=[SECRET]), ext_id=f"case {SECRET}"),
        LETTER + "now",
        LETTER + "soon",
        routed("My card was declined abroad", "Card"),
        "Ünïcödé \U0001f4a5 'quoted' \"text\"",
        audit_rate=0.5,
        key="k",
        digest="d",
    )
    store.add_shadow([(ids[0], decision("Card", model="b" * 64))]).result()
    lease = store.claim("ada", kinds=["review"]).result()
    store.decide(lease.id, "ada", lease.token, "Card", note=f"wrote {SECRET}").result()
    lease = store.claim("ada", kinds=["review"]).result()
    done = store.decide(lease.id, "ada", lease.token, "Card", family=True).result()
    store.undo(done.event, "ada").result()
    lease = store.claim("bob", kinds=["review"]).result()
    store.skip(lease.id, "bob", lease.token, "language").result()
    store.add_user("ada", "correct horse", ["review"], who="admin").result()
    store.add_token("crm", ["route"], who="admin").result()
    store.add_session("digest", "ada", seconds=60).result()
    return ids


def test_the_migrations_make_the_tables_that_the_statements_expect(url):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engines = connect(url)
    migrate(engines)
    with engines.reader.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda _, name, *__: not name.startswith("body_search")}
        )
        assert compare_metadata(context, metadata) == []
    engines.dispose()


@pytest.mark.parametrize("released", ["0001", "0002"])
def test_every_released_schema_becomes_the_newest_with_its_rows(url, released):
    engines = connect(url)
    migrate(engines, target=released)
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("INSERT INTO setting VALUES ('kept', 'yes')")
    engines.dispose()
    with open_store(url) as store:
        assert store.get_setting("kept") == "yes"
        add(store, "My mortgage payment is lost")
        assert len(store.find(text="mortgage")) == 1


@pytest.mark.parametrize("released", ["", "0001", "0002"])
def test_an_upgrade_killed_at_any_statement_leaves_the_old_or_the_new_schema(tmp_path, released):
    program = tmp_path / "upgrade.py"
    program.write_text(
        textwrap.dedent("""
            import os, signal, sys
            import sqlalchemy as sa
            from triage_service._store._engine import connect, migrate
            engines = connect(sys.argv[1])
            left = int(sys.argv[2])
            @sa.event.listens_for(engines.writer, "before_cursor_execute")
            def count(*_):
                global left
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1
            import alembic.runtime.environment, alembic.script, alembic.config
            for at in range(left, 400):
                pid = os.fork()
                if pid == 0:
                    left = at
                    migrate(engines)
                    os._exit(0)
                _, status = os.waitpid(pid, 0)
                import sqlite3
                raw = sqlite3.connect(sys.argv[1].removeprefix("sqlite:///"))
                names = sorted(row[0] for row in raw.execute("SELECT name FROM sqlite_master"))
                version = raw.execute("SELECT version_num FROM alembic_version").fetchone()[0] if "alembic_version" in names else ""
                assert raw.execute("PRAGMA quick_check").fetchone() == ("ok",)
                raw.close()
                print(at, version, len(names))
                if status == 0:
                    break
        """)
    )
    url = f"sqlite:///{tmp_path}/desk.db"
    if released:
        engines = connect(url)
        migrate(engines, target=released)
        engines.dispose()
    done = subprocess.run([sys.executable, program, url, "0"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    *killed, last = [line.split() for line in done.stdout.splitlines()]
    assert len(killed) > 3
    assert last[1] == HEAD
    # Whatever statement it was killed at, there is nothing but the old schema, table for table.
    assert len({tuple(line[1:]) for line in killed}) == 1
    with open_store(url) as store:
        assert not store.verify().problems


def test_a_newer_schema_is_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path}/desk.db"
    open_store(url).close()
    raw = sqlite3.connect(tmp_path / "desk.db")
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    with pytest.raises(triage.CannotWrite, match="9999, newer than"):
        open_store(url)


def test_a_second_server_on_one_file_is_refused_and_a_command_is_not(tmp_path):
    url = f"sqlite:///{tmp_path}/desk.db"
    with open_store(url, server=True):
        with pytest.raises(triage.CannotWrite, match="another server"):
            open_store(url, server=True)
        with open_store(url) as command:
            command.log("test", "happened").result()
    open_store(url, server=True).close()


@pytest.mark.parametrize("url", ["mysql://host/desk", "desk.db", "sqlite://", "sqlite:///:memory:", ""])
def test_another_kind_of_database_is_refused(url):
    with pytest.raises(triage.UsageError, match="database must be"):
        connect(url)


def test_a_database_that_cannot_be_reached_says_so(tmp_path):
    with pytest.raises(triage.Unavailable, match="cannot be opened"):
        open_store(f"postgresql://desk@/desk?host={tmp_path}")
    with pytest.raises(triage.Unavailable, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}/no/such/folder/desk.db")


@pytest.mark.parametrize(("kind", "found"), [("nfs4", "nfs4"), ("ext4", ""), ("virtiofs", "virtiofs")])
def test_a_network_file_system_is_told_by_the_nearest_mount(tmp_path, kind, found):
    folder = tmp_path / "with space"
    folder.mkdir()
    mounts = tmp_path / "mountinfo"
    point = str(folder.resolve()).replace(" ", "\\040")
    mounts.write_text(
        f"1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:9 / {point} rw shared:1 - {kind} host:/x rw\n"
    )
    assert network_file_system(folder / "desk.db", mounts=mounts) == found
    assert network_file_system(tmp_path / "desk.db", mounts=mounts) == ""


def test_a_backup_taken_while_others_write_holds_and_can_be_restored(tmp_path):
    url = f"sqlite:///{tmp_path}/desk.db"
    with open_store(url) as store:
        fill(store)
        futures = [store.log("test", "happened") for _ in range(200)]
        _keeping.backup(store.engines, tmp_path / "copy.db")
        assert all(future.result() for future in futures)
        count = store.verify().events
        with pytest.raises(triage.CannotWrite, match="exists"):
            _keeping.backup(store.engines, tmp_path / "copy.db")
    found = _keeping.restore(tmp_path / "copy.db", url)
    assert 0 < found.events <= count
    assert (tmp_path / "desk.db.before").exists()
    with open_store(url) as store:
        assert not store.verify().problems
        assert store.find(text=SECRET)


def test_a_damaged_backup_is_not_restored(tmp_path):
    url = f"sqlite:///{tmp_path}/desk.db"
    with open_store(url) as store:
        fill(store)
        _keeping.backup(store.engines, tmp_path / "copy.db")
        before = store.verify()
    raw = sqlite3.connect(tmp_path / "copy.db")
    raw.execute("DROP TRIGGER event_no_update")
    raw.execute("UPDATE event SET who = 'eve' WHERE seq = 3")
    raw.commit()
    raw.close()
    with pytest.raises(triage.CheckFailed, match="event 3 was changed"):
        _keeping.restore(tmp_path / "copy.db", url)
    (tmp_path / "noise.db").write_bytes(b"no database" * 1000)
    with pytest.raises(triage.CheckFailed, match="no backup of a desk"):
        _keeping.restore(tmp_path / "noise.db", url)
    with pytest.raises(triage.NoInput):
        _keeping.restore(tmp_path / "nothing.db", url)
    with open_store(url) as store:
        assert store.verify() == before


def test_a_restore_waits_for_no_server(tmp_path):
    url = f"sqlite:///{tmp_path}/desk.db"
    with open_store(url, server=True) as store:
        _keeping.backup(store.engines, tmp_path / "copy.db")
        with pytest.raises(triage.CannotWrite, match="another server"):
            _keeping.restore(tmp_path / "copy.db", url)


def test_a_desk_moved_from_sqlite_to_postgresql_is_equal_row_for_row_and_goes_on(tmp_path, postgres):
    target = postgres()
    with open_store(f"sqlite:///{tmp_path}/desk.db") as store:
        fill(store)
        other = connect(target)
        moved = _keeping.move(store.engines, other)
        with store.engines.reader.connect() as old, other.reader.connect() as new:
            assert _keeping.table_digests(old) == _keeping.table_digests(new) == moved
            for table in metadata.sorted_tables:
                query = sa.select(table).order_by(*table.primary_key.columns)
                assert sorted(map(tuple, old.execute(query)), key=repr) == sorted(
                    map(tuple, new.execute(query)), key=repr
                )
        assert all(count for count, _ in moved.values())
        with pytest.raises(triage.CannotWrite, match="not empty"):
            _keeping.move(store.engines, other)
        other.dispose()
    with open_store(target) as store:
        assert not store.verify().problems
        add(store, "One more complaint")
        assert not store.verify().problems
        assert len(store.find(text=SECRET)) == 1


def test_an_erased_secret_is_in_no_byte_of_the_database_or_its_log(tmp_path):
    url = f"sqlite:///{tmp_path}/desk.db"
    with open_store(url) as store:
        ids = fill(store)
        assert any(SECRET.encode() in path.read_bytes() for path in tmp_path.glob("desk.db*"))
        before = store.bound()
        assert store.erase([ids[0], "nothing"], who="admin").result() == 1
        store.scrub()
        for path in tmp_path.glob("desk.db*"):
            assert SECRET.encode() not in path.read_bytes(), path.name
            assert SECRET[:8].encode() not in path.read_bytes(), path.name
        assert not store.verify().problems
        assert store.find(text=SECRET) == []
        assert store.item(ids[0]).text == ""
        assert (store.item(ids[0]).state, store.item(ids[0]).label) == ("decided", "Card")
        assert store.bound().audits == before.audits
        assert not any(SECRET in str(row) for row in [*store.labels("train"), *store.events()])
        assert store.erase([ids[0]], who="admin").result() == 0


def test_an_erased_secret_is_in_no_table_of_postgresql(postgres):
    with open_store(postgres()) as store:
        ids = fill(store)
        assert store.erase([ids[0]], who="admin").result() == 1
        store.scrub()
        with store.engines.reader.connect() as connection:
            rows = [
                str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table))
            ]
        assert not any(SECRET in row for row in rows)
        assert not store.verify().problems


def test_an_open_item_that_is_erased_is_given_out_no_more(store):
    (item,) = add(store, "My mortgage payment is lost")
    store.erase([item], who="admin").result()
    assert store.claim("ada").result() is None
    assert store.item(item).state == "erased"


def test_only_old_items_that_wait_for_nobody_are_erased_by_retention(sqlite_store, clock):
    done, waiting, out = add(
        sqlite_store,
        "My mortgage payment is lost",
        "My card was declined",
        routed("A loan that I never took"),
    )
    lease = sqlite_store.claim("ada").result()
    assert lease.id == done
    sqlite_store.decide(done, "ada", lease.token, "Card").result()
    clock.forward(31 * 86_400)
    (young,) = add(sqlite_store, routed("A fee for nothing"))
    assert sqlite_store.retain(30, who="admin").result() == 2
    assert [bool(sqlite_store.item(item).text) for item in (done, waiting, out, young)] == [
        False,
        True,
        False,
        True,
    ]


def test_a_server_killed_at_any_moment_keeps_every_answer_that_it_gave(tmp_path):
    program = tmp_path / "server.py"
    program.write_text(
        textwrap.dedent("""
            import sys
            from triage_service._store import open_store
            with open_store(sys.argv[1], server=True) as store:
                number = 0
                while True:
                    for future in [store.log("test", f"happened {number + i}") for i in range(5)]:
                        print(future.result(), flush=True)
                    number += 5
        """)
    )
    url = f"sqlite:///{tmp_path}/desk.db"
    told = 0
    for _ in range(4):
        server = subprocess.Popen([sys.executable, program, url], stdout=subprocess.PIPE, text=True)
        with contextlib.closing(server.stdout):
            for _ in range(60):
                told = int(server.stdout.readline())
            os.kill(server.pid, signal.SIGKILL)
            rest = server.stdout.read().split("\n")[:-1]
            told = int(rest[-1]) if rest else told
        server.wait()
        with open_store(url) as store:
            assert store.verify().events >= told
            assert not store.verify().problems


def test_the_lock_is_free_after_a_kill_and_has_no_file_on_postgresql(tmp_path):
    with lock_server(None), lock_server(tmp_path / "desk.db"):
        assert (tmp_path / "desk.db.lock").exists()
    with lock_server(tmp_path / "desk.db"):
        pass
