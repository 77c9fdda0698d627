"""`triage stream` and `triage promise --early`: what comes in, what goes out, and what is said about it."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

import triage
from triage.cli import cli
from triage.routing.streaming.json_lines import read_json_lines
from triage.routing.streaming.pieces import read_chunks, split_texts


def run(*words, given=""):
    return CliRunner().invoke(cli, [str(word) for word in words], input=given, standalone_mode=False)


def answers(done):
    assert done.exception is None or isinstance(done.exception, triage.DataError), done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


class Arriving:
    """A stream of which each read gives what has arrived by then."""

    def __init__(self, *chunks):
        self.chunks = list(chunks)

    def read1(self, size):
        return self.chunks.pop(0)[:size] if self.chunks else b""


def test_pieces_are_read_as_they_arrive_and_an_empty_line_ends_a_text():
    chunks = read_chunks(Arriving(b"my ca", b"rd\nwas ch", b"arged\r", b"\n\r\n\n", b"  \nloan", b""))
    assert list(chunks) == ["my ca", "rd\nwas ch", "arged\r", "\n\r\n\n", "  \nloan"]
    arriving = ["my ca", "rd\nwas ch", "arged\r", "\n\r\n\n", "  \nloan"]
    pieces = list(split_texts(arriving))
    assert pieces.count(None) == 2
    assert pieces[-2:] == ["loan", None]
    assert "".join(pieces[: pieces.index(None)]) == "my card\nwas charged\r\n\r\n"
    assert list(split_texts(["\n", " \n"])) == []


def test_a_character_that_arrives_in_halves_is_one_and_what_is_no_utf8_is_marked():
    letter = "caf\u00e9 ".encode()
    assert "".join(read_chunks(Arriving(letter[:4], letter[4:]))) == "caf\u00e9 "
    assert "".join(read_chunks(Arriving(b"a\xff b \xc3"))) == "a\ufffd b \ufffd"


def test_lines_are_cut_where_they_end_and_endless_ones_are_not_held(monkeypatch):
    assert list(read_json_lines(Arriving(b"one\ntw", b"o\n", b"three"))) == [[b"one"], [b"two"], [b"three"]]
    monkeypatch.setattr("triage.routing.streaming.json_lines.MAX_LINE", 10)
    endless = [b"x" * 8, b"x" * 8, b"x" * 8, b"x\nnext\n"]
    assert list(read_json_lines(Arriving(*endless))) == [[b"x" * 16], [b"next"]]


def test_each_text_is_decided_at_its_end_and_what_is_missing_for_more_is_said(reader):
    text = reader.texts[0]
    done = run("stream", reader.plain_path, given=f"{text}\n\nsecond one about my mortgage escrow\n")
    assert done.exception is None, done.exception
    assert "text 1, " in done.stdout
    assert "text 2, " in done.stdout
    assert "early decisions are off" in done.stderr
    assert f"`triage promise {reader.plain_path} --early --max-error 0.05` proves a rule" in done.stderr
    assert "2 texts, 0 decided before the end" in done.stderr
    assert run("stream", reader.plain_path, "--quiet", given=text).stderr == ""


def test_many_texts_by_id_are_answered_line_by_line(reader):
    model, (one, other) = reader.model, reader.texts[:2]
    half = len(one) // 2
    lines = [
        {"id": "one", "feed": one[:half]},
        {"id": 2, "feed": other},
        {"id": "one", "feed": one[half:]},
        {"id": 2, "end": True},
        {"id": "one", "feed": "", "end": True},
        {"feed": "no id at all"},
    ]
    given = "\n".join(map(json.dumps, lines))
    found = answers(run("stream", reader.plain_path, "--json", given=given))
    assert [(each["id"], each["ended"]) for each in found] == [
        ("one", False), ("2", False), ("one", False), ("2", True), ("one", True), ("", False), ("", True),
    ]  # fmt: skip
    expected = model.predict_proba([one, other])
    for each, row in ((found[4], expected[0]), (found[3], expected[1])):
        assert list(each["probabilities"]) == list(model.classes)
        assert max(abs(p - q) for p, q in zip(each["probabilities"].values(), row, strict=True)) < 1e-5
        assert each["decision"] == each["final"]
        assert each["decision"]["model"] == model.sha256
    assert all(each["decision"] is None for each in found[:3])


def test_a_line_that_cannot_be_understood_is_answered_and_the_others_are_read(reader):
    wrong = [
        "nonsense", "[1]", '{"id": "a"}', '{"feed": 3}', '{"end": "yes"}', '{"feed": "x", "other": 1}',
        '{"id": true, "end": true}', "[" * 100_000,
    ]  # fmt: skip
    done = run(
        "stream", reader.plain_path, "--json", given="\n".join([*wrong, "", '{"feed": "student loan "}', ""])
    )
    assert isinstance(done.exception, triage.DataError)
    assert "8 lines could not be used" in str(done.exception)
    found = answers(done)
    assert [each.get("line") for each in found[:8]] == list(range(1, 9))
    assert all("is expected" in each["error"] or "this is not" in each["error"] for each in found[:8])
    assert [each["words"] for each in found[8:]] == [2, 2]


def test_a_text_that_is_too_long_goes_to_a_person_and_the_others_go_on(reader):
    lines = [
        {"id": "long", "feed": "x" * 80},
        {"id": "short", "feed": "student loan "},
        {"id": "long", "feed": "x" * 80},
        {"id": "long", "feed": "more"},
        {"id": "long", "end": True},
        {"id": "long", "feed": "a new text ", "end": True},
        {"id": "short", "end": True},
    ]
    given = "\n".join(map(json.dumps, lines))
    done = run("stream", reader.plain_path, "--json", "--max-characters", "100", given=given)
    found = answers(done)
    assert found[2]["decision"]["reasons"] == ["unreadable_row"]
    assert found[2]["ended"]
    assert "decision" not in found[3]
    assert "error" in found[3]
    assert "error" in found[4]
    assert found[5]["words"] > 0
    assert found[6]["words"] == 2
    too_long = run("stream", reader.plain_path, "--max-characters", "10", given="x" * 20)
    assert isinstance(too_long.exception, triage.DataError)


def test_a_proven_rule_decides_before_the_end(reader, tmp_path):
    early = None
    for text in reader.texts:
        stream = triage.Stream(reader.promising, reader.plugins)
        stream.feed(text)
        if (early := stream.end().early) is not None:
            break
    done = run("stream", reader.promising_path, given=text)
    assert f"after {early} words" in done.stdout
    assert "at most 20.0% goes to a wrong queue (confidence 95%)" in done.stderr
    assert "1 text, 1 decided before the end" in done.stderr
    given = json.dumps({"feed": text})
    first, last = answers(run("stream", reader.promising_path, "--json", given=given))
    assert first["early"] == last["early"] == early
    assert first["decision"] == last["decision"]
    assert first["decision"]["policy"]["name"] == "early"
    assert not first["ended"]


def test_an_early_promise_is_proven_shown_in_words_and_stored(reader, tmp_path):
    import shutil

    path = tmp_path / "model"
    shutil.copytree(reader.plain_path, path)
    dry = run("promise", path, "--early", "--max-error", "0.2", "--dry-run", "--json")
    facts = json.loads(dry.stdout)
    assert facts["kept"]
    assert facts["rule"] == json.loads(json.dumps(reader.promise.to_json()))["rule"]
    assert triage.load_model(str(path), reader.plugins).extra == {}
    done = run("promise", path, "--early", "--max-error", "0.2")
    assert done.exception is None, done.output
    said = " ".join(done.stdout.split())
    for words in ("before their end at most 20.0%", "early or late", "probability 95%", "On the test part"):
        assert words in said
    realised = facts["realised"]
    assert realised["early"] <= realised["decided"] <= realised["documents"] == len(reader.texts)
    assert sum(each["decided"] for each in realised["after"].values()) == realised["decided"]
    stream = triage.Stream(triage.load_model(str(path), reader.plugins), reader.plugins)
    assert stream.promise == reader.promise


def test_what_cannot_be_promised_is_refused(reader, tmp_path):
    done = run("promise", reader.plain_path, "--early", "--max-error", "0.001")
    assert isinstance(done.exception, triage.CheckFailed)
    assert "nothing can be promised of early decisions" in str(done.exception)
    with pytest.raises(triage.UsageError, match="all queues together"):
        raise run("promise", reader.plain_path, "--early", "--per-queue").exception


def test_a_model_that_needs_the_whole_text_says_so(tmp_path):
    path = tmp_path / "model"
    words = ["late", "lost", "high", "wrong", "gone", "stolen", "closed", "old"]
    rows = [
        f"{label},my {label} was {one} {other} {third}"
        for label in ("card", "loan")
        for one in words
        for other in words
        for third in words[:3]
    ]
    (tmp_path / "past.csv").write_text("\n".join(["label,text", *rows]), encoding="utf-8")
    assert run("train", tmp_path / "past.csv", "--model", path, "--quiet").exception is None
    done = run("stream", path, given="my card")
    assert isinstance(done.exception, triage.UsageError)
    assert "--reread" in str(done.exception)
    done = run("stream", path, "--reread", given="my card was late lost\n")
    assert done.exception is None
    assert "card" in done.stdout
    assert "keeps no scores of unfinished texts" in done.stderr
    early = run("promise", path, "--early")
    assert isinstance(early.exception, triage.DataError)
    assert "train it again" in str(early.exception)


def test_answers_come_while_the_input_is_still_open(reader):
    command = [sys.executable, "-m", "triage", "stream", reader.plain_path, "--json"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes, env={**os.environ, "PYTHONUNBUFFERED": ""}) as process:
        process.stdin.write(b'{"id": "a", "feed": "my mortgage "}\n')
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        assert first["words"] == 1
        process.stdin.write(b'{"id": "a", "end": true}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["ended"]
        process.stdin.close()
        assert process.wait(30) == 0


def test_the_help_shows_how():
    said = run("stream", "--help").stdout
    assert "triage stream model < letter.txt" in said
    assert "triage promise model --max-error 0.10 --early" in run("promise", "--help").stdout
