"""A model that does not fit together is refused before it answers, and what it misses is named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from click.testing import CliRunner

import triage
from triage.cli import cli
from triage.models import bundle
from triage.models.held_out import HeldOut
from triage.models.model import load_model
from triage_selftest._schemas import MODELS


@pytest.fixture(scope="module")
def sound():
    return bundle.read(MODELS / "schema-1")


@pytest.fixture
def load(tmp_path, plugins, sound):
    """Write the sound model with changes, and load it."""

    def written(*, model=None, state=None, **changes):
        record = {key: value for key, value in sound.model.items() if key != "schema"}
        parts = {"model": {**record, **(model or {})}, "state": {**sound.state, **(state or {})}, **changes}
        bundle.write(tmp_path / "model", dataclasses.replace(sound, **parts))
        return load_model(str(tmp_path / "model"), plugins)

    return written


def test_what_was_not_changed_loads(load, sound):
    assert load().classes == tuple(sound.model["classes"])


def test_a_backend_or_a_cleaner_that_nobody_has_is_not_there_and_named(load, sound):
    with pytest.raises(triage.Unavailable, match="no backend 'nobodys'"):
        load(model={"experiment": {**sound.model["experiment"], "backend": "nobodys"}})
    with pytest.raises(triage.Unavailable, match="nobodys"):
        load(model={"cleaning": [["nobodys", {}]]})


@pytest.mark.parametrize(
    "changed",
    [
        {"classes": ["Cards", "Cards", "Loans"]},
        {"classes": [1, 2, 3]},
        {"classes": "abc"},
        {"experiment": []},
        {"experiment": {}},
        {"max_length": "long"},
        {"options": {"more": 1}},
        {"options": [1]},
        {"max_length": 0},
        {"cleaning": [["lower", {"more": 1}]]},
        {"trained": 3},
    ],
    ids=str,
)
def test_a_record_that_no_training_writes_is_refused(load, changed):
    with pytest.raises(triage.Refused, match=r"model\.json|golden\.json") as caught:
        load(model=changed)
    assert caught.value.exit_code == 77


def test_an_option_of_the_experiment_that_cannot_be_is_refused(load, sound):
    with pytest.raises(triage.Refused, match=r"model\.json"):
        load(model={"experiment": {**sound.model["experiment"], "split": "none"}})


def test_another_number_of_classes_than_the_weights_have_is_refused(load, sound):
    golden = bundle.Golden(
        sound.golden.texts, np.pad(sound.golden.probabilities, ((0, 0), (0, 1)), constant_values=0.0)
    )
    with pytest.raises(triage.Refused, match=r"state\.json and its weights do not fit"):
        load(model={"classes": [*sound.model["classes"], "more"]}, golden=golden)


def test_weights_that_are_no_numbers_are_refused(load, sound):
    with pytest.raises(triage.Refused, match="golden answers"):
        load(state={"coef_": np.full_like(sound.state["coef_"], np.nan)})


def test_a_scope_whose_parts_do_not_fit_is_refused(load, sound):
    scope = sound.state["scope"]
    for changed in (
        {"alphabet": ""},
        {"logs": scope["logs"][:-1]},
        {"logs": np.full_like(scope["logs"], np.nan)},
    ):
        with pytest.raises(triage.Refused, match=r"state\.json"):
            load(state={"scope": {**scope, **changed}})


def test_held_out_parts_about_other_documents_or_classes_are_refused(load, sound):
    tune = sound.state["held_out"]["tune"]
    for name in ("codes", "probabilities", "familiarity", "out_of_scope"):
        held_out = {**sound.state["held_out"], "tune": {**tune, name: tune[name][:-1]}}
        with pytest.raises(triage.Refused, match=r"state\.json"):
            load(state={"held_out": held_out})
    with pytest.raises(ValueError, match="whole numbers from 0"):
        HeldOut(np.array([-1]), np.array([[0.5, 0.5]])).check(2)
    HeldOut(np.array([5]), np.array([[0.5, 0.5]])).check(2)


def test_what_is_no_model_gets_no_promise_no_lock_and_no_directory(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04.")
    promise = ("promise", "--max-error", "0.1")
    done = CliRunner().invoke(cli, [*promise, str(tmp_path / "model.pkl")], standalone_mode=False)
    assert isinstance(done.exception, triage.Refused)
    done = CliRunner().invoke(cli, [*promise, str(tmp_path / "no" / "where")], standalone_mode=False)
    assert isinstance(done.exception, triage.NoInput)
    assert [path.name for path in tmp_path.iterdir()] == ["model.pkl"]
