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
