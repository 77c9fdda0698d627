"""`triage weekly`: the counts of a week and of the week before, and a page that shows no markup of others."""

import datetime
import json

import pytest
from click.testing import CliRunner

import triage
from triage.cli import cli
from triage.routing.decision_writer import json_lines
from triage.routing.monitoring import Audit, Seen
from triage_weekly._page import page
from triage_weekly._week import report_of, week_of

MONDAY = datetime.date(2026, 11, 23)
STAMP = {"model": "a", "policy": {"name": "threshold", "options": {}}}
HOSTILE = 'Loans <script>alert(1)</script> & "more"'


def seen(day, queue="Cards", action="route", row=1, reasons=("confident",)):
    date = None if day is None else MONDAY + datetime.timedelta(days=day)
    return Seen(row, f"id{row}", action, queue, queue, 0.9, reasons, date=date)


STREAM = [
    *(seen(day, row=day + 1) for day in range(7)),
    seen(2, action="review", row=20, reasons=("below_threshold",)),
    seen(6, HOSTILE, row=21),
    seen(3, None, "review", row=22, reasons=("empty_after_cleaning",)),
    *(seen(-day, row=30 + day) for day in range(1, 6)),
    seen(-7, "Old", row=40),
    seen(-8, row=41),
    seen(7, row=42),
    seen(None, row=43),
]


def test_a_week_is_counted_by_queue_beside_the_week_before():
    report = report_of(STREAM, MONDAY)
    assert (report.total.received, report.total.routed, report.total.reviewed) == (10, 8, 2)
    assert report.total.before == 6
    assert [(each.queue, each.received, each.before) for each in report.queues] == [
        ("Cards", 8, 5),
        ("(no queue)", 1, 0),
        (HOSTILE, 1, 0),
    ]
    assert report.reasons == {"below_threshold": 1, "empty_after_cleaning": 1}
    assert report.undated == 1
    assert sum(each.received for each in report.queues) == report.total.received


def test_the_change_against_nothing_is_not_a_number():
    report = report_of([seen(0)], MONDAY)
    assert (report.total.before, report.total.change) == (None, None)
    assert report_of(STREAM, MONDAY).queues[1].change is None


def test_what_is_wrong_is_measured_on_audited_cases_only():
    audits = [Audit("Cards", "Cards")] * 18 + [Audit("Cards", "Loans")] * 2
    report = report_of(STREAM, MONDAY, audits=audits)
    assert (report.total.audited, report.total.wrong, report.total.error) == (20, 2, 0.1)
    assert report.total.error_bound == pytest.approx(0.2826, abs=1e-3)  # exact binomial, 95%
    assert report.queues[1].error is None


@pytest.mark.parametrize(
    ("text", "monday"), [("2026-W48", MONDAY), ("2026-11-29", MONDAY), (None, datetime.date(2026, 11, 30))]
)
def test_a_week_is_named_by_its_number_a_day_or_the_last_decision(text, monday):
    assert week_of(text, STREAM) == monday


def test_a_week_that_is_none_and_a_week_without_decisions_are_refused():
    with pytest.raises(triage.UsageError, match="--week must be"):
        week_of("next week", STREAM)
    with pytest.raises(triage.DataError, match="no decision lies in the week"):
        report_of(STREAM, MONDAY + datetime.timedelta(days=70))
    with pytest.raises(triage.DataError, match="no decision has a date"):
        week_of(None, [seen(None)])


def test_the_page_shows_names_as_text_and_runs_nothing():
    shown = page(report_of(STREAM, MONDAY), title=HOSTILE)
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert shown.isascii()
    assert "23 November to 29 November 2026" in shown
    assert "http" not in shown.replace("http-equiv", "")


@pytest.fixture
def decisions(tmp_path):
    found = [
        triage.Decision(
            row=each.row,
            id=each.id,
            action=each.action,
            queue=each.queue,
            label=each.label,
            confidence=0.9,
            threshold=0.5,
            reasons=each.reasons,
            date=each.date,
        )
        for each in STREAM
    ]
    path = tmp_path / "decisions.jsonl"
    path.write_text("".join(json_lines(found, STAMP)), encoding="utf-8")
    return path


def test_the_command_prints_facts_a_table_and_a_page(decisions, tmp_path):
    judged = tmp_path / "judged.csv"
    judged.write_text("id,queue\nid1,Cards\nid2,Old\nid42,Cards\n", encoding="utf-8")
    words = ["weekly", str(decisions), "--week", "2026-W48", "--audited", str(judged)]
    done = CliRunner().invoke(cli, [*words, "--json"])
    assert done.exit_code == 0, done.exception
    facts = json.loads(done.stdout)
    assert (facts["total"]["audited"], facts["total"]["wrong"]) == (2, 1)
    assert "1 audited cases are not" in done.stderr
    shown = CliRunner().invoke(cli, words).stdout
    assert "10 received, 6 in the week before (+67%)" in shown
    out = tmp_path / "week.html"
    assert CliRunner().invoke(cli, [*words, "--out", str(out)]).exit_code == 0
    assert out.read_text(encoding="ascii").startswith("<!DOCTYPE html>")
