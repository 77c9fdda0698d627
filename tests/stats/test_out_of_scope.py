"""Out of scope: gibberish, another language, an unseen class, at a stated rate of false alarms."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.config import Experiment
from triage.data.sources import load
from triage.evaluation.evaluate import with_held_out
from triage.models.model import load_model, save_model
from triage.models.training import fit, prepare
from triage.routing.promises import promise_of, scores_of_part
from triage.routing.router import Router
from triage.stats.out_of_scope import Scope, doubt, learn_scope

PLUGINS = triage.Plugins.discover()
GIBBERISH = [
    "asdf jkl qwer zxcv",
    "qwertz uiop",
    "xkcd fjfj wpqo zmxn vbnq",
    "lkjsdflkj sdflkj sdf",
    "wqrtp sdfgh zxcvb",
]
FOREIGN = [
    "el banco no me devuelve mi dinero y nadie contesta el telefono desde hace dos semanas",
    "ich habe vor drei Wochen mein Konto gekündigt und die Bank antwortet nicht auf meine Briefe",
    "la banque a prélevé deux fois le même montant sur mon compte courant",
    "meu cartão foi clonado e o banco não resolve o problema",
]


@pytest.fixture(scope="module")
def trained():
    dataset = load(PLUGINS, "complaints", labelled=True)
    experiment = Experiment()
    prepared = prepare(dataset, experiment, PLUGINS)
    return with_held_out(fit(prepared, experiment, PLUGINS).model, prepared), prepared


def decide(model, *texts):
    documents = [triage.Document(row=row, text=text) for row, text in enumerate(texts, start=1)]
    return Router(model, [("threshold", {"confidence": 0.0, "margin": 0.0})], PLUGINS).decide_batch(documents)


@pytest.mark.parametrize("text", GIBBERISH + FOREIGN)
def test_gibberish_and_other_languages_go_to_a_person_with_that_reason(trained, text):
    (decision,) = decide(trained[0], text)
    assert (decision.action, decision.reasons) == ("review", ("out_of_scope",))
    assert decision.familiarity < 0.05


def test_marks_alone_are_out_of_scope(trained):
    (decision,) = decide(trained[0], "!!! ???")
    assert (decision.action, decision.reasons) == ("review", ("out_of_scope",))


@pytest.mark.parametrize("text", ["", "  \n "])
def test_what_is_empty_goes_to_a_person(trained, text):
    (decision,) = decide(trained[0], text)
    assert (decision.action, decision.reasons) == ("review", ("empty_after_cleaning",))


def test_false_alarms_on_the_test_part_are_no_more_frequent_than_stated(trained):
    model, _ = trained
    outside = model.held_out["test"].out_of_scope
    assert model.scope.false_alarms == pytest.approx(0.05, abs=0.005)
    # Three standard errors, of the test part and of the limit itself.
    noise = np.sqrt(0.05 * 0.95 * (1 / len(outside) + 1 / len(model.scope.familiarities)))
    assert 0 < outside.mean() < 0.05 + 3 * noise
    assert 0.02 < model.held_out["folds"].out_of_scope.mean() <= 0.05


def test_a_complaint_in_scope_is_left_to_the_policy(trained):
    (decision,) = decide(
        trained[0], "I was charged twice on my credit card and the bank refuses to refund me"
    )
    assert decision.reasons == ("confident",)
    assert decision.familiarity > 0.05


def test_a_rule_is_asked_before_the_guard(trained):
    rules = {"rules": {"keys": {"pattern": "qwertz", "queue": "Spam"}}}
    documents = [triage.Document(row=1, text="qwertz uiop")]
    (decision,) = Router(trained[0], [("rules", rules), ("threshold", {})], PLUGINS).decide_batch(documents)
    assert (decision.action, decision.queue) == ("route", "Spam")


def test_the_guard_is_saved_with_the_model(trained, tmp_path):
    save_model(str(tmp_path / "model"), trained[0])
    again = load_model(str(tmp_path / "model"), PLUGINS)
    texts = GIBBERISH + FOREIGN + list(trained[1].splits.test.texts[:50])
    for one, other in ((trained[0], again),):
        found = [
            model.predict([triage.Document(row=1, text=text) for text in texts]) for model in (one, other)
        ]
        assert np.array_equal(found[0].familiarity, found[1].familiarity)
        assert np.array_equal(found[0].out_of_scope, found[1].out_of_scope)
    assert again.held_out["folds"].out_of_scope.dtype == bool


def test_without_a_rate_of_false_alarms_there_is_no_guard():
    experiment = Experiment(false_alarms=0.0)
    dataset = load(PLUGINS, "complaints", labelled=True)
    model = fit(prepare(dataset, experiment, PLUGINS), experiment, PLUGINS).model
    assert model.scope is None
    (decision,) = decide(model, "asdf jkl qwer zxcv")
    assert decision.reasons != ("out_of_scope",)
    assert decision.familiarity is None


def test_a_promise_counts_nothing_that_is_out_of_scope(trained):
    model, _ = trained
    queues = [model.queues[label] for label in model.classes]
    held_out = model.held_out["folds"]
    part = replace(held_out, out_of_scope=np.arange(len(held_out.codes)) % 2 == 0)
    promise = promise_of(None, part, queues, max_error=0.3)
    assert promise.overall.accepted <= len(part.codes) / 2
    assert np.isnan(scores_of_part(part)[0])
    assert promise.kept


texts = st.lists(st.text(max_size=40), max_size=8)


@settings(max_examples=60, deadline=None)
@given(texts, st.lists(st.text(min_size=3, max_size=40), min_size=1, max_size=30), st.integers(1, 30))
def test_every_text_has_a_familiarity_and_an_answer(asked, train, n):
    tune = [f"text {number}" for number in range(n)]
    scope = learn_scope(train, tune, np.full((n, 3), 1 / 3), false_alarms=0.1)
    standing = scope.standing(asked)
    familiarity = scope.familiarity(standing)
    assert ((familiarity > 0) & (familiarity <= 1)).all()
    assert np.isfinite(standing).all()
    assert scope.outside(standing, np.full((len(asked), 3), np.nan)).all()
    # No more of the tune part is outside than was stated.
    outside = scope.outside(scope.standing(tune), np.full((n, 3), 1 / 3)).mean()
    assert outside <= scope.false_alarms


def test_with_too_few_documents_for_the_rate_the_rarest_that_can_be_is_taken_and_stated():
    tune = [f"card number {n} was lost" for n in range(9)]
    scope = learn_scope(tune * 5, tune, np.full((9, 2), 0.5), false_alarms=0.01)
    assert scope.false_alarms == pytest.approx(0.1)
    assert learn_scope(tune, [], np.empty((0, 2)), false_alarms=0.05) is None


def test_doubt_is_the_entropy_and_nothing_where_a_number_is_not_finite():
    found = doubt(np.array([[1.0, 0.0], [0.5, 0.5], [np.nan, 0.5]]))
    assert found.tolist() == pytest.approx([0, np.log(2), np.nan], nan_ok=True)


@pytest.mark.parametrize("n", [1, 40])
def test_a_scope_survives_its_state_and_holds_nothing_that_cannot_be_saved(n):
    scope = learn_scope(["a card was lost"] * 9, ["a card"] * n, np.full((n, 2), 0.5), false_alarms=0.05)
    assert np.isfinite([value for value in vars(scope).values() if isinstance(value, float)]).all()
    again = Scope.from_state(scope.to_state())
    assert np.array_equal(again.standing(GIBBERISH), scope.standing(GIBBERISH))


@pytest.mark.slow
@pytest.mark.data
def test_a_product_that_was_left_out_goes_to_a_person_far_more_often_than_those_in_scope(real_data):
    dataset = load(PLUGINS, str(real_data / "cfpb_complaints.csv.gz"), labelled=True)
    left_out = [document for document in dataset.documents if document.label == "Mortgage"]
    experiment = Experiment(seed=1)
    rest = replace(dataset, documents=[d for d in dataset.documents if d.label != "Mortgage"])
    prepared = prepare(rest, experiment, PLUGINS)
    model = with_held_out(fit(prepared, experiment, PLUGINS).model, prepared)
    alarms = model.held_out["test"].out_of_scope.mean()
    assert alarms <= 0.08
    assert model.predict(left_out).out_of_scope.mean() >= 5 * alarms
