"""The realised error on the desk, and the labels that leave it."""

import pytest

from service.desk_parts import LETTER, MODEL, add, decision, register, routed
from triage_service._store import Entry, StoreRefusal, digest_of  # noqa: F401

WORDS = ["fee", "loan", "card", "bank", "cash", "debt", "rate", "home", "fund", "wire"]


def different(number):
    """Return a text that is no near-duplicate of those of other numbers."""
    return " ".join(
        f"{WORDS[number % 10]}{chr(97 + (number * 7 + i * i) % 26)}{chr(97 + number % 26)}" for i in range(30)
    )


def audit(store, number, true="Mortgage", *, text=None, answer=True):
    (item,) = add(store, routed(text or different(number)), audit_rate=1.0)
    if answer:
        lease = store.claim("ada", kinds=["audit"]).result()
        store.decide(lease.id, "ada", lease.token, true).result()
    return item


def test_without_audits_nothing_is_known(store):
    register(store)
    bound = store.bound()
    assert (bound.error, bound.lower, bound.upper, bound.verdict, bound.audits) == (None, 0.0, 1.0, "open", 0)
    assert bound.needed == 88


def test_without_a_promise_there_is_no_verdict(store):
    assert store.bound().verdict == "no_promise"
    assert store.bound(max_error=0.05, model=MODEL).verdict == "open"


def test_right_audits_confirm_a_promise(store):
    register(store, promise=0.3)
    for number in range(14):
        audit(store, number)
    bound = store.bound()
    assert (bound.error, bound.audits, bound.verdict, bound.needed) == (0.0, 14, "kept", 0)
    assert bound.upper <= 0.3


def test_wrong_audits_raise_the_alarm_with_what_to_do(store):
    register(store, promise=0.05)
    for number in range(5):
        audit(store, number, "Card")
    bound = store.bound()
    assert (bound.error, bound.verdict) == (1.0, "broken")
    assert bound.lower > 0.05
    assert "--on-alarm review" in bound.alarm
    assert bound.to_json()["model"] == MODEL


def test_an_easy_audit_answered_early_does_not_count_before_the_hard_one(sqlite_store):
    register(sqlite_store)
    audit(sqlite_store, 1)
    hard = sqlite_store.claim("bob").result()
    assert hard is None
    audit(sqlite_store, 2, answer=False)
    held = sqlite_store.claim("bob", kinds=["audit"]).result()
    audit(sqlite_store, 3)
    assert (sqlite_store.bound().audits, sqlite_store.bound().open) == (1, 1)
    sqlite_store.decide(held.id, "bob", held.token, "Card").result()
    assert (sqlite_store.bound().audits, sqlite_store.bound().error) == (3, 1 / 3)


def test_a_late_audit_counts_as_wrong_above_and_as_right_below(sqlite_store, clock):
    register(sqlite_store)
    audit(sqlite_store, 1, answer=False)
    sqlite_store.claim("bob", kinds=["audit"], seconds=9e6).result()
    audit(sqlite_store, 2)
    assert sqlite_store.bound().audits == 0
    clock.forward(8 * 86_400)
    late = sqlite_store.bound()
    assert (late.audits, late.error, late.open) == (2, 0.0, 1)
    assert late.oldest_open is not None
    assert late.upper > sqlite_store.bound(late_days=0.0).lower


def test_an_audit_that_cannot_be_told_is_wrong_above(store):
    register(store, promise=0.3)
    for number in range(14):
        audit(store, number, "unresolvable" if number < 7 else "Mortgage")
    bound = store.bound()
    assert (bound.verdict, bound.error) == ("open", 0.0)
    assert bound.upper > 0.3


def test_near_duplicates_count_once(store):
    register(store)
    for end in ("today", "tomorrow", "now"):
        audit(store, 0, "Card", text=LETTER + end)
    assert store.bound().audits == 1


def test_what_no_promise_covers_is_not_counted(store):
    register(store)
    rule = Entry("A mortgage by rule", decision(action="route", reasons=("rule:mortgage",)))
    add(store, rule, audit_rate=1.0)
    assert store.bound().open == 0


def test_a_label_of_the_same_queue_is_right(store):
    store.model_changed(
        MODEL, "active", who="test", path="m", promise=0.05, queues={"Late fee": "Mortgage"}
    ).result()
    audit(store, 1, "Late fee")
    assert store.bound().error == 0.0


def test_the_bound_is_of_one_model(store):
    register(store)
    audit(store, 1, "Card")
    register(store, model="b" * 64)
    assert store.bound().audits == 0
    assert store.bound(model=MODEL).audits == 1


def test_labels_say_how_they_came_about_and_with_which_probability(store):
    register(store)
    add(store, Entry("My mortgage payment is lost", decision(), ext_id="17"))
    (drawn,) = add(store, routed("My card was declined abroad"), audit_rate=1.0)
    for _ in range(2):
        lease = store.claim("ada").result()
        store.decide(lease.id, "ada", lease.token, "Card").result()
    (volunteered,) = add(store, routed("A loan that I never took"))
    store.volunteer(volunteered, "bob", "Loan").result()
    train = {row["how"]: row for row in store.labels("train")}
    assert (train["review"]["id"], train["review"]["probability"]) == ("17", 1.0)
    assert (train["audit"]["id"], train["audit"]["probability"]) == (drawn, 1.0)
    assert (train["volunteer"]["label"], train["volunteer"]["probability"]) == ("Loan", None)
    assert {row["how"] for row in store.labels("calibrate")} == {"review", "audit"}
    assert [row["how"] for row in store.labels("audit")] == ["audit"]


def test_calibration_gets_no_label_beyond_the_first_item_that_still_waits(sqlite_store, clock):
    (first,) = add(sqlite_store, "My mortgage payment is lost")
    add(sqlite_store, "My card was declined abroad")
    held = sqlite_store.claim("bob", seconds=9e6).result()
    assert held.id == first
    lease = sqlite_store.claim("ada").result()
    sqlite_store.decide(lease.id, "ada", lease.token, "Card").result()
    assert len(list(sqlite_store.labels("train"))) == 1
    assert list(sqlite_store.labels("calibrate")) == []
    clock.forward(8 * 86_400)
    assert len(list(sqlite_store.labels("calibrate"))) == 1


def test_unresolvable_is_no_label_to_learn_from(store):
    add(store, "My mortgage payment is lost")
    lease = store.claim("ada").result()
    store.decide(lease.id, "ada", lease.token, "unresolvable").result()
    assert list(store.labels("train")) == []


def test_labels_are_for_three_uses(store):
    with pytest.raises(StoreRefusal, match="train, calibrate, audit"):
        list(store.labels("boast"))


def test_more_labels_than_a_page_all_leave(sqlite_store, monkeypatch):
    from triage_service._store import _audit

    monkeypatch.setattr(_audit, "_PAGE", 3)
    add(sqlite_store, *[different(number) for number in range(8)])
    for _ in range(8):
        lease = sqlite_store.claim("ada").result()
        sqlite_store.decide(lease.id, "ada", lease.token, "Card").result()
    assert len({row["id"] for row in sqlite_store.labels("train")}) == 8
