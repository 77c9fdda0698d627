"""Columns in another order than the classes are noticed; a bad model is no such case."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import dataset_of, module_of

import triage
from triage.config import Experiment
from triage.models.training import fit, prepare
from triage.stats.class_order import misplaced


def answers(codes, k, *, skill, seed=0):
    """Probabilities whose likeliest class is the true one in a share `skill` of the rows."""
    random = np.random.default_rng(seed)
    found = random.dirichlet(np.ones(k), size=len(codes))
    sure = random.random(len(codes)) < skill
    found[sure] = 0.1 / k
    found[sure, codes[sure]] += 0.9
    return found


@pytest.mark.parametrize("k", [2, 3, 10])
def test_columns_in_reverse_are_noticed(k):
    codes = np.arange(80) % k
    found = answers(codes, k, skill=0.8)
    assert not misplaced(found, codes)
    assert misplaced(found[:, ::-1], codes)


@pytest.mark.parametrize("k", [2, 5, 40])
@pytest.mark.parametrize("n", [0, 1, 2, 40, 400])
def test_a_model_that_knows_nothing_is_not_accused(k, n):
    for seed in range(20):
        codes = np.random.default_rng(seed).integers(0, k, size=n)
        assert not misplaced(answers(codes, k, skill=0.0, seed=seed + 1), codes)
        assert not misplaced(np.tile(np.arange(1.0, k + 1) / sum(range(k + 1)), (n, 1)), codes)


def test_two_labels_that_are_mixed_up_are_no_order():
    codes = np.arange(400) % 10
    found = answers(codes, 10, skill=0.9)
    found[:, [3, 4]] = found[:, [4, 3]]
    assert not misplaced(found, codes)


BACKWARDS = """
import numpy as np
import triage


class Backwards:
    def fit(self, train, tune, *, seed, watch):
        self.words_ = [name.split()[0] for name in train.classes][::STEP]

    def predict_proba(self, texts):
        found = np.array([[0.1 + (word in text.split()) for word in self.words_] for text in texts])
        return found / found.sum(axis=1, keepdims=True)


@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="backwards", summary="...", build=Backwards)
"""


@pytest.mark.parametrize("step", [1, -1])
def test_a_backend_that_sorts_its_classes_otherwise_is_refused(plugins, step):
    plugins.register(module_of(BACKWARDS.replace("STEP", str(step))))
    labels = ["card", "loan", "other"]
    letters = np.random.default_rng(1).choice(list("abcdefgh"), size=(400, 60))
    texts = [
        (labels[i % 3], f"my {labels[i % 3]} " + " ".join("".join(word) for word in row.reshape(12, 5)))
        for i, row in enumerate(letters)
    ]
    dataset = dataset_of(*texts)
    experiment = Experiment(backend="backwards", cleaners=(("lower", {}),))
    prepared = prepare(dataset, experiment, plugins)
    if step == 1:
        assert fit(prepared, experiment, plugins).model.classes == tuple(labels)
    else:
        with pytest.raises(triage.PluginFailed, match=r"backwards.*another order"):
            fit(prepared, experiment, plugins)
