"""The plugin host: finds, isolates, checks, names."""

import importlib
import signal
import sys

import pytest
from conftest import module_of

import triage
from triage.host import guard
from triage.host.manager import Origin

BACKEND = """
import triage
class Always:
    def fit(self, train, tune, *, seed, watch): ...
    def predict_proba(self, texts): ...
@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="always", summary="Always", build=Always{more})
"""


def entry_points(monkeypatch, tmp_path, **sources):
    """Install modules as entry points of a distribution called `strangers`."""
    monkeypatch.syspath_prepend(tmp_path)
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
    dist = tmp_path / "strangers-3.1.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 3.1\n", encoding="utf-8")
    lines = "\n".join(f"{name} = {name}" for name in sources)
    (dist / "entry_points.txt").write_text(f"[triage]\n{lines}\n", encoding="utf-8")
    importlib.invalidate_caches()


def test_the_built_ins_load_without_a_failure(plugins):
    assert plugins.failures == []
    assert {"majority", "tfidf"} <= set(plugins.names(triage.Backend))
    assert {"complaints", "reviews"} <= set(plugins.names(triage.Corpus))
    assert plugins.backend("majority").name == "majority"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("raise RuntimeError('at import')", "at import"),
        ("import triage\n@triage.hookimpl\ndef triage_backnds(): ...", "unknown hook triage_backnds"),
        ("x = 1", "it has no hook"),
        ("import triage\n@triage.hookimpl\ndef triage_backends(nonsense): ...", "nonsense"),
        ("import triage\n@triage.hookimpl\ndef triage_backends(): yield 'tfidf'", "got str"),
        ("import triage\n@triage.hookimpl\ndef triage_backends(): return 7", "TypeError"),
        ("import triage\n@triage.hookimpl\ndef triage_backends(): raise SystemExit", "SystemExit"),
        ("import triage\n@triage.hookimpl\ndef triage_corpora(): yield triage.Backend(name='a', summary='b', build=dict)", "triage.Corpus records, got Backend"),
        ("import triage\n@triage.hookimpl\ndef triage_backends(): yield triage.Backend(name='A b', summary='b', build=dict)", "lower-case words"),
        ("import triage\n@triage.hookimpl\ndef triage_backends(): yield triage.Backend(name='a', summary='b', build=lambda x: x)", "not keyword-only"),
    ],
)  # fmt: skip
def test_a_bad_plugin_is_named_and_stops_nothing_else(monkeypatch, tmp_path, source, reason):
    entry_points(monkeypatch, tmp_path, bad_one=source, good_one=BACKEND.format(more=""))
    plugins = triage.Plugins.discover()
    (failure,) = plugins.failures
    assert str(failure.origin) == "bad_one (strangers 3.1)"
    assert reason in failure.reason
    assert plugins.backend("always").summary == "Always"
    assert plugins.backend("majority").name == "majority"


def test_strict_raises_at_the_first_failure(monkeypatch, tmp_path):
    entry_points(monkeypatch, tmp_path, bad_one="1 / 0")
    monkeypatch.setenv("TRIAGE_STRICT", "1")
    with pytest.raises(triage.PluginFailed, match=r"bad_one \(strangers 3.1\) failed: ZeroDivisionError"):
        triage.Plugins.discover()


def test_disabled_plugins_are_not_even_imported(monkeypatch, tmp_path):
    entry_points(monkeypatch, tmp_path, bad_one="1 / 0")
    monkeypatch.setenv("TRIAGE_DISABLE", "other, bad_one")
    assert triage.Plugins.discover().failures == []
    assert "bad_one" not in sys.modules


def test_two_of_one_name_are_refused_by_naming_both():
    plugins = triage.Plugins()
    for owner in ("one", "two"):
        plugins.register(
            module_of(BACKEND.format(more=""), owner), origin=Origin(owner, owner, f"{owner}-dist", "1")
        )
    with pytest.raises(triage.Unavailable, match=r"one \(one-dist 1\) and two \(two-dist 1\)"):
        plugins.backend("always")


def test_a_role_goes_to_the_first_extension_that_has_it():
    plugins = triage.Plugins()
    for owner, name in (("one", "first"), ("two", "second")):
        source = BACKEND.format(more=", roles=('default',)").replace('"always"', f'"{name}"')
        plugins.register(module_of(source, owner))
    assert plugins.role(triage.Backend, "default") == "first"
    with pytest.raises(triage.Unavailable, match="no backend with the role 'floor'"):
        plugins.role(triage.Backend, "floor")


def test_a_role_that_the_core_does_not_know_is_an_error():
    plugins = triage.Plugins()
    plugins.register(module_of(BACKEND.format(more=", roles=('best',)")))
    assert "roles must be of default" in plugins.failures[0].reason


def test_what_is_missing_is_said_with_the_remedy():
    plugins = triage.Plugins()
    plugins.register(module_of(BACKEND.format(more=", requires=('no_such_library',)")))
    with pytest.raises(triage.Unavailable, match="pip install no_such_library"):
        plugins.backend("always")
    assert [each.missing for each in plugins] == [("no_such_library",)]


def test_an_unknown_name_suggests_the_near_ones(plugins):
    with pytest.raises(triage.UnknownName, match="Did you mean tfidf"):
        plugins.backend("tf-idf")


def test_two_hosts_share_nothing():
    first, second = triage.Plugins(), triage.Plugins()
    first.register(module_of(BACKEND.format(more="")))
    assert first.names(triage.Backend) == ["always"]
    assert second.names(triage.Backend) == []


def test_an_observer_that_fails_is_reported_once_and_stops_nothing():
    seen, said = [], []
    plugins = triage.Plugins(warn=said.append)
    bad = "import triage\n@triage.hookimpl\ndef triage_epoch_finished(run, epoch): raise ValueError('no')"
    plugins.register(module_of(bad, "bad"))
    good = module_of(
        "import triage\n@triage.hookimpl\ndef triage_epoch_finished(epoch): seen.append(epoch.number)"
    )
    good.seen = seen
    plugins.register(good)
    run = triage.Run("tiny", "b", {}, 1, 2)
    for number in (1, 2):
        plugins.epoch_finished(run, triage.Epoch(number, 2, 0.5))
    assert seen == [1, 2]
    assert len(said) == 1
    assert "bad" in said[0]


def test_a_plugin_that_raises_is_named_without_its_message():
    plugins = triage.Plugins()
    source = BACKEND.replace(
        "class Always:", "def Always(): raise ValueError('my card number is 1')\nclass Other:"
    )
    plugins.register(module_of(source.format(more="")))
    with pytest.raises(triage.PluginFailed) as caught:
        plugins.build(plugins.backend("always"))
    assert "always" in str(caught.value)
    assert "card" not in str(caught.value)


def test_strangers_open_a_corpus_before_the_built_in_readers(monkeypatch, tmp_path):
    mine = "import triage\nclass Mine:\n    name = 'mine'\n    def __iter__(self): return iter(())\n"
    mine += "@triage.hookimpl\ndef triage_open_corpus(location): return Mine() if location.endswith('.csv') else None"
    entry_points(monkeypatch, tmp_path, mine_first=mine)
    (tmp_path / "a.csv").write_text("text,label\nx,y\n", encoding="utf-8")
    assert triage.Plugins.discover().open_corpus(str(tmp_path / "a.csv"), {}).name == "mine"


PRINTING = (
    """
import os, sys
print("at import \x1b[31m")
"""
    + BACKEND.format(more="")
    + """
    print("in the hook", end="")
"""
)


def test_what_a_plugin_prints_goes_to_stderr_and_cannot_write_on_the_terminal(monkeypatch, tmp_path, capsys):
    entry_points(monkeypatch, tmp_path, chatty=PRINTING)
    plugins = triage.Plugins.discover()
    assert plugins.backend("always")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "at import \N{SYMBOL FOR ESCAPE}[31m\nin the hook\n"


def test_what_is_printed_under_blame_goes_to_stderr_and_stdout_comes_back(capsys):
    with triage.Plugins().attribute_errors_to("the backend 'chatty'"):
        print("aside")
        with triage.Plugins().attribute_errors_to("one within"):
            print("aside too")
    print("data")
    assert capsys.readouterr() == ("data\n", "aside\naside too\n")


SWALLOWING = "import time\nwhile True:\n    try: time.sleep(9)\n    except Exception: pass"


@pytest.mark.parametrize(
    "source",
    ["import time; time.sleep(60)", SWALLOWING, "import triage\n@triage.hookimpl\ndef triage_backends():\n    while True: pass"],
)  # fmt: skip
def test_a_plugin_that_never_loads_is_given_up_named_and_said(monkeypatch, tmp_path, source, capsys):
    entry_points(monkeypatch, tmp_path, sleepy=source, good_one=BACKEND.format(more=""))
    monkeypatch.setenv("TRIAGE_PLUGIN_SECONDS", "0.3")
    plugins = triage.Plugins.discover()
    (failure,) = plugins.failures
    assert "took longer than 0.3 s" in failure.reason
    assert plugins.backend("always")
    assert "TRIAGE_DISABLE=sleepy" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_plugin_that_yields_without_end_is_stopped(monkeypatch, tmp_path):
    endless = "import triage\n@triage.hookimpl\ndef triage_backends():\n    while True: yield 'x'"
    entry_points(monkeypatch, tmp_path, endless=endless)
    (failure,) = triage.Plugins.discover().failures
    assert "more than 1,000 records" in failure.reason


@pytest.mark.parametrize(
    ("said", "meant"), [("", 60.0), ("5", 5.0), ("soon", 60.0), ("-1", 60.0), ("nan", 60.0)]
)
def test_the_time_to_load_is_a_number_of_seconds(monkeypatch, said, meant):
    monkeypatch.setenv("TRIAGE_PLUGIN_SECONDS", said)
    assert guard.seconds_to_load() == meant
