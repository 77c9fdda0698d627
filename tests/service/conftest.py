"""A small real model whose backend, a plugin found by its entry point, dies, hangs or raises on certain words."""

from __future__ import annotations

import os
import sys

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("prometheus_client")

TOUCHY = '''
"""A backend for tests: keywords, and words that a process does not survive."""
import os
import time

import numpy as np
import triage


class Touchy:
    def fit(self, train, tune, *, seed, watch):
        self.words_ = [name.split()[0] for name in train.classes]

    def predict_proba(self, texts):
        for text in texts:
            words = text.split()
            if "killer" in words:
                os._exit(9)
            if "sleeper" in words:
                time.sleep(600)
            if "raiser" in words:
                raise ValueError(text)
            if "slow" in words:
                time.sleep(0.05)
        found = np.full((len(texts), len(self.words_)), 0.1 / (len(self.words_) - 1))
        for row, text in zip(found, texts):
            hits = [i for i, word in enumerate(self.words_) if word in text.split()]
            row[:] = 1 / len(self.words_)
            if len(hits) == 1:
                row[:] = 0.1 / (len(self.words_) - 1)
                row[hits[0]] = 0.9
        return found

    def explain(self, texts, codes, *, most=6):
        return [[(word, 1.0) for word in text.split() if word == self.words_[code]] for text, code in zip(texts, codes)]


@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="touchy", summary="Does not survive certain words", build=Touchy)
'''
METADATA = "Metadata-Version: 2.1\nName: triage-touchy\nVersion: 1.0\n"
CLASSES = ("card", "loan", "mortgage")


@pytest.fixture(scope="session")
def touchy(tmp_path_factory):
    """Install the plugin into a folder that this process and its children import from."""
    folder = tmp_path_factory.mktemp("touchy")
    (folder / "triage_touchy.py").write_text(TOUCHY, encoding="utf-8")
    about = folder / "triage_touchy-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA, encoding="utf-8")
    (about / "entry_points.txt").write_text("[triage]\ntouchy = triage_touchy\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
        patch.syspath_prepend(str(folder))
        yield folder
        sys.modules.pop("triage_touchy", None)


def save_touchy(path, *, words=CLASSES) -> str:
    """Save a model of the touchy backend and return its digest."""
    import triage
    from triage.config import Experiment
    from triage.data.cleaning import build_cleaning
    from triage.models.model import Model, save_model

    plugins = triage.Plugins.discover(strict=True)
    classifier = plugins.build(plugins.backend("touchy"), {})
    classifier.words_ = list(words)
    experiment = Experiment(backend="touchy", policies=(("threshold", {"confidence": 0.8}),))
    model = Model(experiment, {}, CLASSES, build_cleaning(plugins, ["lower"]), classifier)
    return save_model(str(path), model).sha256


@pytest.fixture(scope="session")
def model_path(touchy, tmp_path_factory) -> str:
    """A saved model."""
    path = tmp_path_factory.mktemp("model") / "bundle"
    save_touchy(path)
    return str(path)


@pytest.fixture(scope="session")
def other_model(touchy, tmp_path_factory) -> tuple[str, str]:
    """Path and digest of another model of the same labels, which decides differently."""
    path = tmp_path_factory.mktemp("other") / "bundle"
    return str(path), save_touchy(path, words=("fee", "rate", "house"))
