"""The log: nothing in it can be changed unseen, and every event reaches the outbox in its own commit."""

import json
import sqlite3

import pytest
import sqlalchemy as sa

from service.desk_parts import add
from triage_service._store._engine import connect


def a_decision(store):
    add(store, "My mortgage payment is lost")
    lease = store.claim("ada").result()
    return store.decide(lease.id, "ada", lease.token, "Card").result()


@pytest.mark.parametrize("table", ["opinion", "event"])
@pytest.mark.parametrize("change", ["UPDATE {} SET who = 'eve'", "DELETE FROM {}"])
def test_opinions_and_events_can_be_neither_changed_nor_removed(store, table, change):
    a_decision(store)
    with store.engines.writer.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql(change.format(table))


def test_on_postgresql_the_log_cannot_be_truncated_either(postgres):
    from triage_service._store import open_store

    with open_store(postgres()) as store:
        a_decision(store)
        with store.engines.writer.connect() as connection, pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql("TRUNCATE event")


def test_each_event_follows_the_one_before(store):
    a_decision(store)
    events = list(store.events())
    assert [event["seq"] for event in events] == [1, 2]
    assert events[1]["prev"] == events[0]["hash"]
    assert [event["what"] for event in store.last_events(1)] == ["decided"]
    assert store.verify().head == events[-1]["hash"]


def test_the_log_can_be_read_from_any_number_on_and_in_parts(store):
    for number in range(5):
        store.log("test", f"happened {number}").result()
    assert [event["what"] for event in store.events(2, 2)] == ["happened 2", "happened 3"]


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        ("UPDATE event SET who = 'eve' WHERE seq = 2", "event 2 was changed"),
        ("UPDATE event SET at = at + 1 WHERE seq = 1", "event 1 was changed"),
        ("DELETE FROM event WHERE seq = 1", "event 1 is missing"),
        ("DELETE FROM event WHERE seq = 2", "1 opinions, but 0 events"),
        ("UPDATE item SET state = 'decided'", "decided items without an opinion"),
        ("DELETE FROM body", "items without a text"),
        ("DELETE FROM decision", "items without a decision"),
    ],
)
def test_whoever_gets_around_the_triggers_is_found_out(tmp_path, tamper, words):
    from triage_service._store import open_store

    url = f"sqlite:///{tmp_path}/desk.db"
    with open_store(url) as store:
        a_decision(store)
        if "state" in tamper or "body" in tamper:
            add(store, "Another complaint")
    raw = sqlite3.connect(tmp_path / "desk.db")
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute(tamper)
    raw.commit()
    raw.close()
    with open_store(url) as store:
        assert any(words in problem for problem in store.verify().problems), store.verify().problems


def test_two_events_cannot_follow_the_same_one(store):
    a_decision(store)
    with store.engines.writer.begin() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.exec_driver_sql(
            "INSERT INTO event (seq, at, who, what, json, prev, hash) "
            "SELECT 99, at, who, what, json, prev, hash FROM event WHERE seq = 2"
        )


def test_an_event_names_its_item_by_a_mac_alone(store):
    done = a_decision(store)
    stored = json.dumps([dict(event) for event in store.events()])
    assert done.items[0] not in stored


def test_every_event_waits_for_every_webhook_until_it_has_arrived(store):
    store.set_webhook("https://crm.example/hook", "hush", who="admin").result()
    done = a_decision(store)
    due = store.outbox_due()
    assert [json.loads(message.body)["what"] for message in due] == ["webhook set", "queued", "decided"]
    assert json.loads(due[-1].body)["item"] == done.items[0]
    assert "hush" not in repr(due[0])
    store.outbox_done(due[0].id).result()
    store.outbox_failed(due[1].id, 60).result()
    assert [message.id for message in store.outbox_due()] == [due[2].id]
    assert store.remove_webhook("https://crm.example/hook", who="admin").result()
    assert store.outbox_due() == []
    assert store.webhooks() == []


def test_a_database_error_tells_no_value(store):
    future = store.log("ada", None)
    assert "ada" not in str(future.exception())
    assert "failed" in str(future.exception())


def test_a_request_that_fails_takes_none_of_its_group_with_it(store):
    good = [store.log("test", f"happened {number}") for number in range(3)]
    bad = store._writer.submit(lambda _: {}["missing"])
    more = store.log("test", "happened 3")
    assert isinstance(bad.exception(), KeyError)
    assert [future.result() for future in [*good, more]] == [1, 2, 3, 4]
    assert not store.verify().problems


def test_a_closed_store_refuses_writes_and_says_why(url):
    from triage_service._store import StoreFailed, open_store

    store = open_store(url)
    assert store.not_ready() == ""
    store.close()
    assert store.not_ready() == "the database is closed"
    with pytest.raises(StoreFailed):
        store.log("test", "happened").result()


def test_two_servers_on_postgresql_write_one_chain(postgres):
    from triage_service._store import open_store

    url = postgres()
    with open_store(url) as one, open_store(url) as other:
        futures = [(one, other)[n % 2].log("test", f"happened {n}") for n in range(200)]
        assert sorted(future.result() for future in futures) == list(range(1, 201))
        assert one.verify().events == 200
        assert not one.verify().problems


def test_statements_never_show_what_customers_wrote(url):
    engines = connect(url)
    with engines.writer.connect() as connection, pytest.raises(sa.exc.DBAPIError) as raised:
        connection.execute(sa.text("SELECT nothing FROM nowhere WHERE text = :text"), {"text": "zanzibar"})
    assert "zanzibar" not in str(raised.value)
    engines.dispose()


def test_a_store_is_ready_again_once_a_write_succeeds(sqlite_store):
    sqlite_store._writer.failed = "the database has no room left"
    assert sqlite_store.not_ready() == ""
