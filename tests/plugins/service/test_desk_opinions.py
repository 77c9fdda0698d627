"""Answers, families, second opinions and undo, on both databases."""

import contextlib

import pytest

from service.desk_parts import LETTER, add, routed
from triage_service._store import CannotUndo, UnknownItem, open_store


def decided(store, who, label, **options):
    lease = store.claim(who).result()
    return lease, store.decide(lease.id, who, lease.token, label, **options).result()


def test_an_answer_decides_and_is_logged(store):
    (item,) = add(store, "My mortgage payment is lost")
    _, done = decided(store, "ada", "Card", ms=900, note="she says card")
    assert (done.lost, done.state, done.items, done.suggested) == (False, "decided", (item,), "Mortgage")
    found = store.item(item)
    assert (found.state, found.label, found.notes) == ("decided", "Card", ("she says card",))
    assert found.history[-1]["seq"] == done.event
    assert found.history[-1]["who"] == "ada"


def test_an_answer_sent_again_with_its_key_is_answered_as_the_first_time(store):
    (item,) = add(store, "My mortgage payment is lost")
    lease, first = decided(store, "ada", "Card", key="k1")
    assert store.decide(item, "ada", lease.token, "Card", key="k1").result() == first
    assert store.verify().opinions == 1


def test_an_answer_on_an_unknown_item_is_refused(store):
    with pytest.raises(UnknownItem):
        store.decide("nothing", "ada", 1, "Card").result()


def test_a_second_answer_of_the_same_person_is_a_further_opinion(store):
    (item,) = add(store, "My mortgage payment is lost")
    lease, _ = decided(store, "ada", "Card")
    assert store.decide(item, "ada", lease.token, "Loan").result().lost
    assert store.item(item).label == "Card"


def test_one_answer_decides_the_near_duplicates_but_no_audit_and_nobody_elses(store):
    ids = add(store, *[LETTER + end for end in ("today", "tomorrow", "now", "soon")])
    (audit,) = add(store, routed(LETTER + "then"), audit_rate=1.0)
    held = store.claim("bob", kinds=["review"]).result()
    lease = store.claim("ada", kinds=["review"]).result()
    done = store.decide(lease.id, "ada", lease.token, "Card", family=True).result()
    assert set(done.items) == set(ids) - {held.id}
    assert store.item(audit).state == "open"
    assert store.item(held.id).state == "open"
    assert store.verify().opinions == 3
    assert not store.verify().problems


def test_undo_takes_the_whole_family_back_and_leases_the_item_again(store):
    ids = add(store, *[LETTER + end for end in ("today", "tomorrow", "now")])
    lease, done = decided(store, "ada", "Card", family=True)
    again = store.undo(done.event, "ada").result()
    assert again.id == lease.id
    assert again.token > lease.token
    assert {store.item(item).state for item in ids} == {"open"}
    store.decide(again.id, "ada", again.token, "Mortgage").result()
    assert store.item(again.id).label == "Mortgage"
    assert not store.verify().problems


def test_undo_is_refused_to_others_twice_and_after_a_while(sqlite_store, clock):
    add(sqlite_store, "My mortgage payment is lost", "My card was declined abroad")
    _, first = decided(sqlite_store, "ada", "Card")
    _, second = decided(sqlite_store, "ada", "Card")
    with pytest.raises(CannotUndo):
        sqlite_store.undo(first.event, "bob").result()
    sqlite_store.undo(first.event, "ada").result()
    with pytest.raises(CannotUndo):
        sqlite_store.undo(first.event, "ada").result()
    clock.forward(901)
    with pytest.raises(CannotUndo):
        sqlite_store.undo(second.event, "ada").result()


def test_undo_is_refused_once_a_second_opinion_was_given_or_is_being_given(store):
    add(store, "My mortgage payment is lost")
    _, first = decided(store, "ada", "Card", second=True)
    lease = store.claim("bob").result()
    with pytest.raises(CannotUndo):
        store.undo(first.event, "ada").result()
    store.decide(lease.id, "bob", lease.token, "Card").result()
    with pytest.raises(CannotUndo):
        store.undo(first.event, "ada").result()


def test_two_who_agree_decide_and_two_who_do_not_ask_a_third(store):
    same, other = add(store, "My mortgage payment is lost", "My card was declined abroad")
    for who, label in (("ada", "Card"), ("bob", "Card")):
        lease = store.claim(who).result()
        store.decide(same, who, lease.token, label, second=True).result()
    assert store.item(same).label == "Card"
    states = []
    for who, label in (("ada", "Card"), ("bob", "Loan"), ("cyd", "Loan")):
        lease = store.claim(who).result()
        assert lease.id == other
        states.append(store.decide(other, who, lease.token, label, second=True).result().state)
    assert states == ["open", "open", "decided"]
    assert store.item(other).label == "Loan"


def test_three_who_all_differ_leave_the_item_unresolvable(store):
    (item,) = add(store, "My mortgage payment is lost")
    for who, label in (("ada", "Card"), ("bob", "Loan"), ("cyd", "Mortgage")):
        lease = store.claim(who).result()
        store.decide(item, who, lease.token, label, second=True).result()
    assert store.item(item).label == "unresolvable"


def test_a_second_opinion_is_blind_and_told_afterwards(store):
    (item,) = add(store, "My mortgage payment is lost")
    decided(store, "ada", "Card", second=True)
    assert store.item(item).blind
    assert store.find()[0].suggested is None
    _, done = decided(store, "bob", "Card")
    assert (done.kind, done.suggested) == ("second", "Mortgage")


def test_second_opinions_are_asked_for_at_random_only_where_somebody_else_can_give_them(url):
    with contextlib.closing(open_store(url, second_rate=1.0)) as store:
        add(store, "My mortgage payment is lost", "My card was declined abroad")
        store.add_user("ada", "", ["review"], who="test").result()
        assert decided(store, "ada", "Card")[1].state == "decided"
        store.add_user("bob", "", ["review"], who="test").result()
        assert decided(store, "ada", "Card")[1].state == "open"


def test_what_somebody_volunteers_decides_nothing(store):
    (item,) = add(store, routed("My mortgage payment is lost"))
    store.volunteer(item, "ada", "Card", note="the customer called").result()
    assert store.item(item).state == "routed"
    (label,) = store.labels("train")
    assert (label["how"], label["probability"], label["label"]) == ("volunteer", None, "Card")
    assert list(store.labels("calibrate")) == []
