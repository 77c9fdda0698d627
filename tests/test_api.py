"""The library: what the command line does is one public function away."""

import copy
import datetime
import doctest
import importlib
import pickle
import subprocess
import sys

import numpy as np
import pytest

import triage
from triage import api
from triage.data import frames

pd = pytest.importorskip("pandas")

BACKEND = "naive-bayes"


@pytest.fixture(scope="module")
def frame():
    """Embedded complaints, as somebody would have them in a DataFrame."""
    return triage.load("complaints").to_frame().rename(columns={"text": "body", "label": "team"})


@pytest.fixture(scope="module")
def model(frame):
    return triage.train(triage.load(frame, text_column="body", label_column="team"), backend=BACKEND)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    return model.save(tmp_path_factory.mktemp("saved") / "model")


@pytest.mark.parametrize("module", [api, frames], ids=lambda module: module.__name__)
def test_the_examples_in_docstrings_run(module):
    outcome = doctest.testmod(module)
    assert outcome.attempted
    assert not outcome.failed


def test_every_public_function_has_an_example():
    for name in ("load", "train", "evaluate", "compare", "promise", "route"):
        assert ">>> " in getattr(triage, name).__doc__


def test_a_frame_is_read_by_its_column_names(frame):
    data = triage.load(frame, text_column="body", label_column="team")
    assert data.texts == frame["body"].tolist()
    assert data.documents[0].date == frame["date"][0]
    assert data.documents[7].id == frame["id"][7]


def test_missing_cells_of_a_frame_are_empty_texts_and_no_labels():
    data = triage.load(
        pd.DataFrame({"text": ["a", None], "label": [np.nan, 7], "date": [pd.NaT, "2024-03-04"]})
    )
    first, second = data.documents
    assert (first.text, first.label, first.date) == ("a", None, None)
    assert (second.text, second.date) == ("", datetime.date(2024, 3, 4))


def test_a_column_that_is_not_there_is_named_with_the_near_ones(frame):
    with pytest.raises(
        triage.BadOption, match=r"text_column must be a column of the frame, got 'bodi'.*body"
    ):
        triage.load(frame, text_column="bodi")


def test_a_date_that_nobody_can_read_is_an_error_that_does_not_quote_it():
    with pytest.raises(triage.DataError, match=r"row 1: the date must be .*to_datetime") as caught:
        triage.load(pd.DataFrame({"text": ["a"], "date": ["last spring"]}))
    assert "spring" not in str(caught.value)


def test_a_frame_and_a_file_of_the_same_rows_make_the_same_model(frame, model, tmp_path):
    frame.to_csv(tmp_path / "past.csv", index=False)
    other = triage.train(
        triage.load(tmp_path / "past.csv", text_column="body", label_column="team"), backend=BACKEND
    )
    texts = frame["body"].tolist()[:20]
    assert np.array_equal(other.predict_proba(texts), model.predict_proba(texts))


def test_a_setting_that_does_not_exist_is_an_error_with_the_near_one():
    with pytest.raises(triage.BadOption, match=r"no setting 'sedd'.*seed"):
        triage.train("complaints", sedd=1)


def test_routing_a_list_a_file_a_dataset_and_a_frame_decides_the_same(frame, model, tmp_path):
    some = frame.iloc[5:25]
    some.to_csv(tmp_path / "new.csv", index=False)
    by_list = list(triage.route(model, some["body"].tolist()))
    by_file = list(triage.route(model, tmp_path / "new.csv"))
    by_data = list(triage.route(model, triage.load(some, text_column="body")))
    by_frame = triage.route(model, some)
    assert by_frame.index.equals(some.index)
    for decisions in (by_file, by_data):
        assert [each.confidence for each in decisions] == [each.confidence for each in by_list]
        assert [each.id for each in decisions] == some["id"].tolist()
    assert by_frame["confidence"].tolist() == [each.confidence for each in by_list]
    assert by_frame["action"].tolist() == [each.action for each in by_list]


def test_rows_that_cannot_be_read_are_decided_too_and_in_order(model):
    data = triage.Dataset("two", [triage.Document(2, "loan")], [triage.Quarantined(1, 1, "not UTF-8")])
    unreadable, readable = triage.route(model, data)
    assert unreadable.reasons == ("unreadable_row",)
    assert readable.row == 2


def test_a_policy_and_its_options_can_be_chosen_for_one_call(model):
    strict = triage.route(model, ["card fee"] * 3, policy="threshold", options={"confidence": 1.0})
    assert {each.action for each in strict} == {"review"}


def test_explained_decisions_name_terms(model, frame):
    (decision,) = triage.route(model, [frame["body"][0]], explain=True)
    assert decision.terms
    assert "terms" in triage.route(model, frame.head(2), explain=True).columns


@pytest.mark.parametrize(
    ("texts", "hint"),
    [
        ("I was charged twice", r"got a str: pass \[text\]"),
        (pd.DataFrame({"text": ["a"]}), r"got a DataFrame: pass one column"),
        ({"text": "a"}, r"got a dict: pass list\(mapping.values\(\)\)"),
        (["a", None], r"texts\[1\] must be a str, got NoneType"),
        (7, "got a int: pass a list of str"),
    ],
    ids=["str", "frame", "mapping", "None", "int"],
)
def test_what_is_not_a_list_of_texts_is_a_type_error_that_says_what_to_pass(model, texts, hint):
    for take in (model.predict_proba, model.predict, model.explain):
        with pytest.raises(TypeError, match=hint):
            take(texts)


def test_a_text_where_a_path_is_wanted_is_a_type_error_that_does_not_quote_it(model):
    with pytest.raises(TypeError, match="list of texts") as caught:
        triage.route(model, "my landlord took my wallet")
    assert "landlord" not in str(caught.value)


def test_series_tuples_and_arrays_are_lists_of_texts(model, frame):
    texts = frame["body"].head(3)
    expected = model.predict_proba(texts.tolist())
    for given in (texts, tuple(texts), texts.to_numpy()):
        assert np.array_equal(model.predict_proba(given), expected)


def test_predicting_texts_gives_a_label_for_each(model, frame):
    labels = model.predict(frame["body"].head(50).tolist()).labels
    assert np.mean([given == label for given, label in zip(frame["team"], labels, strict=False)]) > 0.7


def test_explaining_gives_terms_for_each_text(model, frame):
    explained = model.explain(frame["body"].head(4).tolist(), max_terms=3)
    assert [len(terms) for terms in explained] == [3, 3, 3, 3]


def test_a_saved_model_is_pickled_as_its_path_and_digest(saved, frame):
    packed = pickle.dumps(saved)
    assert len(packed) < 1000
    texts = frame["body"].head(3).tolist()
    assert np.array_equal(pickle.loads(packed).predict_proba(texts), saved.predict_proba(texts))


def test_a_loaded_model_answers_in_a_spawned_process(saved, tmp_path):
    script = (
        "import multiprocessing as mp, triage\n"
        "if __name__ == '__main__':\n"
        f"    model = triage.load_model({saved.path!r})\n"
        "    with mp.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.apply(model.predict_proba, (['card fee'],)).shape)\n"
    )
    (tmp_path / "share.py").write_text(script)
    done = subprocess.run([sys.executable, tmp_path / "share.py"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"(1, {len(saved.classes)})"


def test_a_model_that_was_not_saved_says_how_to_hand_it_over(model):
    with pytest.raises(TypeError, match=r"saved before .* model.save\(path\)"):
        pickle.dumps(model)


def test_a_pickle_of_a_model_that_was_overwritten_is_refused(model, tmp_path):
    packed = pickle.dumps(model.save(tmp_path / "model"))
    triage.train("reviews", backend=BACKEND).save(tmp_path / "model")
    with pytest.raises(triage.Refused, match="digest"):
        pickle.loads(packed)


def test_a_model_that_makes_another_promise_is_not_the_one_that_was_saved(saved):
    with pytest.raises(TypeError):
        pickle.dumps(triage.promise(saved, max_error=0.2))


def test_a_copy_of_a_model_answers_the_same_saved_or_not(model):
    for other in (copy.copy(model), copy.deepcopy(model)):
        assert np.array_equal(other.predict_proba(["card fee"]), model.predict_proba(["card fee"]))


def test_a_model_is_shown_in_one_line_and_in_a_notebook_as_an_escaped_table(model, saved):
    assert repr(model) == f"Model(backend='{BACKEND}', classes={len(model.classes)}, not saved)"
    assert saved.sha256[:12] in repr(saved)
    odd = copy.copy(model)
    object.__setattr__(odd, "classes", ("<script>",))
    page = odd._repr_html_()
    assert page.startswith("<table>")
    assert "<script>" not in page


def test_a_promise_that_cannot_be_proven_says_what_it_takes(model):
    with pytest.raises(triage.CheckFailed, match="more labelled documents are needed"):
        triage.promise(model, max_error=0.0001)


def test_a_promised_model_keeps_its_promise_when_it_routes(frame):
    promised = triage.train("complaints", backend=BACKEND, max_error=0.2)
    assert promised.experiment.policies[-1][0] == "bounded"
    decided = triage.route(promised, frame.rename(columns={"body": "text"}))
    assert (decided["action"] == "route").mean() > 0.5


def test_evaluations_of_backends_can_be_compared_at_once_and_from_runs(tmp_path):
    runs = triage.evaluate("complaints", backends=[BACKEND, "majority"], seeds=2, seed=3)
    assert [(run.run.seed, run.run.backend) for run in runs] == [
        (3, BACKEND), (3, "majority"), (4, BACKEND), (4, "majority"),
    ]  # fmt: skip
    from triage.evaluation.runs import write_run

    for number, run in enumerate(runs):
        write_run(tmp_path / str(number), run)
    for comparison in (triage.compare(runs), triage.compare(tmp_path)):
        assert [each.backend for each in comparison[0].standings] == [BACKEND, "majority"]
    with pytest.raises(triage.NoInput, match="no finished run"):
        triage.compare(tmp_path / "nothing")


def test_an_evaluation_can_judge_on_a_frame_of_its_own(frame):
    texts = [
        f"{word} letter number {chr(97 + i)} about nothing else"
        for i in range(20)
        for word in ("card", "loan")
    ]
    later = frame.head(40).assign(body=texts).rename(columns={"body": "text", "team": "label"})
    (run,) = triage.evaluate("complaints", backends="majority", test=later)
    assert run.metrics["documents"]["test"] + run.metrics["documents"]["twins"] == 40
    assert run.metrics["documents"]["twins"] == 0


def test_the_public_functions_are_imported_when_they_are_first_used():
    code = "import sys, triage; assert 'triage.api' not in sys.modules; triage.load; assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert importlib.import_module("triage").load is api.load
