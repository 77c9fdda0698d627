"""Every command that the documentation shows is one that the command line understands."""

import pathlib
import re
import shlex

import click
import pytest

from triage.cli import cli

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "plugins", ROOT / "docs")
PAGES = [ROOT / "README.md", *(page for folder in FOLDERS for page in sorted(folder.rglob("*.md")))]
PAGES = [page for page in PAGES if page.is_file()]
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)

pytestmark = pytest.mark.skipif(not PAGES, reason="the pages lie beside the sources")


def shown(line, where):
    for part in re.split(r"&&|\|(?!\|)", re.sub(r" [<>] .*", "", line)):
        words = shlex.split(part, comments=True)
        if words and words[0] in ("triage", ".venv/bin/triage"):
            yield pytest.param(words[1:], id=f"{where}: {' '.join(words)}"[:90])


def commands_of_pages():
    for page in PAGES:
        for block in SHELL.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                yield from shown(line, page.name)


def commands_of_helps(group, context, path="triage"):
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands_of_helps(command, context, f"{path} {name}")
        for line in re.findall(r"^\s*(triage .*)$", command.help.replace("\\\n", " "), re.MULTILINE):
            yield from shown(line, f"{path} {name} --help")


COMMANDS = [*commands_of_pages(), *commands_of_helps(cli, click.Context(cli))]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_that_is_shown_is_understood(words):
    command, name = cli, "triage"
    with command.make_context(name, list(words), resilient_parsing=True) as context:
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name, command, words = command.resolve_command(context, list(words))
        if "--help" not in words:
            command.make_context(name, list(words), parent=context)


def test_there_are_commands_to_understand():
    assert len(COMMANDS) > 50
