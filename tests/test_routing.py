"""Routing and its policies: one decision for every row, in order, and never on a number that is not finite."""

import numpy as np
import pytest
from conftest import KeywordClassifier, module_of
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.experiment import Experiment
from triage.model import Model
from triage.pipeline.cleaning import build_cleaning
from triage.routing import REASONS, Router

PLUGINS = triage.Plugins.discover()
CLASSES = ("card", "loan", "mortgage")
CLEANING = build_cleaning(PLUGINS, ["lower"])


class Fixed:
    """Answers with the rows it was given, text by text."""

    def __init__(self, rows):
        self.rows_ = rows

    def fit(self, train, tune, *, seed, watch): ...

    def predict_proba(self, texts):
        return np.array([self.rows_[text] for text in texts])


def model_of(classifier, **experiment):
    return Model(Experiment(**experiment), {}, CLASSES, CLEANING, classifier)


def keywords():
    classifier = KeywordClassifier()
    classifier.words_ = list(CLASSES)
    return classifier


def decide(rows, *, policies=(("threshold", {}),), classifier=None, **experiment):
    return Router(model_of(classifier or keywords(), **experiment), policies, PLUGINS).decide_batch(rows)


def documents(*texts):
    return [triage.Document(row=row, text=text, id=f"c{row}") for row, text in enumerate(texts, start=1)]


texts = st.text(alphabet=st.sampled_from("cardlonmtge \n!€\ud800"), max_size=20)
rows = st.lists(
    st.one_of(
        st.builds(triage.Document, row=st.integers(1, 99), text=texts),
        st.builds(triage.Quarantined, row=st.integers(1, 99), line=st.just(1), reason=st.just("short")),
    ),
    max_size=40,
)


@given(rows)
def test_every_row_gets_exactly_one_decision_in_order(rows):
    found = list(Router(model_of(keywords()), [("threshold", {})], PLUGINS).decide(rows))
    assert [decision.row for decision in found] == [row.row for row in rows]
    for row, decision in zip(rows, found, strict=True):
        assert decision.action in ("route", "review")
        assert set(decision.reasons) <= set(REASONS)
        assert (decision.reasons == ("unreadable_row",)) == isinstance(row, triage.Quarantined)


@settings(max_examples=50)
@given(st.lists(st.lists(st.floats(0.001, 1), min_size=3, max_size=3), min_size=1, max_size=30), st.data())
def test_a_higher_threshold_never_routes_more(weights, data):
    table = {f"t{i}": np.array(row) / sum(row) for i, row in enumerate(weights)}
    docs = documents(*table)
    low, high = sorted(data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    routed = []
    for confidence in (low, high):
        policy = [("threshold", {"confidence": confidence, "margin": 0.0})]
        found = decide(docs, policies=policy, classifier=Fixed(table))
        routed.append({decision.row for decision in found if decision.action == "route"})
    assert routed[1] <= routed[0]


@given(st.lists(st.sampled_from([0.2, np.nan, np.inf, -np.inf, 0.6]), min_size=3, max_size=3))
def test_nothing_is_routed_on_a_number_that_is_not_finite(row):
    if np.isfinite(row).all():
        return
    (decision,) = decide(documents("x"), classifier=Fixed({"x": row}))
    assert decision.action == "review"
    assert decision.reasons == ("not_finite",)
    assert decision.label is None
    assert decision.confidence is None


def test_text_that_is_empty_after_cleaning_goes_to_a_person_with_that_reason():
    found = decide(documents("", " \n ", "card"))
    assert [decision.reasons for decision in found] == [("empty_after_cleaning",)] * 2 + [("confident",)]
    assert found[0].queue is None


def test_a_label_goes_to_its_queue_and_a_label_without_one_is_its_own():
    found = decide(documents("card", "loan"), queues={"card": "Cards team"})
    assert [decision.queue for decision in found] == ["Cards team", "loan"]
    assert [decision.label for decision in found] == ["card", "loan"]


def test_alternatives_are_the_next_likeliest_best_first():
    (decision,) = decide(documents("x"), classifier=Fixed({"x": [0.2, 0.7, 0.1]}))
    assert decision.label == "loan"
    assert decision.confidence == 0.7
    assert decision.alternatives == (("card", 0.2), ("mortgage", 0.1))


def test_what_is_likely_but_not_clear_is_ambiguous():
    policy = [("threshold", {"confidence": 0.4, "margin": 0.2})]
    (decision,) = decide(documents("x"), policies=policy, classifier=Fixed({"x": [0.5, 0.45, 0.05]}))
    assert (decision.action, decision.reasons) == ("review", ("ambiguous",))


RULES = {
    "fraud": {"pattern": r"\bfraud", "review": True},
    "vip": {"pattern": "vip", "queue": "Managers"},
    "slow": {"pattern": r"(a|aa)+$", "queue": "never"},
}


def test_rules_are_checked_first_and_named():
    found = decide(documents("FRAUD on my card", "vip loan", "card"), policies=Experiment(rules=RULES).chain)
    assert [(d.action, d.queue, d.reasons) for d in found] == [
        ("review", "card", ("rule:fraud",)),
        ("route", "Managers", ("rule:vip",)),
        ("route", "card", ("confident",)),
    ]


def test_a_rule_sees_a_text_that_cleaning_would_empty():
    rules = {"stars": {"pattern": r"^\*+$", "queue": "Spam"}}
    cleaning = build_cleaning(PLUGINS, ["complaints"])
    model = Model(Experiment(rules=rules), {}, CLASSES, cleaning, keywords())
    (decision,) = Router(model, model.experiment.chain, PLUGINS).decide_batch(documents("***"))
    assert (decision.action, decision.queue) == ("route", "Spam")


def test_a_rule_that_runs_out_of_time_sends_its_document_to_a_person_and_goes_on():
    found = decide(
        documents("a" * 40 + "b", "card"), policies=[("rules", {"rules": RULES}), ("threshold", {})]
    )
    assert found[0].reasons == ("rule:slow",)
    assert found[0].action == "review"
    assert found[1].reasons == ("confident",)


@pytest.mark.parametrize(
    "rule",
    [{}, {"pattern": "("}, {"pattern": "(" * 3000 + ")" * 3000, "queue": "q"}, {"pattern": "((a{1000}){1000}){1000}", "queue": "q"}, {"pattern": "a"}, {"pattern": "a", "queue": "q", "review": True}, {"pattern": "a", "quue": "q"}],
)  # fmt: skip
def test_a_rule_that_means_nothing_is_refused_by_name(rule):
    with pytest.raises(triage.BadOption, match="odd"):
        decide(documents("a"), policies=[("rules", {"rules": {"odd": rule}})])


@pytest.mark.parametrize(
    ("verdicts", "complaint"),
    [
        ("[]", "0 verdicts on 1"),
        ("['route']", "not a verdict"),
        ("[triage.Verdict('route', ('because',))]", "'because'"),
        ("[triage.Verdict('delete', ('costs',))]", "not a verdict"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_policy_that_breaks_its_contract_is_named(verdicts, complaint):
    plugins = triage.Plugins()
    source = f"""
import triage
class Odd:
    def decide(self, prediction): return {verdicts}
@triage.hookimpl
def triage_policies(): yield triage.Policy(name="odd", summary="Odd", build=Odd)
"""
    plugins.register(module_of(source))
    with pytest.raises(triage.PluginFailed, match=complaint) as caught:
        Router(model_of(keywords()), [("odd", {})], plugins).decide_batch(documents("card"))
    assert "odd" in str(caught.value)


def test_what_no_policy_vouches_for_goes_to_a_person():
    (decision,) = decide(documents("card"), policies=[])
    assert (decision.action, decision.reasons) == ("review", ("no_promise",))


@pytest.mark.parametrize("answer", ["[[1.0]]", "[[0.5, 0.6, 0.4]]", "[[-0.5, 1.0, 0.5]]", "[]"])
def test_a_backend_that_returns_no_probabilities_is_named(answer):
    class Broken(Fixed):
        def predict_proba(self, texts):
            return eval(answer)

    with pytest.raises(triage.PluginFailed, match="tfidf"):
        decide(documents("card"), classifier=Broken({}))


def test_a_cleaning_rule_that_runs_out_of_time_is_named_and_the_others_are_decided_on():
    slow = build_cleaning(PLUGINS, [("regex", {"pattern": "(a|aa)+$", "seconds": 0.05})])
    router = Router(Model(Experiment(), {}, CLASSES, slow, keywords()), [("threshold", {})], PLUGINS)
    found = router.decide_batch(documents("card", "a" * 60 + "b", "loan"))
    assert [decision.reasons for decision in found] == [("confident",), ("unreadable_row",), ("confident",)]
    ((said, count),) = router.timed_out_.items()
    assert count == 1
    assert "'(a|aa)+$'" in said
    assert "0.05 s" in said
