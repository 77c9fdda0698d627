"""Decisions read back: what route wrote comes back whole, and what it did not write is refused by its line."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import triage
from triage.routing.decision_reader import are_decisions, read_audits, read_decisions
from triage.routing.decision_writer import csv_lines, json_lines
from triage.routing.monitoring import Audit, Seen

words = st.text(st.characters(exclude_categories=()), max_size=12)
names = words.map(lambda word: word or None)
shares = st.none() | st.floats(0, 1)
decisions = st.lists(
    st.builds(
        triage.Decision,
        row=st.integers(1, 10**9),
        id=words,
        action=st.sampled_from(["route", "review"]),
        queue=names,
        label=names,
        confidence=shares,
        threshold=shares,
        reasons=st.sampled_from([("confident",), ("below_threshold", "ambiguous"), ("rule:fraud",)]),
        familiarity=shares,
        date=st.none() | st.dates(),
    ),
    min_size=1,
    max_size=6,
)
STAMP = {"model": "ab12", "policy": {"name": "threshold", "options": {}}}


def put(folder, text, name="decisions"):
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return str(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(decisions, st.sampled_from([json_lines, csv_lines]))
def test_whatever_was_decided_comes_back(tmp_path, decided, form):
    found, models = read_decisions(put(tmp_path, "".join(form(decided, STAMP))))
    assert models == {"ab12"}
    fields = ("row", "id", "action", "queue", "label", "confidence", "reasons", "familiarity", "date")
    assert found == [Seen(*(getattr(each, field) for field in fields)) for each in decided]


GOOD = {
    "row": 1, "id": "a", "action": "route", "queue": "q", "label": "l", "confidence": 0.5,
    "reasons": ["confident"], "familiarity": None, "model": "m",
}  # fmt: skip


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    "change",
    [
        {"row": 1.5}, {"row": True}, {"row": None}, {"row": "one"}, {"id": 7}, {"action": "delete"},
        {"queue": ["q"]}, {"label": {"l": 1}}, {"confidence": 2}, {"confidence": True}, {"confidence": "x"},
        {"confidence": []}, {"confidence": 10**400}, {"reasons": "confident"}, {"reasons": [7]},
        {"familiarity": -1}, {"model": 7}, {"date": "soon"}, {"date": 20240101},
    ],
    ids=lambda change: str(change)[:30],
)  # fmt: skip
def test_a_line_that_is_no_decision_is_named_and_not_quoted(tmp_path, change):
    path = put(tmp_path, lines(GOOD, {**GOOD, **change}))
    with pytest.raises(triage.DataError, match=r"line 2: not a decision of `triage route`") as caught:
        read_decisions(path)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("field", ["row", "id", "action", "queue", "label", "confidence", "reasons"])
def test_a_decision_without_a_field_is_none(tmp_path, field):
    with pytest.raises(triage.DataError, match="line 1: not a decision"):
        read_decisions(put(tmp_path, lines({key: value for key, value in GOOD.items() if key != field})))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"row": Infinity}\n', "line 1: not JSON"),
        ('{"a": ' + "[" * 200_000 + "\n", "line 1: not JSON"),
        (lines(GOOD) + "[1]\n", "line 2: not a JSON object"),
        (lines(GOOD) + "\n\n{\n", "line 4: not JSON"),
        ("", "no decision in it"),
        ("row,id\n", "no decision in it"),
        ("row,id\n1,a\n", "line 2: not a decision"),
        ('row,id\n1,"a\n', "line 2: not CSV"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_by_its_line(tmp_path, text, complaint):
    with pytest.raises(triage.DataError, match=complaint):
        read_decisions(put(tmp_path, text))


def seen(row, name="", *reasons, queue="Cards", action="route"):
    return Seen(row, name, action, queue, queue, 0.9, reasons or ("confident",))


QUEUES = {"card": "Cards", "loan": "Loans"}


def test_judged_cases_are_matched_by_id_or_row_and_a_label_means_its_queue(tmp_path):
    stream = [seen(1, "a"), seen(2, "b"), seen(3), seen(4, "d", "rule:vip"), seen(5, "e", action="review")]
    judged = "id,row,label,queue\na,,card,\nb,,,Loans\n,3,loan,\nd,,card,\ne,,card,\nnobody,,card,\n,1,,\n"
    found, others = read_audits(put(tmp_path, judged), stream, QUEUES)
    assert found == [Audit("Cards", "Cards"), Audit("Cards", "Loans"), Audit("Cards", "Loans")]
    assert others == 4
    as_json = lines({"id": "a", "label": "loan"}, {"row": 3, "queue": "Cards"})
    assert read_audits(put(tmp_path, as_json), stream, QUEUES) == (
        [Audit("Cards", "Loans"), Audit("Cards", "Cards")],
        0,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id,what\na,b\n", "line 2: a judged case must have a column id or row"),
        (lines({"id": ["a"], "label": "card"}), "line 1: a judged case must hold words"),
        (lines({"id": "a", "label": 1.5}), "line 1: a judged case must hold words"),
        (lines({"row": True, "label": "card"}), "line 1: a judged case must hold words"),
        ("id,label\na,Card\n", r"line 2: the model has no label 'Card'. Did you mean card\?"),
        ("id,label\na,kard\n", r"Did you mean card\?"),
        ("id,queue\na,cards\n", r"line 2: the model has no queue 'cards'. Did you mean Cards\?"),
        ("id,label\na,card\na,card\n", "line 3: this case is judged on line 2 already"),
        ("id,row,label\na,,card\n,1,loan\n", "line 3: this case is judged on line 2 already"),
        ("id,label\nz,card\ny,card\n", "none of its 2 cases is among the decisions"),
    ],
)
def test_a_judged_case_that_says_too_little_is_refused_by_its_line(tmp_path, text, complaint):
    with pytest.raises(triage.DataError, match=complaint):
        read_audits(put(tmp_path, text), [seen(1, "a")], QUEUES)


def test_a_file_of_decisions_is_told_from_a_corpus_by_its_first_line(tmp_path):
    decided = [triage.Decision(1, "a", "route", "q", "l", 0.5, 0.7, ("confident",))]
    for form in (json_lines, csv_lines):
        assert are_decisions(put(tmp_path, "".join(form(decided, STAMP))))
    for text in (
        "",
        "text,label\na,b\n",
        '{"text": "a"}\n',
        "{\n",
        "[" * 99_999,
        '{"row": ' + "[" * 99_999,
        "7\n",
    ):
        assert not are_decisions(put(tmp_path, text))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "bytes", tmp_path / "nothing", tmp_path):
        assert not are_decisions(str(path))


def test_an_id_of_several_decisions_does_not_say_which_was_judged(tmp_path):
    stream = [seen(1, "a"), seen(2, "a", queue="Loans")]
    with pytest.raises(triage.DataError, match="line 2: 2 decisions have this id: name the one"):
        read_audits(put(tmp_path, "id,label\na,card\n"), stream, QUEUES)
    found, _ = read_audits(put(tmp_path, "id,row,label\na,2,card\n"), stream, QUEUES)
    assert found == [Audit("Loans", "Cards")]


def test_judged_cases_and_decisions_are_read_as_a_spreadsheet_saves_them(tmp_path):
    assert read_audits(put(tmp_path, "\ufeffID;Label\na;card \n;\n"), [seen(1, "a")], QUEUES) == (
        [Audit("Cards", "Cards")],
        0,
    )
    header = "row;id;action;queue;label;confidence;reasons;date"
    ((found,), _) = read_decisions(
        put(tmp_path, f"{header}\n1;a;route;Cards;card;0,93;confident;2024-03-01\n")
    )
    assert found.confidence == 0.93
