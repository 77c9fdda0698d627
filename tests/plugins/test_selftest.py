"""The fault battery: it counts as it should, says what it does, and notices a defence that is gone."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner

import triage
from triage.cli import cli
from triage_selftest._battery import Fault, Place, Trial, battery, run, tally, two_at_a_time

LAST = "{} faults tried, {} lost, {} silent, {} let in"


def fault(*trials, name="a-fault", raises=None):
    """A fault whose trials end as they are given."""

    def tried(place):
        yield from trials
        if raises is not None:
            raise raises

    return Fault(name=name, does="Does something", must="Nothing comes of it", trials=tried)


def outcomes(tmp_path, *faults, seed=0):
    return [(each.name, trials) for each, trials in run(faults, seed=seed, folder=tmp_path)]


def test_what_was_tried_is_counted_by_its_outcome_and_what_was_skipped_is_not_tried():
    trials = [
        Trial(what="x", outcome=each) for each in ("held", "held", "lost", "silent", "let_in", "skipped")
    ]
    counts = tally(trials)
    assert counts["tried"] == 5
    assert [counts[name] for name in ("held", "lost", "silent", "let_in", "skipped")] == [2, 1, 1, 1, 1]


def test_a_fault_that_raises_is_silent_and_its_message_is_not_kept(tmp_path):
    ((_, trials), (_, after)) = outcomes(
        tmp_path,
        fault(Trial(what="one"), raises=ValueError("my account is 12345")),
        fault(Trial(what="x"), name="next"),
    )
    assert [trial.outcome for trial in trials] == ["held", "silent"]
    assert trials[1].detail == "ValueError"
    assert [trial.outcome for trial in after] == ["held"]


def test_a_fault_that_tries_nothing_is_silent(tmp_path):
    ((_, trials),) = outcomes(tmp_path, fault())
    assert [trial.outcome for trial in trials] == ["silent"]


def test_each_fault_has_an_empty_folder_of_its_own_that_is_gone_afterwards(tmp_path):
    seen = []

    def tried(place):
        assert list(place.folder.iterdir()) == []
        (place.folder / "file").write_text("x")
        seen.append(place.folder)
        yield Trial(what="x")

    faults = [Fault(name=name, does="", must="", trials=tried) for name in ("one", "two")]
    list(run(faults, seed=0, folder=tmp_path))
    assert len(set(seen)) == 2
    assert not any(folder.exists() for folder in seen)


def test_what_is_random_depends_on_the_seed_and_on_the_fault_alone(tmp_path):
    def drawn(name, seed, before=()):
        numbers = []

        def tried(place):
            numbers.append(place.random.random())
            yield Trial(what="x")

        folder = tmp_path / f"{name}{seed}{len(before)}"
        folder.mkdir()
        faults = [*before, Fault(name=name, does="", must="", trials=tried)]
        list(run(faults, seed=seed, folder=folder))
        return numbers[0]

    assert drawn("one", 1) == drawn("one", 1, before=[fault(Trial(what="x"))])
    assert len({drawn("two", 1), drawn("one", 2), drawn("three", 1)}) == 3


@pytest.fixture
def place(tmp_path) -> Place:
    from triage_selftest._place import Shared

    (tmp_path / "own").mkdir()
    return Place(tmp_path / "own", seed="0", shared=Shared(tmp_path / "shared"))


def test_a_process_tells_its_exit_code_and_what_it_wrote(place):
    done = place.python(
        "import sys; sys.stdout.write(sys.stdin.read() + sys.argv[1]); sys.exit(7)", "b", stdin=b"a"
    )
    assert (done.code, done.out, done.err) == (7, b"ab", b"")
    assert place.triage("nothing").code == 2
    assert place.python("import os; print(os.getcwd())").out.decode().strip() == str(place.folder)


def test_a_process_that_takes_too_long_is_stopped_with_all_that_it_started(place):
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    done = place.python(code, timeout=2)
    assert done.code == -1
    assert not alive(int(done.out))


def alive(pid):
    """Whether a process runs: one that has ended may wait to be counted by its parent."""
    try:
        os.kill(pid, 0)
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def test_an_interrupt_ends_the_processes_that_still_run(tmp_path):
    threads = []

    def tried(place):
        for _ in two_at_a_time(lambda seconds: place.python(f"import time; time.sleep({seconds})"), (0, 50)):
            threads.extend(threading.enumerate())
            raise KeyboardInterrupt
        yield Trial(what="never")

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(run([Fault(name="sleeping", does="", must="", trials=tried)], seed=0, folder=tmp_path))
    for thread in set(threads) - {threading.main_thread()}:
        if thread.name.startswith("ThreadPool"):
            thread.join()
    assert time.monotonic() - begun < 30


def test_what_the_session_says_about_colours_and_plugins_reaches_no_process(place, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TRIAGE_DISABLE", "sklearn")
    assert b"\x1b" not in place.triage("plugins").out
    assert b"tfidf" in place.triage("plugins").out


def test_the_corpus_and_the_model_are_made_once_and_can_be_used(place):
    assert place.model == place.model
    header, *rows = place.corpus.read_text(encoding="utf-8").splitlines()
    assert header == "id,text,label,date"
    assert len(rows) >= 600
    done = place.triage("route", place.model, "--text", "I was charged twice on my credit card")
    assert json.loads(done.out)["label"] == "Credit card"


def names():
    return [each.name for each in battery()]


def test_every_fault_has_a_name_of_its_own_and_says_what_it_does_and_what_must_happen():
    assert len(names()) == len(set(names())) > 5
    for each in battery():
        assert each.name == each.name.lower().strip("-")
        assert each.name.isascii()
        assert not any(c.isspace() for c in each.name)
        assert "\n" not in each.does + each.must
        assert len(each.does) > 15
        assert len(each.must) > 15


def selftest(*words):
    return CliRunner().invoke(cli, ["selftest", *words], standalone_mode=False)


def test_the_list_names_every_fault_once():
    shown = selftest("--list").stdout.splitlines()
    listed = json.loads(selftest("--list", "--json").stdout)
    assert [line for line in shown if not line.startswith(" ")] == names()
    assert [each["name"] for each in listed] == names()
    assert all(set(each) == {"name", "does", "must"} for each in listed)
    assert [
        each["name"] for each in json.loads(selftest("--list", "--json", "--only", names()[1]).stdout)
    ] == [names()[1]]


def test_a_name_that_is_none_is_refused_with_the_near_ones():
    done = selftest("--only", "killed-savs")
    assert isinstance(done.exception, triage.UnknownName)
    assert "Did you mean killed-saves" in str(done.exception)


def test_names_of_faults_are_completed():
    from triage_selftest._command import _names

    assert _names(None, None, "killed-s") == ["killed-saves"]
    assert _names(None, None, "") == names()


def with_faults(monkeypatch, *faults):
    monkeypatch.setattr("triage_selftest._battery.battery", lambda: faults)


def test_the_last_line_counts_and_the_exit_code_is_0_where_all_held(monkeypatch):
    with_faults(
        monkeypatch, fault(Trial(what="x"), Trial(what="y", outcome="skipped", detail="no fork here"))
    )
    done = selftest()
    assert done.stdout.splitlines()[-1] == LAST.format(1, 0, 0, 0)
    assert "skipped: a-fault: y: no fork here" in done.stdout
    assert done.exception is None


@pytest.mark.parametrize("outcome", ["lost", "silent", "let_in"])
def test_what_did_not_hold_is_shown_and_the_exit_code_is_1(monkeypatch, outcome):
    bad = Trial(what="byte 7 of table.bin", outcome=outcome, detail="\x1b[31m read as if it were sound")
    with_faults(monkeypatch, fault(Trial(what="x"), bad), fault(Trial(what="x"), name="sound"))
    done = selftest("--quiet")
    counts = [int(outcome == each) for each in ("lost", "silent", "let_in")]
    assert done.stdout.splitlines()[-1] == LAST.format(3, *counts)
    assert "byte 7 of table.bin" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.return_value == 1
    facts = json.loads(selftest("--json", "--quiet").stdout)
    assert facts["tried"] == 3
    assert facts[outcome] == 1
    assert [each["what"] for each in facts["faults"][0]["trials"]] == ["byte 7 of table.bin"]
    assert facts["faults"][1]["trials"] == []


def test_a_battery_in_which_nothing_could_be_tried_has_not_passed(monkeypatch):
    with_faults(monkeypatch, fault(Trial(what="x", outcome="skipped")))
    done = selftest("--quiet")
    assert done.stdout.splitlines()[-1] == LAST.format(0, 0, 0, 0)
    assert done.return_value == 1


def command(*words, broken="", folder=None):
    """Run `triage selftest` in a process, with a defence taken out of it and of all that it starts."""
    environment = dict(os.environ)
    if broken:
        (folder / "sitecustomize.py").write_text(broken, encoding="utf-8")
        environment["PYTHONPATH"] = str(folder)
    done = subprocess.run(
        [sys.executable, "-m", "triage", "selftest", *words, "--json"],
        capture_output=True,
        env=environment,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_a_fault_that_is_quickly_tried_holds():
    code, facts = command("--only", "older-models")
    assert code == 0
    assert facts["tried"] > 20
    assert facts["lost"] == facts["silent"] == facts["let_in"] == 0


NO_HASHES = """
import hashlib
import triage.models.bundle.reading as reading


class Believed(str):
    def __ne__(self, other):
        return False


class Hash:
    def __init__(self, data):
        self.data = data

    def hexdigest(self):
        return Believed(hashlib.sha256(self.data).hexdigest())


class Lenient:
    sha256 = Hash


reading.hashlib = Lenient
"""

IN_PLACE = """
import shutil
import triage.models.bundle.writing as writing


def exchange(place, new):
    shutil.rmtree(place.model, ignore_errors=True)
    shutil.copytree(new, place.model)
    shutil.rmtree(new)


writing._exchange = exchange
"""

ANY_WORD = """
import triage.data.vocabulary
import triage_selftest._vocabulary
import triage.models.bundle.state as state

real = state.encode


def torn(value, **how):
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        value = "\\n".join(value).splitlines()
    return real(value, **how)


state.encode = torn
"""

NO_ESCAPING = """
import triage.io.terminal as terminal

terminal._safe = lambda text: text
"""

NO_GUARD = """
import triage.io.files as files

files.csv_cell = lambda text: text
"""

ANY_NETWORK = """
import triage_recurrent._serving as serving

serving.check = lambda data: None
"""

BREAKS = {
    "manifest hashes are not compared": (NO_HASHES, "damaged-models", "let_in", "table|json|weights"),
    "a model is replaced file by file": (IN_PLACE, "killed-saves", "lost", "kill"),
    "texts reach the terminal as they are": (NO_ESCAPING, "terminal-texts", "let_in", ""),
    "networks are not looked into": (ANY_NETWORK, "foreign-models", "let_in", "network takes its weights"),
    "cells are written as they are": (NO_GUARD, "spreadsheet-cells", "let_in", ""),
    "a vocabulary is kept as lines": (ANY_WORD, "odd-words", "lost", "separator"),
}


@pytest.mark.parametrize("what", BREAKS)
@pytest.mark.slow
def test_a_defence_that_is_gone_is_noticed(tmp_path, what):
    import re

    broken, name, outcome, words = BREAKS[what]
    code, facts = command("--only", name, broken=broken, folder=tmp_path)
    assert code == 1
    assert facts[outcome] > 0
    found = [trial["what"] for trial in facts["faults"][0]["trials"] if trial["outcome"] == outcome]
    assert any(re.search(words, each) for each in found)


@pytest.mark.slow
def test_the_whole_battery_holds():
    code, facts = command()
    bad = [(each["name"], each["trials"]) for each in facts["faults"] if each["trials"]]
    assert code == 0, bad
    assert facts["tried"] > 3000
