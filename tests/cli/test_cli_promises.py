"""Promises at the command line: proven, stored, kept when routing, refused, and tried out by simulation."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import triage
from triage.cli import cli
from triage.routing.promises import prove, tried_seeds
from triage_selftest._simulation import draw, simulate


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small real model of texts, one in seven of which says nothing about its label."""
    folder = tmp_path_factory.mktemp("promise")
    generator = np.random.default_rng(7)
    words = {"card": ["charge", "limit", "plastic"], "loan": ["rate", "term", "lender"]}
    syllables = ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru"]
    others = ["".join(generator.choice(syllables, 3)) for _ in range(300)]
    with (folder / "past.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "label", "text", "date"])
        for row in range(2000):
            label = ("card", "loan")[row % 2]
            own = ["bank", "money", "letter"] if row % 7 == 0 else words[label]
            text = " ".join([*generator.choice(own, 3), *generator.choice(others, 12)])
            writer.writerow([f"c{row}", label, text, f"2024-01-{1 + row % 20:02}"])
    assert run("train", folder / "past.csv", "--model", folder / "model", "--quiet").exception is None
    return folder


def test_a_promise_is_proven_shown_in_words_and_kept_when_routing(saved):
    done = run("promise", saved / "model", "--max-error", "0.1")
    assert done.exception is None, done.output
    for words in (
        "upper bound",
        "at most 10.0% go to a wrong queue",
        "with probability 95%",
        "as long as",
        "out-of-fold answers",
    ):
        assert words in " ".join(done.stdout.split())
    facts = json.loads(run("promise", saved / "model", "--max-error", "0.1", "--dry-run", "--json").stdout)
    routed = run("route", saved / "model", saved / "past.csv", "--json").stdout.splitlines()
    decisions = [json.loads(line) for line in routed]
    threshold = facts["overall"]["threshold"]
    assert {d["policy"]["name"] for d in decisions} == {"bounded"}
    for decision in decisions:
        if "out_of_scope" not in decision["reasons"]:
            assert (decision["action"] == "route") == (decision["confidence"] >= threshold)
    assert 0.5 < sum(d["action"] == "route" for d in decisions) / len(decisions) < 1


def test_a_promise_that_cannot_be_proven_is_refused_and_the_former_one_stays_in_place(saved):
    run("promise", saved / "model", "--max-error", "0.1")
    before = json.loads((saved / "model" / "promise.json").read_text())
    done = run("promise", saved / "model", "--max-error", "0.0005")
    assert isinstance(done.exception, triage.CheckFailed)
    assert "more labelled documents are needed" in str(done.exception)
    assert "The promise of at most 0.1 at 0.95 stays in place" in str(done.exception)
    assert json.loads((saved / "model" / "promise.json").read_text()) == before


def test_several_goals_are_one_table_and_the_strictest_that_is_proven_is_stored(saved):
    goals = ["--max-error", "0.2", "--max-error", "0.0005", "--max-error", "0.05"]
    found = json.loads(run("promise", saved / "model", *goals, "--json").stdout)
    assert [(each["max_error"], each["kept"]) for each in found] == [
        (0.0005, False),
        (0.05, True),
        (0.2, True),
    ]
    assert json.loads((saved / "model" / "promise.json").read_text())["max_error"] == 0.05
    shown = run("promise", saved / "model", *goals, "--dry-run").stdout
    assert shown.count("kept") == 2
    assert shown.count("refused") == 1


def test_training_again_proves_the_same_promise_again_or_says_that_it_could_not(saved, tmp_path):
    model = tmp_path / "model"
    rows = (saved / "past.csv").read_text().splitlines(keepends=True)
    few = tmp_path / "few.csv"
    few.write_text("".join(rows[:41]))
    assert run("train", saved / "past.csv", "--model", model, "--quiet").exception is None
    assert run("promise", model, "--max-error", "0.05", "--quiet").exception is None
    again = run("train", saved / "past.csv", "--model", model, "--seed", "7")
    assert "the promise of at most 0.05 wrong at 0.95 is proven for this model: it routes 9" in again.stderr
    routed = json.loads(run("route", model, "--text", "charge limit", "--json").stdout)
    assert routed["policy"]["name"] == "bounded"
    fewer = run("train", few, "--model", model)
    assert (
        "could not be proven for this model: `triage route` will route by the policy threshold"
        in fewer.stderr
    )
    assert not (model / "promise.json").exists()


def test_an_experiment_that_asks_for_a_promise_proves_it_in_every_training(saved, tmp_path):
    config = tmp_path / "triage.toml"
    config.write_text('[policy]\nname = "bounded"\nmax-error = 0.1\n')
    done = run("train", saved / "past.csv", "--model", tmp_path / "model", "--config", config)
    assert "the promise of at most 0.1 wrong at 0.95 is proven" in done.stderr
    assert json.loads((tmp_path / "model" / "promise.json").read_text())["max_error"] == 0.1


def test_asking_with_other_seeds_until_a_promise_passes_is_said(saved, tmp_path):
    model = tmp_path / "model"
    for seed in ("1", "2"):
        assert run("train", saved / "past.csv", "--model", model, "--seed", seed, "--quiet").exception is None
        assert isinstance(run("promise", model, "--max-error", "0.0005").exception, triage.CheckFailed)
    attempts = json.loads((model / "attempts.json").read_text())["made"]
    assert [(each["seed"], each["kept"]) for each in attempts] == [(1, False), (2, False)]
    loaded = triage.load_model(str(model), triage.Plugins.discover(strict=True))
    kept = replace(prove(loaded, max_error=0.05), max_error=0.0005)
    assert tried_seeds(loaded, kept) == (2, 2)


def test_reviews_never_exceed_what_people_have_time_for(saved):
    run("promise", saved / "model", "--max-error", "0.02")
    limited = ["route", saved / "model", saved / "past.csv", "--json"]
    decisions = [json.loads(line) for line in run(*limited, "--reviewers-per-day", "3").stdout.splitlines()]
    days = {}
    for decision in decisions:
        day = int(decision["id"][1:]) % 20
        days[day] = days.get(day, 0) + (decision["action"] == "review")
    assert len(decisions) == 2000
    assert max(days.values()) == 3
    assert any(decision["reasons"][0] == "over_capacity" for decision in decisions)
    share = [json.loads(line) for line in run(*limited, "--max-review-share", "0.01").stdout.splitlines()]
    assert sum(decision["action"] == "review" for decision in share) == 20
    both = run(*limited, "--max-review-share", "0.01", "--reviewers-per-day", "3")
    assert isinstance(both.exception, triage.BadOption)


def test_costs_decide_at_the_command_line(saved, tmp_path):
    matrix = tmp_path / "costs.csv"
    matrix.write_text("label,card,loan\ncard,0,1\nloan,50,0\n")
    done = run(
        "route", saved / "model", saved / "past.csv", "--policy", "costs", "--set", f"matrix={matrix}", "--set", "review=5", "--json"
    )  # fmt: skip
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    doubtful = [
        d for d in decisions if d["label"] == "card" and d["confidence"] < 0.7 and d["reasons"] == ["costs"]
    ]
    assert doubtful
    assert {(d["action"], d["queue"]) for d in doubtful} == {("route", "loan")}


def test_calibration_is_chosen_at_the_command_line(saved, tmp_path):
    for method in ("isotonic", "venn-abers", "none"):
        done = run(
            "train", saved / "past.csv", "--model", tmp_path / method, "--calibration", method, "--json"
        )
        facts = json.loads(done.stdout)
        assert facts["calibration"]["method"] in (method, "none")
        assert set(facts["reliability"]["before"]) == {"log_loss", "brier", "ece"}
        assert "not seen it: log loss" in done.stderr
        assert run("route", tmp_path / method, "--text", "my card", "--json").exception is None


def test_the_known_distribution_is_what_it_says():
    part = draw(20_000, np.random.default_rng(1))
    assert np.allclose(part.probabilities.sum(axis=1), 1)
    wrong = part.wrong_queue(list("abcd"))
    stated = part.probabilities.max(axis=1)
    assert wrong.mean() > 0.1  # a promise of 10% has something to prove
    assert stated.mean() > (~wrong).mean() + 0.01  # and the classifier is too sure of itself


def test_the_simulation_refuses_what_fifty_documents_cannot_prove():
    found = simulate(sizes=[50], max_errors=[0.02, 0.05], repeats=20)
    assert [outcome.promised for outcome in found] == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("per_queue", [False, True])
def test_simulated_promises_are_kept_as_often_as_stated(per_queue):
    found = simulate(sizes=[200, 1000], max_errors=[0.05, 0.1], repeats=150, per_queue=per_queue)
    assert all(outcome.kept for outcome in found)
    assert all(outcome.promised for outcome in found if outcome.documents == 1000)


@pytest.mark.slow
def test_the_simulation_notices_a_map_that_was_fitted_where_the_promise_is_proven():
    """Shows that the simulation can fail: this is why such maps are fitted on the tune part."""
    setting = {"sizes": [1000], "max_errors": [0.02], "repeats": 60, "method": "isotonic"}
    (honest,) = simulate(**setting)
    (rash,) = simulate(**setting, fitted_on="calibrate")
    assert honest.kept
    assert not rash.kept


def test_selftest_prints_a_table_and_exits_with_0():
    done = run("selftest", "--promises", "--repeats", "2")
    assert done.exception is None
    assert "each queue" in done.stdout
    assert isinstance(run("selftest", "--promises", "--list").exception, triage.UsageError)
