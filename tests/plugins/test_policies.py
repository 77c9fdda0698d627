"""Costs and capacity: never dearer than any threshold, never more reviews than people have time for."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.config import Experiment
from triage.data.cleaning import build_cleaning
from triage.data.defaults import policy_chain
from triage.models.model import Model
from triage.routing.capacity import Capacity
from triage.routing.router import REASONS, Router

PLUGINS = triage.Plugins.discover()
CLASSES = ("card", "loan", "mortgage")
CLEANING = build_cleaning(PLUGINS, ["lower"])


class Fixed:
    """Answers with the rows it was given, text by text."""

    def __init__(self, rows):
        self.rows_ = rows

    def predict_proba(self, texts):
        return np.array([self.rows_[text] for text in texts])


def decide(rows, policy, **settings):
    texts = {f"t{i}": row for i, row in enumerate(rows)}
    model = Model(Experiment(**settings), {}, CLASSES, CLEANING, Fixed(texts))
    documents = [triage.Document(row=i, text=text) for i, text in enumerate(texts, start=1)]
    return Router(model, [policy], PLUGINS).decide_batch(documents)


def matrix_of(costs, queues=CLASSES):
    return {
        label: dict(zip(queues, map(float, row), strict=True))
        for label, row in zip(CLASSES, costs, strict=True)
    }


weights = st.lists(st.floats(0.001, 1), min_size=3, max_size=3)
predictions = st.lists(weights, min_size=1, max_size=12).map(
    lambda rows: [np.array(row) / sum(row) for row in rows]
)
matrices = st.lists(st.lists(st.floats(0, 50), min_size=3, max_size=3), min_size=3, max_size=3).map(np.array)


def expected(decision, row, costs, review):
    return review if decision.action == "review" else row @ costs[:, CLASSES.index(decision.queue)]


@settings(max_examples=60, deadline=None)
@given(predictions, matrices, st.floats(0, 30), st.floats(0, 1))
def test_costs_never_costs_more_than_a_threshold_whatever_the_matrix(rows, costs, review, least):
    policy = ("costs", {"matrix": matrix_of(costs), "review": review})
    found = decide(rows, policy)
    threshold = decide(rows, ("threshold", {"confidence": least, "margin": 0.0}))
    paid = [
        sum(expected(d, row, costs, review) for d, row in zip(each, rows, strict=True))
        for each in (found, threshold)
    ]
    assert paid[0] <= paid[1] + 1e-9
    for decision, row in zip(found, rows, strict=True):
        assert decision.reasons == ("costs",)
        assert expected(decision, row, costs, review) <= min(review, *(row @ costs)) + 1e-9


@settings(max_examples=60, deadline=None)
@given(
    predictions, matrices, st.floats(0, 30), st.one_of(st.integers(0, 6), st.floats(0, 1)), st.integers(1, 4)
)
def test_capacity_is_never_exceeded_whatever_the_matrix(rows, costs, review, limit, days):
    found = decide(rows, ("costs", {"matrix": matrix_of(costs), "review": review}))
    dates = [datetime.date(2024, 1, 1 + position % days) for position in range(len(found))]
    share = isinstance(limit, float)
    capacity = Capacity(per_day=None if share else limit, share=limit if share else None, fallback="card")
    held = capacity.hold(zip(dates, found, strict=True))
    assert [decision.row for decision in held] == [decision.row for decision in found]
    for day in set(dates):
        reviews = [d for d, date in zip(held, dates, strict=True) if date == day and d.action == "review"]
        assert share or len(reviews) <= limit
    reviews = sum(decision.action == "review" for decision in held)
    assert not share or reviews <= limit * len(held) + 1e-6
    for before, after in zip(found, held, strict=True):
        if before.action == "route":
            assert after == before
        elif after.action == "route":
            assert after.reasons == ("over_capacity", *before.reasons)
            assert set(after.reasons) <= set(REASONS)
            assert after.queue
            same_day = [
                d for d, date in zip(held, dates, strict=True) if share or date == dates[after.row - 1]
            ]
            assert all(d.saves >= before.saves for d in same_day if d.action == "review")


def test_a_mistake_that_costs_much_goes_elsewhere_or_to_a_person():
    costs = matrix_of([[0, 1, 1], [100, 0, 1], [1, 1, 0]])
    rows = [[0.9, 0.1, 0.0], [0.999, 0.001, 0.0]]
    found = decide(rows, ("costs", {"matrix": costs, "review": 0.5}))
    assert [(d.action, d.queue, d.label) for d in found] == [
        ("review", "loan", "card"),
        ("route", "card", "card"),
    ]
    dear = decide(rows, ("costs", {"matrix": costs, "review": 5}))
    # Sent where its expected cost is least, which is not the queue of its likeliest label.
    assert [(d.action, d.queue) for d in dear] == [("route", "loan"), ("route", "card")]


def test_a_matrix_is_read_from_a_file_and_its_queues_need_not_be_labels(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("label,North,South\ncard,0,3\nloan,2,0\nmortgage,4,1\n", encoding="utf-8")
    found = decide([[0.9, 0.05, 0.05], [0, 0.1, 0.9]], ("costs", {"matrix": str(path), "review": 1}))
    assert [(d.action, d.queue) for d in found] == [("route", "North"), ("route", "South")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("label,a\n", "no row"),
        ("label,a\ncard,x\n", "must be a number"),
        ("label,a\ncard,nan\n", "must hold finite numbers"),
        ("label,a,b\ncard,1\n", "line 2"),
        ("label,a\ncard,1\ncard,1\n", "line 3"),
        ("label,a\ncard,1\nloan,1\n", "no row for 'mortgage'"),
    ],
)
def test_a_file_that_is_no_cost_matrix_is_refused(tmp_path, text, complaint):
    path = tmp_path / "costs.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(triage.BadOption, match=complaint):
        decide([[0.9, 0.05, 0.05]], ("costs", {"matrix": str(path)}))


def test_a_cost_matrix_that_is_not_there_is_no_input():
    with pytest.raises(triage.NoInput):
        decide([[0.9, 0.05, 0.05]], ("costs", {"matrix": "nowhere.csv"}))


def review(row, *reasons, confidence=0.5, queue="card", saves=None):
    return triage.Decision(row, "", "review", queue, queue, confidence, None, reasons, saves=saves)


def test_what_only_a_person_can_judge_comes_first_and_then_the_least_sure():
    decisions = [
        review(1, "below_threshold", confidence=0.6),
        review(2, "below_threshold", confidence=0.3),
        review(3, "rule:fraud", confidence=0.99),
        review(4, "empty_after_cleaning", confidence=None, queue=None),
        review(5, "below_threshold", confidence=0.5),
    ]
    day = datetime.date(2024, 1, 1)
    held = Capacity(per_day=3, fallback="rest").hold((day, decision) for decision in decisions)
    assert [decision.row for decision in held if decision.action == "review"] == [2, 3, 4]
    assert held[4].reasons == ("over_capacity", "below_threshold")
    nobody = Capacity(per_day=0, fallback="rest").hold((day, decision) for decision in decisions)
    assert [decision.queue for decision in nobody] == ["card", "card", "card", "rest", "card"]


def test_a_limit_on_a_day_needs_dates():
    with pytest.raises(triage.DataError, match="--date-column"):
        Capacity(per_day=1, fallback="rest").hold([(None, review(1, "ambiguous"))])
    assert Capacity(per_day=1, fallback="rest").hold([]) == []


@pytest.mark.parametrize("limit", [{}, {"per_day": 1, "share": 0.5}, {"per_day": -1}, {"share": 1.5}])
def test_a_limit_that_means_nothing_is_refused(limit):
    with pytest.raises(triage.BadOption):
        Capacity(**limit, fallback="rest")


def test_a_share_is_taken_exactly():
    decisions = [review(row, "ambiguous") for row in range(100)]
    held = Capacity(share=0.29, fallback="rest").hold((None, decision) for decision in decisions)
    assert sum(decision.action == "review" for decision in held) == 29


@pytest.mark.parametrize(
    "policy",
    [("threshold", {"confidence": 0.0, "margin": 0.0}), ("costs", {"matrix": matrix_of(np.zeros((3, 3)))})],
)
@given(st.lists(st.sampled_from([0.2, np.nan, np.inf, -np.inf, 0.6]), min_size=3, max_size=3))
def test_no_policy_decides_on_a_number_that_is_not_finite(policy, row):
    if np.isfinite(row).all():
        return
    (decision,) = decide([row], policy)
    assert (decision.action, decision.reasons, decision.saves) == ("review", ("not_finite",), None)


@settings(max_examples=40, deadline=None)
@given(predictions, matrices, st.tuples(st.floats(0, 30), st.floats(0, 30)))
def test_a_dearer_review_never_sends_more_to_people(rows, costs, prices):
    reviewed = []
    for review in sorted(prices):
        found = decide(rows, ("costs", {"matrix": matrix_of(costs), "review": review}))
        reviewed.append({decision.row for decision in found if decision.action == "review"})
    assert reviewed[1] <= reviewed[0]


def model_with(extra, rows=({"t": [0.9, 0.05, 0.05]},)):
    return Model(Experiment(), {}, CLASSES, CLEANING, Fixed(rows[0]), extra=extra)


def promised(**changes):
    record = {"max_error": 0.05, "confidence": 0.95, "score": "probability", "overall": None, "queues": {}}
    return {"promise": {**record, **changes}}


def certificate(threshold):
    return {
        "max_error": 0.05, "confidence": 0.95, "score": "probability", "threshold": threshold, "documents": 100,
        "table": [],
    }  # fmt: skip


def bounded(extra, texts, **options):
    router = Router(model_with(extra, (texts,)), [("bounded", options)], PLUGINS)
    return router.decide_batch([triage.Document(row=i, text=t) for i, t in enumerate(texts, start=1)])


def test_what_is_bounded_needs_a_promise_at_least_as_good_as_is_asked_for():
    with pytest.raises(triage.BadOption, match=r"nothing is promised.*triage promise MODEL --max-error 0.05"):
        bounded({}, {})
    with pytest.raises(triage.BadOption, match=r"promises an error of at most 0.1 at 0.95, which is less"):
        bounded(promised(max_error=0.1), {})
    with pytest.raises(triage.BadOption, match=r"promises an error of at most 0.05 at 0.9, which is less"):
        bounded(promised(confidence=0.9), {})
    assert bounded(promised(max_error=0.1), {}, max_error=0.1) == []
    assert bounded(promised(confidence=0.9), {}, confidence=0.9) == []


def test_only_what_the_promise_of_its_queue_covers_goes_by_itself():
    queues = {"card": certificate(0.8), "loan": certificate(None)}
    found = bounded(
        promised(queues=queues),
        {"a": [0.8, 0.1, 0.1], "b": [0.79, 0.11, 0.1], "c": [0.0, 0.99, 0.01], "d": [0.0, 0.01, 0.99]},
    )
    assert [(each.action, each.reasons, each.threshold) for each in found] == [
        ("route", ("confident",), 0.8),
        ("review", ("below_threshold",), 0.8),
        ("review", ("no_promise",), None),
        ("review", ("no_promise",), None),
    ]


def test_one_promise_for_everything_is_that_of_every_queue():
    found = bounded(
        promised(overall=certificate(0.8)), {"a": [0.8, 0.1, 0.1], "b": [0.1, 0.1, 0.8], "c": [0.5, 0.5, 0]}
    )
    assert [each.action for each in found] == ["route", "route", "review"]


@pytest.mark.parametrize("review", [float("nan"), float("inf"), -1])
def test_the_price_of_a_review_is_a_number_that_can_be_paid(review):
    with pytest.raises(triage.BadOption):
        decide([[0.9, 0.05, 0.05]], ("costs", {"matrix": matrix_of(np.zeros((3, 3))), "review": review}))


@pytest.mark.parametrize(
    ("matrix", "complaint"),
    [
        ({"card": 1}, "the row of 'card' is not"),
        ({"card": {}}, "the row of 'card' is not"),
        ({"card": {"a": 1}, "loan": {"b": 1}}, "the row of 'loan' has other queues"),
        ({"card": {"a": 1}, "loan": {"a": 1, "b": 1}}, "the row of 'loan' has other queues"),
        ({"card": {"a": [1]}}, "the row of 'card' holds something that is no number"),
        ({"card": {"a": "much"}}, "the row of 'card' holds something that is no number"),
        ({"card": {"a": 1e999}}, "the row of 'card' must hold finite numbers"),
        ({}, "no row"),
    ],
)
def test_a_table_that_is_no_cost_matrix_is_refused(matrix, complaint):
    with pytest.raises(triage.BadOption, match=complaint):
        decide([[0.9, 0.05, 0.05]], ("costs", {"matrix": matrix}))


def test_a_queue_of_the_matrix_may_stand_anywhere_in_a_row():
    matrix = {"card": {"a": 0, "b": 9}, "loan": {"b": 0, "a": 9}, "mortgage": {"a": 9, "b": 9}}
    found = decide([[1, 0, 0], [0, 1, 0], [0, 0, 1]], ("costs", {"matrix": matrix, "review": 1}))
    assert [(d.action, d.queue) for d in found] == [("route", "a"), ("route", "b"), ("review", "a")]


def test_of_queues_that_cost_the_same_the_first_is_taken_and_a_cost_equal_to_a_review_is_routed():
    matrix = {label: {"first": 1, "second": 1} for label in CLASSES}
    (found,) = decide([[0.5, 0.25, 0.25]], ("costs", {"matrix": matrix, "review": 1}))
    assert (found.action, found.queue) == ("route", "first")


def test_a_row_that_was_cut_short_costs_nothing_by_accident(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("label,a,b\ncard,1,\nloan,1,1\nmortgage,1,1\n", encoding="utf-8")
    with pytest.raises(triage.BadOption, match="line 2"):
        decide([[0.9, 0.05, 0.05]], ("costs", {"matrix": str(path)}))


@pytest.mark.parametrize(("confidence", "margin"), [(0.6, 0.2), (0.7, 0.2), (0.6, 0.4)])
def test_a_threshold_is_reached_by_what_equals_it(confidence, margin):
    (found,) = decide([[0.75, 0.25, 0.0]], ("threshold", {"confidence": 0.75, "margin": 0.5}))
    assert (found.action, found.reasons, found.threshold) == ("route", ("confident",), 0.75)
    (found,) = decide([[0.75, 0.25, 0.0]], ("threshold", {"confidence": 0.76, "margin": 0.51}))
    assert (found.action, found.reasons) == ("review", ("below_threshold", "ambiguous"))
    (found,) = decide([[0.65, 0.35, 0.0]], ("threshold", {"confidence": confidence, "margin": margin}))
    assert (found.action == "route") == (confidence <= 0.65 and margin <= 0.3)


def decided_by(pattern, text, **rule):
    """The decision on one text under one rule, by a model that is sure of its label."""
    experiment = Experiment(rules={"sensitive": {"pattern": pattern, **(rule or {"review": True})}})
    model = Model(experiment, {}, CLASSES, CLEANING, Fixed({CLEANING(text): [0.98, 0.01, 0.01]}))
    (decision,) = Router(model, policy_chain(experiment, PLUGINS), PLUGINS).decide_batch(
        [triage.Document(row=1, text=text)]
    )
    return decision


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("data breach", "your data\n> breach"),
        ("data breach", "your data&nbsp;breach"),
        ("data breach", "your data\u200bbreach"),
        ("data breach", "your \uff44\uff41\uff54\uff41 breach"),
        ("data breach", "your da-\nta breach"),
        (r"data\s+breach", "your d\u00adata  breach"),
        ("pl\u00e1gio", "pla\u0301gio"),
        ("pla\u0301gio", "pl\u00e1gio"),
        ("data\u00a0breach", "your data breach"),
        ("i can't pay", "I can\u2019t\npay"),
        ("i can\u2019t pay", "I can't pay"),
        ("caf[\u00e9e]", "CAFE\u0301"),
        ("line one\nline two", "line one\nline two"),
        ("two  blanks", "two  blanks"),
    ],
)
def test_a_rule_sees_what_a_person_reads(pattern, text):
    decision = decided_by(pattern, text)
    assert (decision.action, decision.reasons) == ("review", ("rule:sensitive",))


def test_a_rule_that_does_not_match_leaves_the_text_to_the_model():
    assert decided_by("data breach", "data about a breach").reasons == ("confident",)


def test_a_rule_that_runs_out_of_time_on_any_form_of_a_text_sends_it_to_a_person():
    decision = decided_by(r"(?:a|aa)+$", "a" * 4000 + "\n> b", queue="card")
    assert (decision.action, decision.reasons) == ("review", ("rule:sensitive",))
