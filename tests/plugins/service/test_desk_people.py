"""People, tokens, sessions and the registry of models."""

import json

import pytest
import sqlalchemy as sa

import triage
from service.desk_parts import MODEL, add, decision, register, routed
from triage_service._store import NameTaken, StoreRefusal, digest_of, evidence
from triage_service._store._schema import metadata


def test_a_token_is_known_by_its_digest_alone(store):
    secret = store.add_token("crm", ["route"], who="admin", queues=["Card"]).result()
    assert len(secret) >= 43  # 256 bits
    found = store.principal("token", digest_of(secret))
    assert (found.name, found.roles, found.queues) == ("crm", ("route",), ("Card",))
    assert store.principal("token", secret) is None
    with store.engines.reader.connect() as connection:
        everything = [str(row) for t in metadata.sorted_tables for row in connection.execute(sa.select(t))]
    assert not any(secret in row for row in everything)


def test_a_token_ends_when_it_expires_or_is_revoked(sqlite_store, clock):
    short = sqlite_store.add_token("crm", ["route"], who="admin", days=1).result()
    long = sqlite_store.add_token("web", ["route"], who="admin").result()
    clock.forward(86_401)
    assert sqlite_store.principal("token", digest_of(short)) is None
    (kept,) = [row for row in sqlite_store.tokens() if row["name"] == "web"]
    assert sqlite_store.revoke_token(kept["id"], who="admin").result()
    assert not sqlite_store.revoke_token(kept["id"], who="admin").result()
    assert sqlite_store.principal("token", digest_of(long)) is None


def test_passwords_are_hashed_with_a_salt_of_their_own(store):
    for name in ("ada", "bob"):
        store.add_user(name, "correct horse", ["review"], who="admin").result()
    with store.engines.reader.connect() as connection:
        stored = connection.execute(sa.text("SELECT password FROM principal")).scalars().all()
    assert len(set(stored)) == 2
    assert "correct horse" not in "".join(stored)
    assert store.password_holds("ada", "correct horse")
    assert not store.password_holds("ada", "wrong")
    assert not store.password_holds("nobody", "correct horse")


def test_without_a_password_nobody_signs_in_by_one(store):
    store.add_user("ada", "", ["review"], who="admin").result()
    assert not store.password_holds("ada", "")
    assert not store.password_holds("ada", "-")


def test_a_name_is_taken_once_and_a_role_must_exist(store):
    store.add_user("ada", "", ["review"], who="admin").result()
    with pytest.raises(NameTaken):
        store.add_user("ada", "", ["review"], who="admin").result()
    with pytest.raises(triage.UsageError, match="a role must be one of"):
        store.add_user("bob", "", ["root"], who="admin")
    with pytest.raises(triage.UsageError, match="give a role"):
        store.add_token("bob", [], who="admin")


def test_a_session_ends_with_its_time_its_end_or_its_person(sqlite_store, clock):
    sqlite_store.add_user("ada", "", ["review", "admin"], who="admin").result()
    for digest in ("one", "two", "three"):
        sqlite_store.add_session(digest, "ada", seconds=3600).result()
    assert sqlite_store.principal("session", "one").roles == ("review", "admin")
    sqlite_store.end_session("one").result()
    assert sqlite_store.principal("session", "one") is None
    assert sqlite_store.principal("session", "two").name == "ada"
    clock.forward(3601)
    assert sqlite_store.principal("session", "two") is None
    sqlite_store.add_session("four", "ada", seconds=3600).result()
    assert sqlite_store.remove_user("ada", who="admin").result()
    assert sqlite_store.principal("session", "four") is None
    assert not sqlite_store.remove_user("ada", who="admin").result()


def test_everything_about_people_is_logged_without_a_secret(store):
    store.add_user("ada", "correct horse", ["review"], who="admin").result()
    secret = store.add_token("crm", ["route"], who="admin").result()
    log = json.dumps([dict(event) for event in store.events()])
    assert "user added" in log
    assert "token added" in log
    assert secret not in log
    assert "correct horse" not in log


def test_a_new_active_model_makes_the_former_one_the_previous(store):
    register(store, model="a" * 64)
    register(store, model="b" * 64, state="shadow")
    store.model_changed("b" * 64, "active", who="ada", reason="proven").result()
    assert {row.digest[0]: row.state for row in store.models()} == {"a": "previous", "b": "active"}
    store.model_changed("a" * 64, "active", who="ada", reason="rollback").result()
    assert {row.digest[0]: row.state for row in store.models()} == {"a": "active", "b": "previous"}
    register(store, model="c" * 64)
    assert {row.digest[0]: row.state for row in store.models()} == {
        "a": "previous",
        "b": "known",
        "c": "active",
    }


def test_a_restart_with_the_same_model_is_no_event(store):
    register(store)
    before = store.verify().events
    register(store, promise=0.1)
    assert store.verify().events == before
    assert store.models()[0].promise == 0.1


def test_an_unknown_model_needs_a_path(store):
    with pytest.raises(StoreRefusal):
        store.model_changed("d" * 64, "active", who="ada").result()


def test_paired_audits_say_which_model_was_right_alone(store):
    register(store)
    shadow = "b" * 64
    said = [
        ("Card", "Card", "Card"),
        ("Card", "Loan", "Loan"),
        ("Card", "Loan", "Card"),
        ("Card", "Loan", "Fee"),
    ]
    for number, (active, other, true) in enumerate(said):
        text = " ".join(f"{'abcd'[number]}{'x' * i}" for i in range(1, 20))
        (item,) = add(store, routed(text, active), audit_rate=1.0)
        store.add_shadow([(item, decision(other, action="route", model=shadow))]).result()
        lease = store.claim("ada").result()
        store.decide(item, "ada", lease.token, true).result()
    assert store.paired(MODEL, shadow) == (1, 1)
    assert store.paired(shadow, MODEL) == (0, 0)


def test_evidence_grows_with_what_speaks_for_the_shadow_and_is_rarely_large_without():
    assert evidence(0, 0) == 1.0
    assert evidence(10, 0) > 20 > evidence(10, 5) > evidence(5, 10)


def test_settings_are_kept(store):
    assert store.get_setting("pace") is None
    store.set_setting("pace", "slow").result()
    store.set_setting("pace", "fast").result()
    assert store.get_setting("pace") == "fast"
