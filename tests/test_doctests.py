"""The examples in docstrings (`>>>`) run and give what they show."""

import doctest
import importlib
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
    for folder, top in ((ROOT, "triage"), (ROOT / "plugins", ""))
    for path in (folder / top).rglob("*.py")
    if "\n    >>> " in path.read_text(encoding="utf-8").replace("        >>>", "    >>>")
)

pytestmark = pytest.mark.skipif(not (ROOT / "triage").is_dir(), reason="the sources are not here")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_show(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted
    assert not found.failed


def test_there_are_examples():
    assert len(MODULES) >= 5
