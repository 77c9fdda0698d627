"""Routing and its policies: one decision for every row, in order, and never on a number that is not finite."""

import datetime
from dataclasses import replace

import numpy as np
import pytest
from conftest import KeywordClassifier, module_of
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.config import Experiment
from triage.data.cleaning import build_cleaning
from triage.data.defaults import policy_chain
from triage.models.model import Model
from triage.routing.router import REASONS, Router

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
    return Model(Experiment(**{"backend": "fixed", **experiment}), {}, CLASSES, CLEANING, classifier)


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
    found = decide(
        documents("FRAUD on my card", "vip loan", "card"),
        policies=policy_chain(Experiment(rules=RULES), PLUGINS),
    )
    assert [(d.action, d.queue, d.reasons) for d in found] == [
        ("review", "card", ("rule:fraud",)),
        ("route", "Managers", ("rule:vip",)),
        ("route", "card", ("confident",)),
    ]


def test_a_rule_sees_a_text_that_cleaning_would_empty():
    rules = {"stars": {"pattern": r"^\*+$", "queue": "Spam"}}
    cleaning = build_cleaning(PLUGINS, ["complaints"])
    model = Model(Experiment(rules=rules), {}, CLASSES, cleaning, keywords())
    (decision,) = Router(model, policy_chain(model.experiment, PLUGINS), PLUGINS).decide_batch(
        documents("***")
    )
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

    with pytest.raises(triage.PluginFailed, match="the backend 'fixed'"):
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


# --- what a decision says, and who is asked


class Explaining(KeywordClassifier):
    def explain(self, inputs, codes, *, most):
        return [[(f"{text}-{code}", float(most))] for text, code in zip(inputs, codes, strict=True)]


def explaining():
    classifier = Explaining()
    classifier.words_ = list(CLASSES)
    return classifier


def test_the_terms_that_decided_are_those_of_the_likeliest_label_and_only_where_somebody_asked():
    model = model_of(explaining())
    found = Router(model, [("threshold", {})], PLUGINS, explain=True).decide_batch(documents("loan", ""))
    assert [decision.terms for decision in found] == [(("loan-1", 6.0),), ()]
    found = Router(model, [("threshold", {})], PLUGINS).decide_batch(documents("loan"))
    assert found[0].terms == ()
    found = Router(model_of(keywords()), [("threshold", {})], PLUGINS, explain=True).decide_batch(
        documents("loan")
    )
    assert found[0].terms == ()


def test_a_backend_that_fails_to_explain_is_named():
    class Broken(Explaining):
        def explain(self, inputs, codes, *, most):
            return 1 / 0

    classifier = Broken()
    classifier.words_ = list(CLASSES)
    with pytest.raises(triage.PluginFailed, match="the backend 'fixed' failed with ZeroDivisionError"):
        Router(model_of(classifier), [("threshold", {})], PLUGINS, explain=True).decide_batch(
            documents("loan")
        )


@pytest.mark.parametrize(("asked", "named"), [(0, 0), (1, 1), (2, 2), (3, 2), (99, 2)])
def test_as_many_alternatives_are_named_as_are_asked_for_and_there_are(asked, named):
    model = model_of(Fixed({"x": [0.2, 0.7, 0.1]}))
    (found,) = Router(model, [("threshold", {})], PLUGINS, alternatives=asked).decide_batch(documents("x"))
    assert found.label == "loan"
    assert found.alternatives == (("card", 0.2), ("mortgage", 0.1))[:named]


def test_three_alternatives_are_named_where_nobody_asked():
    classes = tuple(f"class{i}" for i in range(6))
    row = np.array([0.3, 0.25, 0.2, 0.15, 0.06, 0.04])
    model = Model(Experiment(), {}, classes, CLEANING, Fixed({"x": row}))
    (found,) = Router(model, [("threshold", {})], PLUGINS).decide_batch(documents("x"))
    assert [label for label, _ in found.alternatives] == ["class1", "class2", "class3"]


def test_of_labels_that_are_equally_likely_the_earlier_class_is_named_first():
    (found,) = decide(documents("x"), classifier=Fixed({"x": [0.2, 0.4, 0.4]}))
    assert (found.label, found.alternatives) == ("loan", (("mortgage", 0.4), ("card", 0.2)))


def test_a_decision_keeps_its_row_and_its_identifier():
    (found,) = decide([triage.Document(row=7, text="card", id="c7")])
    assert (found.row, found.id, found.threshold, found.saves) == (7, "c7", 0.7, None)
    (lost,) = decide([triage.Quarantined(row=8, line=9, reason="short")])
    assert (lost.row, lost.id, lost.action, lost.queue, lost.label) == (8, "", "review", None, None)
    assert (lost.confidence, lost.threshold, lost.alternatives, lost.terms) == (None, None, (), ())


class Counting(Fixed):
    """Remembers how many texts it was asked about at a time."""

    def __init__(self):
        self.asked_ = []

    def predict_proba(self, texts):
        self.asked_.append(len(texts))
        return np.tile([0.8, 0.1, 0.1], (len(texts), 1))


def test_many_rows_are_decided_in_batches_and_no_more_are_read_than_a_batch():
    classifier, read = Counting(), []

    def rows():
        for row in range(1, 1200):
            read.append(row)
            yield triage.Document(row=row, text="x") if row % 2 else triage.Quarantined(row, row, "short")

    found = Router(model_of(classifier), [("threshold", {})], PLUGINS).decide(rows())
    assert next(found).row == 1
    assert len(read) == 512
    assert [decision.row for decision in found] == list(range(2, 1200))
    assert classifier.asked_ == [256, 256, 88]


def test_nothing_is_predicted_where_no_row_could_be_read():
    classifier = Counting()
    assert decide([triage.Quarantined(1, 1, "short")], classifier=classifier)[0].action == "review"
    assert decide([], classifier=classifier) == []
    assert classifier.asked_ == []


def prediction_of(rows, **changes):
    probabilities = np.array(rows, dtype=float)
    docs = documents(*(f"t{i}" for i in range(len(rows))))
    texts = [document.text for document in docs]
    return triage.Prediction(
        docs, texts, probabilities, CLASSES, dict(zip(CLASSES, CLASSES, strict=True)), **changes
    )


SURE = [0.9, 0.05, 0.05]


def test_what_is_out_of_scope_goes_to_a_person_unless_a_rule_has_spoken():
    prediction = prediction_of(
        [SURE] * 3, out_of_scope=np.array([True, True, False]), familiarity=np.array([0, 0.25, 1])
    )
    rules = {"first": {"pattern": "t0", "queue": "Managers"}}
    router = Router(model_of(keywords()), [("rules", {"rules": rules}), ("threshold", {})], PLUGINS)
    found = router.decide_prediction(prediction)
    assert [(d.action, d.queue, d.reasons) for d in found] == [
        ("route", "Managers", ("rule:first",)),
        ("review", "card", ("out_of_scope",)),
        ("route", "card", ("confident",)),
    ]
    assert [decision.familiarity for decision in found] == [0, 0.25, 1]


def test_what_is_not_finite_is_said_to_be_that_and_not_out_of_scope():
    prediction = prediction_of([[np.nan, 0.5, 0.5], SURE], out_of_scope=np.array([True, False]))
    found = Router(model_of(keywords()), [("threshold", {})], PLUGINS).decide_prediction(prediction)
    assert [decision.reasons for decision in found] == [("not_finite",), ("confident",)]


def test_a_text_on_which_cleaning_ran_out_of_time_goes_to_a_person_whatever_a_policy_says():
    found = Router(model_of(keywords()), [("threshold", {})], PLUGINS).decide_prediction(
        prediction_of([SURE] * 2), {1}
    )
    assert [(d.action, d.reasons) for d in found] == [
        ("route", ("confident",)),
        ("review", ("unreadable_row",)),
    ]


def policies_of(**kinds):
    """Plugins with policies that say what their source says; `seen` holds what each was asked about."""
    plugins, seen = triage.Plugins(), []
    for name, (reads, verdict) in kinds.items():
        module = module_of(
            f"""
import triage
class Made:
    def decide(self, prediction):
        seen.append(({name!r}, [document.id for document in prediction.documents]))
        return [{verdict} for document in prediction.documents]
@triage.hookimpl
def triage_policies(): yield triage.Policy(name={name!r}, summary="Made", build=Made, reads={reads!r})
""",
            name,
        )
        module.seen = seen
        plugins.register(module)
    return plugins, seen


def test_policies_are_asked_in_order_and_only_about_what_is_still_open():
    one = "triage.Verdict('route', ('costs',), queue='first', saves=2.5) if document.id == 'c1' else None"
    two = "triage.Verdict('review', ('ambiguous',), threshold=0.5)"
    plugins, seen = policies_of(
        one=("documents", one), two=("probabilities", two), three=("probabilities", two)
    )
    router = Router(model_of(keywords()), [("one", {}), ("two", {}), ("three", {})], plugins)
    found = router.decide_batch(documents("card", "", "loan"))
    assert seen == [("one", ["c1", "c2", "c3"]), ("two", ["c3"])]
    assert [(d.action, d.queue, d.reasons, d.threshold, d.saves) for d in found] == [
        ("route", "first", ("costs",), None, 2.5),
        ("review", None, ("empty_after_cleaning",), None, None),
        ("review", "loan", ("ambiguous",), 0.5, None),
    ]


def test_a_policy_that_reads_documents_may_route_what_the_model_has_no_say_on():
    plugins, _ = policies_of(one=("documents", "triage.Verdict('route', ('rule:a',), queue='q')"))
    (found,) = Router(model_of(keywords()), [("one", {})], plugins).decide_batch(documents(""))
    assert (found.action, found.queue, found.label, found.confidence) == ("route", "q", None, None)


@pytest.mark.parametrize("reason", ["", "rules:a", "Confident", "rule"])
def test_a_reason_that_is_not_in_the_list_is_refused(reason):
    plugins, _ = policies_of(odd=("probabilities", f"triage.Verdict('route', ({reason!r},))"))
    with pytest.raises(triage.PluginFailed, match=r"the policy 'odd' gave the reason .* not in the list"):
        Router(model_of(keywords()), [("odd", {})], plugins).decide_batch(documents("card"))


def test_a_verdict_without_a_reason_is_none():
    plugins, _ = policies_of(odd=("probabilities", "triage.Verdict('route', ())"))
    with pytest.raises(
        triage.PluginFailed, match="the policy 'odd' returned something that is not a verdict"
    ):
        Router(model_of(keywords()), [("odd", {})], plugins).decide_batch(documents("card"))


def test_what_the_model_has_no_say_on_still_goes_to_a_policy_that_reads_documents_after_others():
    never = "1 / 0"
    late = "triage.Verdict('route', ('rule:late',), queue='q')"
    plugins, _ = policies_of(one=("probabilities", never), two=("documents", late))
    found = Router(model_of(keywords()), [("one", {}), ("two", {})], plugins).decide_batch(documents("", " "))
    assert [(d.action, d.queue, d.label, d.alternatives) for d in found] == [("route", "q", None, ())] * 2


def test_a_class_without_a_queue_is_its_own_in_any_prediction():
    bare = replace(prediction_of([SURE, [0.05, 0.9, 0.05]]), queues={"card": "Cards team"})
    found = Router(model_of(keywords()), [("threshold", {})], PLUGINS).decide_prediction(bare)
    assert [decision.queue for decision in found] == ["Cards team", "loan"]


def test_of_many_labels_that_are_equally_likely_the_earlier_class_is_named_first():
    """Of twenty in two groups an order that is not stable mixes them up."""
    classes = tuple(f"class{i}" for i in range(20))
    row = np.where(np.arange(20) % 2, 2 / 30, 1 / 30)
    model = Model(Experiment(), {}, classes, CLEANING, Fixed({"x": row}))
    (found,) = Router(model, [("threshold", {})], PLUGINS, alternatives=19).decide_batch(documents("x"))
    named = (found.label, *(label for label, _ in found.alternatives))
    assert named == (*classes[1::2], *classes[::2])


def test_a_decision_is_of_the_day_of_its_document():
    day = datetime.date(2024, 1, 5)
    (found,) = decide([triage.Document(row=1, text="card", date=day)])
    assert found.date == day


def test_every_text_that_a_cleaning_rule_gave_up_is_counted_and_has_no_label():
    slow = build_cleaning(PLUGINS, [("regex", {"pattern": "(a|aa)+$", "seconds": 0.05})])
    router = Router(Model(Experiment(), {}, CLASSES, slow, keywords()), [("threshold", {})], PLUGINS)
    found = router.decide_batch(documents("a" * 60 + "b", "a" * 70 + "b", "card"))
    assert [decision.label for decision in found] == [None, None, "card"]
    assert list(router.timed_out_.values()) == [2]


def test_a_policy_is_given_the_records_of_the_model():
    model = Model(Experiment(), {}, CLASSES, CLEANING, keywords(), extra={})
    with pytest.raises(triage.BadOption, match="nothing is promised"):
        Router(model, [("bounded", {})], PLUGINS)


@pytest.mark.parametrize("name", ["two words", "a:b", "", "x\n"])
def test_a_rule_has_a_name_that_can_stand_in_a_reason(name):
    with pytest.raises(triage.BadOption, match="a rule's name must hold"):
        decide(documents("a"), policies=[("rules", {"rules": {name: {"pattern": "a", "queue": "q"}}})])


class FailsOnOneWord:
    """Answers every text but one, on which it fails as compiled code might."""

    def __init__(self):
        self.answers_ = 1

    def predict_proba(self, texts):
        if any("poison" in text for text in texts):
            raise OSError("poison")
        return np.array([[0.9, 0.1]] * len(texts))


def test_a_text_that_the_backend_fails_on_costs_its_own_row_only(plugins):
    cleaning = build_cleaning(plugins, ["lower"])
    model = Model(Experiment(), {}, ("a", "b"), cleaning, FailsOnOneWord())
    router = Router(model, [("threshold", {})], plugins)
    documents = [triage.Document(row=i, text="poison" if i == 3 else "fine") for i in range(1, 7)]
    decisions = router.decide_batch(documents)
    assert [d.action for d in decisions] == ["route", "route", "review", "route", "route", "route"]
    assert decisions[2].reasons == ("unreadable_row",)
    (said,) = router.timed_out_
    assert "OSError" in said
    assert "poison" not in said


def test_a_backend_that_fails_on_every_text_is_still_a_failure(plugins):
    model = Model(Experiment(), {}, ("a", "b"), build_cleaning(plugins, ["lower"]), FailsOnOneWord())
    router = Router(model, [("threshold", {})], plugins)
    with pytest.raises(triage.PluginFailed, match="OSError"):
        router.decide_batch([triage.Document(row=i, text="poison") for i in range(1, 4)])
