"""`triage route --server URL` by the real command line against a real service."""

import json
import os
import subprocess
import sys

import pytest

from service.serving import Served


@pytest.fixture(scope="module")
def served(model_path, tmp_path_factory):
    with Served(model_path, tmp_path_factory.mktemp("remote") / "desk.db") as found:
        yield found


def route(*words, token="", given=None):
    environment = {**os.environ, "TRIAGE_TOKEN": token}
    command = [sys.executable, "-m", "triage", "route", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, input=given, timeout=120)


def token_of(client):
    return client.headers["Authorization"].split()[1]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_file_is_decided_as_by_the_model_itself_byte_for_byte(served, model_path, tmp_path, form):
    texts = ["my card", "a loan", "", "?", "x" * 2_000_000, "mortgage \u2028 of mine", *["a card"] * 1200]
    lines = [json.dumps({"id": f"i{number}" * 100, "text": text}) for number, text in enumerate(texts)]
    new = tmp_path / "new.jsonl"
    new.write_text("\n".join([*lines[:3], "not json", *lines[3:]]) + "\n", encoding="utf-8")
    far, near = tmp_path / "far", tmp_path / "near"
    token = token_of(served.program("route"))
    done = route("--server", served.url, str(new), "--format", form, "--out", str(far), token=token)
    assert done.returncode == 0, done.stderr
    assert route(model_path, str(new), "--format", form, "--out", str(near)).returncode == 0
    ours, theirs = far.read_bytes().splitlines(), near.read_bytes().splitlines()
    different = [number for number, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1]]
    assert len(different) == 1  # the text of two million characters, which the service does not score
    assert b"unreadable_row" in ours[different[0]]


def test_one_text_is_decided_and_explained(served):
    token = token_of(served.program("route"))
    done = route("--server", served.url, "--text", "my card", "--explain", token=token)
    (found,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (found["label"], found["terms"]) == ("card", [{"term": "card", "weight": 1.0}])


@pytest.mark.parametrize(
    ("words", "token", "code", "said"),
    [
        (("--text", "x"), "wrong", 69, "TRIAGE_TOKEN"),
        (("model", "new.csv"), "", 2, "give only FILE"),
        (("--text", "x", "--policy", "costs"), "", 2, "the service's"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(served, words, token, code, said):
    done = route("--server", served.url, *words, token=token)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_service_that_is_not_there_is_said_to_be_so():
    done = route("--server", "http://127.0.0.1:9", "--text", "x")
    assert done.returncode == 69
    assert "triage serve" in done.stderr
