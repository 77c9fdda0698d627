"""The half of the fault battery about texts, tables, labels and plugins notices a defence that is gone."""

import itertools
import os

import pytest

from triage_selftest import (
    _labels,
    _lookalikes,
    _pages,
    _patterns,
    _plugins,
    _resources,
    _tables_in,
    _tables_out,
    _terminal,
)
from triage_selftest._battery import Place, battery
from triage_selftest._judging import HOSTILE, harmful, judged
from triage_selftest._place import Done, Shared

MINE = (_terminal, _pages, _tables_out, _tables_in, _resources, _patterns, _lookalikes, _labels, _plugins)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return Shared(tmp_path_factory.mktemp("battery") / "shared")


@pytest.fixture
def place(tmp_path, shared):
    (tmp_path / "own").mkdir()
    return Place(tmp_path / "own", seed="0", shared=shared)


def named_labels(place):
    file = _terminal._labelled(place, "\x1b]0;owned\x07.jsonl", HOSTILE[:4], ("id", "text", "label"))
    return _terminal._used(place, file, 0, short=True)


def the_case(name):
    cases = dict(_tables_in._cases())

    def tried(place):
        (place.folder / "table.csv").write_bytes(cases[name].data)
        yield _tables_in._decided(place, name, cases[name], "table.csv")

    return tried


def no_words(place):
    rows = [("*** !!!", label) for label in ("card", "loan") * 30]
    yield _labels._learned(place, "empty", rows, code=65, says=("empty after cleaning", "'card' (30)"))


def contradictions(place):
    rows = [(f"complaint {word} {word}ing", label) for word in _labels._WORDS for label in ("a", "b")]
    yield _labels._learned(place, "contradictory", rows, code=0, says=("more than one label",))


# By what is broken: how, which trials are to notice, how many of them are tried, and how they must end.
BROKEN = {
    "nothing made safe for the terminal": (
        "import triage.io.terminal as t; t.safe_text = lambda text, width=None: text",
        named_labels,
        1,
        "let_in",
    ),
    "nothing made safe for a page": (
        "import triage.io.html as h; h.safe_html = lambda text, **more: h.Markup(text)",
        lambda place: (trial for trial, _ in _pages._made(place, "http://127.0.0.1:9")),
        1,
        "let_in",
    ),
    "formulas written as they are": (
        "import triage.io.files as f; f.csv_cell = lambda text: text",
        _tables_out._out,
        1,
        "let_in",
    ),
    "stray quotes left to swallow rows": (
        "import triage_readers._records as r; r.Records._swallows = lambda *a: False",
        the_case("stray quotes that would swallow rows"),
        1,
        "lost",
    ),
    "NUL bytes let through": (
        "import triage_readers._csv as c\nc.any = lambda each: False",
        the_case("a NUL byte in one row"),
        1,
        "lost",
    ),
    "any number of columns": (
        "import triage_readers._columns as c; c.MOST_COLUMNS = 10**9",
        _resources._wide,
        1,
        "silent",
    ),
    "a line on stdin held whole": (
        "import triage.data.lines as r; r.MAX_LINE = 1 << 40",
        lambda place: iter([_resources._stdin(place, long_line(place))]),
        1,
        "silent",
    ),
    "patterns of any size": (
        "import triage.data.user_regex as p; p._MAX_LENGTH = 10**9",
        lambda place: _patterns._refused(place, 0, "a" * 20_000),
        1,
        "silent",
    ),
    "empty texts learned from": (
        "import triage.data.checks as d; d.check_texts = lambda *a: None",
        no_words,
        1,
        "silent",
    ),
    "contradictions kept quiet": (
        "import triage.data.checks as d; d.dataset_warnings = lambda dataset: []",
        contradictions,
        1,
        "silent",
    ),
    "what plugins print among the data": (
        "import contextlib, triage.host.manager as p; p.aside = contextlib.nullcontext",
        _plugins._printing,
        1,
        "let_in",
    ),
}


def long_line(place):
    path = place.folder / "line.txt"
    with path.open("wb") as file:
        file.write(b"a\nb\nc\n" + b"x" * 260_000_000)
    return path


SLOW = {"any number of columns", "a line on stdin held whole", "nothing made safe for a page"}


@pytest.mark.parametrize(
    "gone", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in BROKEN]
)
def test_a_defence_that_is_gone_is_noticed(place, tmp_path, monkeypatch, gone):
    source, trials, many, outcome = BROKEN[gone]
    if gone == "nothing made safe for a page":
        pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text(source, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    found = list(itertools.islice(trials(place), many))
    assert [trial.outcome for trial in found] == [outcome], found


@pytest.mark.parametrize("name", ["stray quotes that would swallow rows", "a NUL byte in one row", "cp1252"])
def test_with_the_defence_the_same_trials_hold(place, name):
    (trial,) = the_case(name)(place)
    assert trial.outcome == "held", trial


def test_every_fault_is_in_the_battery_once_and_says_in_a_line_what_it_is():
    names = [fault.name for fault in battery()]
    for fault in [fault for module in MINE for fault in module.FAULTS]:
        assert names.count(fault.name) == 1
        assert all(0 < len(line) < 120 and "\n" not in line for line in (fault.does, fault.must))


@pytest.mark.parametrize("text", HOSTILE)
def test_every_hostile_text_would_be_noticed_on_a_terminal(text):
    shown = text.encode("utf-8", "surrogatepass")
    assert bool(harmful(shown)) == ("[/b]" not in text and ":bomb:" not in text)


def test_plain_text_is_harmless():
    assert harmful("naïve 中文 🙂 नमस्ते\n".encode()) == ""
    assert harmful(b"\x1b[1mbold", own={"\x1b[1m"}) == ""


@pytest.mark.parametrize(
    ("done", "outcome"),
    [
        (Done(0, b"", b"fine"), "held"),
        (Done(1, b"", b"triage: no"), "silent"),
        (Done(0, b"", b"Traceback (most recent call last)"), "silent"),
        (Done(0, b"", b"triage: a bug: KeyError"), "silent"),
        (Done(-1, b"", b""), "silent"),
        (Done(0, b"\x1b[2J", b""), "let_in"),
        (Done(0, b"", b"\xc2\x9b"), "let_in"),
    ],
)
def test_what_a_command_did_is_judged(done, outcome):
    assert judged("x", done).outcome == outcome


def test_a_page_is_read_as_a_parser_reads_it():
    good = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'"><p style="color:red">&lt;script&gt;</p>'
    assert _pages._read("x", good, ["<script>"]).outcome == "held"
    for bad in (
        "<script>1</script>",
        "<p onclick=x>",
        "<a href=javascript:x>",
        "<p style='background:url(//x)'>",
    ):
        assert _pages._read("x", good + bad, []).outcome == "let_in", bad
    assert _pages._read("x", "<p>no policy</p>", []).outcome == "let_in"
    assert _pages._read("x", good, ["gone"]).outcome == "lost"


@pytest.mark.parametrize(("cell", "live"), [("=1", True), (" =1", True), ("\u200b\uff0b1", True), ("\tx", True), ("'=1", False), ("a=1", False), ("", False)])  # fmt: skip
def test_a_formula_is_told_from_a_text(cell, live):
    assert _tables_out._live(cell) == live


def test_every_disguise_changes_what_is_written(place):
    for disguise in _lookalikes._DISGUISES.values():
        assert (
            disguise("my credit card was charged twice" * 3, place.random)
            != "my credit card was charged twice" * 3
        )


def test_the_folder_of_a_plugin_goes_before_what_the_session_names(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/mine")
    assert _plugins._beside({"PYTHONPATH": "/rogue"})["PYTHONPATH"] == os.pathsep.join(["/rogue", "/mine"])
