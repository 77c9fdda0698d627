"""The command line as a person and as a program use it: outputs, exit codes, one clear message."""

import csv
import gzip
import io
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

import triage
from triage.cli import _COMMANDS, cli
from triage.evaluation.runs import find_runs, read_run

RUNNER = CliRunner()
WORDS = {
    "card": ["my card was declined at the till", "they charged my card twice", "card stolen and used abroad"],
    "loan": [
        "the loan rate rose without notice",
        "my loan payment was lost",
        "they sold my loan to strangers",
    ],
    "mortgage": [
        "the mortgage escrow is wrong",
        "foreclosure while my mortgage was paid",
        "mortgage papers lost",
    ],
}


def run(*words, code=0, **settings):
    """Run `triage` in a process of its own and return what it printed."""
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "100", **settings.pop("env", {})}
    done = subprocess.run(
        [sys.executable, "-m", "triage", *map(str, words)], capture_output=True, env=environment, **settings
    )
    assert done.returncode == code, done.stderr.decode()
    return done


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """A CSV of labelled complaints that anything can learn from."""
    path = tmp_path_factory.mktemp("data") / "past.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        number = 0
        for turn in range(20):
            for label, texts in WORDS.items():
                for text in texts:
                    number += 1
                    filler = " ".join(f"{chr(97 + (turn * 7 + i * number) % 26)}word" for i in range(9))
                    writer.writerow([f"c{number}", f"{text}, {filler}", label])
    return path


@pytest.fixture(scope="module")
def model(past, tmp_path_factory):
    """A model trained on it by the command."""
    path = tmp_path_factory.mktemp("models") / "model"
    run("train", past, "--model", path, "--quiet")
    return path


def test_every_command_has_help_with_examples_and_says_what_the_list_says():
    for name, line in _COMMANDS.items():
        result = RUNNER.invoke(cli, [name, "--help"])
        assert result.exit_code == 0, name
        assert "Examples:" in result.output, name
        assert line


def test_a_person_trains_looks_and_routes(past, model, tmp_path):
    assert json.loads((model / "model.json").read_bytes())["classes"] == ["card", "loan", "mortgage"]
    new = tmp_path / "new.csv"
    new.write_text("id,text\nn1,my card was stolen\nn2,\nn3,the mortgage escrow\n", encoding="utf-8")
    lines = run("route", model, new, "--format", "jsonl").stdout.decode().splitlines()
    decisions = [json.loads(line) for line in lines]
    assert [decision["row"] for decision in decisions] == [1, 2, 3]
    assert [decision["id"] for decision in decisions] == ["n1", "n2", "n3"]
    assert [decision["label"] for decision in decisions] == ["card", None, "mortgage"]
    assert decisions[1]["reasons"] == ["empty_after_cleaning"]
    assert decisions[0]["policy"]["name"] == "threshold"
    assert len(decisions[0]["model"]) == 64


def test_explanations_name_the_terms_that_decided(model):
    (line,) = run(
        "route", model, "--text", "they charged my card twice", "--explain", "--json"
    ).stdout.splitlines()
    terms = [term["term"] for term in json.loads(line)["terms"]]
    assert "card" in terms


def test_a_row_that_cannot_be_read_gets_a_decision_too(model, tmp_path):
    new = tmp_path / "new.csv"
    new.write_text("id,text\n1,my card\n2,loan,extra\n3,mortgage\n", encoding="utf-8")
    done = run("route", model, new, "--format", "jsonl")
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert [decision["reasons"] == ["unreadable_row"] for decision in decisions] == [False, True, False]
    assert b"3 rows in = 2 kept + 1 quarantined" in done.stderr
    run("route", model, new, "--strict", code=65)


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_every_format_holds_every_decision(model, past, tmp_path, form):
    out = tmp_path / f"decisions.{form}"
    run("route", model, past, "--format", form, "--out", out, "--quiet")
    if form == "parquet":
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(out).to_pylist()
    elif form == "csv":
        rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    else:
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [int(row["row"]) for row in rows] == list(range(1, 181))


def test_stdin_is_routed_line_by_line(model):
    done = run("route", model, "-", input=b"my card\n\xff\nmortgage escrow\n")
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert [decision["reasons"][0] == "unreadable_row" for decision in decisions] == [False, True, False]


def test_a_higher_threshold_from_the_command_line_never_routes_more(model, past):
    routed = []
    for confidence in ("0", "0.99999"):
        lines = run(
            "route", model, past, "--set", f"confidence={confidence}", "--json", "--quiet"
        ).stdout.splitlines()
        routed.append(sum(json.loads(line)["action"] == "route" for line in lines))
    assert routed[0] == 180
    assert routed[1] < routed[0]


def test_evaluating_keeps_runs_that_the_report_shows_again(past, tmp_path):
    runs = tmp_path / "runs"
    done = run("evaluate", past, "--backend", "majority,tfidf", "--runs", runs, "--json", "--seeds", 2)
    found = json.loads(done.stdout)
    assert [(each["backend"], each["seed"]) for each in found] == [
        ("majority", 42), ("tfidf", 42), ("majority", 43), ("tfidf", 43)
    ]  # fmt: skip
    keys = ["corpus", "corpus_sha256", "documents", "accuracy", "macro_f1", "per_label", "log_loss", "brier", "ece",
            "aurc", "coverage_at_accuracy", "routing", "confusion", "seconds", "epochs", "documents_per_second",
            "peak_memory_mb", "versions", "run", "split", "options"]  # fmt: skip
    assert set(keys) <= set(found[0])
    assert len(find_runs(runs)) == 4
    assert {folder.name for folder in find_runs(runs)} == {each["run"] for each in found}
    again = json.loads(run("report", runs, "--format", "json").stdout)
    assert sorted(each["macro_f1"] for each in again) == sorted(each["macro_f1"] for each in found)
    shown = run("report", runs).stdout.decode()
    assert "leaderboard" in shown
    assert "\x1b" not in shown
    page = tmp_path / "page.txt"
    run("report", runs, "--out", page)
    assert "leaderboard" in page.read_text(encoding="utf-8")


def test_what_leaking_is_worth_is_said_where_both_splits_were_run(past, tmp_path):
    runs = tmp_path / "runs"
    for split in ("grouped", "naive"):
        run("evaluate", past, "--split", split, "--runs", runs, "--quiet")
    for command in (("compare", runs), ("report", runs)):
        assert "near-duplicates on both sides" in " ".join(run(*command).stdout.decode().split())
    assert [len(each["leaks"]) for each in json.loads(run("compare", runs, "--json").stdout)] == [1, 1]
    page = run("report", runs, "--format", "html").stdout.decode()
    assert "What a naive split flatters" in page


def test_two_runs_of_one_seed_give_the_same_metrics_byte_for_byte(past, tmp_path):
    for name in ("first", "second"):
        run("evaluate", past, "--runs", tmp_path / name, "--quiet")
    (first,), (second,) = find_runs(tmp_path / "first"), find_runs(tmp_path / "second")
    assert first.name == second.name
    assert (first / "metrics.json").read_bytes() == (second / "metrics.json").read_bytes()
    assert read_run(first).run == read_run(second).run


def test_an_evaluation_that_was_killed_goes_on_and_ends_in_the_same_numbers(past, tmp_path):
    words = ["evaluate", past, "--backend", "tfidf", "--seeds", 2, "--quiet", "--runs"]
    command = [sys.executable, "-m", "triage", *map(str, words)]
    with subprocess.Popen([*command, str(tmp_path / "killed")], stdout=subprocess.DEVNULL) as process:
        while not find_runs(tmp_path / "killed"):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    finished = {
        folder.name: (folder / "metrics.json").stat().st_mtime_ns for folder in find_runs(tmp_path / "killed")
    }
    assert len(finished) < 2
    for name in ("killed", "whole"):
        run(*words, tmp_path / name)
    killed, whole = (
        {folder.name: (folder / "metrics.json").read_bytes() for folder in find_runs(tmp_path / name)}
        for name in ("killed", "whole")
    )
    assert killed == whole
    assert len(whole) == 2
    for name, written in finished.items():
        assert (tmp_path / "killed" / name / "metrics.json").stat().st_mtime_ns == written, "done anew"


def test_labels_that_training_never_saw_count_as_errors(past, tmp_path):
    later = tmp_path / "later.csv"
    later.write_text("text,label\nmy card was stolen,card\nsomething else,insurance\n", encoding="utf-8")
    done = run("evaluate", past, "--test", later, "--runs", tmp_path / "runs", "--json")
    (found,) = json.loads(done.stdout)
    assert found["unseen"] == {"insurance": 1}
    assert found["unseen_words"]["words"] == 2  # something, else
    assert found["documents"]["test"] == 2
    assert found["test_corpus_sha256"] not in (None, found["corpus_sha256"])
    assert found["confusion"]["labels"] == ["card", "loan", "mortgage", "insurance"]
    assert sum(map(sum, found["confusion"]["matrix"])) == 2
    assert found["accuracy"] <= 0.5
    assert b"insurance" in done.stderr


def test_a_run_that_was_not_finished_is_not_shown(tmp_path):
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "predictions.npz").write_bytes(b"")
    assert find_runs(tmp_path) == []
    assert b"no finished run" in run("report", tmp_path, code=66).stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("train", "nothing.csv", "--model", "m"), 66, "nothing.csv"),
        (("train", "nothing", "--model", "m"), 2, "no corpus 'nothing'"),
        (("train", "{past}", "--label-column", "lable", "--model", "m"), 65, "label"),
        (("train", "{one}", "--model", "m"), 65, "two labels"),
        (("train", "{empty}", "--model", "m"), 65, "empty"),
        (("train", "{folder}", "--model", "m"), 66, "directory"),
        (("train", "{binary}", "--model", "m"), 65, "binary.csv"),
        (("train", "{past}", "--backend", "tf-idf", "--model", "m"), 2, "Did you mean tfidf"),
        (("train", "{past}", "--set", "min-document=3", "--model", "m"), 2, "Did you mean min-documents"),
        (("train", "{past}", "--set", "nonsense", "--model", "m"), 2, "KEY=VALUE"),
        (("train", "--model", "m"), 2, "what to learn from"),
        (("trian",), 2, "Did you mean train"),
        (("route", "{folder}/none", "{past}"), 66, "none"),
        (("route", "{past}", "{past}"), 77, "past.csv"),
        (("route", "{model}"), 2, "--text"),
        (("route", "{model}", "{past}", "--policy", "treshold"), 2, "Did you mean threshold"),
        (("route", "{model}", "{past}", "--set", "confidence=7"), 2, "0 to 1"),
        (("route", "{model}", "{past}", "--out", "{folder}/none/x"), 73, "none"),
        (("train", "{past}", "--model", "{past}/x"), 73, "past.csv"),
        (("plugins", "describe", "tfdif"), 2, "Did you mean tfidf"),
        (("evaluate", "{past}", "--split", "time", "--runs", "{folder}/r"), 65, "date"),
    ],
)  # fmt: skip
def test_bad_input_ends_with_one_clear_message(past, model, tmp_path, words, code, message):
    (tmp_path / "one.csv").write_text("text,label\n" + "a text,same\n" * 30, encoding="utf-8")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 20)
    places = {"past": past, "model": model, "folder": tmp_path}
    places |= {name: tmp_path / f"{name}.csv" for name in ("one", "empty", "binary")}
    done = run(*(word.format(**places) for word in words), code=code, cwd=tmp_path)
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith("triage: ")]
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in done.stderr.decode()
    assert done.stdout == b""


def test_plugins_are_listed_for_a_person_and_for_a_program():
    rows = json.loads(run("plugins", "--json").stdout)
    tfidf = next(row for row in rows if row["name"] == "tfidf")
    assert (tfidf["kind"], tfidf["state"], tfidf["distribution"]) == ("backend", "ready", "nlp-triage")
    assert "tfidf" in run("plugins").stdout.decode()
    (described,) = json.loads(run("plugins", "describe", "tfidf", "--json").stdout)
    assert {"name", "type", "default", "required", "help"} <= set(described["options"][0])
    assert all(option["help"] for option in described["options"])


def test_describe_counts_what_is_there(past):
    facts = json.loads(run("corpora", "describe", past, "--json").stdout)
    assert facts["labels"] == {"card": 60, "loan": 60, "mortgage": 60}
    shown = run("corpora", "describe", past, "--sample", 2).stdout.decode()
    assert "180 documents" in shown
    assert "row 1, card" in shown


def test_check_finds_what_is_wrong_and_exits_65_where_nothing_can_be_learned(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("text,label\nsame,a\nsame,A\n,a\n", encoding="utf-8")
    done = run("corpora", "check", path, "--json", code=65)
    problems = " ".join(problem["problem"] for problem in json.loads(done.stdout))
    for words in (
        "fewer than two labels",
        "exact copies",
        "more than one label",
        "different labels: 'a' (2), 'A' (1)",
        "texts are empty",
    ):
        assert words in problems


def test_nothing_of_a_text_is_in_an_error(past, tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text('text,label\n"zanzibar secret,a\n', encoding="utf-8")
    done = run("train", path, "--model", tmp_path / "m", code=65)
    assert b"zanzibar" not in done.stderr


def test_gzip_is_read_as_the_file_within(past, model, tmp_path):
    packed = tmp_path / "past.csv.gz"
    packed.write_bytes(gzip.compress(past.read_bytes()))
    plain, unpacked = (run("route", model, path, "--json", "--quiet").stdout for path in (past, packed))
    assert plain == unpacked


def test_an_experiment_file_says_it_all(past, tmp_path):
    config = tmp_path / "triage.toml"
    config.write_text(
        f"[corpus]\nlocation = {json.dumps(str(past))}\n[backend]\nname = 'majority'\n"
        "[queues]\ncard = 'Cards'\n[rules]\nvip = {pattern = 'vip', queue = 'Managers'}\n",
        encoding="utf-8",
    )
    run("train", "--config", config, "--model", tmp_path / "m", "--quiet")
    (line,) = run("route", tmp_path / "m", "--text", "a VIP calls", "--json").stdout.splitlines()
    assert json.loads(line)["queue"] == "Managers"


def test_a_model_that_was_changed_is_refused(model, tmp_path):
    import shutil

    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    record = (copy / "model.json").read_bytes()
    (copy / "model.json").write_bytes(record.replace(b"mortgage", b"mortgagE", 1))
    assert b"model.json" in run("route", copy, "--text", "x", code=77).stderr


def test_the_demo_ends_with_a_matrix_and_decisions(tmp_path):
    shown = run("demo", "--model", tmp_path / "m").stdout.decode()
    for words in ("Confusion", "Routing complaints that the model never saw", "What to do next"):
        assert words in shown
    assert pathlib.Path(tmp_path / "m" / "MANIFEST.json").is_file()


def test_a_plugin_of_a_stranger_is_found_where_it_is_installed(tmp_path):
    (tmp_path / "mine.py").write_text("1 / 0\n", encoding="utf-8")
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[triage]\nmine = mine\n", encoding="utf-8")
    done = run("plugins", env={"PYTHONPATH": str(tmp_path)})
    assert "ZeroDivisionError" in done.stdout.decode()
    assert "tfidf" in done.stdout.decode()
    assert issubclass(triage.PluginFailed, triage.Unavailable)


def test_decisions_come_out_exactly_in_a_pipe_whatever_stands_in_an_id(model, tmp_path):
    names = ["\ud800", "=1+1", "\x1b]0;x\x07", "a\r\nb"]
    new = tmp_path / "new.jsonl"
    new.write_text("".join(json.dumps({"id": name, "text": "my card"}) + "\n" for name in names), "utf-8")
    printed = run("route", model, new, "--format", "csv", env={"LC_ALL": "C", "PYTHONUTF8": "0"}).stdout
    run("route", model, new, "--format", "csv", "--out", tmp_path / "out.csv")
    assert printed == (tmp_path / "out.csv").read_bytes()


def test_a_line_without_end_on_stdin_is_given_up_without_being_held(model, monkeypatch):
    from triage.data import lines

    monkeypatch.setattr(lines, "MAX_LINE", 10)
    rows = list(lines.read_lines(io.BytesIO(b"my card\n" + b"x" * 3_000_000 + b"\nmy loan\n" + b"y" * 11)))
    assert [type(row).__name__ for row in rows] == ["Document", "Quarantined", "Document", "Quarantined"]
    monkeypatch.setattr(lines, "MAX_SKIPPED", 1 << 20)
    with pytest.raises(triage.DataError, match="line 1: longer"):
        list(lines.read_lines(io.BytesIO(b"x" * 3_000_000)))


def test_strict_routing_names_the_file_the_line_and_the_reason(model, tmp_path):
    new = tmp_path / "new.csv"
    new.write_text("id,text\n1,my card\n2,loan,extra\n", encoding="utf-8")
    said = run("route", model, new, "--strict", code=65).stderr.decode()
    assert f"{str(new)!r}, row 2, line 3: 3 fields where the header has 2" in said


def test_parquet_refuses_half_a_character_by_row_and_leaves_no_file(model, tmp_path):
    new = tmp_path / "new.jsonl"
    new.write_text('{"id": "a", "text": "my card"}\n{"id": "\\ud800", "text": "my card"}\n', "utf-8")
    done = run("route", model, new, "--format", "parquet", "--out", tmp_path / "out.parquet", code=65)
    assert "row 2: its id, label or queue" in done.stderr.decode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.jsonl"]


def test_bare_triage_prints_its_help_on_several_lines():
    done = run(code=2)
    assert b"Commands:\n" in done.stderr
    assert not done.stdout
