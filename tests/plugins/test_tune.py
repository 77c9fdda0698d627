"""`triage tune`: the space comes from the options, a kill loses nothing, and only train and tune are read."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import Annotated, Literal

import pytest

import triage
from triage.config import Experiment, load_experiment
from triage.host.options import options_of

optuna = pytest.importorskip("optuna")

from triage_tune._report import to_toml  # noqa: E402
from triage_tune._search import begin  # noqa: E402
from triage_tune._space import space_of  # noqa: E402
from triage_tune._study import run_trial  # noqa: E402
from triage_tune._trial import TrialJob, prepared_for, score_of  # noqa: E402

PLUGINS = triage.Plugins.discover()
WORDS = {"card": "card fee bank plastic", "loan": "house rate month mortgage", "post": "letter stamp parcel"}


def build(
    *,
    rate: Annotated[
        float, "Step size", triage.Between(1e-9, 1e9), triage.Search(1e-4, 1e-1, log=True)
    ] = 1e-3,
    units: Annotated[int, "Units", triage.Between(1, 4096)] = 64,
    share: Annotated[float, "A share", triage.Between(0, 0.9)] = 0.2,
    pooling: Annotated[Literal["max", "mean"], "Pooling"] = "max",
    balanced: Annotated[bool, "Balanced"] = True,
    epochs: Annotated[int, "Epochs", triage.Between(1, 100), triage.Search()] = 12,
    layers: Annotated[tuple[int, ...], "Layers"] = (4, 4),
    name: Annotated[str, "A name"] = "",
):
    return rate, units, share, pooling, balanced, epochs, layers, name


@pytest.fixture
def corpus(tmp_path):
    """240 documents; every third word is drawn by a rule, so that options matter a little."""
    path = tmp_path / "past.csv"
    lines = ["text,label"]
    for i in range(240):
        label = list(WORDS)[i % 3]
        own = WORDS[label].split()
        other = WORDS[list(WORDS)[(i // 3) % 3]].split()
        lines.append(f"{own[i % len(own)]} {other[i % len(other)]} number{i} thing{i % 11},{label}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def search_of(path, folder, *, resume=False, **options):
    experiment = Experiment(location=str(path), backend="tfidf", options=options)
    dataset = triage_load(path)
    return begin(dataset, experiment, PLUGINS, folder=folder, resume=resume, only=("c", "ngrams"))


def triage_load(path):
    from triage.data.sources import load

    return load(PLUGINS, str(path), labelled=True)


def trials_of(study):
    return [(trial.params, trial.value) for trial in study if trial.state.name == "COMPLETE"]


def test_the_space_follows_from_the_annotations():
    found = {each.name: each for each in space_of(options_of(build))}
    assert list(found) == ["rate", "units", "share", "pooling", "balanced"]
    assert (found["rate"].low, found["rate"].high, found["rate"].log) == (1e-4, 1e-1, True)
    assert (found["units"].low, found["units"].high, found["units"].integer) == (8, 512, True)
    assert (found["share"].low, found["share"].high, found["share"].log) == (0.025, 0.9, True)
    assert found["pooling"].values == ("max", "mean")
    assert found["balanced"].values == (False, True)


def test_a_fixed_option_is_not_searched_and_only_narrows():
    assert [each.name for each in space_of(options_of(build), fixed=["rate"], only=["units"])] == ["units"]
    with pytest.raises(triage.UsageError, match="epochs cannot be searched; options that can: rate"):
        space_of(options_of(build), only=["epochs"])


@pytest.mark.parametrize("wrong", [{"low": 1}, {"low": 2, "high": 1}, {"low": 0, "high": 1, "log": True}])
def test_a_range_that_cannot_be_searched_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        triage.Search(**wrong)


def test_a_trial_reads_only_the_train_and_tune_documents(corpus, tmp_path):
    job = search_of(corpus, tmp_path / "study").job
    wanted = set(job.train) | set(job.tune)
    assert 0 < len(wanted) < 240
    before = score_of(job, PLUGINS)
    lines = corpus.read_text(encoding="utf-8").splitlines()
    poisoned = [
        line if at in wanted or at < 0 else "poison poison poison,card" for at, line in enumerate(lines[1:])
    ]
    corpus.write_text("\n".join([lines[0], *poisoned]), encoding="utf-8")
    prepared = prepared_for(job, PLUGINS)
    assert len(prepared.dataset) == len(wanted)
    assert not any("poison" in document.text for document in prepared.dataset.documents)
    assert score_of(job, PLUGINS) == before


def test_a_corpus_that_has_become_shorter_is_named(corpus, tmp_path):
    job = search_of(corpus, tmp_path / "study").job
    corpus.write_text("\n".join(corpus.read_text(encoding="utf-8").splitlines()[:50]), encoding="utf-8")
    with pytest.raises(triage.DataError, match="fewer documents than when the study began"):
        score_of(job, PLUGINS)


def test_a_job_survives_being_written(corpus, tmp_path):
    job = search_of(corpus, tmp_path / "study").job
    again = TrialJob.from_json(job.to_json())
    assert again.to_json() == job.to_json()
    assert again.experiment == job.experiment


def test_trial_zero_is_the_default_and_a_resumed_study_proposes_the_same(corpus, tmp_path):
    whole = search_of(corpus, tmp_path / "whole")
    whole.run(trials=4)
    halves = search_of(corpus, tmp_path / "halves")
    halves.run(trials=2)
    halves = search_of(corpus, tmp_path / "halves", resume=True)
    halves.run(trials=4)
    assert trials_of(halves.finished) == trials_of(whole.finished)
    assert whole.finished[0].params == {each.name: each.default for each in whole.space}


def test_a_trial_that_was_running_when_the_study_was_killed_is_run_again(corpus, tmp_path):
    whole = search_of(corpus, tmp_path / "whole")
    whole.run(trials=3)
    killed = search_of(corpus, tmp_path / "killed")
    killed.run(trials=1)
    killed._prepare_sampler(1, 0)
    killed.study.ask()  # and then nothing more is heard of it
    resumed = search_of(corpus, tmp_path / "killed", resume=True)
    resumed.run(trials=3)
    assert trials_of(resumed.finished) == trials_of(whole.finished)


def test_a_study_is_not_mixed_with_another(corpus, tmp_path):
    search_of(corpus, tmp_path / "study")
    with pytest.raises(triage.UsageError, match="pass --resume"):
        search_of(corpus, tmp_path / "study")
    with pytest.raises(triage.UsageError, match="was begun with another"):
        search_of(corpus, tmp_path / "study", resume=True, digits=True)
    with pytest.raises(triage.NoInput, match="no study"):
        search_of(corpus, tmp_path / "nowhere", resume=True)


def test_a_trial_that_takes_too_long_has_failed_and_says_so(corpus, tmp_path):
    job = search_of(corpus, tmp_path / "study").job
    outcome = run_trial(job, seconds=0.01)
    assert (outcome.state, outcome.score) == ("failed", None)
    assert "longer than 0.01 seconds" in outcome.reason


def test_a_trial_that_cannot_be_trained_says_why(corpus, tmp_path):
    job = search_of(corpus, tmp_path / "study").job
    wrong = replace(job, experiment=job.experiment.changed(backend="nonsense"))
    outcome = run_trial(wrong, seconds=60)
    assert outcome.state == "failed"
    assert "nonsense" in outcome.reason


def test_the_experiment_file_holds_the_winner(tmp_path):
    experiment = Experiment(
        location="past.csv",
        columns={"text_column": "what"},
        cleaners=(("lower", {}), ("stop-words", {"negations": "keep"})),
        backend="gru",
        options={"learning-rate": 0.003, "units": 64, "stacking": False, "pooling": "last"},
        seed=7,
    )
    path = tmp_path / "best.toml"
    path.write_text(to_toml(experiment), encoding="utf-8")
    assert load_experiment(str(path)).to_json() == experiment.to_json()


def cli(*words, cwd, **more):
    return subprocess.run(
        [sys.executable, "-m", "triage", *map(str, words)], cwd=cwd, capture_output=True, text=True, **more
    )


def test_the_command_prints_facts_and_writes_an_experiment_that_can_be_evaluated(corpus, tmp_path):
    words = ("tune", corpus, "--backend", "tfidf", "--only", "c", "--trials", 3, "--again", 1, "--json")
    done = cli(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["trials"] == 3
    assert set(facts["best"]) == {"options", "score"}
    assert len(facts["again"]) == len(facts["default_again"]) == 1
    done = cli("evaluate", "--config", facts["experiment"], "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["options"]["c"] == facts["best"]["options"]["c"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_search_killed_again_and_again_ends_in_the_same_trials(corpus, tmp_path):
    words = ["tune", corpus, "--backend", "tfidf", "--trials", 8, "--again", 1, "--quiet", "--json"]
    whole = json.loads(cli(*words, "--study", "whole", cwd=tmp_path).stdout)
    kills = 0
    for attempt in range(60):
        resume = ["--resume"] if (tmp_path / "killed" / "study.json").exists() else []
        command = [sys.executable, "-m", "triage", *map(str, words), "--study", "killed", *resume]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, start_new_session=True)
        time.sleep(3 + 0.37 * (attempt % 7))
        if kills == 20 or process.poll() is not None:
            out, _ = process.communicate()
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        kills += 1
    found = json.loads(out)
    assert kills >= 5
    assert (found["best"], found["again"]) == (whole["best"], whole["again"])
