"""What the tests share: tiny real plugins, documents and models."""

from __future__ import annotations

import pathlib
import types

import numpy as np
import pytest

import triage

REAL = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> pathlib.Path:
    """The folder with real complaints, where there is one."""
    if not REAL.is_dir():
        pytest.skip("the real data does not lie beside this project")
    return REAL


@pytest.fixture
def plugins() -> triage.Plugins:
    """The installed plugins, none of which may fail."""
    return triage.Plugins.discover(strict=True)


def module_of(source: str, name: str = "a_plugin") -> types.ModuleType:
    """Make a module of source code, as a third party's file would be."""
    module = types.ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)  # the tests' own text
    return module


class KeywordClassifier:
    """Gives 0.9 to the class whose first word is in the text: real enough to test what stands around it."""

    def fit(self, train, tune, *, seed, watch):
        self.words_ = [name.split()[0] for name in train.classes]

    def predict_proba(self, texts):
        k = len(self.words_)
        found = np.full((len(texts), k), 0.1 / (k - 1))
        for row, text in zip(found, texts, strict=True):
            hits = [i for i, word in enumerate(self.words_) if word in text.split()]
            row[:] = 1 / k if len(hits) != 1 else row
            if len(hits) == 1:
                row[hits[0]] = 0.9
        return found


def dataset_of(*pairs: tuple[str, str], name: str = "tiny") -> triage.Dataset:
    """Make a dataset of (label, text) pairs."""
    documents = [
        triage.Document(row=i, text=text, label=label) for i, (label, text) in enumerate(pairs, start=1)
    ]
    return triage.Dataset(name=name, documents=documents)


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> types.SimpleNamespace:
    """A small gru trained on some of the embedded complaints, with and without a promise of early decisions."""
    pytest.importorskip("tensorflow")
    from dataclasses import replace

    from triage.config import Experiment
    from triage.data.sources import gather, open_source
    from triage.evaluation.evaluate import with_held_out
    from triage.models.model import save_model
    from triage.models.training import fit, prepare
    from triage.routing.early import early_promise_of

    found = triage.Plugins.discover(strict=True)
    source = open_source(found, "complaints", options={})
    dataset = gather(found, source, location="complaints", labelled=True)
    small = {"units": 6, "embedding_size": 12, "epochs": 1, "pairs": 3000, "embeddings": "random"}
    joined = {"distillation": 0.0, "stacking": False, "linear_share": 0.4, "batch": 32, "learning_rate": 0.01}
    experiment = Experiment().changed(
        location="complaints",
        backend="gru",
        options={**small, **joined, "word_dropout": 0.0},
        train_share=0.4,
        folds=0,
    )
    prepared = prepare(dataset, experiment, found)
    model = with_held_out(fit(prepared, experiment, found).model, prepared)
    parts = [(model.held_out[name], model.prefix_scores[name]) for name in ("tune", "calibrate")]
    queues = [model.queues[label] for label in model.classes]
    promise = early_promise_of(*parts, queues, max_error=0.2)
    promising = replace(model, extra={"early": promise.to_json()})
    folder = tmp_path_factory.mktemp("reader")
    test = [dataset.documents[row].text for row in prepared.splits.test.rows.tolist()]
    return types.SimpleNamespace(
        model=save_model(str(folder / "plain"), model),
        promising=save_model(str(folder / "promising"), promising),
        plain_path=str(folder / "plain"),
        promising_path=str(folder / "promising"),
        texts=test,
        promise=promise,
        plugins=found,
    )
