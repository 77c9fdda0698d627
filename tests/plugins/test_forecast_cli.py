"""`triage forecast` as people and programs use it: from files and decisions, and what it says when it cannot."""

import csv
import datetime
import importlib.util
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

import triage
import triage_forecast
from triage.cli import cli
from triage.routing.decision_writer import csv_lines, json_lines
from triage_forecast._backtest import Backtest, Trial, origins_of
from triage_forecast._choosing import standings
from triage_forecast._facts import people_for, sentences
from triage_forecast._intervals import coverage_of

RUNNER = CliRunner()
FIRST = datetime.date(2023, 1, 2)
HOSTILE = "loans \x1b[31m[/b] \u202e$x$"
QUICK = ("--forecaster", "weekly-rhythm")


def forecast(*words, code=0):
    done = RUNNER.invoke(cli, ["forecast", *map(str, words)])
    if isinstance(done.exception, triage.TriageError):
        assert done.exception.exit_code == code, done.exception
        return str(done.exception)
    assert done.exit_code == code, (done.stderr, done.exception)
    return done


def dated(n=240, seed=1):
    """Rows of (date, label): a weekly rhythm, a busier and a calmer label."""
    draw = np.random.default_rng(seed)
    for number in range(n):
        day = FIRST + datetime.timedelta(days=number)
        busy = 2.0 if day.weekday() >= 5 else 8.0
        for label, rate in (("card", busy), (HOSTILE, busy / 4)):
            yield from [(day, label)] * int(draw.poisson(rate))


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "date"])
        writer.writerows([f"text number {i}", label, day.isoformat()] for i, (day, label) in enumerate(rows))
    return path


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "past.csv", dated())


def decisions(rows):
    return [
        triage.Decision(i, f"d{i}", "route", f"{label} team", label, 0.9, 0.8, ("confident",), date=day)
        for i, (day, label) in enumerate(rows, start=1)
    ]


def test_programs_are_told_everything(past):
    facts = json.loads(forecast(past, *QUICK, "--per-person-per-day", "4", "--json").stdout)
    assert [each["queue"] for each in facts["queues"]] == ["card", HOSTILE]
    last = datetime.date.fromisoformat(facts["days"]["last"])
    assert facts["dates"] == [(last + datetime.timedelta(days=i)).isoformat() for i in range(1, 15)]
    assert facts["chosen"] == facts["forecasters"][0]["name"] == "weekly-rhythm"
    assert {each["name"] for each in facts["forecasters"]} == {"weekly-rhythm", "last-week"}
    assert facts["forecasters"][0]["gain"] > 0.15
    for each in [facts["together"], *facts["queues"]]:
        for low, mean, high, people in zip(
            *(each[key] for key in ("lower", "mean", "upper", "people")), strict=True
        ):
            assert 0 <= low <= mean <= high + 1
            assert people == people_for(high, 4)
    total = np.sum([each["mean"] for each in facts["queues"]], axis=0)
    assert facts["together"]["mean"] == pytest.approx(total)
    assert facts["queues"][0]["backtest"]["mae"] > 0
    assert facts["interval"]["level"] == 0.8


def test_people_are_shown_the_choice_a_plot_and_a_week_a_table_and_no_control_character(past):
    done = forecast(past, *QUICK, "--per-person-per-day", "4")
    assert "The weekly rhythm (weekly-rhythm) was least off and is used" in done.stdout
    assert "than last week's same day" in " ".join(done.stdout.split())
    assert max(done.stdout) >= "\N{BRAILLE PATTERN BLANK}"
    assert done.stdout.count("all queues ") >= 2
    assert "people" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "loans ␛[31m[/b] $x$"[:18] in done.stdout


def test_a_narrow_terminal_and_a_long_horizon_lose_nothing(past, monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    done = forecast(past, *QUICK, "--horizon", "30")
    assert "and 16 more days" in done.stdout
    # The longest lines are the table's; one that is too long would be broken.
    assert max(len(line) for line in done.stdout.splitlines()) <= 72


@pytest.mark.parametrize("form", [json_lines, csv_lines])
def test_decisions_are_a_corpus_too(form, tmp_path):
    path = tmp_path / "decisions"
    stamp = {"model": "ab", "policy": {"name": "threshold", "options": {}}}
    path.write_text("".join(form(decisions(dated()), stamp)), encoding="utf-8", newline="")
    by_queue = json.loads(forecast(path, *QUICK, "--json").stdout)
    by_label = json.loads(forecast(path, *QUICK, "--json", "--by", "label").stdout)
    assert [each["queue"] for each in by_queue["queues"]] == ["card team", f"{HOSTILE} team"]
    assert [each["queue"] for each in by_label["queues"]] == ["card", HOSTILE]


def test_decisions_without_dates_are_refused_with_what_to_do(tmp_path):
    path = tmp_path / "old.jsonl"
    path.write_text("".join(json_lines([triage.Decision(1, "", "route", "a", "a", 0.9, 0.8, ("confident",))], {"model": "m", "policy": {}})))  # fmt: skip
    assert "no decision has a date" in forecast(path, code=65)


def test_what_route_decides_carries_its_day(tmp_path, past):
    model, out = tmp_path / "model", tmp_path / "decisions.jsonl"
    for words in (
        ["train", past, "--backend", "majority", "--model", model, "--split", "naive"],
        ["route", model, past, "--out", out],
    ):
        done = RUNNER.invoke(cli, [*map(str, words), "--quiet"])
        assert done.exit_code == 0, done.exception
    first = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert first["date"] == FIRST.isoformat()
    assert "card" in forecast(out, *QUICK).stdout


def test_labels_can_share_a_queue_and_queues_a_forecast(past, tmp_path):
    config = tmp_path / "triage.toml"
    config.write_text('[queues]\n"card" = "Desk"\n')
    facts = json.loads(forecast(past, *QUICK, "--config", config, "--json").stdout)
    assert facts["queues"][0]["queue"] == "Desk"
    whole = json.loads(forecast(past, *QUICK, "--by", "all", "--json").stdout)
    assert [each["queue"] for each in whole["queues"]] == ["all"]
    assert whole["together"]["mean"] == whole["queues"][0]["mean"]


def test_options_reach_the_forecasters_that_have_them(past):
    two, four = (
        json.loads(
            forecast(past, "--forecaster", "moving-average", "--set", f"weeks={weeks}", "--json").stdout
        )
        for weeks in (2, 4)
    )
    assert two["forecasters"] != four["forecasters"]
    assert "has an option months" in forecast(past, *QUICK, "--set", "months=2", code=2)
    assert "Did you mean weekly-rhythm" in forecast(past, "--forecaster", "weekly-rythm", code=2)


def test_missing_days_are_zeros_or_gaps(tmp_path):
    rows = [row for row in dated() if row[0].weekday() != 6]
    path = write(tmp_path / "six-days.csv", rows)
    zeros, gaps = (
        json.loads(forecast(path, *QUICK, "--json", "--until", "2023-08-27", "--missing", missing).stdout)
        for missing in ("zeros", "gaps")
    )
    sunday = next(
        i for i, day in enumerate(zeros["dates"]) if datetime.date.fromisoformat(day).weekday() == 6
    )
    assert zeros["days"]["gaps"] == 0
    assert gaps["days"]["gaps"] > 30
    assert zeros["together"]["mean"][sunday] < 0.5 < gaps["together"]["mean"][sunday]


def test_holidays_to_come_are_marked(past, tmp_path):
    path = tmp_path / "holidays.csv"
    path.write_text("date,name\n2023-08-31,A day off\n")
    done = forecast(past, *QUICK, "--holidays", path)
    assert "Thu 31*" in done.stdout
    assert "*: a holiday" in " ".join(done.stdout.split())


def test_a_picture_is_well_formed_the_same_again_and_shows_the_labels(past, tmp_path):
    pytest.importorskip("matplotlib")
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    for path in (one, two):
        forecast(past, *QUICK, "--svg", path, "--quiet")
    assert one.read_bytes() == two.read_bytes()
    text = "".join(ElementTree.fromstring(one.read_bytes()).itertext())
    assert "all queues" in text
    assert "card" in text
    assert "$x$" in text


def test_a_last_day_that_is_not_over_is_said(tmp_path):
    rows = [row for row in dated(239) if row[0] < FIRST + datetime.timedelta(days=238)]
    path = write(tmp_path / "today.csv", [*rows, (FIRST + datetime.timedelta(days=240), "card")])
    assert "leave it out with --until 2023-08-29" in forecast(path, *QUICK).stderr
    assert "--until" not in forecast(path, *QUICK, "--until", "2023-08-29").stderr


def test_what_cannot_be_forecast_is_said(tmp_path):
    assert "at least 70" in forecast(write(tmp_path / "short.csv", dated(30)), *QUICK, code=65)
    bare = tmp_path / "bare.csv"
    bare.write_text("text,label\nmy card,card\nmy loan,loan\n")
    assert "--date-column" in forecast(bare, code=65)
    assert "--since or after --until" in forecast(
        write(tmp_path / "a.csv", dated(90)), "--since", "2030-01-01", code=2
    )


def test_a_forecaster_for_which_it_is_too_short_is_left_out(tmp_path):
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs TensorFlow")
    path = write(tmp_path / "short.csv", dated(90))
    done = forecast(path, "--forecaster", "lstm", "--forecaster", "weekday-mean", "--horizon", "7")
    assert "without lstm: too short: 62 days, and it takes at least 95" in done.stderr
    assert "too few origins to see how many days the intervals hold" in " ".join(done.stdout.split())


def told(means):
    """The sentences about an LSTM that said `means(truth)` at every origin."""
    days = triage_forecast.Days(FIRST, np.zeros(300, dtype=bool))
    counts = np.random.default_rng(2).poisson(5.0, size=(300, 1)).astype(float)
    past = triage_forecast.History(days, counts, ("card",))
    backtest = Backtest(past, origins_of(300, 14), 14, ())
    trial = Trial("lstm", "the LSTM", means(backtest), 3, 1.0)
    backtest = Backtest(past, backtest.origins, 14, (trial,))
    return " ".join(sentences(standings(backtest), coverage_of(backtest, trial)))


def test_an_lstm_that_is_no_better_than_last_week_is_said_to_be():
    words = "The LSTM is not better than last week's same day"
    assert words in told(lambda backtest: backtest.naive)
    assert words in told(lambda backtest: backtest.naive + 3)
    assert words not in told(lambda backtest: np.full_like(backtest.truth, 5.0))


@pytest.mark.parametrize(("upper", "people"), [(0.0, 0), (0.9, 0), (1.0, 1), (8.7, 2), (8.0, 2), (7.9999999999, 2), (9.0, 3)])  # fmt: skip
def test_people_do_whole_documents(upper, people):
    assert people_for(upper, 4) == people


def test_what_is_not_installed_is_said_and_left_out(past, monkeypatch):
    from triage.host import manager

    real = manager._installed
    monkeypatch.setattr(
        manager, "_installed", lambda name: name not in ("statsmodels", "tensorflow") and real(name)
    )
    done = forecast(past, "--forecaster", "all")
    assert "pip install 'nlp-triage[forecast]'" in done.stderr
    assert "pip install 'nlp-triage[train]'" in done.stderr
    assert "poisson" in done.stdout
    assert "not installed here" in forecast(past, "--forecaster", "lstm", code=69)


def test_a_forecaster_that_takes_minutes_takes_part_on_request_only(past):
    facts = json.loads(forecast(past, "--json").stdout)
    assert "lstm" not in {each["name"] for each in facts["forecasters"]}
    assert len(facts["forecasters"]) > 3


def test_a_spreadsheet_gets_a_row_for_each_day_and_queue(past):
    done = forecast(past, *QUICK, "--horizon", 7, "--per-person-per-day", 4, "--format", "csv")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) == 3 * 7
    assert list(rows[0]) == ["date", "queue", "mean", "lower", "upper", "people", "full_time"]
    facts = json.loads(forecast(past, *QUICK, "--horizon", 7, "--per-person-per-day", 4, "--json").stdout)
    assert [float(row["mean"]) for row in rows[:7]] == pytest.approx(facts["together"]["mean"], abs=0.005)


def test_people_for_all_queues_are_not_the_sum_of_what_was_rounded_up_for_each(past):
    facts = json.loads(forecast(past, *QUICK, "--per-person-per-day", 6, "--json").stdout)
    for day, people in enumerate(facts["together"]["people"]):
        each = [queue["full_time"][day] for queue in facts["queues"]]
        assert all(share == pytest.approx(int(queue["upper"][day] + 1e-9) / 6, abs=0.006) for share, queue in zip(each, facts["queues"], strict=True))  # fmt: skip
        assert people == people_for(facts["together"]["upper"][day], 6)
    weeks = facts["weeks"]
    assert [week["days"] for week in weeks] == [7, 7]
    assert weeks[0]["mean"] == pytest.approx(sum(facts["together"]["mean"][:7]))
    assert weeks[0]["person_days"] == sum(facts["together"]["people"][:7])


def test_the_experiment_file_names_the_corpus_and_its_columns(tmp_path):
    path = tmp_path / "past.csv"
    lines = ["what,team,day,label,text"]
    lines += [f"a text {i},{label},{day.isoformat()},x,y" for i, (day, label) in enumerate(dated(120))]
    path.write_text("\n".join(lines), encoding="utf-8")
    config = tmp_path / "triage.toml"
    config.write_text(
        f'[corpus]\nlocation = "{path}"\ntext-column = "what"\nlabel-column = "team"\ndate-column = "day"\n',
        encoding="utf-8",
    )
    facts = json.loads(forecast("--config", config, *QUICK, "--json").stdout)
    assert {queue["queue"] for queue in facts["queues"]} == {"card", HOSTILE}
    assert "name a CORPUS" in forecast(*QUICK, code=2)


def test_what_is_held_for_review_can_be_counted_alone(tmp_path):
    found = [
        triage.Decision(
            row=number,
            id="",
            action="review" if number % 4 == 0 else "route",
            queue="card",
            label="card",
            confidence=0.5,
            threshold=0.7,
            reasons=("confident",),
            date=day,
        )
        for number, (day, _) in enumerate(dated(90))
    ]
    path = tmp_path / "decisions.jsonl"
    path.write_text(
        "".join(json_lines(found, {"model": "a", "policy": {"name": "threshold", "options": {}}}))
    )
    facts = json.loads(forecast(path, *QUICK, "--count", "review", "--json").stdout)
    assert facts["days"]["documents"] == sum(each.action == "review" for each in found)
    assert facts["review_share"] == pytest.approx(0.25, abs=0.01)
    assert "needs a file of decisions" in forecast("complaints", *QUICK, "--count", "review", code=2)
