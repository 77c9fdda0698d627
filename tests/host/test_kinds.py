"""Kinds and commands that plugins add: found by their hooks, and one that fails stops nothing."""

import importlib
import sys
import types

import pytest
from click.testing import CliRunner
from conftest import module_of

import triage
from triage.cli import cli

GREETINGS = """
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar
import triage

@dataclass(frozen=True, kw_only=True)
class Greeting(triage.Extension):
    kind: ClassVar[str] = "greeting"
    build: Callable[..., str]

@triage.hookspec
def triage_greetings() -> Iterable[Greeting]:
    '''Yield greetings.'''

@triage.hookimpl
def triage_kinds():
    yield triage.Kind(record=Greeting, hook=triage_greetings)
"""
HELLO = """
import triage
import greetings

@triage.hookimpl
def triage_greetings():
    yield greetings.Greeting(name="hello", summary="Hello", build=lambda: "hello")
"""
COMMANDS = """
import click
import triage

def fine():
    return click.Command("fine", callback=lambda: click.echo("fine"))

def broken():
    raise RuntimeError("a secret")

@triage.hookimpl
def triage_commands():
    yield triage.Command(name="fine", summary="Works", build=fine)
    yield triage.Command(name="broken", summary="Does not", build=broken)
    yield triage.Command(name="odd", summary="Is no command", build=lambda: {})
"""


@pytest.fixture
def with_commands(monkeypatch):
    plugins = triage.Plugins(strict=True)
    plugins.register(module_of(COMMANDS, "commands"))
    monkeypatch.setattr(triage.Plugins, "discover", classmethod(lambda cls, **_: plugins))
    monkeypatch.delitem(vars(cli), "_plugins", raising=False)
    yield CliRunner()
    vars(cli).pop("_plugins", None)


@pytest.fixture
def greetings(tmp_path, monkeypatch):
    """A module with a kind of its own; a dataclass needs a module that can be imported."""
    (tmp_path / "greetings.py").write_text(GREETINGS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "greetings", raising=False)
    return importlib.import_module("greetings")


def test_a_plugin_adds_a_kind_and_another_yields_an_extension_of_it(greetings):
    plugins = triage.Plugins(strict=True)
    plugins.register(greetings)
    plugins.register(module_of(HELLO, "hello"))
    assert plugins.build(plugins.extension(greetings.Greeting, "hello")) == "hello"


def test_a_kind_that_exists_already_is_refused(greetings):
    plugins = triage.Plugins()
    plugins.register(greetings)
    again = types.ModuleType("again")
    again.triage_kinds = greetings.triage_kinds
    plugins.register(again)
    assert "'greeting', which exists already" in plugins.failures[0].reason


def test_a_command_of_a_plugin_is_listed_and_runs(with_commands):
    listed = with_commands.invoke(cli, ["--help"]).output.split()
    assert listed[listed.index("fine") + 1] == "Works"
    assert with_commands.invoke(cli, ["fine"]).output == "fine\n"


@pytest.mark.parametrize(("name", "said"), [("broken", "'broken' failed with RuntimeError"), ("odd", "must return a click.Command, got dict")])  # fmt: skip
def test_a_broken_command_is_named_and_stops_no_other(name, said, with_commands):
    result = with_commands.invoke(cli, [name])
    assert isinstance(result.exception, triage.PluginFailed)
    assert said in str(result.exception)
    assert "secret" not in str(result.exception)
    assert with_commands.invoke(cli, ["fine"]).output == "fine\n"
