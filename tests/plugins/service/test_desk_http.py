"""The desk over HTTP: items, leases, decisions, models, exports; by a real service."""

import hashlib
import json
import os
import signal
import threading

import pytest

from service.serving import PASSWORD, Client, Served

UNSURE = "a letter about card and loan"


@pytest.fixture(scope="module")
def served(model_path, tmp_path_factory):
    with Served(model_path, tmp_path_factory.mktemp("desk") / "desk.db", "--audit-rate", "0") as found:
        yield found


@pytest.fixture
def fresh(model_path, tmp_path):
    with Served(model_path, tmp_path / "desk.db", "--audit-rate", "0") as found:
        yield found


def add(client, *texts, **headers):
    documents = [{"id": os.urandom(8).hex(), "text": text} for text in texts]
    return client.done("POST", "/v1/items", {"source": "test", "documents": documents}, **headers)["items"]


def drain(client):
    while client.ask("POST", "/v1/desk/next", {})[0] == 200:
        pass


def test_an_item_is_stored_routed_and_queued_before_it_is_acknowledged(fresh):
    program, ann = fresh.program("route"), fresh.person("ann")
    routed, queued = add(program, "my card", UNSURE)
    assert (routed["state"], routed["decision"]["action"]) == ("routed", "route")
    assert (queued["state"], queued["decision"]["action"]) == ("open", "review")
    fresh.process.send_signal(signal.SIGKILL)
    fresh.process.wait(10)
    with Served(fresh.model, fresh.database, "--audit-rate", "0") as again:
        ann = again.client()
        ann.done("POST", "/v1/session", {"name": "ann", "password": PASSWORD})
        found = ann.done("POST", "/v1/desk/next", {})
        assert found["item"]["id"] == queued["id"]
        assert found["item"]["text"] == UNSURE
        assert found["item"]["suggestion"]["terms"] is not None


def test_a_repeated_request_is_stored_once(served):
    program = served.program("route")
    body = {"documents": [{"id": "x", "text": UNSURE}], "source": "repeat"}
    first = program.ask("POST", "/v1/items", body, **{"Idempotency-Key": "k1"})
    second = program.ask("POST", "/v1/items", body, **{"Idempotency-Key": "k1"})
    other = program.ask("POST", "/v1/items", {"documents": [{"text": "b"}]}, **{"Idempotency-Key": "k1"})
    elsewhere = served.program("route").ask(
        "POST", "/v1/items", {**body, "source": "z"}, **{"Idempotency-Key": "k2"}
    )
    assert (first[0], second[0], other[0], elsewhere[0]) == (201, 200, 422, 201)
    assert first[1] == second[1]
    assert first[1]["items"][0]["id"] != elsewhere[1]["items"][0]["id"]


def test_a_key_that_is_in_progress_is_answered_409(served):
    body = {"documents": [{"text": "slow card"}] * 20}
    replies = []
    clients = [
        served.client(token=served.program("route").headers["Authorization"][7:]) for _ in range(1)
    ] * 1
    token = clients[0].headers["Authorization"][7:]

    def post():
        client = Client(served.port, token=token)
        replies.append(client.ask("POST", "/v1/items", body, **{"Idempotency-Key": "slow"})[0])
        client.connection.close()

    threads = [threading.Thread(target=post) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replies) == [201, 409, 409]


def test_two_people_never_hold_one_item(fresh):
    program, people = fresh.program("route"), [fresh.person(name) for name in ("ann", "bo", "cy")]
    add(program, *[UNSURE] * 60)
    held = []

    def take(person):
        while (found := person.ask("POST", "/v1/desk/next", {}))[0] == 200:
            held.append(found[1]["item"]["id"])

    threads = [threading.Thread(target=take, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 60
    assert len(set(held)) == 60


def test_a_decision_needs_the_lease_and_a_label_of_the_model(fresh):
    program, ann, bo = fresh.program("route"), fresh.person("ann"), fresh.person("bo")
    add(program, UNSURE)
    found = ann.done("POST", "/v1/desk/next", {})
    path, token = f"/v1/desk/items/{found['item']['id']}/decide", found["lease"]["token"]
    assert ann.ask("POST", path, {"token": token, "label": "no such"})[0] == 422
    assert bo.ask("POST", path, {"token": token, "label": "loan"})[0] == 409
    assert ann.ask("POST", path, {"token": token + 1, "label": "loan", "key": "wrong"})[0] == 409
    assert (
        ann.ask("POST", path.replace(found["item"]["id"], "nothing"), {"token": 1, "label": "loan"})[0] == 404
    )
    assert bo.ask("POST", "/v1/desk/next", {})[0] == 204
    done = ann.done("POST", path, {"token": token, "label": "loan", "key": "right", "ms": 900})
    again = ann.done("POST", path, {"token": token, "label": "loan", "key": "right", "ms": 900})
    assert again["event"] == done["event"]
    assert fresh.admin.done("GET", f"/v1/items/{found['item']['id']}")["label"] == "loan"


def test_only_ones_own_decision_can_be_taken_back(fresh):
    program, ann, bo = fresh.program("route"), fresh.person("ann"), fresh.person("bo")
    add(program, UNSURE)
    found = ann.done("POST", "/v1/desk/next", {})
    path = f"/v1/desk/items/{found['item']['id']}/decide"
    event = ann.done("POST", path, {"token": found["lease"]["token"], "label": "loan"})["event"]
    assert bo.ask("POST", "/v1/desk/undo", {"event": event})[0] == 409
    lease = ann.done("POST", "/v1/desk/undo", {"event": event})["lease"]
    assert ann.ask("POST", "/v1/desk/undo", {"event": event})[0] == 409
    assert ann.ask("POST", path, {"token": lease["token"], "label": "card"})[0] == 200


def test_a_lease_is_renewed_released_and_lost(fresh):
    program, ann, bo = fresh.program("route"), fresh.person("ann"), fresh.person("bo")
    add(program, UNSURE)
    found = ann.done("POST", "/v1/desk/next", {})
    item, token = found["item"]["id"], {"token": found["lease"]["token"]}
    assert (
        ann.done("POST", f"/v1/desk/items/{item}/renew", token)["lease"]["until"] >= found["lease"]["until"]
    )
    ann.done("POST", f"/v1/desk/items/{item}/release", token)
    assert bo.done("POST", "/v1/desk/next", {})["item"]["id"] == item
    assert ann.ask("POST", f"/v1/desk/items/{item}/renew", token)[0] == 409


def test_an_audit_is_blind_until_it_is_answered(model_path, tmp_path):
    with Served(model_path, tmp_path / "desk.db", "--audit-rate", "1") as served:
        program, ann = served.program("route"), served.person("ann", "review", "audit")
        (item,) = add(program, "my card")
        assert item["decision"]["action"] == "route"
        found = ann.done("POST", "/v1/desk/next", {})
        assert found["item"]["kind"] == "audit"
        assert "suggestion" not in found["item"]
        shown = ann.done("GET", f"/v1/items/{item['id']}")
        assert shown["suggestion"] is None
        assert "card" not in json.dumps(shown["history"])
        path = f"/v1/desk/items/{item['id']}"
        answer = ann.done("POST", path + "/decide", {"token": found["lease"]["token"], "label": "loan"})
        assert answer["suggested"] == "card"
        assert served.admin.done("GET", "/v1/audit/bound")["audits"] == 1


def test_roles_are_kept(served):
    program, ann = served.program("route"), served.person("kate")
    assert program.ask("POST", "/v1/desk/next", {})[0] == 403
    assert ann.ask("POST", "/v1/route", {"documents": [{"text": "x"}]})[0] == 403
    for path in (
        "/v1/admin/users",
        "/v1/admin/tokens",
        "/v1/admin/log",
        "/v1/models",
        "/v1/events",
        "/metrics",
    ):
        assert ann.ask("GET", path)[0] == 403, path


def test_a_revoked_token_and_a_removed_person_are_let_in_no_more(served):
    program, leo = served.program("route"), served.person("leo")
    (mine, *_) = list(served.admin.done("GET", "/v1/admin/tokens")["tokens"])[-1:]
    assert program.ask("GET", "/openapi.json")[0] == 200
    assert leo.ask("GET", "/v1/board")[0] == 200
    for token in served.admin.done("GET", "/v1/admin/tokens")["tokens"]:
        served.admin.done("DELETE", f"/v1/admin/tokens/{token['id']}")
    served.admin.done("DELETE", "/v1/admin/users/leo")
    assert program.ask("GET", "/openapi.json")[0] == 401
    assert leo.ask("GET", "/v1/board")[0] == 401
    assert mine["name"] == "program"


def test_guessing_a_password_is_stopped(served):
    served.person("mia")
    guess = {"name": "mia", "password": "wrong wrong wrong"}
    client = served.client()
    statuses = [client.ask("POST", "/v1/session", guess)[0] for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert client.ask("POST", "/v1/session", {"name": "mia", "password": PASSWORD})[0] == 429


def test_the_link_of_the_first_start_works_once(served):
    assert "#once=" in served.said
    once = served.said.split("#once=")[1].split()[0]
    assert served.client().ask("POST", "/v1/session", {"once": once})[0] == 401


def test_the_log_and_the_labels_end_with_their_count_and_digest(fresh):
    program, ann = fresh.program("route"), fresh.person("ann")
    add(program, *[UNSURE] * 3)
    found = ann.done("POST", "/v1/desk/next", {})
    ann.done(
        "POST",
        f"/v1/desk/items/{found['item']['id']}/decide",
        {"token": found["lease"]["token"], "label": "loan"},
    )
    for path, least in (("/v1/events?after=0", 5), ("/v1/labels?for=train", 1)):
        fresh.admin.connection.request("GET", path, headers=fresh.admin.headers)
        content = fresh.admin.connection.getresponse().read()
        *lines, last = content.splitlines(keepends=True)
        end = json.loads(last)
        assert end["count"] == len(lines) >= least
        assert end["sha256"] == hashlib.sha256(b"".join(lines)).hexdigest()


def test_a_model_is_promoted_by_proof_or_by_force_and_rolled_back(fresh, other_model):
    program = fresh.program("route")
    (before,) = fresh.admin.done("GET", "/v1/models")["models"]
    assert fresh.admin.ask("POST", "/v1/models", {"path": "../../etc"})[0] == 422
    name = os.path.relpath(other_model[0], fresh.models)
    assert fresh.admin.done("POST", "/v1/models", {"path": name})["digest"] == other_model[1]
    path = f"/v1/models/{other_model[1]}"
    assert fresh.admin.ask("POST", path + "/promote", {})[0] == 409
    assert fresh.admin.ask("POST", path + "/promote", {"force": True})[0] == 409
    assert fresh.admin.ask("POST", path + "/rollback", {})[0] == 409
    fresh.admin.done("POST", path + "/shadow", {})
    add(program, "my card")
    fresh.admin.done("POST", path + "/promote", {"force": True, "reason": "a test"})
    (item,) = add(program, "a fee")
    assert item["decision"]["model"] == other_model[1]
    fresh.admin.done("POST", f"/v1/models/{before['digest']}/rollback", {})
    (item,) = add(program, "a fee")
    assert item["decision"]["model"] == before["digest"]
    states = {each["digest"]: each["state"] for each in fresh.admin.done("GET", "/v1/models")["models"]}
    assert states == {before["digest"]: "active", other_model[1]: "previous"}


def test_a_restart_does_not_undo_a_promotion(fresh, other_model):
    name = os.path.relpath(other_model[0], fresh.models)
    fresh.admin.done("POST", "/v1/models", {"path": name})
    forced = {"force": True, "reason": "a test"}
    fresh.admin.done("POST", f"/v1/models/{other_model[1]}/promote", forced)
    cookie = fresh.admin.headers["Cookie"]
    fresh.stop()
    with Served(fresh.model, fresh.database) as again:
        again.admin.headers["Cookie"] = cookie
        (item,) = add(again.program("route"), "a fee")
        assert item["decision"]["model"] == other_model[1]


def test_the_log_on_stderr_holds_neither_texts_nor_ids(fresh):
    program, ann = fresh.program("route"), fresh.person("ann")
    (item,) = add(program, UNSURE)
    ann.done("POST", "/v1/desk/next", {})
    ann.ask("POST", "/v1/desk/next", {"kinds": ["secret"]})
    fresh.stop()
    assert item["id"] not in fresh.said
    assert "letter" not in fresh.said
    assert fresh.process.returncode == 0


def test_a_second_server_on_the_same_file_is_refused(fresh):
    with pytest.raises(AssertionError, match="another"):
        Served(fresh.model, fresh.database)


def test_a_public_address_needs_tls_or_a_proxy(model_path, tmp_path):
    from click.testing import CliRunner

    from triage.errors import UsageError
    from triage_service._serve import command

    done = CliRunner().invoke(
        command, [model_path, "--bind", "0.0.0.0:0", "--db", f"sqlite:///{tmp_path}/d.db"]
    )
    assert isinstance(done.exception, UsageError)
    assert "--behind-proxy" in str(done.exception)


def test_two_front_processes_share_one_postgresql(model_path, postgres):
    url = postgres()
    with Served(model_path, url, "--audit-rate", "0") as one:
        program, ann, bo = one.program("route"), one.person("ann"), one.person("bo")
        add(program, *[UNSURE] * 20)
        with Served(model_path, url, "--audit-rate", "0") as two:
            bo.connection.close()
            bo.connection = two.client().connection
            held = [ask.done("POST", "/v1/desk/next", {})["item"]["id"] for ask in [ann, bo] * 10]
            assert len(set(held)) == 20
            assert bo.ask("POST", "/v1/desk/next", {})[0] == 204
