"""A hook of mkdocs: fill the page of commands with the `--help` of every command."""

from collections.abc import Iterator
from typing import Any

import click


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Append the help of every command to the page reference/commands.md."""
    if page.file.src_uri != "reference/commands.md":
        return markdown
    from triage.cli import cli

    return markdown + "".join(_pages(cli, click.Context(cli, info_name="triage")))


def _pages(group: click.Group, parent: click.Context) -> Iterator[str]:
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        if command is None or command.hidden:
            continue
        context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
        yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
        if isinstance(command, click.Group):
            yield from _pages(command, context)
