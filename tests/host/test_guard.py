"""A plugin that leaves, prints or raises the unthinkable costs itself, is named, and nothing else."""

import io
import sys
import threading

import pytest

import triage
from tests.conftest import module_of
from triage.data.cleaning import Cleaning
from triage.data.sources import checked
from triage.errors import PluginFailed
from triage.host.guard import aside


def test_what_other_threads_print_arrives_while_a_plugin_is_silenced(monkeypatch):
    out, stop, printed = io.StringIO(), threading.Event(), 2000
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    def busy():
        while not stop.is_set():
            with aside():
                print("noise of a plugin")

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(printed):
        print(number)
    stop.set()
    for thread in threads:
        thread.join()
    assert out.getvalue().splitlines() == [str(number) for number in range(printed)]
    assert sys.stdout is out


def leave(*_):
    sys.exit(0)


class Leaving:
    name = "leaving"

    def __iter__(self):
        yield triage.Document(row=1, text="a", label="x")
        sys.exit(0)


def test_a_cleaner_that_leaves_is_named():
    with pytest.raises(
        PluginFailed, match=r"the cleaner 'quit' failed with SystemExit \(it called sys.exit\)"
    ):
        Cleaning((("quit", {}),), (leave,))("text")


def test_a_source_that_leaves_is_named():
    with pytest.raises(
        PluginFailed, match=r"the source of 'here' failed with SystemExit \(it called sys.exit\)"
    ):
        list(checked(Leaving(), "here"))


@pytest.mark.parametrize("error", [SystemExit(0), SystemExit("text"), BaseException("x"), GeneratorExit])
def test_what_a_policy_raises_is_its_own(plugins, error):
    outcome = GeneratorExit if error is GeneratorExit else PluginFailed
    with pytest.raises(outcome), plugins.attribute_errors_to("the policy 'p'"):
        raise error


def test_ctrl_c_and_a_closed_pipe_are_no_fault_of_a_plugin(plugins):
    for error in (KeyboardInterrupt, BrokenPipeError):
        with pytest.raises(error), plugins.attribute_errors_to("the report 'terminal'"):
            raise error


def test_an_observer_that_leaves_stops_nothing():
    said = []
    plugins = triage.Plugins(warn=said.append)
    plugins.register(
        module_of(
            "import sys, triage\n@triage.hookimpl\ndef triage_run_finished(run): sys.exit(0)\n", "quitter"
        )
    )
    plugins.run_finished(None, None)
    assert "quitter" in said[0]


def test_a_reader_that_raises_is_named():
    plugins = triage.Plugins()
    plugins.register(
        module_of(
            "import triage\n@triage.hookimpl\ndef triage_open_corpus(location, options): raise OSError('secret')\n",
            "broken_reader",
        )
    )
    with pytest.raises(PluginFailed, match=r"the plugin .*broken_reader.* asked to read 'x.csv'") as caught:
        plugins.open_corpus("x.csv", {})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "import triage\nclass E(Exception):\n    def __str__(self): raise ValueError\n@triage.hookimpl\ndef triage_cleaners(): raise E\n",
        "import triage\ndef __getattr__(name): raise RuntimeError(name)\ndef __dir__(): return ['a', 'b']\n",
        "import triage\n@triage.hookimpl\ndef triage_cleaners():\n    yield 1/0\n",
    ],
)
def test_errors_without_text_and_modules_whose_attributes_raise_are_kept_as_failures(source):
    plugins = triage.Plugins()
    plugins.register(module_of(source, "odd"))
    assert {failure.origin.plugin for failure in plugins.failures} == {"odd"}


@pytest.mark.parametrize(
    "content", ["[console_scripts]\nfoo\n", "no section\n", "[triage]\n= x\n", "[triage]\nx\n"]
)
def test_a_package_with_a_malformed_list_of_entry_points_is_skipped_and_named(tmp_path, monkeypatch, content):
    folder = tmp_path / "px-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: px\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = triage.Plugins.discover()
    assert plugins.names(triage.Backend)
    assert {failure.origin.distribution for failure in plugins.failures} <= {"px"}
