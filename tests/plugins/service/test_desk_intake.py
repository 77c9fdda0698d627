"""Storing items: idempotency keys, identifiers, the coin of the audit, and where words may be."""

import json
import threading

import pytest
import sqlalchemy as sa

from service.desk_parts import LETTER, add, decision, ids_of, register, routed
from triage_service._store import Entry, KeyInProgress, KeyReused
from triage_service._store._schema import metadata

SECRET = "zanzibarquagga"


def everything_in(store, *, but=()):
    with store.engines.reader.connect() as connection:
        return [
            (table.name, str(value))
            for table in metadata.sorted_tables
            if table.name not in but
            for row in connection.execute(sa.select(table))
            for value in row
        ]


def test_a_key_returns_its_stored_answer(store):
    assert store.reserve("crm", "k", "digest").result() is None
    ids = add(store, "My mortgage payment is lost", key="k", digest="digest")
    assert [each.id for each in store.reserve("intake", "k", "digest").result()] == ids
    assert add(store, "My mortgage payment is lost", key="k", digest="digest") == ids
    assert len(store.find()) == 1


def test_another_body_is_refused_before_anything_else_is_looked_at(store):
    store.reserve("crm", "k", "digest").result()
    with pytest.raises(KeyReused):
        store.reserve("crm", "k", "other").result()
    with pytest.raises(KeyInProgress):
        store.reserve("crm", "k", "digest").result()


def test_keys_of_two_senders_have_nothing_to_do_with_each_other(store):
    store.reserve("crm", "k", "digest").result()
    assert store.reserve("web", "k", "other").result() is None


def test_a_key_is_free_again_when_its_request_came_to_nothing_or_its_server_died(sqlite_store, clock):
    sqlite_store.reserve("crm", "k", "digest").result()
    sqlite_store.unreserve("crm", "k").result()
    assert sqlite_store.reserve("crm", "k", "digest").result() is None
    clock.forward(61)
    assert sqlite_store.reserve("crm", "k", "digest").result() is None


def test_the_same_request_sent_twenty_times_at_once_is_stored_once(store):
    store.reserve("crm", "k", "digest").result()
    answers = []

    def send():
        answers.append(add(store, "My mortgage payment is lost", key="k", digest="digest"))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({json.dumps(answer) for answer in answers}) == 1
    assert len(store.find()) == 1


def test_an_identifier_names_one_item_of_its_source(store):
    entry = Entry("My mortgage payment is lost", decision(), ext_id="17")
    (first,), (again,) = add(store, entry), add(store, entry)
    (other,) = add(store, entry, source="web")
    assert first == again != other
    assert store.ids_of("mail", ["17", "18"]) == [first]


@pytest.mark.parametrize(("rate", "state"), [(0.0, "routed"), (1.0, "open")])
def test_the_coin_decides_whether_a_routed_item_is_audited(store, rate, state):
    (item,) = add(store, routed("My mortgage payment is lost"), audit_rate=rate)
    assert store.item(item).state == state
    assert store.item(item).blind == (state == "open")


def test_the_coin_falls_as_often_as_it_should(sqlite_store):
    texts = [routed(f"Complaint {'x' * n}") for n in range(400)]
    ids = add(sqlite_store, *texts, audit_rate=0.25)
    audited = sum(sqlite_store.item(item).state == "open" for item in ids)
    assert 60 <= audited <= 140  # 100 are expected, with a standard deviation of 8.7


def test_while_the_alarm_is_on_everything_goes_to_people(store):
    (item,) = add(store, routed("My mortgage payment is lost"), review_all=True, audit_rate=1.0)
    assert (store.item(item).state, store.item(item).kind) == ("open", "review")


def test_customers_words_are_in_one_table_only(store):
    register(store)
    (item,) = add(store, Entry(f"Where is {SECRET}", decision(terms=[SECRET])), key="k", digest="d")
    lease = store.claim("ada").result()
    store.decide(item, "ada", lease.token, "Card", note=f"she wrote {SECRET}", second=True).result()
    lease = store.claim("bob").result()
    store.skip(item, "bob", lease.token, f"what is {SECRET}").result()
    assert not [table for table, value in everything_in(store, but=("body",)) if SECRET in value]
    assert [table for table, value in everything_in(store) if SECRET in value]


def test_a_repeated_request_gets_the_same_reply_without_what_was_erased_since(store):
    def reply(stored):
        return json.dumps([[each.id, each.state, each.decision] for each in stored]).encode()

    def send():
        entry = Entry(f"Where is {SECRET}", decision(terms=[SECRET]), ext_id="17")
        options = {"source": "mail", "who": "crm", "audit_rate": 0.0, "key": "k", "digest": "d"}
        return store.add_items([entry], answer=reply, **options).result()

    first = send()
    ((item, state, said),) = json.loads(first)
    assert (state, said["terms"], said["id"]) == ("open", [{"term": SECRET, "weight": 1.0}], "17")
    lease = store.claim("ada").result()
    store.decide(item, "ada", lease.token, "Card").result()
    assert send() == first
    store.erase([item], who="admin").result()
    assert SECRET not in send().decode()


def test_text_that_no_database_stores_is_replaced(store):
    (item,) = add(store, "a\0b \ud800 c")
    assert "\0" not in store.item(item).text
    assert store.item(item).text.startswith("a\ufffdb")


def test_near_duplicates_are_one_family_and_texts_without_a_word_are_none(store):
    add(store, LETTER + "now", LETTER + "soon", "12345", "67890", "Something else entirely")
    families = dict(_families(store))
    assert families[LETTER + "now"] == families[LETTER + "soon"] != ""
    assert families["12345"] == families["67890"] == ""


def _families(store):
    query = sa.text(
        "SELECT body.text, item.family FROM item JOIN body ON body.item = item.id WHERE part = 'text'"
    )
    with store.engines.reader.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_a_shadow_decides_once_about_each_item_and_only_about_known_ones(store):
    (item,) = add(store, "My mortgage payment is lost")
    said = decision("Card", model="b" * 64)
    assert store.add_shadow([(item, said), ("nothing", said)]).result() == 1
    assert store.add_shadow([(item, said)]).result() == 0


def test_search_finds_words_and_the_beginning_of_the_last_one(store):
    mine, _ = add(store, "My mortgage payment is lost", "My card was declined")
    assert [found.id for found in store.find(text="MORTGAGE pay")] == [mine]
    assert store.find(text="mort payment") == []
    assert store.find(text="'\"; DROP TABLE item -- *") == []
    assert len(store.find(text="my")) == 2


def test_pages_of_a_search_hold_everything_once(store):
    ids = add(store, *[f"Complaint {'x' * n}" for n in range(7)])
    seen, before = [], None
    while page := store.find(before=before, limit=3):
        seen += [found.id for found in page]
        before = page[-1].seq
    assert seen == ids[::-1]


def test_the_board_counts_what_waits_and_what_was_done(store):
    add(store, "My mortgage payment is lost", "My card was declined", routed("A loan", "Loan"))
    lease = store.claim("ada").result()
    store.decide(lease.id, "ada", lease.token, "Card").result()
    store.claim("ada").result()
    board = store.board()
    assert (board["waiting"], board["leased"], board["routed"], board["reviewed"]) == (1, 1, 1, 2)
    assert (board["decided_today"], board["received_today"], board["per_hour"]) == (1, 3, 1)
    assert {row["queue"]: row["decided"] for row in board["queues"]} == {"Mortgage": 1, "Loan": 0}


def test_an_answer_that_cannot_be_made_stores_nothing(store):
    future = store.add_items(
        [Entry("My mortgage payment is lost", decision())],
        source="mail",
        who="crm",
        audit_rate=0.0,
        answer=lambda _: 1 / 0,
    )
    assert isinstance(future.exception(), ZeroDivisionError)
    assert store.find() == []
    assert json.loads(store.add_items([], source="s", who="w", audit_rate=0, answer=ids_of).result()) == []
