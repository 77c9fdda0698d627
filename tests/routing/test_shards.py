"""Routing on an engine: the bytes of one process, whoever is killed; a row that kills is held for review."""

import json
import os
import random

import pytest
from conftest import dataset_of

import triage
from triage.config import Experiment
from triage.data.sources import checked, open_source
from triage.models.model import save_model
from triage.models.training import fit, prepare
from triage.routing import shards
from triage.routing.decision_writer import csv_lines, json_lines
from triage.routing.router import BATCH, Router
from triage.routing.shards import ShardJob, route_shards
from triage_engines._local import LocalWorkers

PLUGINS = triage.Plugins.discover()
WORDS = {"card": ["card", "fee", "plastic"], "loan": ["loan", "rate", "house"]}
CHAIN = (("threshold", {}),)
DEADLY = """
import os, signal
import numpy as np
import triage


class Deadly:
    '''Ends its process at one word, as a crash in compiled code would.'''

    def fit(self, train, tune, *, seed, watch):
        self.shares_ = train.counts / len(train)

    def predict_proba(self, texts):
        if any("deadly" in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return np.tile(self.shares_, (len(texts), 1))


@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="deadly", summary="Ends its process at one word", build=Deadly)
"""


def trained(folder, backend="naive-bayes", plugins=PLUGINS):
    pairs = [
        (label, f"{word} number {i}") for i in range(30) for label, words in WORDS.items() for word in words
    ]
    experiment = Experiment(backend=backend, min_per_class=2)
    prepared = prepare(dataset_of(*pairs), experiment, plugins)
    return save_model(str(folder / "model"), fit(prepared, experiment, plugins).model)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    return folder / "model", trained(folder)


def written(path, rows, *, seed=0, deadly=()):
    """A CSV with quoted line breaks, empty texts and a row with too many cells now and then."""
    draw = random.Random(seed)
    lines = ["id,text"]
    for i in range(rows):
        text = " ".join(draw.choice(WORDS[draw.choice(list(WORDS))]) for _ in range(draw.randint(0, 6)))
        text += " deadly" if i in deadly else ""
        lines.append(f'{i},"{text}\nand more"' if draw.random() < 0.1 else f"{i},{text}")
        if draw.random() < 0.01:
            lines[-1] += ",one,cell,too,many"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def job_of(model, *inputs, form="jsonl"):
    path, loaded = model
    stamped = tuple((str(each), each.stat().st_size, each.stat().st_mtime_ns) for each in inputs)
    return ShardJob(str(path), loaded.sha256, stamped, {}, CHAIN, form)


def by_one_process(model, *inputs, form="jsonl"):
    loaded = model[1]
    router = Router(loaded, CHAIN, PLUGINS)
    stamp = {"model": loaded.sha256, "policy": {"name": "threshold", "options": {}}}
    decisions = (
        decision
        for each in inputs
        for decision in router.decide(checked(open_source(PLUGINS, str(each)), str(each)))
    )
    lines = (json_lines if form == "jsonl" else csv_lines)(decisions, stamp)
    return "".join(lines).encode()


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize("count", [1, 3])
def test_the_bytes_are_those_of_one_process(form, count, model, tmp_path):
    inputs = [written(tmp_path / "a.csv", 2_300), written(tmp_path / "b.csv", BATCH, seed=1)]
    out = tmp_path / f"out.{form}"
    summary = route_shards(job_of(model, *inputs, form=form), LocalWorkers(count), out, shard_rows=BATCH)
    assert out.read_bytes() == by_one_process(model, *inputs, form=form)
    if form == "jsonl":
        assert summary.rows == out.read_bytes().count(b"\n")
    assert sum(summary.actions.values()) == summary.rows
    assert summary.quarantined > 5
    assert not out.with_name(out.name + ".parts").exists()


def test_workers_that_are_killed_change_no_byte(model, tmp_path):
    path = written(tmp_path / "a.csv", 6_000)
    workers, seen = LocalWorkers(2), []

    def kill_one(progress):
        """Kill a busy worker after every third shard."""
        seen.append(progress)
        if len(seen) % 3 == 0:
            for process in list(workers._busy)[:1]:
                process.kill()

    route_shards(job_of(model, path), workers, tmp_path / "out", shard_rows=BATCH, notify=kill_one)
    assert (tmp_path / "out").read_bytes() == by_one_process(model, path)
    assert seen[-1].deaths


def test_a_row_that_kills_is_held_for_review_and_takes_no_other_along(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    info = folder / "deadly-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "deadly.py").write_text(DEADLY, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: deadly\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[triage]\ndeadly = deadly\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    plugins = triage.Plugins.discover()
    saved = trained(tmp_path, "deadly", plugins)
    path = written(tmp_path / "a.csv", 40, deadly={7, 21})
    monkeypatch.setattr(shards, "BATCH", 8)
    out = tmp_path / "out.jsonl"
    summary = route_shards(job_of((tmp_path / "model", saved), path), LocalWorkers(2), out, shard_rows=16)
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [each["row"] for each in found] == list(range(1, 41))
    failed = [each["row"] for each in found if each["reasons"] == ["engine_failed"]]
    assert failed == [8, 22]
    assert all(each["action"] == "review" for each in found if each["row"] in failed)
    assert (summary.rows, summary.failed) == (40, 2)


def test_a_killed_run_resumes_and_does_only_what_is_missing(model, tmp_path, monkeypatch):
    path = written(tmp_path / "a.csv", 3_000)
    job, out = job_of(model, path), tmp_path / "out"
    seen = []

    def stop(progress):
        seen.append(progress.rows)
        if progress.rows >= 2 * BATCH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        route_shards(job, LocalWorkers(1), out, shard_rows=BATCH, notify=stop)
    assert not out.exists()
    submitted = []
    workers = LocalWorkers(1)
    monkeypatch.setattr(
        workers, "submit", lambda *task: (submitted.append(task), LocalWorkers.submit(workers, *task))
    )
    route_shards(job, workers, out, shard_rows=BATCH, resume=True)
    assert len(submitted) == 3_000 // BATCH + 1 - 2
    assert out.read_bytes() == by_one_process(model, path)


def test_parts_of_another_run_are_not_mixed_in(model, tmp_path):
    path = written(tmp_path / "a.csv", 10)
    job, out = job_of(model, path), tmp_path / "out"
    (tmp_path / "out.parts").mkdir()
    with pytest.raises(triage.UsageError, match="pass --resume, or remove it"):
        route_shards(job, LocalWorkers(1), out)
    with pytest.raises(triage.UsageError, match="another run"):
        route_shards(job, LocalWorkers(1), out, resume=True)


def test_an_input_that_changes_is_named(model, tmp_path):
    path = written(tmp_path / "a.csv", 10)
    job = job_of(model, path)
    path.write_text("id,text\n1,another text", encoding="utf-8")
    with pytest.raises(triage.TriageError, match="has changed since the run began") as caught:
        route_shards(job, LocalWorkers(1), tmp_path / "out")
    assert caught.value.exit_code == triage.DataError.exit_code


def test_a_part_that_was_damaged_is_done_again(model, tmp_path):
    path = written(tmp_path / "a.csv", 1_000)
    job, out = job_of(model, path), tmp_path / "out"

    def stop(progress):
        if progress.rows >= BATCH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        route_shards(job, LocalWorkers(1), out, shard_rows=BATCH, notify=stop)
    part = next(each for each in sorted((tmp_path / "out.parts").iterdir()) if not each.suffix)
    part.write_bytes(part.read_bytes()[:-9])
    route_shards(job, LocalWorkers(1), out, shard_rows=BATCH, resume=True)
    assert out.read_bytes() == by_one_process(model, path)
