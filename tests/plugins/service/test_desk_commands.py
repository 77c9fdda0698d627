"""`triage desk` and `triage models`, as they are typed."""

import json

import click.testing
import pytest

import triage
from service.desk_parts import add, decision, register, routed
from triage_service._commands._desk import desk
from triage_service._commands._models import models
from triage_service._store import digest_of, open_store


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/desk.db"


def run(group, *words, code=0, stdin=None):
    """Run a command and return it; an error of triage gives its exit code, as on the command line."""
    done = click.testing.CliRunner().invoke(group, [str(word) for word in words], input=stdin)
    error = done.exception
    found = error.exit_code if isinstance(error, triage.TriageError) else done.exit_code
    assert found == code, (done.output, error)
    return done


def a_label(url, *, volunteer=False):
    with open_store(url) as store:
        register(store)
        add(store, "My mortgage payment is lost")
        lease = store.claim("ada").result()
        store.decide(lease.id, "ada", lease.token, "Card").result()
        if volunteer:
            (item,) = add(store, routed("A loan that I never took"))
            store.volunteer(item, "bob", "Loan").result()
        return lease.id


def test_a_token_is_printed_alone_and_works(url):
    done = run(desk, "--db", url, "token", "add", "crm", "--role", "route,metrics")
    secret = done.stdout.strip()
    with open_store(url) as store:
        assert store.principal("token", digest_of(secret)).roles == ("route", "metrics")
    listed = run(desk, "--db", url, "token", "list", "--json")
    (row,) = json.loads(listed.stdout)
    assert secret not in listed.stdout
    run(desk, "--db", url, "token", "revoke", row["id"])
    run(desk, "--db", url, "token", "revoke", row["id"], code=66)
    assert run(desk, "--db", url, "token", "list").stdout == ""


def test_people_are_added_with_a_password_from_stdin_listed_and_removed(url):
    run(
        desk,
        "--db",
        url,
        "user",
        "add",
        "ada",
        "--role",
        "review",
        "--password-stdin",
        stdin="correct horse\n",
    )
    run(desk, "--db", url, "user", "add", "bob", "--role", "review", "--no-password")
    with open_store(url) as store:
        assert store.password_holds("ada", "correct horse")
    assert run(desk, "--db", url, "user", "list").stdout.startswith("ada\treview\t20")
    run(desk, "--db", url, "user", "remove", "ada")
    run(desk, "--db", url, "user", "remove", "ada", code=66)


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (("user", "add", "ada", "--role", "review", "--password-stdin"), "short\n", 2),
        (("user", "add", "ada", "--role", "root", "--no-password"), "", 2),
        (("user", "add", "ada", "--role", "review", "--no-password", "--password-stdin"), "", 2),
        (("token", "add", "crm", "--role", "root"), "", 2),
        (("verify",), "", 66),
        (("export", "--for", "train"), "", 66),
        (("restore", "nothing.db"), "", 66),
    ],
)
def test_what_cannot_be_has_its_exit_code(url, words, stdin, code):
    run(desk, "--db", url, *words, code=code, stdin=stdin)


def test_an_export_ends_with_its_count_and_digest_on_stderr(url, tmp_path):
    a_label(url, volunteer=True)
    done = run(desk, "--db", url, "export", "--for", "train")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["how"], row["probability"]) for row in rows] == [("review", 1.0), ("volunteer", None)]
    assert done.stderr.startswith("2 labels, sha256 ")
    run(desk, "--db", url, "export", "--for", "calibrate", "--out", tmp_path / "labels.jsonl")
    (row,) = map(json.loads, (tmp_path / "labels.jsonl").read_text().splitlines())
    assert set(row) == {"id", "text", "label", "how", "probability", "who", "at"}
    events = run(desk, "--db", url, "export", "--for", "events", "--quiet")
    assert "mortgage payment" not in events.stdout
    assert events.stderr == ""


def test_a_backup_verifies_and_is_restored(url, tmp_path):
    item = a_label(url)
    copy = tmp_path / "copy.db"
    assert "sha256" in run(desk, "--db", url, "backup", copy).stderr
    run(desk, "--db", url, "backup", copy, code=73)
    run(desk, "--db", url, "erase", item)
    run(desk, "--db", url, "erase", item, code=66)
    assert "restored 1 items" in run(desk, "--db", url, "restore", copy).stderr
    assert json.loads(run(desk, "--db", url, "verify", "--json").stdout)["problems"] == []
    with open_store(url) as store:
        assert store.item(item).text


def test_a_customers_own_number_names_what_is_erased(url):
    with open_store(url) as store:
        add(store, triage_entry("My mortgage payment is lost", "17"), source="crm")
    run(desk, "--db", url, "erase", "--source", "crm", "17")
    run(desk, "--db", url, "retain", "--days", "30")
    with open_store(url) as store:
        assert store.find()[0].text == ""


def triage_entry(text, ext_id):
    from triage_service._store import Entry

    return Entry(text, decision(), ext_id=ext_id)


def test_a_desk_is_moved_by_one_command(url, postgres):
    a_label(url)
    target = postgres()
    done = run(desk, "--db", url, "move", target, "--json")
    assert json.loads(done.stdout)["item"]["rows"] == 1
    run(desk, "--db", target, "verify")
    run(desk, "--db", url, "move", target, code=73)
    run(desk, "--db", target, "backup", "copy.db", code=2)


def test_a_model_is_promoted_on_proof_or_with_a_reason_and_rolled_back(url):
    shadow = "b" * 64
    with open_store(url) as store:
        register(store)
        store.model_changed(shadow, "known", who="test", path="next").result()
    run(models, "shadow", shadow[:8], "--db", url)
    run(models, "promote", shadow[:8], "--db", url, code=1)
    run(models, "promote", shadow[:8], "--db", url, "--force", code=2)
    run(models, "promote", shadow[:8], "--db", url, "--force", "--reason", "the old one fails")
    listed = json.loads(run(models, "list", "--db", url, "--json").stdout)
    assert {row["digest"][0]: row["state"] for row in listed} == {"a": "previous", "b": "active"}
    run(models, "rollback", "--db", url)
    assert "active" in run(models, "list", "--db", url).stdout.split("\n")[0]
    run(models, "promote", "a" * 8, "--db", url, code=2)
    run(models, "promote", "nothing", "--db", url, code=66)
    with open_store(url) as store:
        assert any(event["json"].get("reason") == "the old one fails" for event in store.events())


def test_a_shadow_that_audits_prove_better_is_promoted_without_force(url):
    shadow = "b" * 64
    with open_store(url) as store:
        register(store)
        store.model_changed(shadow, "shadow", who="test", path="next").result()
        for number in range(8):
            text = " ".join(f"{chr(97 + number)}{'x' * i}" for i in range(1, 20))
            (item,) = add(store, routed(text, "Mortgage"), audit_rate=1.0)
            store.add_shadow([(item, decision("Card", action="route", model=shadow))]).result()
            lease = store.claim("ada").result()
            store.decide(item, "ada", lease.token, "Card").result()
    run(models, "promote", shadow[:8], "--db", url)
    with open_store(url) as store:
        assert store.models()[0].state in ("active", "previous")
        assert {row.state for row in store.models()} == {"active", "previous"}


def test_the_commands_are_of_triage(plugins):
    assert {"desk", "models"} <= set(plugins.names(triage.Command))


def test_nothing_of_the_database_is_imported_before_a_command_runs():
    import subprocess
    import sys

    code = "import sys, triage; triage.Plugins.discover(); print([n for n in ('sqlalchemy', 'alembic') if n in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
