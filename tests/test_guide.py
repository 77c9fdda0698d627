"""Everything that the guide and the hooks' docstrings show runs, and every hook is documented, used and tested."""

import ast
import inspect
import pathlib
import re
import sys
import types

import pytest
from click.testing import CliRunner

import triage
import triage.testing
from triage.data.cleaning import build_cleaning
from triage.host import hookspecs
from triage.testing.reports import evaluation

ROOT = pathlib.Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8") if (ROOT / "plugins").is_dir() else ""
_KINDS = triage.Plugins.discover(strict=True).kinds.values()
KINDS = {kind.hook.__name__: kind.name for kind in _KINDS}
SPECS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("triage_")}
SPECS |= {kind.hook.__name__: kind.hook for kind in _KINDS}
HOOKS = sorted(SPECS)
FLOOR = {"it_beats_the_floor_on_what_can_be_told_apart": "it answers with the commonest label"}

pytestmark = pytest.mark.skipif(not GUIDE, reason="the guide lies beside the sources")


def blocks(text, language="python"):
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def documented(hook):
    return blocks(inspect.getdoc(SPECS[hook]))


def installed(source, name, folder, monkeypatch):
    """Import source code as a module of that name, as a plugin's author would have it."""
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return __import__(name)


def extensions_of(module):
    for hook in KINDS:
        yield from getattr(module, hook, tuple)()


@pytest.mark.parametrize("hook", HOOKS)
def test_the_docstring_of_a_hook_is_a_complete_small_plugin(hook, tmp_path, monkeypatch):
    (source,) = documented(hook)
    module = installed(source, f"shown_{hook}", tmp_path, monkeypatch)
    plugins = triage.Plugins.discover(strict=True) if hook in KINDS else triage.Plugins(strict=True)
    plugins.register(module)
    monkeypatch.chdir(tmp_path)
    if hook == "triage_commands":
        (record,) = extensions_of(module)
        assert CliRunner().invoke(plugins.build(record)).output == "hello\n"
    elif hook == "triage_kinds":
        assert plugins.kinds["greeting"].record is module.Greeting
    elif hook in KINDS:
        (extension,) = extensions_of(module)
        triage.testing.check(
            extension, module=module, expected_failures=FLOOR if extension.name == "commonest" else None
        )
    elif hook == "triage_open_corpus":
        (tmp_path / "a.lines").write_text("card\tmy card\nno tab\nloan\tmy loan\n", encoding="utf-8")
        rows = list(plugins.open_corpus("a.lines", {}))
        assert [type(row).__name__ for row in rows] == ["Document", "Quarantined", "Document"]
        assert plugins.open_corpus("a.csv", {}) is None
    else:
        found = evaluation(epochs=1)
        plugins.epoch_finished(found.run, found.history[0])
        plugins.run_finished(found.run, found)
        assert plugins.failures == []
        assert [path for path in tmp_path.iterdir() if path.suffix in (".txt", ".losses")]


@pytest.mark.parametrize("number", range(len(blocks(GUIDE))))
def test_every_block_of_the_guide_runs_and_keeps_the_contract(number, tmp_path, monkeypatch):
    source = blocks(GUIDE)[number]
    module = installed(source, f"guide_{number}", tmp_path, monkeypatch)
    shown = list(extensions_of(module))
    for extension in shown:
        if extension.name == "bigru":
            assert extension.consumes == "sequences"  # its training is a test of its own, below
        elif isinstance(extension, triage.Cleaner) and extension.steps:
            plugins = triage.Plugins.discover()
            plugins.register(module)
            assert build_cleaning(plugins, [(extension.name, {})])("A #Big fee") == "a big fee"
        else:
            triage.testing.check(
                extension, module=module, expected_failures=FLOOR if extension.name == "commonest" else None
            )
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    for test in tests:
        test()
    assert shown or tests


@pytest.mark.slow
def test_the_network_of_the_guide_keeps_the_contract(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow")
    (source,) = [block for block in blocks(GUIDE) if "bigru" in block]
    module = installed(source, "guide_network", tmp_path, monkeypatch)
    (backend,) = module.triage_backends()
    triage.testing.check_backend(backend, module=module, options={"epochs": 1, "units": 4})


def test_the_first_screen_ends_with_a_plugin_that_runs():
    first = "\n".join(GUIDE.splitlines()[:30])
    assert len(blocks(first)) == 1
    assert "triage plugins check ./commonest.py" in first


def test_the_guide_counts_the_laws_right():
    count = len(triage.testing.laws_of("backend"))
    assert set(re.findall(r"(\d+) (?:laws|kept)", GUIDE)) == {str(count)}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_documented_used_by_a_built_in_and_tested(hook):
    assert f"| `{hook}` |" in GUIDE
    assert inspect.getdoc(SPECS[hook])
    implemented = [
        path
        for source in ("plugins", "corpora")
        for path in (ROOT / source).rglob("*.py")
        if any(isinstance(node, ast.FunctionDef) and node.name == hook for node in ast.parse(path.read_text(encoding="utf-8")).body)
    ]  # fmt: skip
    assert implemented, f"no built-in uses {hook}"
    mine = pathlib.Path(__file__)
    tested = [
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != mine and hook in path.read_text(encoding="utf-8")
    ]
    assert tested, f"no test names {hook}"


def test_the_guide_lists_what_is_public_and_nothing_else():
    table = GUIDE.partition("## What is public")[2]
    listed = re.findall(r"^\| `(\w+)` \| (\S.*) \|$", table, flags=re.MULTILINE)
    assert [name for name, _ in listed] == triage.__all__


def test_what_the_kit_offers_is_named_in_the_guide():
    for name in triage.testing.__all__:
        thing = getattr(triage.testing, name)
        if isinstance(thing, types.FunctionType) and name != "laws_of":
            assert f"`{name}" in GUIDE, name
