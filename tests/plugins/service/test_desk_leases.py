"""Exclusive leases, on both databases."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.desk_parts import LETTER, add, decision, routed
from triage_service._store import Entry, LeaseLost, NotSkippable, UnknownItem, open_store


def test_two_people_get_two_items_and_the_third_gets_none(store):
    first, second = add(store, "My mortgage payment is lost", "My card was declined abroad")
    assert store.claim("ada").result().id == first
    assert store.claim("bob").result().id == second
    assert store.claim("cyd").result() is None


def test_a_claim_shows_what_the_page_needs(store):
    add(store, Entry("My mortgage payment is lost", decision(terms=["payment"]), ext_id="17"), source="mail")
    found = store.claim("ada").result()
    assert (found.text, found.kind, found.queue, found.source) == (
        "My mortgage payment is lost",
        "review",
        "Mortgage",
        "mail",
    )
    assert found.decision["terms"] == [{"term": "payment", "weight": 1.0}]
    assert found.decision["id"] == "17"
    assert found.until > found.received


def test_a_hundred_claims_at_once_give_a_hundred_items(store):
    ids = add(store, *[f"Complaint number {'x' * n} about a fee" for n in range(100)])
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda n: store.claim(f"person {n}").result().id, range(100)))
    assert sorted(found) == sorted(ids)


def test_two_servers_on_postgresql_never_give_one_item_twice(postgres):
    url = postgres()
    with open_store(url) as one, open_store(url) as other:
        ids = add(one, *[f"Complaint number {'x' * n} about a fee" for n in range(60)])
        with ThreadPoolExecutor(16) as pool:
            claims = pool.map(lambda n: (one, other)[n % 2].claim(f"person {n}").result().id, range(60))
            assert sorted(claims) == sorted(ids)
        assert not one.verify().problems


def test_a_lease_that_has_ended_goes_to_whoever_asks_next_with_a_higher_token(sqlite_store, clock):
    (item,) = add(sqlite_store, "My mortgage payment is lost")
    slow = sqlite_store.claim("ada", seconds=60).result()
    assert sqlite_store.claim("bob").result() is None
    clock.forward(61)
    quick = sqlite_store.claim("bob").result()
    assert (quick.id, quick.token) == (item, slow.token + 1)


def test_a_short_lease_ends_by_the_databases_own_clock(store):
    add(store, "My mortgage payment is lost")
    store.claim("ada", seconds=0.05).result()
    time.sleep(0.1)
    assert store.claim("bob").result() is not None


def test_the_answer_of_a_slow_holder_is_kept_but_decides_nothing(sqlite_store, clock):
    (item,) = add(sqlite_store, "My mortgage payment is lost")
    slow = sqlite_store.claim("ada", seconds=60).result()
    clock.forward(61)
    quick = sqlite_store.claim("bob").result()
    late = sqlite_store.decide(item, "ada", slow.token, "Card").result()
    assert late.lost
    assert late.decided == 0
    assert sqlite_store.item(item).state == "open"
    done = sqlite_store.decide(item, "bob", quick.token, "Mortgage").result()
    assert not done.lost
    assert sqlite_store.item(item).label == "Mortgage"
    assert [event["what"] for event in sqlite_store.item(item).history] == [
        "queued",
        "further opinion",
        "decided",
    ]


def test_a_holder_whose_lease_ended_may_still_decide_while_nobody_took_the_item(sqlite_store, clock):
    (item,) = add(sqlite_store, "My mortgage payment is lost")
    lease = sqlite_store.claim("ada", seconds=60).result()
    clock.forward(3600)
    assert sqlite_store.decide(item, "ada", lease.token, "Mortgage").result().decided == 1


def test_a_renewed_lease_lasts_longer(sqlite_store, clock):
    (item,) = add(sqlite_store, "My mortgage payment is lost")
    lease = sqlite_store.claim("ada", seconds=60).result()
    clock.forward(50)
    assert sqlite_store.renew(item, "ada", lease.token, seconds=60).result() > lease.until
    clock.forward(50)
    assert sqlite_store.claim("bob").result() is None


@pytest.mark.parametrize("call", ["renew", "release", "skip"])
def test_what_needs_a_lease_is_refused_without_it(store, call):
    (item,) = add(store, "My mortgage payment is lost")
    lease = store.claim("ada").result()
    more = ("no time",) if call == "skip" else ()
    with pytest.raises(LeaseLost):
        getattr(store, call)(item, "bob", lease.token, *more).result()
    with pytest.raises(LeaseLost):
        getattr(store, call)(item, "ada", lease.token + 1, *more).result()
    with pytest.raises(UnknownItem):
        getattr(store, call)("nothing", "ada", lease.token, *more).result()


def test_a_released_item_is_free_at_once(store):
    (item,) = add(store, "My mortgage payment is lost")
    lease = store.claim("ada").result()
    store.release(item, "ada", lease.token).result()
    assert store.claim("bob").result().id == item


def test_a_skipped_item_goes_to_others_and_comes_back_after_an_hour(sqlite_store, clock):
    (item,) = add(sqlite_store, "My mortgage payment is lost")
    lease = sqlite_store.claim("ada").result()
    sqlite_store.skip(item, "ada", lease.token, "language").result()
    assert sqlite_store.claim("ada").result() is None
    other = sqlite_store.claim("bob").result()
    sqlite_store.release(item, "bob", other.token).result()
    clock.forward(3601)
    assert sqlite_store.claim("ada").result().id == item
    assert sqlite_store.item(item).notes == ("language",)


def test_an_audit_cannot_be_skipped(store):
    (item,) = add(store, routed("My mortgage payment is lost"), audit_rate=1.0)
    lease = store.claim("ada").result()
    with pytest.raises(NotSkippable, match="unresolvable"):
        store.skip(item, "ada", lease.token, "hard").result()


def test_nobody_gets_an_item_that_they_gave_an_opinion_on(store):
    (item,) = add(store, "My mortgage payment is lost")
    lease = store.claim("ada").result()
    store.decide(item, "ada", lease.token, "Card", second=True).result()
    assert store.claim("ada").result() is None
    assert store.claim("bob").result().kind == "second"


def test_only_the_queues_and_kinds_asked_for_are_given_out(store):
    add(store, Entry("My mortgage payment is lost", decision("Mortgage")))
    (card,) = add(store, Entry("My card was declined abroad", decision("Card")))
    add(store, routed("A loan that I never took", "Loan"), audit_rate=1.0)
    assert store.claim("ada", queues=["Card"]).result().id == card
    assert store.claim("ada", queues=["Card"]).result() is None
    assert store.claim("bob", kinds=["audit"]).result().queue == "Loan"


def test_urgent_items_come_first_but_old_ones_are_never_starved(sqlite_store, clock):
    (old,) = add(sqlite_store, "My mortgage payment is lost")
    clock.forward(3600)
    (urgent,) = add(sqlite_store, Entry("My card was declined abroad", decision(), priority=1.0))
    (due,) = add(sqlite_store, Entry("A loan that I never took", decision(), due=clock.now / 1e6 - 86_400))
    order = [sqlite_store.claim("ada").result().id for _ in range(3)]
    assert order == [due, urgent, old]
    add(sqlite_store, "I wait for months")
    clock.forward(25 * 3600)
    add(sqlite_store, Entry("My card was declined again", decision(), priority=1.0))
    assert sqlite_store.claim("bob", seconds=9e6).result() is not None


def test_an_old_item_comes_before_an_urgent_one_that_is_a_day_younger(sqlite_store, clock):
    (old,) = add(sqlite_store, "My mortgage payment is lost")
    clock.forward(25 * 3600)
    add(sqlite_store, Entry("My card was declined abroad", decision(), priority=1.0))
    assert sqlite_store.claim("ada").result().id == old


def test_near_duplicates_are_counted_where_one_decision_may_decide_them(store):
    add(store, *[LETTER + end for end in ("today", "tomorrow", "now")], "Something else entirely")
    assert store.claim("ada").result().alike == 3
