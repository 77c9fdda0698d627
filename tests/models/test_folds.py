"""Folds: every document is judged once, by a model that has seen nothing of its family; and the result is one."""

import base64
import json

import numpy as np
import pytest
from conftest import KeywordClassifier, module_of
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.config import Experiment
from triage.data.splitting import assign_folds
from triage.models.folds import FoldAnswers, Folds, fold_task, run_folds
from triage.models.preparing import prepare
from triage.models.training import fit
from triage.stats.out_of_scope import Measured

PLUGINS = triage.Plugins.discover(strict=True)
WORDS = ("card", "loan", "house")


def corpus(n=60, seed=0):
    """Texts of three labels, some of them in families of near-duplicates."""
    generator = np.random.default_rng(seed)
    pairs = []
    while len(pairs) < n:
        label = WORDS[len(pairs) % 3]
        text = " ".join([label, *generator.choice([f"word{chr(97 + i)}" for i in range(20)], 12)])
        pairs += [(label, text)] * int(generator.integers(1, 4))
    documents = [triage.Document(row=i, text=t, label=lab) for i, (lab, t) in enumerate(pairs[:n], start=1)]
    return triage.Dataset(name="families", documents=documents)


@pytest.fixture
def recording():
    """Plugins with a backend that notes the families it was fitted on."""
    plugins = triage.Plugins.discover(strict=True)
    fitted = []

    class Noting(KeywordClassifier):
        def fit(self, train, tune, *, seed, watch):
            super().fit(train, tune, seed=seed, watch=watch)
            self.asked = []
            self.groups, self.texts = set(train.groups.tolist()), set(train.texts)
            fitted.append(self)

        def predict_proba(self, texts):
            self.asked += list(texts)
            return super().predict_proba(texts)

    module = module_of("")
    backend = triage.Backend(name="noting", summary="Notes what it sees", build=Noting)
    module.triage_backends = triage.hookimpl(lambda: [backend], specname="triage_backends")
    plugins.register(module)
    return plugins, fitted


def test_every_document_is_judged_once_by_a_model_that_saw_nothing_of_its_family(recording):
    plugins, fitted = recording
    experiment = Experiment(backend="noting", cleaners=(("lower", {}),), false_alarms=0.0)
    prepared = prepare(corpus(), experiment, plugins, test_share=0.0)
    whole = prepared.splits.train
    found = fit(prepared, experiment, plugins)
    assert len(whole) == 60
    assert found.out_of_fold.part.rows.tolist() == whole.rows.tolist()
    final, *models = fitted
    assert final.texts == set(whole.texts)
    judges = models[:5]
    assert sum(len(model.asked) for model in judges) == 60
    of = dict(zip(whole.texts, whole.groups.tolist(), strict=True))
    for model in judges:
        assert not {of[text] for text in model.asked} & model.groups


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=80),
    st.integers(1, 7),
    st.integers(0, 99),
)
def test_families_stay_in_one_fold_and_folds_are_numbered_from_0(rows, folds, seed):
    codes, groups = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    found = assign_folds(codes, groups, folds=folds, seed=seed)
    assert found.shape == codes.shape
    assert found.max() < folds
    assert found.min() >= (-1 if folds == 1 else 0)
    for group in np.unique(groups):
        assert len(np.unique(found[groups == group])) == 1
    assert np.array_equal(found, assign_folds(codes, groups, folds=folds, seed=seed))


def answers_of(n=4, k=3):
    raw = np.random.default_rng(n).dirichlet(np.ones(k), n)
    return FoldAnswers(raw, Measured(*np.random.default_rng(k).random((3, n))), chosen={"epochs": 3})


def test_answers_are_the_same_after_being_written():
    before = answers_of()
    after = FoldAnswers.from_bytes(before.to_bytes())
    assert np.array_equal(before.raw, after.raw)
    assert np.array_equal(before.measured.means, after.measured.means)
    assert (after.chosen, after.prefixes) == ({"epochs": 3}, None)


def whole_of(experiment):
    prepared = prepare(corpus(), experiment, PLUGINS, test_share=0.0)
    part = prepared.splits.train
    return Folds(part, assign_folds(part.codes, part.groups, folds=3, seed=1), experiment)


def test_a_worker_process_comes_to_the_same_bits():
    folds = whole_of(Experiment(backend="tfidf", min_per_class=2))
    here = run_folds(folds, PLUGINS)
    payload = {
        "texts": list(folds.whole.texts),
        "codes": folds.whole.codes.tolist(),
        "groups": folds.whole.groups.tolist(),
        "classes": list(folds.whole.classes),
        "fold_of": folds.fold_of.tolist(),
        "experiment": folds.experiment.to_json(),
        "tuned": False,
        "folder": None,
        "number": 2,
    }
    there = FoldAnswers.from_bytes(base64.b64decode(fold_task(json.loads(json.dumps(payload)))))
    assert there.to_bytes() == here[2].to_bytes()


@pytest.mark.slow
def test_processes_side_by_side_come_to_the_same_answers():
    folds = whole_of(Experiment(backend="tfidf", min_per_class=2))
    alone, together = run_folds(folds, PLUGINS), run_folds(folds, PLUGINS, workers=2)
    assert [each.to_bytes() for each in alone] == [each.to_bytes() for each in together]


def test_folds_that_were_done_before_a_training_was_stopped_are_not_done_again(recording, tmp_path):
    plugins, fitted = recording
    experiment = Experiment(backend="noting", cleaners=(("lower", {}),))
    prepared = prepare(corpus(), experiment, plugins, test_share=0.0)
    part = prepared.splits.train
    folds = Folds(part, assign_folds(part.codes, part.groups, folds=4, seed=1), experiment)

    class Stopped(Exception):
        pass

    def stop(words):
        if words.startswith("fold 2"):
            raise Stopped

    with pytest.raises(Stopped):
        run_folds(folds, plugins, folder=tmp_path, tell=stop)
    assert len(fitted) == 2
    resumed = run_folds(folds, plugins, folder=tmp_path)
    assert len(fitted) == 4
    assert [each.to_bytes() for each in resumed] == [each.to_bytes() for each in run_folds(folds, plugins)]


def test_a_damaged_answer_is_made_again(recording, tmp_path):
    plugins, fitted = recording
    experiment = Experiment(backend="noting", cleaners=(("lower", {}),))
    part = prepare(corpus(), experiment, plugins, test_share=0.0).splits.train
    folds = Folds(part, assign_folds(part.codes, part.groups, folds=2, seed=1), experiment)
    run_folds(folds, plugins, folder=tmp_path)
    (tmp_path / "fold-1.safetensors").write_bytes(b"torn")
    run_folds(folds, plugins, folder=tmp_path)
    assert len(fitted) == 3


def test_a_class_that_is_in_one_fold_alone_gets_no_probability_there():
    rows = [("card", f"card {'lost ' * i}") for i in range(1, 9)] + [
        ("loan", "loan paid twice and nobody answers me today")
    ]
    documents = [triage.Document(row=i, text=t, label=lab) for i, (lab, t) in enumerate(rows, start=1)]
    experiment = Experiment(backend="tfidf", min_per_class=1, split="naive")
    prepared = prepare(triage.Dataset(name="few", documents=documents), experiment, PLUGINS, test_share=0.0)
    found = fit(prepared, experiment, PLUGINS).out_of_fold
    loan = found.part.classes.index("loan")
    assert found.raw[found.part.codes == loan, loan].tolist() == [0.0]
    assert np.allclose(found.raw.sum(axis=1), 1)


def test_test_documents_with_a_twin_among_those_learned_from_are_left_out_and_counted():
    past = corpus(60)
    new = corpus(30, seed=5)
    mixed = triage.Dataset(name="mixed", documents=[*past.documents[:10], *new.documents])
    experiment = Experiment(cleaners=(("lower", {}),), backend="tfidf")
    prepared = prepare(past, experiment, PLUGINS, test=mixed)
    assert prepared.twins == 10
    assert len(prepared.splits.test) == 30
    assert len(prepared.splits.train) == 60
    with pytest.raises(triage.DataError, match=r"60 of its 60 labelled documents have a near-duplicate"):
        prepare(past, experiment, PLUGINS, test=past)


def test_a_held_out_proof_keeps_documents_that_nothing_is_learned_from():
    experiment = Experiment(backend="tfidf", min_per_class=2, proof="held-out")
    splits = prepare(corpus(), experiment, PLUGINS, test_share=0.0).splits
    assert (len(splits.tune), len(splits.test)) == (0, 0)
    assert len(splits.train) + len(splits.calibrate) == 60
    assert not set(splits.train.groups.tolist()) & set(splits.calibrate.groups.tolist())
