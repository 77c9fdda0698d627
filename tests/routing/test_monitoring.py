"""Drift: rarely a false alarm, soon a true one, and a bet that may be looked at every day."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import KeywordClassifier
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.cli import cli
from triage.config import Experiment
from triage.data.cleaning import build_cleaning
from triage.models.held_out import HeldOut
from triage.models.model import Model
from triage.routing.monitoring import (
    Audit,
    AuditedCase,
    Seen,
    audit_bound,
    e_process,
    look,
    moved_mix,
    outcomes_in_order,
)

PLUGINS = triage.Plugins.discover()
CLASSES = ("card", "loan", "mortgage", "other")
MIX = np.array([0.4, 0.3, 0.2, 0.1])


def drawn(n, generator, mix=MIX, strange=0.0):
    """Documents of a known mix: labels, probabilities that favour them, and familiarities."""
    codes = generator.choice(4, size=n, p=mix)
    probabilities = np.array([generator.dirichlet(np.where(np.arange(4) == code, 4, 0.5)) for code in codes])
    return codes, probabilities, generator.random(n) ** (1 + strange)


def model_of(generator, n=900, promise=None):
    codes, probabilities, familiarity = drawn(n, generator)
    cleaning = build_cleaning(PLUGINS, ["lower"])
    classifier = KeywordClassifier()
    classifier.words_ = list(CLASSES)
    extra = {"promise": promise} if promise else {}
    held_out = {"calibrate": HeldOut(codes, probabilities, familiarity)}
    return Model(Experiment(), {}, CLASSES, cleaning, classifier, held_out=held_out, extra=extra)


def stream_of(n, generator, **shift):
    codes, probabilities, familiarity = drawn(n, generator, **shift)
    said = probabilities.argmax(axis=1)
    seen = [
        Seen(row, "", "route", CLASSES[code], CLASSES[code], float(top), ("confident",), float(known))
        for row, (code, top, known) in enumerate(
            zip(said, probabilities.max(axis=1), familiarity, strict=True), 1
        )
    ]
    return seen, [Audit(CLASSES[a], CLASSES[b]) for a, b in zip(said, codes, strict=True)]


@pytest.mark.slow
def test_streams_that_did_not_move_raise_an_alarm_in_at_most_five_percent_of_two_hundred_runs():
    alarms = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        stream, audits = stream_of(600, generator)
        error = 0.12  # the true one is 0.11
        findings = look(model_of(generator), stream, audits, max_error=error)
        assert [finding.what for finding in findings] == ["scores", "labels", "vocabulary", "promise"]
        alarms += any(finding.alarm for finding in findings)
    assert alarms / 200 <= 0.05


@pytest.mark.parametrize("n", [500, 5000])
def test_a_fifth_of_the_label_mix_moved_is_noticed(n):
    for seed in range(10):
        generator = np.random.default_rng(seed)
        stream, _ = stream_of(n, generator, mix=MIX + np.array([-0.2, 0, 0, 0.2]))
        alarms = {finding.what for finding in look(model_of(generator), stream) if finding.alarm}
        assert "labels" in alarms


def test_strange_words_are_noticed_as_such():
    generator = np.random.default_rng(1)
    stream, _ = stream_of(1000, generator, strange=0.5)
    assert {f.what for f in look(model_of(generator), stream) if f.alarm} == {"vocabulary"}


def test_a_broken_promise_is_noticed_within_five_hundred_audited_cases():
    promise = {"max_error": 0.05, "confidence": 0.95, "score": "probability", "overall": None, "queues": {}}
    for seed in range(20):
        generator = np.random.default_rng(seed)
        _, audits = stream_of(500, generator)  # about 0.11 of these are wrong
        (finding,) = look(model_of(generator, promise=promise), [], audits)
        assert finding.what == "promise"
        assert finding.alarm == (finding.p_value <= 0.05)
    everything = [Audit("card", "loan" if row % 5 == 0 else "card") for row in range(500)]
    (finding,) = look(model_of(generator, promise=promise), [], everything)
    assert finding.alarm
    assert "again" in finding.words


@pytest.mark.slow
@pytest.mark.parametrize("max_error", [0.02, 0.05, 0.2])
def test_a_kept_promise_is_doubted_at_any_of_a_thousand_looks_in_at_most_five_percent_of_runs(max_error):
    generator = np.random.default_rng(5)
    runs = 2000
    ever = sum(e_process(generator.random(1000) < max_error, max_error).max() >= 20 for _ in range(runs))
    assert ever / runs <= 0.05


@settings(max_examples=100)
@given(st.lists(st.booleans(), max_size=60), st.floats(0.01, 0.9))
def test_capital_is_a_fair_game_at_the_promised_error(wrong, max_error):
    """What is expected after one case more is what is there now: that is what makes the test valid."""
    capital = e_process(np.array([*wrong, True]), max_error), e_process(np.array([*wrong, False]), max_error)
    before = capital[0][-2] if wrong else 1.0
    expected = max_error * capital[0][-1] + (1 - max_error) * capital[1][-1]
    assert expected == pytest.approx(before, rel=1e-9)
    assert (capital[0] >= 0).all()


def test_rare_labels_are_taken_together_and_a_label_that_vanished_is_no_reason_to_stop():
    before, now = np.array([0] * 500 + [1, 2, 3]), np.array([0] * 400)
    distance, p_value, _ = moved_mix(before, now, 4)
    assert distance < 0.01
    assert p_value > 0.05
    assert moved_mix(now, now, 4)[1] == 1.0


def test_nothing_to_test_is_said():
    with pytest.raises(triage.DataError, match="20 decisions"):
        look(model_of(np.random.default_rng(1)), [])


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small real model, and new texts that are all about one thing."""
    folder = tmp_path_factory.mktemp("monitor")
    generator = np.random.default_rng(4)
    words = {"card": ["charge", "limit", "plastic"], "loan": ["rate", "term", "lender"]}
    with (folder / "past.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "text"])
        for row in range(600):
            label = ("card", "loan")[row % 2]
            filler = [f"word{i}" for i in generator.integers(0, 80, 8)]
            writer.writerow([label, " ".join([label, *generator.choice(words[label], 3), *filler])])
    train = ["train", str(folder / "past.csv"), "--model", str(folder / "model"), "--quiet"]
    assert CliRunner().invoke(cli, train).exit_code == 0
    return str(folder / "model")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_command_reads_what_route_writes_and_exits_with_1_when_something_moved(saved, tmp_path, form):
    texts = tmp_path / "new.csv"
    with texts.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows(
            [["id", "text"], *([f"c{i}", "card charge limit word1 word2 word3"] for i in range(60))]
        )
    decisions, audited = tmp_path / f"decisions.{form}", tmp_path / "judged.csv"
    runner = CliRunner()
    route = ["route", saved, str(texts), "--format", form, "--out", str(decisions)]
    assert runner.invoke(cli, route).exit_code == 0
    audited.write_text("id,label\n" + "".join(f"c{i},loan\n" for i in range(50)) + "c99,loan\n")
    monitor = [
        "monitor",
        saved,
        str(decisions),
        "--audited",
        str(audited),
        "--max-error",
        "0.1",
        "--json",
    ]
    done = runner.invoke(cli, monitor, standalone_mode=False)
    assert isinstance(done.exception, triage.CheckFailed)
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert findings["promise"]["alarm"]
    assert findings["promise"]["documents"] == 50
    assert findings["labels"]["alarm"]


@pytest.mark.parametrize("text", ["", "{}\n", '{"row": 1}\n', "what,ever\n1,2\n", "{not json\n"])
def test_a_file_that_holds_no_decisions_is_refused(saved, tmp_path, text):
    (tmp_path / "d").write_text(text)
    done = CliRunner().invoke(cli, ["monitor", saved, str(tmp_path / "d")], standalone_mode=False)
    assert isinstance(done.exception, triage.DataError)


def test_bounds_close_in_on_the_error_and_hold_a_verdict():
    nothing = audit_bound([], 0.05)
    assert (nothing.error, nothing.lower, nothing.upper, nothing.verdict) == (None, 0.0, 1.0, "open")
    assert nothing.needed == 88
    right = audit_bound([False] * 88, 0.05)
    assert (right.verdict, right.needed, right.error) == ("kept", 0, 0.0)
    assert audit_bound([False] * 87, 0.05).verdict == "open"
    wrong = audit_bound([True] * 5, 0.05)
    assert wrong.verdict == "broken"
    assert wrong.lower > 0.05
    assert wrong.needed is None
    assert audit_bound([False] * 88, None).verdict == "no_promise"


def test_the_audits_that_are_needed_do_confirm_the_promise():
    needed = audit_bound([True, *[False] * 60], 0.05).needed
    wrong = round((61 + needed) / 61)
    bound = audit_bound([True] * wrong + [False] * (61 + needed - wrong), 0.05)
    assert bound.upper == pytest.approx(0.05, abs=0.005)


def test_what_is_not_known_is_wrong_above_and_right_below():
    known = audit_bound([False] * 60, 0.1)
    unknown = audit_bound([False] * 50 + [None] * 10, 0.1)
    assert unknown.upper > known.upper
    assert unknown.lower == 0.0
    assert unknown.error == 0.0
    assert audit_bound([None] * 100, 0.1).verdict == "open"


def test_outcomes_stop_at_the_first_answer_that_may_still_come():
    cases = [
        AuditedCase(0, wrong=False),
        AuditedCase(1, wrong=None, pending=True),
        AuditedCase(2, wrong=True),
    ]
    assert outcomes_in_order(cases) == [False]


def test_a_family_counts_once_in_each_window():
    day = 86_400.0
    cases = [AuditedCase(n * day, wrong=True, family="letter") for n in range(61)]
    assert len(outcomes_in_order(cases)) == 3
    assert len(outcomes_in_order([AuditedCase(n * day, wrong=True) for n in range(61)])) == 61
