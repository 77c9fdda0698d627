"""The kit itself: all laws run, failures come together, expectations need reasons, and it asks for little."""

import json
import pathlib
import subprocess
import sys
import types
import unittest

import pytest

import triage
import triage.testing
from triage.testing import laws_of
from triage.testing.kit import READER
from triage.testing.scaffold import starts, write_plugin

sys.path.insert(0, str(pathlib.Path(__file__).parent))
PLUGINS = triage.Plugins.discover(strict=True)
LAWFUL = [kind.name for kind in PLUGINS.kinds.values() if kind.laws] + [READER]

FLOOR = "it_beats_the_floor_on_what_can_be_told_apart"


def cli(*words, cwd):
    return subprocess.run([sys.executable, "-m", "triage", *words], cwd=cwd, capture_output=True, text=True)


class Lines:
    """A report that breaks two laws."""

    def render(self, evaluations, *, console):
        print("here")
        return 7


def test_what_is_broken_comes_out_together_and_the_number_of_checks_is_printed(capsys):
    report = triage.Report(name="seven", summary="Seven", build=Lines)
    with pytest.raises(ExceptionGroup, match="breaks 2 of 20 laws") as caught:
        triage.testing.check_report(report)
    assert all(isinstance(error, triage.testing.LawBroken) for error in caught.value.exceptions)
    assert "report seven: 20 checks run, 18 kept, 2 broken" in capsys.readouterr().out


def test_an_expected_failure_needs_a_reason_and_a_law():
    import triage_majority

    (backend,) = triage_majority.triage_backends()
    with pytest.raises(triage.UsageError, match="needs a reason"):
        triage.testing.check_backend(backend, expected_failures={FLOOR: " "})
    with pytest.raises(triage.UsageError, match="Did you mean it_prints_nothing"):
        triage.testing.check_backend(backend, expected_failures={"it_print_nothing": "why not"})


def test_an_expected_failure_that_does_not_happen_is_a_failure():
    (report,) = [each for each in __import__("triage_reports").triage_reports() if each.name == "json"]
    with pytest.raises(ExceptionGroup) as caught:
        triage.testing.check_report(report, expected_failures={"it_shows_something": "it is shy"})
    assert "remove it from the list" in str(caught.value.exceptions[0])


def test_a_plugin_that_offers_nothing_is_said_to():
    module = types.ModuleType("sys")
    with pytest.raises(triage.TriageError):
        triage.testing.run_checks(module)
    with pytest.raises(triage.UsageError, match="Is it installed"):
        triage.testing.run_checks("no_such_module_anywhere")


def test_every_law_states_itself_in_a_sentence():
    for kind in LAWFUL:
        laws = triage.testing.laws_of(kind)
        assert len({law.__name__ for law in laws}) == len(laws)
        for law in laws:
            assert (law.__doc__ or "").rstrip().endswith("."), law.__name__


def test_the_kit_needs_neither_pytest_nor_tensorflow():
    code = (
        "import sys\n"
        "class No:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('pytest', 'tensorflow', 'keras', 'hypothesis'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, No())\n"
        "import triage.testing, triage_majority\n"
        f"triage.testing.run_checks(triage_majority, expected_failures={{'majority': {{{FLOOR!r}: 'it is the floor'}}}})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_checks_become_cases_of_pytest():
    import triage_majority

    mark = triage.testing.parametrize_with_checks(triage_majority)
    ids = [param.id for param in mark.args[1]]
    assert len(ids) == len(triage.testing.laws_of("backend"))
    assert f"majority-{FLOOR}" in ids
    (skipped,) = [param.values[0] for param in mark.args[1] if param.id.endswith(FLOOR)]
    with pytest.raises(unittest.SkipTest, match="it is the floor"):
        skipped()


def test_observers_are_told_of_each_run():
    from triage.testing.reports import evaluation

    seen = []

    class Observer:
        @triage.hookimpl
        def triage_run_finished(self, run, evaluation):
            seen.append((run.backend, evaluation.metrics["macro_f1"]))

    plugins = triage.Plugins(strict=True)
    plugins.register(Observer())
    found = evaluation()
    plugins.run_finished(found.run, found)
    assert seen == [(found.run.backend, found.metrics["macro_f1"])]


COMMONEST = """
import numpy as np
import triage

class Commonest:
    def fit(self, train, tune, *, seed, watch):
        self.shares_ = train.counts / len(train)
        print("hello")

    def predict_proba(self, texts):
        return np.tile(self.shares_, (len(texts), 1))

@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="commonest", summary="The most common label", build=Commonest)
"""


def test_the_report_card_goes_to_people_and_programs(tmp_path):
    (tmp_path / "commonest.py").write_text(COMMONEST, encoding="utf-8")
    done = cli("plugins", "check", "./commonest.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "backend commonest: 43 checks run, 41 kept, 2 broken" in done.stdout
    assert "it printed 1 lines, the first: 'hello'" in done.stdout
    assert "Usual cause: a `print` for debugging" in done.stdout
    assert "rows_sum_to_one" not in done.stdout  # laws that are kept are only counted
    assert "./commonest.py breaks 2 of 43 checks" in done.stderr
    expect = ["--expect", f"commonest:{FLOOR}=an example", "--expect", "commonest:it_prints_nothing=as well"]
    done = cli("plugins", "check", "commonest", "--json", *expect, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (card,) = json.loads(done.stdout)
    assert (card["name"], card["checks"], card["broken"]) == ("commonest", len(laws_of("backend")), 0)
    assert {law["state"] for law in card["laws"]} == {"kept", "expected"}


def test_one_mistake_is_reported_once_and_what_depends_on_it_is_skipped(tmp_path):
    wrong = COMMONEST.replace("shares_", "shares").replace('        print("hello")\n', "")
    (tmp_path / "wrong.py").write_text(wrong, encoding="utf-8")
    done = cli("plugins", "check", "./wrong.py", "--json", cwd=tmp_path)
    (card,) = json.loads(done.stdout)
    (broken,) = [law for law in card["laws"] if law["state"] == "broken"]
    assert broken["reason"] == "fit set no attribute ending in '_'; found: shares. Rename it to shares_"
    assert sum(law["state"] == "skipped" for law in card["laws"]) > 30


def test_a_wrong_shape_is_reported_once(tmp_path):
    wrong = COMMONEST.replace("np.tile(self.shares_, (len(texts), 1))", "self.shares_")
    (tmp_path / "flat.py").write_text(wrong.replace('        print("hello")\n', ""), encoding="utf-8")
    done = cli("plugins", "check", "./flat.py", "--json", cwd=tmp_path)
    (card,) = json.loads(done.stdout)
    (broken,) = [law for law in card["laws"] if law["state"] == "broken"]
    assert broken["reason"] == "the shape for 2 texts and 4 classes must be (2, 4), got (4,)"
    assert "np.tile" in broken["cause"]


@pytest.mark.parametrize("name", ["majority", "triage_majority", "./here/mine.py", "commonest-of-all"])
def test_what_is_checked_is_a_file_a_module_an_extension_or_a_distribution(name, tmp_path, monkeypatch):
    from triage.testing.targets import find_target

    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "mine.py").write_text(COMMONEST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    plugins = triage.Plugins.discover(strict=True)
    if name == "commonest-of-all":
        with pytest.raises(triage.UsageError, match="no file, module, extension or distribution"):
            find_target(name, plugins)
        assert "triage_majority" in find_target("NLP_triage", plugins).modules
        with pytest.raises(triage.NoInput):
            find_target("./nothing.py", plugins)
        return
    target = find_target(name, plugins)
    assert target.modules == ("mine",) if "/" in name else ("triage_majority",)
    assert target.only == ("majority" if name == "majority" else "")


def test_the_floor_is_not_reported_as_broken(tmp_path):
    done = cli("plugins", "check", "majority", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "backend majority: 43 checks run, 42 kept, 1 skipped" in done.stdout


@pytest.mark.parametrize("kind", [kind for kind in starts(PLUGINS) if kind != "keras"])
def test_a_new_plugin_keeps_the_contract_from_the_start(kind, tmp_path):
    done = cli("plugins", "new", "my-idea", "--kind", kind, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    files = {path.name for path in (tmp_path / "my-idea").iterdir()}
    assert {"my_idea.py", "test_my_idea.py", "pyproject.toml", "README.md", "tox.ini"} <= files
    more = ["--sample", "my-idea/sample.my_idea"] if kind == "reader" else []
    done = cli("plugins", "check", "my-idea/my_idea.py", *more, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "my_idea.py keeps the contract" in done.stdout


@pytest.mark.slow
def test_a_new_network_keeps_the_contract_from_the_start(tmp_path):
    pytest.importorskip("tensorflow")
    cli("plugins", "new", "my-idea", "--kind", "keras", cwd=tmp_path)
    done = cli(
        "plugins", "check", "my-idea/my_idea.py", "--set", "epochs=1", "--set", "units=8", cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_new_plugin_installs_and_is_found_and_its_own_test_passes(tmp_path):
    write_plugin("my-idea", "backend", tmp_path / "my-idea", plugins=PLUGINS)
    site = tmp_path / "site"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(site),
    ]
    subprocess.run([*pip, str(tmp_path / "my-idea")], check=True)
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import triage, pytest\n"
        "assert 'my-idea' in triage.Plugins.discover(strict=True).names(triage.Backend)\n"
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', {str(tmp_path / 'my-idea')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "43 passed" in done.stdout


@pytest.mark.parametrize(("name", "kind", "said"), [("My Idea", "backend", "lower-case"), ("json", "backend", "already"), ("my-idea", "backends", "Did you mean backend")])  # fmt: skip
def test_a_plugin_that_cannot_be_begun_is_refused(name, kind, said, tmp_path):
    with pytest.raises(triage.UsageError, match=said):
        write_plugin(name, kind, tmp_path / "new", plugins=PLUGINS)
    assert not (tmp_path / "new").exists()


def test_nothing_that_stands_there_is_overwritten(tmp_path):
    write_plugin("my-idea", "policy", tmp_path / "my-idea", plugins=PLUGINS)
    with pytest.raises(triage.CannotWrite):
        write_plugin("my-idea", "policy", tmp_path / "my-idea", plugins=PLUGINS)
