"""The benchmark: every row is measured or says why not, and what is written holds all of it."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest
from conftest import dataset_of

from triage.config import Experiment
from triage.errors import DataError, UnknownName
from triage.models.training import prepare
from triage_bench._alternatives import ALTERNATIVES, Failed
from triage_bench._bench import MEASURES, bench, check_names
from triage_bench._command import _HEADINGS, _against, _short, _verdict
from triage_bench._rows import Row

STOPWATCH = pathlib.Path(importlib.util.find_spec("triage_bench._bench").origin).with_name("_stopwatch.py")
TEXTS = {"card": "card charged twice at the shop", "loan": "loan payment rose without notice"}


def corpus(texts=TEXTS, times=30):
    """Documents of which no two are near-duplicates."""
    return [
        (label, f"{text} " + " ".join(f"{chr(97 + (i * 7 + j * j * i) % 26)}word{i}" for j in range(8)))
        for i in range(times)
        for label, text in texts.items()
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "tiny.csv"
    lines = [f"{text},{label}" for label, text in corpus()]
    path.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    return path


def triage(*words, code=0):
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "triage", *map(str, words)], capture_output=True, env=environment
    )
    assert done.returncode == code, done.stderr.decode()
    return done


@pytest.fixture(scope="module")
def measured(path, tmp_path_factory):
    """One benchmark of everything cheap, with an alternative or two that may not be installed."""
    out = tmp_path_factory.mktemp("out") / "bench.md"
    words = (
        "--backend",
        "tfidf,majority",
        "--against",
        "scikit-learn,fasttext,vowpal-wabbit",
        "--repeats",
        "2",
    )
    done = triage("bench", path, *words, "--json", "--out", out)
    return json.loads(done.stdout), out.read_text(encoding="utf-8"), done.stderr.decode()


def test_each_row_is_measured_in_full_or_says_why_it_is_not(measured):
    record, _, _ = measured
    assert [row["name"] for row in record["rows"]] == [
        "triage tfidf",
        "triage majority",
        "scikit-learn",
        "fasttext",
        "vowpal-wabbit",
    ]
    for row in record["rows"]:
        module = ALTERNATIVES[row["name"]].needs[0] if row["name"] in ALTERNATIVES else "triage"
        if importlib.util.find_spec(module) is None:
            assert row["state"] == "skipped"
            assert "nlp-triage[bench]" in row["reason"]
            assert row["accuracy"] is None
            continue
        assert (row["state"], row["reason"]) == ("measured", None)
        assert all(row[name] > 0 for name in MEASURES if name != "train_cpu_seconds"), row
        assert len(row["samples"]["cold_ms"]) == len(row["samples"]["warm_ms"]) == 2
        assert set(row["ratio_to_first"]) <= set(MEASURES)


def test_the_scores_are_those_of_the_held_out_part(measured):
    record, _, _ = measured
    rows = {row["name"]: row for row in record["rows"]}
    assert rows["triage tfidf"]["accuracy"] == rows["scikit-learn"]["accuracy"] == 1.0
    assert rows["triage majority"]["accuracy"] == pytest.approx(0.5, abs=0.1)
    lost = rows["triage majority"]["difference_to_first"]["accuracy"]
    assert lost["low"] <= lost["value"] <= lost["high"] < 0
    assert record["documents"]["test"] == 12


def test_memory_and_time_are_those_of_the_whole_process(measured):
    record, _, _ = measured
    rows = {row["name"]: row for row in record["rows"]}
    for row in (rows["triage tfidf"], rows["scikit-learn"]):
        assert row["cold_ms"] > row["warm_ms"]
        assert row["train_memory_mb"] > 20  # an interpreter with numpy
    assert rows["scikit-learn"]["library"].startswith("scikit-learn ")


def test_the_record_says_on_what_and_how_it_was_measured(measured, path):
    record, markdown, progress = measured
    assert {"corpus", "corpus_sha256", "split", "seed", "documents", "cleaning", "machine", "repeats"} <= set(
        record
    )
    assert record["command"].startswith(f"triage bench {path} --backend tfidf,majority")
    assert record["command"] in markdown
    assert "| triage tfidf |" in markdown
    assert "triage tfidf against triage majority: wins accuracy (+0.5" in markdown
    assert "training scikit-learn" in progress


def test_the_tables_fit_a_hundred_columns_and_hold_no_escape_codes(path):
    done = triage(
        "bench", path, "--backend", "majority", "--against", "scikit-learn-tuned", "--repeats", "1", "--quiet"
    )
    lines = done.stdout.decode().splitlines()
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in done.stdout.decode()
    assert all(heading in lines[0] for heading in _HEADINGS.values())
    assert sum(line.startswith("scikit-learn-tuned ") for line in lines) >= 2
    assert done.stderr == b""


def test_one_that_fails_is_reported_without_a_word_of_the_texts_and_stops_nothing(plugins):
    # scikit-learn knows no word of one letter, so it has nothing to learn from here.
    dataset = dataset_of(*((label, " ".join(chr(97 + (i * j + k) % 26) for j in range(9))) for i in range(1, 40) for k, label in enumerate(("one", "two"))))  # fmt: skip
    experiment = Experiment(cleaners=(("lower", {}),))
    prepared = prepare(dataset, experiment, plugins)
    found = bench(prepared, experiment, plugins, backends=["majority"], against=["scikit-learn"], repeats=1)
    majority, failed = found["rows"]
    assert majority.state == "measured"
    assert failed.state == "failed"
    assert failed.reason == "ValueError from the library; TRIAGE_DEBUG=1 shows where"


def test_the_alternatives_may_learn_from_all_that_is_not_judged_on(plugins):
    dataset, experiment = dataset_of(*corpus()), Experiment()
    prepared = prepare(dataset, experiment, plugins)
    found = bench(
        prepared,
        experiment,
        plugins,
        backends=[],
        against=["scikit-learn"],
        repeats=1,
        learned_from=("train", "tune", "calibrate"),
    )
    assert found["rows"][0].scores["accuracy"] == 1.0
    assert found["learned_from"] == ["train", "tune", "calibrate"]


def test_a_name_that_there_is_not_is_named_before_anything_is_measured(path):
    with pytest.raises(UnknownName, match="Did you mean fasttext"):
        check_names(["fastext"])
    assert (
        b"there is no alternative 'sklearn'" in triage("bench", path, "--against", "sklearn", code=2).stderr
    )
    assert b"there is no backend 'tfdif'" in triage("bench", path, "--backend", "tfdif", code=2).stderr


def test_a_corpus_without_a_test_part_cannot_be_measured_on(plugins):
    dataset = dataset_of(*corpus())
    prepared = prepare(dataset, Experiment(), plugins, test=None)
    empty = type(prepared.splits)(
        prepared.splits.train,
        prepared.splits.tune,
        prepared.splits.calibrate,
        type(prepared.splits.test)((), prepared.splits.test.codes[:0], prepared.splits.test.classes),
    )
    broken = type(prepared)(prepared.dataset, prepared.cleaning, prepared.labels, empty)
    with pytest.raises(DataError, match="give more documents"):
        bench(broken, Experiment(), plugins, backends=["majority"], against=[])


def test_the_stopwatch_knows_the_memory_of_the_command_and_not_of_whoever_started_it():
    held = bytearray(300_000_000)
    words = [
        sys.executable,
        "-I",
        "-S",
        str(STOPWATCH),
        sys.executable,
        "-c",
        "print('here', len(b'x' * 60_000_000))",
    ]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    facts = json.loads(said[-1])
    assert said[0] == "here 60000000"
    assert facts["exit_code"] == 0
    assert facts["seconds"] > 0
    assert 60 < facts["peak_memory_mb"] < 150 < len(held) / 1e6


def test_the_stopwatch_passes_on_how_the_command_ended():
    words = [sys.executable, "-I", "-S", str(STOPWATCH), sys.executable, "-c", "raise SystemExit(3)"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert json.loads(said[-1])["exit_code"] == 3


def test_a_verdict_says_what_is_lost_as_plainly_as_what_is_won():
    first = Row("ours", "", "", "", scores={"accuracy": 0.8}, costs={"cold_ms": 100.0, "documents_per_second": 50.0, "disk_mb": 1.0})  # fmt: skip
    other = Row("theirs", "", "", "", scores={"accuracy": 0.7}, costs={"cold_ms": 50.0, "documents_per_second": 10.0, "disk_mb": 1.05})  # fmt: skip
    other.differences = {"accuracy": (-0.1, -0.15, -0.05)}
    assert _verdict(other, first) == (
        "ours against theirs: wins accuracy (+0.100), documents a second (5.0x); loses cold answer (2.0x); "
        "even size on disk"
    )
    assert _against(other, first, "accuracy") == "-0.100*"
    assert _against(other, first, "cold_ms") == "0.50x"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.01, "0.01"), (9.99, "9.99"), (12.34, "12.3"), (99.97, "100"), (9_999, "9,999"), (30_843, "30.8k"), (4_326_347, "4.3M")],
)  # fmt: skip
def test_numbers_are_short(value, shown):
    assert _short(value) == shown


@pytest.mark.parametrize("name", list(ALTERNATIVES))
def test_every_alternative_learns_is_saved_and_answers_the_same_from_a_fresh_one(name, tmp_path):
    module, distribution = ALTERNATIVES[name].needs
    if name == "tutorial-lstm":
        pytest.skip("takes minutes; measured by `triage bench`")
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{distribution} is not installed")
    pairs = [*corpus(times=12), ("card", ""), ("loan", "loan | with: __label__0 separators")]
    texts, codes = [text for _, text in pairs], [int(label == "loan") for label, _ in pairs]
    made = ALTERNATIVES[name]()
    made.fit(texts, codes, k=2, seed=1, scratch=tmp_path)
    answers = made.answer([*texts, "", "nothing known here"])
    made.save(tmp_path)
    again = ALTERNATIVES[name]()
    again.load(tmp_path)
    assert again.answer([*texts, "", "nothing known here"]) == answers
    assert set(answers) <= {0, 1}
    right = sum(answer == code for answer, code in zip(answers, codes, strict=False))
    assert right >= 0.9 * len(codes)


def test_fasttext_that_meets_nan_says_so(tmp_path):
    if importlib.util.find_spec("fasttext") is None:
        pytest.skip("fasttext-wheel is not installed")
    made = ALTERNATIVES["fasttext"]()
    made.rate = 1e9
    with pytest.raises(Failed, match="NaN"):
        made.fit([text for _, text in corpus()], [0, 1] * 30, k=2, seed=1, scratch=tmp_path)
